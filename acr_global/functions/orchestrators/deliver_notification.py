"""`DeliverNotification`, an orchestrator: delivers over hours what could not be delivered at once.

1. Wait until the next target is due (durable timer).
2. One round: one attempt for each target that is due, side by side (activity `AttemptDelivery`).
3. Again, until every target has the message or is dead.

It is an instance of its own, so it holds no push up. An instance that ends with targets dead is
a dead letter, and is kept nowhere else. An alarm that was never delivered before a later verdict
was reached is no longer sent to targets that choose the later one: it ends as superseded.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from acr_global import retry, verdict
from acr_global.ends import final_state, undelivered
from acr_global.functions import log
from acr_global.functions.durable import names, notifications, statuses, turns, wire
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup
from acr_global.functions.telemetry import observing
from acr_global.grouping import GroupReport
from acr_global.model import Attempt, Outcome, Verdict
from acr_global.notify.words import shorten, subject

if TYPE_CHECKING:
    import azure.durable_functions as df

MAX_REFERENCE_CHARS = 400
"""Characters in a status; a repository's name and a tag have 383 at most by the distribution
specification, and a longer one must not fill a status."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""
    turns.register(
        app, names.DELIVER_NOTIFICATION, deliver_notification, setup.journal, partial(_ended, setup)
    )


def _ended(setup: Setup, output: object) -> None:
    """Log and count a dead letter."""
    try:
        ended = wire.load(notifications.DeliveryOutput, output)
    except ValueError:  # it failed
        return
    if ended.state != "dead":
        return
    lost = undelivered(ended.delivery)
    last = {a.target: a.reason for a in ended.delivery.attempts}
    log.line(
        "dead-letter",
        level=logging.ERROR,
        push=ended.delivery.push_id,
        targets={target: last.get(target) for target in lost},
        todo="look why they do not take it; then replay the dead letter",
    )
    if observer := observing.observer():
        observer.lost(setup.loaded.settings, lost)


def deliver_notification(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Deliver one message to those who do not have it yet; returns a `DeliveryOutput`."""
    given = wire.load(notifications.DeliveryInput, context.get_input())
    state = given.delivery
    while (wake := retry.next_due(state, context.current_utc_datetime)) is not None:
        due = retry.due(state, context.current_utc_datetime)
        # Even where it is due at once: else a late delivery would not be seen until it is over.
        context.set_custom_status(statuses.bounded(summary(given, state, "retrying")))
        if not due:
            yield context.create_timer(verdict.timer_for(wake))
            continue
        data = notifications.AttemptInput(
            verdict=given.verdict,
            report=given.report,
            targets=due,
            by_hand=given.replay_of is not None and not given.timely,
        )
        try:
            result = yield context.call_activity(names.ATTEMPT_DELIVERY, wire.dump(data))
            attempts = wire.load(notifications.AttemptOutput, result).attempts
        except Exception:  # an activity's failure comes as a bare exception
            attempts = ()
        now = context.current_utc_datetime
        state = retry.after_attempts(state, (*attempts, *_unanswered(due, attempts, now)))
    final = final_state(state)
    context.set_custom_status(statuses.bounded(summary(given, state, final)))
    return wire.dump(notifications.DeliveryOutput(state=final, delivery=state))


def _unanswered(
    due: tuple[str, ...], attempts: tuple[Attempt, ...], now: datetime
) -> list[Attempt]:
    """Attempts that stand for a failed round, which would otherwise be repeated without end."""
    attempted = {a.target for a in attempts}
    return [
        Attempt(target=t, at=now, outcome=Outcome.RETRY, reason="activity-failed")
        for t in due
        if t not in attempted
    ]


def summary(given: notifications.DeliveryInput, state: retry.Delivery, word: str) -> dict[str, Any]:
    """The custom status, bounded: what an operator's list shows without reading the input."""
    dead = set(retry.dead(state))
    return {
        "state": word,
        **_about(given),
        "delivered": list(retry.delivered(state)),
        "owed": list(retry.owed(state)),
        "dead": [t for t in undelivered(state) if t in dead],
        "attempts": len(state.attempts),
        "replay_of": given.replay_of,
    }


def _about(given: notifications.DeliveryInput) -> dict[str, Any]:
    """What is delivered, in a few words."""
    match given.subject:
        case GroupReport() as report:
            return {"group": report.group_id, "report": report.state.value}
        case Verdict() as verdict:
            reference = shorten(
                subject(verdict.action, verdict.artifact.reference), MAX_REFERENCE_CHARS
            )
            return {
                "push": verdict.push_id,
                "verdict": verdict.type.value,
                "reference": reference,
            }
