"""How an orchestrator has a push's verdict sent: again and again, until it is sent or handed over
to a delivery; after a day it is given up, as a dead letter.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from acr_global import correlation, retry, verdict
from acr_global.functions import log
from acr_global.functions.durable import names, notifications, wire
from acr_global.model import Verdict

if TYPE_CHECKING:
    import azure.durable_functions as df

Steps = Generator[Any, Any, Any]
"""What an orchestrator does: it yields tasks of the SDK, and is sent what they result in."""

PAUSES = (5, 10, 30, 60, 300, 1_800, 7_200, 18_000, 36_000, 36_000)
"""Seconds before an activity is called again that itself failed (by the engine's storage, Python's
death or a bug, not by a receiver): together as long as a delivery is tried."""


def pause(context: df.DurableOrchestrationContext, seconds: float) -> Any:
    """A timer, to be yielded."""
    wake = context.current_utc_datetime + timedelta(seconds=seconds)
    return context.create_timer(verdict.timer_for(wake))


class Notifying:
    """The sending of one push's verdicts."""

    def __init__(self, context: df.DurableOrchestrationContext, push: wire.PushInput) -> None:
        self._context, self._push = context, push

    def send(self, decided: Verdict, group: wire.InGroup | None) -> Steps:
        """Send one verdict; what fails goes on in an instance of its own. `group`: the one that has
        taken the alarm before it. Returns its record; and how another verdict knew of its regions,
        if the record is of another one: with that the push had ended before this instance began."""
        record = wire.VerdictRecord(
            type=decided.type, at=decided.decided_at, missing=decided.missing
        )
        targets = self._push.targets
        data = notifications.NotifyInput(verdict=decided, targets=targets, group=group)
        read = partial(wire.load, notifications.NotifyOutput)
        sent, error = yield from self._insist(names.FIRE_PUSH_NOTIFICATION, wire.dump(data), read)
        if error:
            owed = _undelivered(decided, targets)
            return (yield from self._give_up(record, owed, f"not sent: {error}")), None
        if sent.verdict is not decided.type:
            ended = {"type": sent.verdict, "missing": (), "listed": True}
            return record.model_copy(update=ended), sent.instead
        record = record.model_copy(
            update={
                "attempts": sent.attempts,
                "delivery": sent.delivery,
                "group": sent.group,
                "listed": sent.listed,
            }
        )
        if sent.owed:
            record = yield from self._hand_over(record, sent.owed)
        return record, None

    def _hand_over(self, record: wire.VerdictRecord, owed: notifications.DeliveryInput) -> Steps:
        """Start the delivery that the sending activity could not start."""
        delivery, error = yield from self._insist(names.HAND_OVER_DELIVERY, wire.dump(owed), str)
        if error:
            return (yield from self._give_up(record, owed, f"not handed over: {error}"))
        return record.model_copy(update={"delivery": delivery})

    def _insist(self, activity: str, data: Any, read: Callable[[Any], Any]) -> Steps:
        """Call an activity until it succeeds; its result, or its last error. What cannot be read
        as its result is that of another one (wire.py)."""
        for seconds in (*PAUSES, None):
            try:
                result = yield self._context.call_activity(activity, data)
                return read(result), None
            except Exception as error:  # an activity's failure comes as a bare exception
                if seconds is None:
                    return None, f"{error}"[:200]
            yield pause(self._context, seconds)

    def _give_up(
        self, record: wire.VerdictRecord, owed: notifications.DeliveryInput, why: str
    ) -> Steps:
        """Leave a dead letter, as a child of this instance: that depends on nothing but the
        engine's own storage."""
        if not self._context.is_replaying:
            log.line(
                "verdict-given-up",
                level=logging.ERROR,
                push=self._push.push_id,
                verdict=record.type.value,
                cause=why,
                todo="look why; then replay the dead letter",
            )
        letter = notifications.given_up(owed, record.at)
        instance_id = correlation.delivery_id(self._push.push_id, record.type, self._push.birth)
        try:
            yield self._context.call_sub_orchestrator(
                names.DELIVER_NOTIFICATION, wire.dump(letter), instance_id
            )
        except Exception as error:  # a child's failure comes as a bare exception
            why = f"{why}; no dead letter: {error}"[:400]
        return record.model_copy(update={"error": why, "delivery": instance_id})


def _undelivered(decided: Verdict, targets: tuple[str, ...]) -> notifications.DeliveryInput:
    """A delivery to all targets of the push."""
    state = retry.Delivery(
        push_id=decided.push_id, targets=targets, begun_at=decided.decided_at, schedule=()
    )
    return notifications.DeliveryInput(verdict=decided, delivery=state)
