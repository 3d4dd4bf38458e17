"""`FirePushNotification`: a verdict's first attempt.

A verdict goes to all its targets side by side, one attempt each; but an alarm, or what comes late,
only if it stands (standing.py), and an alarm that a group holds back, and what follows it, not to
those who leave it to the group (joining.py). What failed is handed to a `DeliverNotification`
instance (hand_over_delivery.py). Where the engine does not take it, the orchestrator is told what
was not handed over, and does that later. Messages carry the same id on each attempt, so a receiver
can drop the repeat that a crash causes.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from acr_global import audience, retry
from acr_global.functions import log
from acr_global.functions.activities.hand_over_delivery import hand_on
from acr_global.functions.activities.recall_push import ways_of
from acr_global.functions.durable import names, notifications, wire
from acr_global.functions.durable.sdk import App
from acr_global.functions.durable.wire import JsonObject
from acr_global.functions.records import bookkeeping
from acr_global.functions.setup import Setup, Tools
from acr_global.functions.telemetry import observing
from acr_global.functions.verdicts.sending import attempt_all
from acr_global.functions.verdicts.standing import standing
from acr_global.model import Verdict, VerdictType
from acr_global.notify.message import new_lags

_ALARMS = (VerdictType.OVERDUE, VerdictType.INCOMPLETE)

LATE = timedelta(seconds=30)
"""From the decision to its activity: a dead host had it in hand. The push may have come to another
verdict meanwhile, if its turn was not in storage."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.FIRE_PUSH_NOTIFICATION)
    @app.activity(names.FIRE_PUSH_NOTIFICATION)
    @app.durable_client()
    async def fire_push_notification(work: JsonObject, client: str) -> JsonObject:
        if work == wire.PROBE:
            return work
        given = wire.load(notifications.NotifyInput, work)
        return wire.dump(await fire(setup.tools(client), given))


async def fire(tools: Tools, data: notifications.NotifyInput) -> notifications.NotifyOutput:
    """First attempt for every target that wants this verdict; then it is entered in the ledger, and
    the rest is handed over. Nothing is said of a verdict that does not stand."""
    if dropped := await _instead_of(tools, data.verdict):
        return dropped
    sent = await _send(tools, data)
    if observer := observing.observer():
        observer.said(data.verdict)
    return sent


async def _instead_of(tools: Tools, verdict: Verdict) -> notifications.NotifyOutput | None:
    """In the place of a verdict that does not stand the one that the push has come to, or with
    which it had ended."""
    if verdict.type not in _ALARMS and tools.clock() < verdict.decided_at + LATE:
        return None
    stands = await standing(tools.engine, verdict)
    if stands is not verdict.type:
        _log_dropped(verdict, stands)
        return notifications.NotifyOutput(verdict=stands)
    if stands is VerdictType.OVERDUE and (row := await bookkeeping.said_before(tools, verdict)):
        return notifications.NotifyOutput(verdict=row.state, instead=ways_of(row))
    return None


async def _send(tools: Tools, data: notifications.NotifyInput) -> notifications.NotifyOutput:
    """First attempts at those who want it and whom no group tells; what failed is handed over.
    Nothing is raised after the attempts: they would be made again."""
    verdict = data.verdict
    _log_verdict(verdict)
    wanted = audience.wanted(tools.settings.targets, data.targets, verdict)
    group = await _grouped(tools, data, wanted)
    held = group.targets if group else ()
    attempts = await attempt_all(tools, verdict, tuple(t for t in wanted if t not in held))
    sent = notifications.NotifyOutput(
        verdict=verdict.type,
        at=verdict.decided_at if verdict.type in _ALARMS else None,
        missing=verdict.missing or None,
        attempts=attempts,
        group=group,
    )
    schedule = tools.settings.retry_schedule
    rest = retry.of_failed(verdict.push_id, attempts, verdict.decided_at, schedule)
    if rest is None:
        listed = await bookkeeping.enter(tools, verdict, attempts)
        return sent.model_copy(update={"listed": listed or None})
    handed = await hand_on(tools, notifications.DeliveryInput(verdict=verdict, delivery=rest))
    return sent.model_copy(update=handed._asdict() | {"listed": handed.listed or None})


async def _grouped(
    tools: Tools, data: notifications.NotifyInput, wanted: tuple[str, ...]
) -> wire.InGroup | None:
    """What a group takes of a verdict; most have nothing to do with one."""
    verdict = data.verdict
    if verdict.type is VerdictType.OVERDUE:
        setting = tools.settings.policy(verdict.artifact.registry).alarm_group
        leaving = audience.held(tools.settings.targets, wanted, verdict)
        if not (setting.count and leaving):
            return None
        from acr_global.functions.verdicts import joining

        return await joining.join(tools, verdict, tuple(t for t in wanted if t in leaving))
    if data.group is None:
        return None
    from acr_global.functions.verdicts import joining

    return data.group if await joining.follow_up(tools, verdict, data.group) else None


def _log_dropped(verdict: Verdict, instead: VerdictType) -> None:
    log.line(
        "verdict-dropped",
        level=logging.WARNING,
        push=verdict.push_id,
        verdict=verdict.type.value,
        instead=instead.value,
        todo="nothing: a host died as it decided this, and the push has come to another verdict",
    )


def _log_verdict(verdict: Verdict) -> None:
    log.line(
        "verdict",
        level=logging.WARNING if verdict.type in _ALARMS else logging.INFO,
        push=verdict.push_id,
        verdict=verdict.type.value,
        registry=verdict.artifact.registry,
        image=verdict.artifact.reference,
        missing=list(verdict.missing),
        reported={a.region: a.event_id for a in verdict.arrivals},
        lag={region: round(lag, 3) for region, lag in new_lags(verdict).items()},
        seconds=round((verdict.decided_at - verdict.begun_at).total_seconds(), 3),
        evidence=[f"{e.region}: {e.kind.value}: {e.detail}" for e in verdict.evidence],
    )
