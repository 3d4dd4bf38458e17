"""What /api answers: functions answer with these, commands read them, docs/api.md is made of them.

A field that stands here is not taken away and keeps its meaning. New ones may come, so whoever
reads passes over what it does not know. What is null is left out, except in dead letters, which
say what the engine has noted of them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    PlainSerializer,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from acr_global.model import (
    Action,
    Arrival,
    Attempt,
    Frozen,
    Moment,
    RegionReport,
    Verdict,
    VerdictType,
)


class _Answer(Frozen):
    # Built when the first one is made: a cold start for a webhook needs hardly any of them.
    model_config = ConfigDict(defer_build=True)


class Error(_Answer):
    """Why there is no other answer."""

    status: Literal["error"] = "error"
    reason: str
    """A slug that never changes."""
    message: str
    """One sentence for people; it may change."""


class Accepted(_Answer):
    """A webhook that is kept, whatever happens now."""

    status: Literal["accepted"] = "accepted"
    push: str
    """Id of the push that it belongs to."""
    region: str


class Ignored(_Answer):
    """A webhook that is fine, and of which nothing is kept."""

    status: Literal["ignored"] = "ignored"
    reason: str
    """A slug that never changes, such as `ping` or `already-decided`."""


class Envelope(_Answer):
    """One answer for each event of an envelope, in its order."""

    results: tuple[Accepted | Ignored | Error, ...]


class WrongSetting(_Answer):
    """A setting that is wrong; never its value."""

    setting: str
    severity: Literal["error", "warning"]
    """A warning: nothing is known to be out of force."""
    reason: str
    """One sentence with what to do."""


class Health(_Answer):
    """How the settings are."""

    status: Literal["ok", "degraded", "error"]
    """degraded: something is out of force; error: no region is known, and each webhook is
    refused."""
    problems: tuple[WrongSetting, ...]


def _or_none(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValueError:
        return None


_Bare = PlainSerializer(lambda part: part.model_dump(mode="json", exclude_none=True))
"""What stands inside a dead letter leaves out what is null."""


class _Letter(_Answer):
    # What the engine has noted is passed on, also what a later release may add.
    model_config = ConfigDict(extra="allow")

    id: str
    """Begins with `_delivery.`; the id in the other requests."""
    state: str | None = None
    """`dead`; `failed` where it broke off; `given-up` for a push that broke off again and again."""
    push: str | None = None
    """Id of the push."""
    verdict: str | None = None
    """complete, overdue, recovered or incomplete."""
    reference: str | None = None
    """What was pushed, as `repository:tag` or `repository@digest`."""
    delivered: tuple[str, ...] | None = None
    """Targets that have the message."""
    delivered_more: int | None = None
    """So many more than are listed; the same of `owed` and `dead`."""
    owed: tuple[str, ...] | None = None
    """Targets that it is still tried for."""
    owed_more: int | None = None
    dead: tuple[str, ...] | None = None
    """Targets that did not get it, and will not unless it is replayed."""
    dead_more: int | None = None
    replay_of: str | None = None
    """Id of the dead letter that this is a replay of."""
    cause: str | None = None
    """Why the push was given up."""


class DeadLetter(_Letter):
    """One dead letter in the list. Where a delivery broke off little is known of it."""

    attempts: int | None = None
    """How many were made."""


class DeadLetters(_Answer):
    """One page of the list."""

    deadletters: tuple[DeadLetter, ...]
    next: str | None = None
    """For `?after=`, where the list goes on; null at its end."""


class DeadLetterDetails(_Letter):
    """One dead letter, with all that was tried."""

    attempts: tuple[Annotated[Attempt, _Bare], ...]
    """In the order in which they were made."""
    message: Annotated[Verdict | None, WrapValidator(_or_none), _Bare] = None
    """What was to be said. None for a push that was given up."""
    arrivals: tuple[Annotated[Arrival, _Bare], ...] | None = None
    """Of a push that was given up: the reports that it has."""


class Replay(_Answer):
    """A replay that has begun."""

    status: Literal["accepted"] = "accepted"
    delivery: str
    """Id of the new delivery."""
    targets: tuple[str, ...] | None = None
    """To whom it is sent."""
    push: str | None = None
    """Id of a push that was given up, and now goes on."""


class PushState(StrEnum):
    """How far a push is."""

    WAITING = "waiting"
    COMPLETE = "complete"
    OVERDUE = "overdue"
    RECOVERED = "recovered"
    INCOMPLETE = "incomplete"
    INTERRUPTED = "interrupted"
    GIVEN_UP = "given-up"
    TERMINATED = "terminated"


class Push(_Answer):
    """One push in the list."""

    id: str
    """The id in the other requests."""
    state: PushState
    """waiting: nothing was said yet; else the newest verdict; or interrupted: broken off, and about
    to go on; given-up: broken off for good, until it is retried; terminated: by somebody's hand."""
    action: Action
    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None
    first_at: Moment
    """When the first region's report was received."""
    deadline: Moment | None = None
    """Left out as long as the push has not begun."""
    decided_at: Moment | None = None
    """When the newest verdict was reached."""
    missing: tuple[str, ...]
    """Regions not accounted for yet."""
    undelivered: tuple[str, ...] = ()
    """Targets that could not be told of the newest verdict so far."""


class Pushes(_Answer):
    """One page of the list: first what waits still, then the others; each newest first."""

    pushes: tuple[Push, ...]
    open_more: int = 0
    """So many more may be open than were looked at."""
    next: str | None = None
    """For `?after=`, where the list goes on."""


class PushVerdict(_Answer):
    """One thing that was said of a push."""

    type: VerdictType
    at: Moment
    missing: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    """The first for each target; those that followed stand in deliveries."""
    error: str | None = None
    """Why it could not be sent, where that was given up."""


class PushDelivery(_Answer):
    """What could not be delivered at once."""

    id: str
    """As a dead letter's; of a replay it ends in ~1, ~2, ..."""
    verdict: VerdictType
    state: str
    """`retrying`, `delivered`, `superseded`; `dead`, or `failed` where it broke off: retry sends it
    anew."""
    owed: tuple[str, ...]
    """Targets that it is still tried for."""
    dead: tuple[str, ...]
    """Targets that did not get it, and will not unless it is retried."""
    attempts: tuple[Attempt, ...]


class PushDetails(Push):
    """One push, with all that is known of it."""

    regions: tuple[RegionReport, ...]
    """Each expected region, in the order of the setting."""
    verdicts: tuple[PushVerdict, ...]
    deliveries: tuple[PushDelivery, ...]
    seconds_left: float | None = None
    """Until the deadline, while the push is waiting; 0.0 when that has passed."""
    listens_until: Moment | None = None
    """After an alarm: when the late window closes."""
    cause: str | None = None
    """Why it was given up."""


class Retry(_Answer):
    """What was given up of a push, and is tried again."""

    status: Literal["accepted"] = "accepted"
    push: str
    replays: tuple[Replay, ...]
    """Each dead letter's; or the push's own, which goes on."""


def letter(instance_id: str, noted: dict[str, Any]) -> DeadLetter:
    """A dead letter with what the engine has noted of it, if that can be understood."""
    try:
        return DeadLetter.model_validate({"id": instance_id, **noted})
    except ValidationError:  # one that is broken must not take the list with it
        return DeadLetter(id=instance_id, state="failed")


def dump(answer: BaseModel) -> dict[str, Any]:
    """An answer as a plain JSON object."""
    noted = isinstance(answer, DeadLetters | DeadLetterDetails)
    return answer.model_dump(mode="json", exclude_unset=noted, exclude_none=not noted)
