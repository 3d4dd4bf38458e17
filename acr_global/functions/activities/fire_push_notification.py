"""What the activities `FirePushNotification` and `AttemptDelivery` do.

A verdict goes to all its targets side by side, one attempt each. What failed is handed to a
`DeliverNotification` instance, under an id made of push and verdict: a repeat of the activity
after a crash finds it there. (What it finds may also be left of an earlier push of the same id,
which has been purged itself; times tell.) Where the engine does not take it, the orchestrator is
told what is owed and hands it over later (`HandOverDelivery`). Messages carry the same id on each
attempt, so a receiver can drop the repeat that such a crash causes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence

import aiohttp

from acr_global import correlation, targets
from acr_global.functions import clock, log, names, pacing, replays, wire
from acr_global.functions.delivering import SUPERSEDED
from acr_global.functions.engine import AlreadyExistsError, Engine, EngineError, Look, Phase
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
    failed = tuple(a for a in attempts if a.outcome is not Outcome.DELIVERED)
    if not failed:
        return wire.NotifyOutput(verdict=verdict.type, attempts=attempts)
    state = Delivery(
        push_id=verdict.push_id,
        targets=tuple(a.target for a in failed),
        begun_at=verdict.decided_at,
        schedule=settings.retry_schedule,
        attempts=failed,
    )
    owed = wire.DeliveryInput(verdict=verdict, delivery=state)
    await _give_way(failed)
    try:
        return wire.NotifyOutput(
            verdict=verdict.type, attempts=attempts, delivery=await hand_over(engine, owed)
        )
    except EngineError:  # to raise it would send to every target again
        return wire.NotifyOutput(verdict=verdict.type, attempts=attempts, owed=owed)


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

    async def one(name: str, session: aiohttp.ClientSession) -> Attempt:
        if target := known.get(name):
            return await deliver.attempt(
                message, target, environ, session=session, clock=clock.utcnow
            )
        return _not_sent(name, Outcome.RETRY, "target-unknown")

    async with deliver.new_session() as session:
        attempts = await asyncio.gather(*(one(name, session) for name in wanted))
    for attempt in attempts:
        _log_attempt(message, attempt)
    return tuple(attempts)


def _not_sent(target: str, outcome: Outcome, reason: str) -> Attempt:
    return Attempt(target=target, at=clock.utcnow(), outcome=outcome, reason=reason)


async def attempt_round(
    settings: Settings, environ: Mapping[str, str], engine: Engine, data: wire.AttemptInput
) -> wire.AttemptOutput:
    """One round of a delivery. An alarm that a later verdict has overtaken is sent only to
    those who do not hear of the later one."""
    overtaken: frozenset[str] = frozenset()
    if data.verdict.type is VerdictType.OVERDUE and not data.by_hand:
        later = await _later_verdict(engine, data.verdict)
        overtaken = _hear_of(settings, later, data)
    attempts = [_not_sent(name, Outcome.DEAD, SUPERSEDED) for name in sorted(overtaken)]
    rest = tuple(name for name in data.targets if name not in overtaken)
    attempts += await attempt_all(settings, environ, data.verdict, rest)
    await _give_way(attempts)
    return wire.AttemptOutput(attempts=tuple(attempts))


async def _give_way(attempts: Sequence[Attempt]) -> None:
    """What was tried in vain can wait until a burst is over, for it will fail as often as not; what
    found no place was not tried at all."""
    sent = [a for a in attempts if a.reason != deliver.BUSY]
    if sent and all(a.outcome is not Outcome.DELIVERED for a in sent):
        await pacing.lull()


async def _later_verdict(engine: Engine, alarm: Verdict) -> VerdictType | None:
    """What followed the alarm, as the push's status says. Where it cannot be asked, nothing:
    an alarm too many is the lesser evil."""
    try:
        look = await engine.look(alarm.push_id, show_input=True)
        first = wire.load(wire.PushInput, look.input).arrival
    except (EngineError, ValueError):
        return None
    if first.received_at > alarm.decided_at:
        return None  # another push has come to this id since
    status = look.custom_status
    state = status.get("state") if isinstance(status, dict) else None
    later = (VerdictType.RECOVERED, VerdictType.INCOMPLETE)
    return next((v for v in later if v.value == state), None)


def _hear_of(
    settings: Settings, later: VerdictType | None, data: wire.AttemptInput
) -> frozenset[str]:
    if later is None:
        return frozenset()
    artifact = data.verdict.artifact
    hearing = {t.name for t in settings.targets if targets.wants(t, later, artifact)}
    return frozenset(hearing.intersection(data.targets))


def delivery_instance(verdict: Verdict) -> str:
    """The instance that delivers one verdict of one push."""
    return correlation.delivery_id(verdict.push_id, verdict.type, verdict.birth)


async def hand_over(engine: Engine, data: wire.DeliveryInput) -> str:
    """Start the delivery unless it is there: a start on a finished id would replace it.

    Raises EngineError.
    """
    instance_id = delivery_instance(data.verdict)
    try:
        number, newest = await replays.newest(engine, instance_id)
        if _is_of(data.verdict, newest):
            return newest.instance_id
        instance_id = replays.numbered(instance_id, number + 1)
        with contextlib.suppress(AlreadyExistsError):
            await engine.start(names.DELIVER_NOTIFICATION, instance_id, data)
    except EngineError as error:
        log.line(
            "delivery-not-started",
            level=logging.ERROR,
            delivery=instance_id,
            targets=data.delivery.targets,
            cause=str(error),
            todo="it is tried again, for a day at most; then it is a dead letter",
        )
        raise
    return instance_id


def _is_of(verdict: Verdict, delivery: Look) -> bool:
    """Whether a delivery that is there is of this very push. What was decided before the push's
    first report came was decided of an earlier one."""
    if delivery.phase is Phase.ABSENT:
        return False
    try:
        there = wire.load(wire.DeliveryInput, delivery.input).verdict
    except ValueError:
        return False
    first = min((a.received_at for a in verdict.arrivals), default=verdict.begun_at)
    return there.decided_at >= first


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
        location=attempt.location,
    )
