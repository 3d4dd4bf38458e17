"""Events → measurements, one function for each kind of event. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from acr_global.instruments import (
    ANSWER,
    ATTEMPTS,
    CHANNEL,
    DEAD_LETTERS,
    DECISION,
    DELIVERY,
    KIND,
    LAG,
    OLDEST,
    OPEN,
    OUTCOME,
    REASON,
    REGION,
    REGISTRY,
    REMOVED,
    REVIVED,
    SOURCE,
    TARGET,
    VERDICT,
    VERDICTS,
    WEBHOOKS,
    Instrument,
    Labels,
)
from acr_global.model import Attempt, Outcome, PushEvent, Verdict
from acr_global.notify.message import new_lags


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value for one instrument."""

    instrument: Instrument
    value: float
    labels: Labels


def _measured(
    instrument: Instrument, value: float, labels: Mapping[str, str | None]
) -> Measurement:
    """A measurement; labels without a value are left out."""
    return Measurement(instrument, value, {k: v for k, v in labels.items() if v is not None})


_ANSWERS = {200: "ignored", 202: "accepted"}


def of_webhook(
    status: int, reason: str | None, event: PushEvent | None, *, caught_up: bool
) -> Measurement:
    """One webhook and its answer. `reason`: in the answer, if one stands there. `event`: None where
    it has none that may be named."""
    labels = {
        ANSWER: _ANSWERS.get(status, "rejected" if status < 500 else "refused"),
        REASON: reason,
        REGION: event.region if event else None,
        REGISTRY: event.artifact.registry if event else None,
        SOURCE: "event-log" if caught_up else "webhook",
    }
    return _measured(WEBHOOKS, 1, labels)


def of_verdict(verdict: Verdict) -> Iterator[Measurement]:
    """One verdict, and the arrivals that it is the first to count."""
    registry = verdict.artifact.registry
    labels = {VERDICT: verdict.type.value, REGISTRY: registry}
    yield _measured(VERDICTS, 1, labels)
    yield _measured(DECISION, _seconds(verdict.begun_at, verdict.decided_at), labels)
    for region, lag in new_lags(verdict).items():
        yield _measured(LAG, lag, {REGION: region, REGISTRY: registry})


def of_attempt(said: str, since: datetime, attempt: Attempt, channel: str) -> Iterator[Measurement]:
    """One attempt to tell a target of this kind a verdict, or of a group, as found at this time."""
    to = {CHANNEL: channel, TARGET: attempt.target, VERDICT: said}
    delivered = attempt.outcome is Outcome.DELIVERED
    reason = None if delivered else attempt.reason
    yield _measured(ATTEMPTS, 1, {OUTCOME: attempt.outcome.value, REASON: reason, **to})
    if delivered:
        yield _measured(DELIVERY, _seconds(since, attempt.at), to)


def of_dead_letter(target: str, channel: str) -> Measurement:
    """One message that a target did not get in the end."""
    return _measured(DEAD_LETTERS, 1, {KIND: "message", CHANNEL: channel, TARGET: target})


def of_given_up_push() -> Measurement:
    """One push that was given up."""
    return _measured(DEAD_LETTERS, 1, {KIND: "push"})


def of_revival(kind: Literal["push", "courier", "delivery", "group"]) -> Measurement:
    """One instance that was begun anew."""
    return _measured(REVIVED, 1, {KIND: kind})


def of_removal(removed: Mapping[str, int]) -> Iterator[Measurement]:
    """So many of each kind were removed from storage."""
    for kind, number in removed.items():
        yield _measured(REMOVED, number, {KIND: kind})


def of_open(begun: Sequence[datetime], now: datetime) -> Iterator[Measurement]:
    """All open pushes, by the moments when they began."""
    yield _measured(OPEN, len(begun), {})
    yield _measured(OLDEST, _seconds(min(begun, default=now), now), {})


def _seconds(start: datetime, end: datetime) -> float:
    """Never negative: two machines' clocks may differ."""
    return max((end - start).total_seconds(), 0.0)
