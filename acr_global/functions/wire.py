"""Model ↔ versioned JSON: what stands in orchestration and activity inputs.

An instance lives for up to weeks, so what one release writes, later ones read: fields are only
added, with a default; a change of meaning is a new version beside the old. Nothing secret
stands here: inputs lie in plain text in storage.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel

from acr_global.model import (
    Action,
    Arrival,
    Artifact,
    Attempt,
    Evidence,
    Frozen,
    Verdict,
    VerdictType,
)
from acr_global.retry import Delivery

if TYPE_CHECKING:
    JsonObject = dict[str, Any]
else:
    # The Functions worker accepts no parameterised generic on a trigger's parameter.
    JsonObject = dict

M = TypeVar("M", bound=BaseModel)


class PushInput(Frozen):
    """Input of `WaitForAllRegions`: everything the instance will ever need, frozen."""

    v: Literal[1] = 1
    nonce: str
    """Tells whose start won: the instance row holds the winner's."""
    push_id: str
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
    earlier: tuple[Arrival, ...] = ()
    """Reports of earlier generations of the same content."""
    birth: str | None = None
    """Where ids come again after a purge (by content): this push's own, for as long as it lives."""


class VerdictRecord(Frozen):
    """One verdict that was reached, and how its notification fared at the first attempt."""

    type: VerdictType
    at: datetime
    missing: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    delivery: str | None = None
    """The instance that goes on delivering what failed."""
    error: str | None = None
    """Set when sending, or handing over what was not delivered, failed again and again."""


class PushOutput(Frozen):
    """Output of `WaitForAllRegions`: what was said about the push, and on what."""

    v: Literal[1] = 1
    verdicts: tuple[VerdictRecord, ...]
    arrivals: tuple[Arrival, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    earlier: tuple[Arrival, ...] = ()

    def reports(self) -> tuple[Arrival, ...]:
        """The newest report of each region, of this generation or an earlier one."""
        return newest_reports(self.earlier, self.arrivals)


def newest_reports(
    earlier: tuple[Arrival, ...], arrivals: tuple[Arrival, ...]
) -> tuple[Arrival, ...]:
    """One report per region; later ones before earlier ones."""
    return tuple({a.region: a for a in (*earlier, *arrivals)}.values())


class PushStatus(Frozen):
    """Custom status of `WaitForAllRegions`: how far a push is."""

    state: str
    decided: bool
    """The last verdict is reached, though the instance may run on for some seconds."""
    until: datetime
    missing: tuple[str, ...]
    reports: dict[str, tuple[str, datetime]] | None = None
    """By region: event id, and when it was received. Left out where they are too long."""

    def arrivals(self) -> tuple[Arrival, ...] | None:
        """The reports, as far as a status holds them."""
        if self.reports is None:
            return None
        return tuple(
            Arrival(region=region, event_id=event_id, received_at=at)
            for region, (event_id, at) in self.reports.items()
        )


def is_decided(custom_status: object) -> bool:
    """Whether a custom status is a push's, and says that the last verdict is reached."""
    return isinstance(custom_status, dict) and custom_status.get("decided") is True


LONGEST_STATUS = 8_000
"""Characters. The engine refuses a custom status of more than 16 KB in UTF-16.
Source: Durable Functions docs, custom orchestration status."""


def status_object(status: PushStatus) -> dict[str, Any]:
    """A status as the engine takes it."""
    whole = dump(status)
    if len(json.dumps(whole)) <= LONGEST_STATUS:
        return whole
    return dump(status.model_copy(update={"reports": None}))


class CourierInput(Frozen):
    """Input of `Courier`: one arrival on its way to an instance that has not begun."""

    v: Literal[1] = 1
    push_id: str
    arrival: Arrival
    rounds: int = 0
    """Looks made in earlier histories of this courier."""


class NotifyInput(Frozen):
    """Input of `FirePushNotification`."""

    v: Literal[1] = 1
    verdict: Verdict
    targets: tuple[str, ...]


class DeliveryInput(Frozen):
    """Input of `DeliverNotification`."""

    v: Literal[1] = 1
    verdict: Verdict
    delivery: Delivery
    replay_of: str | None = None
    """The dead letter that an operator sends anew."""


class NotifyOutput(Frozen):
    """Result of `FirePushNotification`: one attempt per target, and who takes over what failed."""

    attempts: tuple[Attempt, ...] = ()
    delivery: str | None = None
    owed: DeliveryInput | None = None
    """What could not be handed over: the orchestrator sees to it."""


class LookInput(Frozen):
    """Input of `GatherEvidence`."""

    v: Literal[1] = 1
    push_id: str
    event_ids: tuple[str, ...]
    action: Action
    artifact: Artifact
    missing: tuple[str, ...]
    begun_at: datetime
    evidence: tuple[str, ...]
    first_at: datetime | None = None
    """When the push's first report was received."""


class LookOutput(Frozen):
    """Result of `GatherEvidence`."""

    arrivals: tuple[Arrival, ...] = ()
    """Reports that were accepted and are still on their way with a courier."""
    evidence: tuple[Evidence, ...] = ()


class DeliveryOutput(Frozen):
    """Output of `DeliverNotification`; state `dead` makes it a dead letter."""

    v: Literal[1] = 1
    state: Literal["delivered", "dead", "superseded"]
    delivery: Delivery


class AttemptInput(Frozen):
    """Input of `AttemptDelivery`: one round."""

    v: Literal[1] = 1
    verdict: Verdict
    targets: tuple[str, ...]
    by_hand: bool = False
    """An operator asked for it: it is sent even if a later verdict has overtaken it."""


class AttemptOutput(Frozen):
    """Result of `AttemptDelivery`."""

    attempts: tuple[Attempt, ...] = ()


def dump(model: BaseModel) -> dict[str, Any]:
    """A model as a plain JSON object."""
    return model.model_dump(mode="json", exclude_none=True)


def load(kind: type[M], value: object) -> M:
    """A model from what the engine hands back: an object, or a text that holds one.

    The SDK sends inputs and events as JSON texts inside JSON, and hands some of them back that
    way. Raises ValueError.
    """
    for _ in range(3):
        if not isinstance(value, str | bytes):
            break
        value = json.loads(value)
    return kind.model_validate(value)
