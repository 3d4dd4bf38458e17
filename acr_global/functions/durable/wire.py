"""Model ↔ versioned JSON: the inputs and outputs of orchestrations and activities.

An instance lives for up to weeks, so what one release writes, later ones read: fields are only
added, with a default; a change of meaning is a new version beside the old. Nothing here
is secret: inputs lie in plain text in storage. Those of what is sent stand in notifications.py,
those of groups in groups.py.

A result has a field without a default, so that no other activity's result can be read as one. For
the engine goes by numbers: where a host dies before a turn is in storage, and the turn then comes
to another step, what the first one's activity results in is handed to the second. (Two results
need none: RecallPush is called before all else or not at all, and a delivery calls one activity.)
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel

from acr_global import verdict
from acr_global.model import (
    Action,
    Arrival,
    Artifact,
    Attempt,
    Evidence,
    Frozen,
    Moment,
    MomentIfAny,
    VerdictType,
)

if TYPE_CHECKING:
    JsonObject = dict[str, Any]
else:
    # The Functions worker accepts no parameterised generic on a trigger's parameter.
    JsonObject = dict

M = TypeVar("M", bound=BaseModel)


class InGroup(Frozen):
    """What a group has taken of an alarm."""

    group: str
    """The group's id. It counts the push."""
    targets: tuple[str, ...] = ()
    """Those who are told by the group, and not of the push itself; none where the alarm was one
    of the first."""


class VerdictRecord(Frozen):
    """One verdict that was reached, and how its notification fared at the first attempt."""

    type: VerdictType
    at: Moment
    missing: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    delivery: str | None = None
    """The instance that goes on delivering what failed."""
    group: InGroup | None = None
    """Of an alarm: the group that has taken it."""
    error: str | None = None
    """Set when sending, or handing over what was not delivered, was given up."""
    listed: Literal[True] | None = None
    """Whether it stands in the ledger."""


class Known(Frozen):
    """What a push's earlier lives knew when the last of them was broken off."""

    lives: int
    """How many there were."""
    begun_at: Moment
    """When the first began: the deadline counts from there."""
    interrupted_at: Moment
    arrivals: tuple[Arrival, ...] = ()
    """Those before the verdict that is due; all of them where none is."""
    evidence: tuple[Evidence, ...] = ()
    said: tuple[VerdictRecord, ...] = ()
    """Verdicts that were sent, or handed over."""
    due: bool = False
    """Whether one more was reached of which it is not known whether it was sent."""
    first_at: MomentIfAny = None
    """When the arrival that began the push was received; None in what an older release wrote."""


class PushTerms(Frozen):
    """What a push begins with, whichever instance it gets: all that one will ever need, frozen."""

    action: Action
    artifact: Artifact
    regions: tuple[str, ...]
    timeout: timedelta
    late_window: timedelta = timedelta(0)
    check_every: timedelta = timedelta(0)
    evidence: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    """Names; URLs and secrets are looked up when sending."""
    arrival: Arrival
    more: tuple[Arrival, ...] = ()
    """Further ones that were known at the start: those that came with the first, and in a next life
    those that came after its last one broke off."""
    earlier: tuple[Arrival, ...] = ()
    """Those of earlier generations of the same content."""
    birth: str | None = None
    """Where ids come again after a purge (by content): this push's, in all its lives."""
    known: Known | None = None
    """Set where earlier lives of this push were broken off."""
    begun_at: Moment | None = None
    """For a push that a caught-up event begins: that event's own time, from which the deadline
    counts. None: it begins with its instance."""


class _PushInstance(Frozen):
    v: Literal[1] = 1
    nonce: str
    """Tells whose start won: the instance row holds the winner's."""
    push_id: str
    first: Literal[True] | None = None
    """Set by a start that has found nothing under its id. It can be held up for so long that the
    push has begun and ended before it takes effect, and takes that one's place."""


class PushInput(PushTerms, _PushInstance):
    """Input of `WaitForAllRegions`. (Its own fields first: a courier's history has its text.)"""

    @property
    def checks_again(self) -> bool:
        """Whether a check that breaks down is made again: not in instances of release 0.1.0."""
        return bool(self.first or (self.known and self.known.first_at))


def watch(push: PushInput, begun_at: datetime) -> verdict.Watch:
    """A push as it is waited for, with nothing heard or seen of it yet."""
    return verdict.Watch(
        push_id=push.push_id,
        action=push.action,
        artifact=push.artifact,
        regions=push.regions,
        begun_at=begun_at,
        deadline=begun_at + push.timeout,
        birth=push.birth,
        first_at=(push.known and push.known.first_at) or push.arrival.received_at,
    )


class PushOutput(Frozen):
    """Output of `WaitForAllRegions`: the verdicts on the push, and their grounds."""

    v: Literal[1] = 1
    verdicts: tuple[VerdictRecord, ...]
    arrivals: tuple[Arrival, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    earlier: tuple[Arrival, ...] = ()

    def newest_arrivals(self) -> tuple[Arrival, ...]:
        """The newest arrival of each region, of this generation or an earlier one."""
        return newest_arrivals(self.earlier, self.arrivals)


def newest_arrivals(
    earlier: tuple[Arrival, ...], arrivals: tuple[Arrival, ...]
) -> tuple[Arrival, ...]:
    """One arrival per region; later ones before earlier ones."""
    return tuple({a.region: a for a in (*earlier, *arrivals)}.values())


class PushStatus(Frozen):
    """Custom status of `WaitForAllRegions`: how far a push is."""

    state: str
    decided: bool
    """The last verdict is reached, though the instance may run on for some seconds."""
    until: Moment
    missing: tuple[str, ...]
    """The first of them, where `missing_more` stands beside it in the engine's status."""
    reports: dict[str, tuple[str, Moment]] | None = None
    """By region: event id, and when it was received. Left out where they are too long."""
    said: VerdictRecord | None = None
    """The newest verdict that was told, and when it was decided."""

    def arrivals(self) -> tuple[Arrival, ...] | None:
        """As far as a status holds them."""
        if self.reports is None:
            return None
        return tuple(
            Arrival(region=region, event_id=event_id, received_at=at)
            for region, (event_id, at) in self.reports.items()
        )


def is_decided(custom_status: object) -> bool:
    """Whether a custom status is a push's, and says that the last verdict is reached."""
    return isinstance(custom_status, dict) and custom_status.get("decided") is True


def newest_state(custom_status: object, output: object) -> str | None:
    """What a push has come to: by its custom status or, where it has none, by its output. A row
    that missed its instance's end the engine mends without a custom status."""
    if isinstance(custom_status, dict):
        return str(custom_status.get("state"))
    try:
        return load(PushOutput, output).verdicts[-1].type.value
    except (ValueError, IndexError):
        return None


class CourierInput(Frozen):
    """Input of `Courier`."""

    v: Literal[1] = 1
    push_id: str
    arrivals: tuple[Arrival, ...] = ()
    """On their way to an instance that has not begun, or was broken off."""
    start: PushInput | None = None
    """The input to begin the push with, where it has no instance."""
    rounds: int = 0
    """Looks made in earlier histories of this courier."""
    by_hand: bool = False
    """An operator asked for it: a push that was given up gets another life."""
    given_up: str | None = None
    """Set on the record of a push that was given up: the reason."""
    lives: int | None = None
    """How often it was broken off, if it was."""


class OpenNote(Frozen):
    """Input of `NoteOpen`: what was open in one process."""

    v: Literal[1] = 1
    instances: tuple[str, ...]


PROBE: JsonObject = {"probe": True}
"""Input of an activity that is only called to show that it can be."""


class RecallInput(Frozen):
    """Input of `RecallPush`."""

    v: Literal[1] = 1
    push_id: str
    artifact: Artifact
    timeout: timedelta
    since: Moment
    """The push is not older."""


class RecallOutput(Frozen):
    """Result of `RecallPush`."""

    known: Known | None = None
    """None: nothing is known to have been said of the push."""


class EvidenceInput(Frozen):
    """Input of `GatherEvidence`."""

    v: Literal[1] = 1
    push_id: str
    event_ids: tuple[str, ...]
    action: Action
    artifact: Artifact
    missing: tuple[str, ...]
    begun_at: Moment
    evidence: tuple[str, ...]
    first_at: Moment | None = None
    """When the push's first arrival was received."""


class EvidenceOutput(Frozen):
    """Result of `GatherEvidence`."""

    arrivals: tuple[Arrival, ...] = ()
    """Those that were accepted, and have not come as events."""
    evidence: tuple[Evidence, ...]


def dump(model: BaseModel) -> dict[str, Any]:
    """A model as a plain JSON object."""
    return model.model_dump(mode="json", exclude_none=True)


def load(kind: type[M], value: object) -> M:
    """A model from what the engine returns: an object, or a text that holds one.

    The SDK sends inputs and events as JSON texts inside JSON, and hands some of them back that
    way. Raises ValueError.
    """
    for _ in range(3):
        if not isinstance(value, str | bytes):
            break
        try:
            value = json.loads(value)
        except RecursionError:
            raise ValueError("is nested too deep") from None
    return kind.model_validate(value)


def result(kind: type[M], event: Mapping[str, Any]) -> M | None:
    """An activity's result, from the event of a history that shows it; None where it is that of
    another activity."""
    try:
        return load(kind, event.get("Result"))
    except ValueError:
        return None
