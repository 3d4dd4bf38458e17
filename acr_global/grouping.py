"""One region down is one alarm: pushes that lack the same regions → one report of all. Pure.

What a target is told of such a group, in this order:

    behind      so many pushes wait, and for which regions; again at growing intervals, while
                something has changed
    silent      none of the regions has answered for a day; once, and then nothing until one does
    over        nobody waits any more: which pushes have recovered, and which have not
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from acr_global.model import Action, Frozen, Moment, VerdictType


@dataclass(frozen=True, slots=True)
class AlarmGroup:
    """From when on alarms are one: so many of one registry, with the same regions missing, within
    this time."""

    count: int = 5
    """0: never."""
    within: timedelta = timedelta(minutes=10)


class MemberState(StrEnum):
    """How far a push of a group is."""

    WAITING = "waiting"
    """It is overdue, and still waited for."""
    RECOVERED = "recovered"
    INCOMPLETE = "incomplete"
    """It is overdue, and waited for no longer."""


BECOMES = {
    VerdictType.COMPLETE: MemberState.RECOVERED,
    VerdictType.RECOVERED: MemberState.RECOVERED,
    VerdictType.INCOMPLETE: MemberState.INCOMPLETE,
}
"""What a push is in its group, from the verdict after its alarm on."""


class Member(Frozen):
    """One push of a group, as a report names it."""

    push_id: str
    reference: str
    """What was pushed: `repository:tag`, or `repository@digest` where there is no tag."""
    action: Action | None = None
    """What has happened to it, where that is no push."""
    begun_at: Moment
    overdue_at: Moment
    """When its alarm was decided."""
    state: MemberState = MemberState.WAITING
    at: Moment
    """When it came to this state."""


class GroupState(StrEnum):
    """What a report says."""

    BEHIND = "behind"
    SILENT = "silent"
    OVER = "over"


class GroupReport(Frozen):
    """What is said of a group to targets that hear of the same pushes. Its counts are of all of
    them, its list is not."""

    group_id: str
    number: int
    """1, 2, … in the order told. A later one says all that an earlier one did."""
    state: GroupState
    registry: str | None = None
    """Login server; None for events that named none."""
    missing: tuple[str, ...]
    """The regions that these pushes lacked at their deadlines, in the order of the setting."""
    since: Moment
    """When the oldest of the pushes began: since then they are behind."""
    at: Moment
    """When this was found."""
    waiting: int
    """May be 0 while it is behind, too: all have recovered, and it is not over yet; or their late
    window is 0."""
    recovered: int = 0
    incomplete: int = 0
    members: tuple[Member, ...] = ()
    """First those without the regions, then those that have recovered; each newest first. At most
    MAX_LISTED."""

    @property
    def key(self) -> str:
        """What its message ids are made of: the same on each retry, replay and repeat."""
        return f"{self.group_id}\n{self.number}\n{self.state.value}"

    @property
    def pushes(self) -> int:
        """How many there are, listed or not."""
        return self.waiting + self.recovered + self.incomplete


MAX_LISTED = 50
"""Members in a report; its counts say how many more there are."""
