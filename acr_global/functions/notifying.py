"""What the activities `FirePushNotification` and `AttemptDelivery` do.

A verdict goes to all its targets side by side, one attempt each. What failed is handed to a
`DeliverNotification` instance before the activity ends, under an id made of push and verdict: a
repeat of the activity after a crash finds it there. Messages carry the same id on each attempt,
so a receiver can drop the repeat that such a crash causes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any

from acr_global import correlation, targets
from acr_global.functions import clock, log, names, wire
from acr_global.functions.delivering import SUPERSEDED
from acr_global.functions.engine import AlreadyExistsError, Engine, Phase
from acr_global.model import Attempt, Message, Outcome, Verdict, VerdictType
from acr_global.notify import deliver
from acr_global.notify.message import message_of
from acr_global.retry import Delivery
from acr_global.settings import Settings

_ALARMS = (VerdictType.OVERDUE, VerdictType.INCOMPLETE)


async def fire(
    settings: Settings, environ: Mapping[str, str], engine: Engine, data: wire.NotifyInput
) -> wire.NotifyOutput:
    """First attempt for every target that wants this verdict; the rest is handed over."""
    verdict = data.verdict
    _log_verdict(verdict)
    wanted = wanted_targets(settings, data)
    attempts = await attempt_all(settings, environ, verdict, wanted)
    failed = tuple(a.target for a in attempts if a.outcome is not Outcome.DELIVERED)
    delivery = None
    if failed:
        state = Delivery(
            push_id=verdict.push_id,
            targets=failed,
            begun_at=verdict.decided_at,
            schedule=settings.retry_schedule,
            attempts=tuple(a for a in attempts if a.target in failed),
        )
        delivery = await _hand_over(engine, wire.DeliveryInput(verdict=verdict, delivery=state))
    return wire.NotifyOutput(attempts=attempts, delivery=delivery)


def wanted_targets(settings: Settings, data: wire.NotifyInput) -> tuple[str, ...]:
    """The targets that choose this verdict. One that the settings no longer know stays owed:
    its delivery fails visibly until it is back, or becomes a dead letter."""
    known = {t.name: t for t in settings.targets}
    return tuple(
        name
        for name in data.targets
        if name not in known or targets.wants(known[name], data.verdict.type, data.verdict.artifact)
    )


async def attempt_all(
    settings: Settings, environ: Mapping[str, str], verdict: Verdict, wanted: tuple[str, ...]
) -> tuple[Attempt, ...]:
    """One attempt for each target, side by side; none fails another."""
    if not wanted:
        return ()
    known = {t.name: t for t in settings.targets}
    message = message_of(verdict)

    async def one(name: str, session: Any) -> Attempt:
        target = known.get(name)
        if target is None:
            return Attempt(
                target=name, at=clock.utcnow(), outcome=Outcome.RETRY, reason="target-unknown"
            )
        return await deliver.attempt(message, target, environ, session=session, now=clock.utcnow())

    async with deliver.new_session() as session:
        attempts = await asyncio.gather(*(one(name, session) for name in wanted))
    for attempt in attempts:
        _log_attempt(message, attempt)
    return tuple(attempts)


async def attempt_round(
    settings: Settings, environ: Mapping[str, str], engine: Engine, data: wire.AttemptInput
) -> wire.AttemptOutput:
    """One round of a delivery, unless its alarm has been overtaken by the recovery."""
    overtakable = data.verdict.type is VerdictType.OVERDUE and not data.by_hand
    if overtakable and await _recovered(engine, data.verdict.push_id):
        now = clock.utcnow()
        return wire.AttemptOutput(
            attempts=tuple(
                Attempt(target=t, at=now, outcome=Outcome.DEAD, reason=SUPERSEDED)
                for t in data.targets
            )
        )
    attempts = await attempt_all(settings, environ, data.verdict, data.targets)
    return wire.AttemptOutput(attempts=attempts)


async def _recovered(engine: Engine, push_id: str) -> bool:
    """The push's own status says so before its recovery is sent to anybody."""
    look = await engine.look(push_id)
    status = look.custom_status
    return isinstance(status, dict) and status.get("state") == VerdictType.RECOVERED.value


def delivery_id(verdict: Verdict) -> str:
    """The instance that delivers one verdict of one push."""
    return correlation.bounded_id("_delivery", verdict.type.value, verdict.push_id)


async def _hand_over(engine: Engine, data: wire.DeliveryInput) -> str:
    """Start the delivery unless it is there: a start on a finished id would replace it."""
    instance_id = delivery_id(data.verdict)
    if (await engine.look(instance_id)).phase is Phase.ABSENT:
        with contextlib.suppress(AlreadyExistsError):
            await engine.start(names.DELIVER_NOTIFICATION, instance_id, data)
    return instance_id


def _log_verdict(verdict: Verdict) -> None:
    log.line(
        "verdict",
        level=logging.WARNING if verdict.type in _ALARMS else logging.INFO,
        push=verdict.push_id,
        verdict=verdict.type.value,
        image=verdict.artifact.reference,
        missing=list(verdict.missing),
        reported={a.region: a.event_id for a in verdict.arrivals},
        evidence=[f"{e.region}: {e.kind.value}: {e.detail}" for e in verdict.evidence],
    )


def _log_attempt(message: Message, attempt: Attempt) -> None:
    delivered = attempt.outcome is Outcome.DELIVERED
    log.line(
        "attempt",
        level=logging.INFO if delivered else logging.WARNING,
        message=message.id,
        target=attempt.target,
        outcome=attempt.outcome.value,
        reason=attempt.reason,
        status=attempt.status,
    )
