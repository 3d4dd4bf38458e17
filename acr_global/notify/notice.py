"""What a target can be told: of one push, or of a group of pushes that lack the same regions.

`GroupMessage` stands beside model.Message: the JSON body of a `webhook` target, and the data of a
`cloudevents` one; both are in docs/message.schema.json.
"""

from typing import Literal

from pydantic import ConfigDict

from acr_global.grouping import GroupState, MemberState
from acr_global.model import Action, CutText, Frozen, Message, Moment


class _Said(Frozen):
    """A part of a message, of which nothing is ever left out: nor does its schema."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class GroupPush(_Said):
    """One push of a group."""

    id: str
    image: CutText
    """`repository:tag`, or `repository@digest` where there is no tag."""
    action: Action
    """What has happened to it."""
    state: MemberState
    """waiting: overdue, and still waited for; recovered: in every region after all; incomplete:
    waited for no longer."""
    begun_at: Moment
    overdue_at: Moment
    decided_at: Moment | None = None
    """When it recovered, or its late window closed; null while it waits."""


class GroupMessage(_Said):
    """The notification about a group of pushes that are overdue in the same regions."""

    schema_version: Literal[1] = 1
    type: Literal["group"] = "group"
    state: GroupState
    """behind: pushes wait; silent: none of the regions has answered for a day; over: no push waits
    any more."""
    id: str
    """The same on each retry, replay and repeat: a function of the group and the number."""
    group: str
    """Id of the group, the same in all of its messages."""
    number: int
    """1 for the group's first message; a later one says all that an earlier one said."""
    text: str
    """One sentence that says it all."""
    registry: str | None
    missing: tuple[str, ...]
    """The regions that its pushes lacked at their deadlines."""
    since: Moment
    """When the oldest of its pushes began."""
    at: Moment
    """When what it says was so."""
    waiting: int
    """How many of its pushes are waited for. The counts are of all pushes of the group that the
    target hears of, listed or not."""
    recovered: int
    incomplete: int
    pushes: tuple[GroupPush, ...]
    """Those that have not recovered first, the newest of each first; as many as fit."""
    omitted: int = 0
    """How many pushes are not listed."""
    test: bool = False
    """True for a trial message that an operator sent; nothing was pushed."""


Notice = Message | GroupMessage
