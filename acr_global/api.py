"""What /api answers: functions answer with these, commands read them, docs/api.md is made of them.

A field that stands here is not taken away and keeps its meaning. New ones may come, so
readers must ignore fields that they do not know. Nulls are left out, except in dead letters, which
show what the engine has noted of them.
"""

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

from acr_global.grouping import GroupReport
from acr_global.model import (
    Action,
    Arrival,
    Attempt,
    Evidence,
    Frozen,
    Moment,
    RegionReport,
    Verdict,
    VerdictType,
)


class Error(Frozen):
    """An error, in place of the answer."""

    status: Literal["error"] = "error"
    reason: str
    """A slug that never changes."""
    message: str
    """One sentence for people; it may change."""


class Accepted(Frozen):
    """A webhook that is kept: nothing can lose it any more."""

    status: Literal["accepted"] = "accepted"
    push: str
    """Id of the push that it belongs to."""
    region: str


class Ignored(Frozen):
    """A valid webhook of which nothing is kept."""

    status: Literal["ignored"] = "ignored"
    reason: str
    """A slug that never changes, such as `ping` or `already-decided`."""


class Envelope(Frozen):
    """One answer for each event of an envelope, in its order."""

    results: tuple[Accepted | Ignored | Error, ...]


class WrongSetting(Frozen):
    """A setting that is wrong. Its value is never shown."""

    setting: str
    severity: Literal["error", "warning"]
    """With a warning, every setting is in force as far as is known."""
    reason: str
    """One sentence with what to do."""


class Health(Frozen):
    """Whether the settings are right."""

    status: Literal["ok", "degraded", "error"]
    """degraded: some setting is not in force; error: no region is known, so each webhook is
    refused."""
    problems: tuple[WrongSetting, ...]


class Probe(Frozen):
    """What became of a small instance that calls each activity once, with nothing to do."""

    state: Literal["done", "not-ended", "not-begun", "engine-unavailable"]
    """not-begun: no host took it from its queue in time, as where one has to start first;
    engine-unavailable: the app's storage, or the host's way to it, did not answer."""
    seconds: float
    """From its start until it was known to have ended; otherwise how long the app waited for it."""
    failed: tuple[str, ...] = ()
    """Activities that the host does not have, or that ended in an error."""
    at: str | None = None
    """The activity that did not come back in time."""


class Expected(Frozen):
    """What is expected of a registry's pushes, as the settings say it."""

    registry: str | None = None
    """Its login server; absent in the entry for registries without settings of their own."""
    regions: tuple[str, ...]
    actions: tuple[str, ...]
    correlation: Literal["id", "content"]
    evidence: tuple[str, ...]
    registry_id: str | None = None
    """ARM id of the registry, where it is set."""
    targets: tuple[str, ...]
    """Names of those who are told of its pushes."""
    asked: tuple[Evidence, ...] = ()
    """The results of asking for evidence of a push that does not exist, with the app's identity."""


class Diagnosis(Frozen):
    """The state of the app, seen from inside."""

    version: str
    python: str
    now: Moment
    """By the clock of the host that answered."""
    functions: tuple[str, ...]
    """Names of all functions of this release."""
    problems: tuple[WrongSetting, ...]
    expected: tuple[Expected, ...]
    newest_turn: Moment | None = None
    """When an orchestration of a push or a delivery last had a turn in the process that answered.
    Where HTTP and orchestrations run on different machines it has none."""
    probe: Probe


def _or_none(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValueError:
        return None


_Bare = PlainSerializer(lambda part: part.model_dump(mode="json", exclude_none=True))
"""The parts of a dead letter leave out nulls."""


class _Letter(Frozen):
    # Everything that the engine has noted is passed on, also fields of a later release.
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
    """How many more there are than are listed; likewise for `owed` and `dead`."""
    owed: tuple[str, ...] | None = None
    """Targets to which attempts still go."""
    owed_more: int | None = None
    dead: tuple[str, ...] | None = None
    """Targets that did not get it, and will not unless it is replayed."""
    dead_more: int | None = None
    group: str | None = None
    """Id of the group of pushes that a message was about, in the place of one push."""
    report: str | None = None
    """behind, silent or over: what was to be said of the group."""
    replay_of: str | None = None
    """Id of the dead letter that this is a replay of."""
    cause: str | None = None
    """Why the push was given up."""


class DeadLetter(_Letter):
    """One dead letter in the list. Of a delivery that broke off, little is known."""

    attempts: int | None = None
    """How many were made."""


class DeadLetters(Frozen):
    """One page of the list."""

    deadletters: tuple[DeadLetter, ...]
    next: str | None = None
    """The value for `?after=` that continues the list; null at its end."""


class DeadLetterDetails(_Letter):
    """One dead letter, with all its attempts."""

    attempts: tuple[Annotated[Attempt, _Bare], ...]
    """In the order in which they were made."""
    message: Annotated[Verdict | None, WrapValidator(_or_none), _Bare] = None
    """The verdict that was to be sent; null for a push that was given up, and for
    a group."""
    group_message: Annotated[GroupReport | None, WrapValidator(_or_none), _Bare] = None
    """What was to be said of a group."""
    arrivals: tuple[Annotated[Arrival, _Bare], ...] | None = None
    """Only of a push that was given up: its arrivals."""


class Replay(Frozen):
    """A replay that has begun."""

    status: Literal["accepted"] = "accepted"
    delivery: str
    """Id of the new delivery."""
    targets: tuple[str, ...] | None = None
    """To whom it is sent."""
    push: str | None = None
    """Id of a push that was given up and now goes on."""


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


class Push(Frozen):
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
    """When the first region's arrival was received."""
    deadline: Moment | None = None
    """Left out as long as the push has not begun."""
    decided_at: Moment | None = None
    """When the newest verdict was reached."""
    missing: tuple[str, ...]
    """Regions not accounted for yet."""
    undelivered: tuple[str, ...] = ()
    """Targets that could not be told of the newest verdict so far."""


class Pushes(Frozen):
    """One page of the list: first what waits still, then the others; each newest first."""

    pushes: tuple[Push, ...]
    open_more: int = 0
    """So many more may be open than were looked at."""
    next: str | None = None
    """For `?after=`, where the list goes on."""


class PushVerdict(Frozen):
    """One thing that was said of a push."""

    type: VerdictType
    at: Moment
    missing: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    """The first for each target. A delivery has those of its targets again, and what followed."""
    group: str | None = None
    """Id of the group of pushes that counts it; see docs/grouping.md."""
    grouped: tuple[str, ...] = ()
    """Targets that are told by the group, and not of this push itself."""
    error: str | None = None
    """Why it could not be sent, where that was given up."""


class PushDelivery(Frozen):
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
    """Of a replay with those of the deliveries before it."""


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
    suspended: bool = False
    """Somebody has suspended it by hand: nothing is said of it until it is resumed."""


class Retry(Frozen):
    """What was given up of a push, and is tried again."""

    status: Literal["accepted"] = "accepted"
    push: str
    replays: tuple[Replay, ...]
    """Each dead letter's; or the push's own, which goes on."""


class Region(Frozen):
    """What one region has done of the pushes that it was expected to report."""

    region: str
    pushes: int
    """How many they are; the next four add up to it."""
    reported: int
    """By a webhook of its own."""
    caught_up: int
    """Its webhook was not delivered; what the registry's log had of it was taken in."""
    evidence: int
    """It did not report; the registry said that it has the image."""
    missing: int
    """Not accounted for, as far as was said last."""
    lag_p50: float | None = None
    """Seconds after the push's first region, of what reported or was caught up: half took no
    longer."""
    lag_p95: float | None = None
    """95 of 100 took no longer."""
    lag_max: float | None = None
    last_seen: Moment | None = None
    """When its newest webhook was received, of these pushes."""


class Regions(Frozen):
    """Each region's part in the pushes of some time. Counted is what something was said of; what
    still waits is not."""

    since: Moment
    """Counted are pushes whose first arrival came then or later."""
    cut: bool = False
    """True: there are older ones in the time that was asked for, and too many of them."""
    pushes: int
    """How many are counted."""
    regions: tuple[Region, ...]
    """Those that are expected, and those that were; by name."""


def letter(instance_id: str, noted: dict[str, Any]) -> DeadLetter:
    """A dead letter with what the engine has noted of it, as far as that can be read."""
    try:
        return DeadLetter.model_validate({"id": instance_id, **noted})
    except ValidationError:  # one that is broken must not take the list with it
        return DeadLetter(id=instance_id, state="failed")


def dump(answer: BaseModel) -> dict[str, Any]:
    """An answer as a plain JSON object."""
    noted = isinstance(answer, DeadLetters | DeadLetterDetails)
    return answer.model_dump(mode="json", exclude_unset=noted, exclude_none=not noted)
