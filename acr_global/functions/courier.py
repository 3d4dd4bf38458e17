"""The orchestrator `Courier`: carries one arrival to an instance that has not begun.

1. Look where the instance is, and raise the event if it has begun (activity `CarryArrival`).
2. If it has not: wait 5 s, later longer, and look again.
3. End when the event is raised, or when the instance has ended and nothing can be told it.

It outlives its own activity's failures, for it is all that holds the arrival. Its delays are
whole seconds of 5 and more: on Azure Storage a loop on timers of 1 s would spin.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from datetime import timedelta
from typing import Any

from azure.durable_functions import DurableOrchestrationContext

from acr_global import correlation
from acr_global.functions import log, names, wire
from acr_global.functions.engine import Engine, Phase

PAUSES = (*(5,) * 6, *(10,) * 6, 30)
"""Seconds between looks; the last goes on until the instance begins. What a crash held back
comes after the visibility timeout, a minute as host.json sets it."""

ROUNDS_PER_HISTORY = 20
"""A history is read anew in each episode, so a long wait goes on in a fresh one."""


def carry(context: DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """Carry one arrival; returns `raised`, `finished` when it came too late, or `lost`."""
    given = wire.load(wire.CourierInput, context.get_input())
    for round_ in range(given.rounds, given.rounds + ROUNDS_PER_HISTORY):
        try:
            outcome = yield context.call_activity(names.CARRY_ARRIVAL, wire.dump(given))
        except Exception:  # an activity's failure comes as a bare exception
            outcome = "failed"
        context.set_custom_status({"state": outcome, "round": round_ + 1})
        if outcome in ("raised", "finished", "lost"):
            return outcome
        pause = PAUSES[min(round_, len(PAUSES) - 1)]
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=pause))
    on = given.model_copy(update={"rounds": given.rounds + ROUNDS_PER_HISTORY})
    context.continue_as_new(wire.dump(on))
    return None


async def carry_once(engine: Engine, data: wire.CourierInput) -> str:
    """One look, and the event if it can be kept: `raised`, `not-begun`, `finished` or `lost`."""
    look = await engine.look(data.push_id)
    match look.phase:
        case Phase.PENDING:
            return "not-begun"
        case Phase.BEGUN:
            name = correlation.event_name(data.arrival.region)
            raised = await engine.raise_event(data.push_id, name, data.arrival)
            return "raised" if raised else "finished"
        case Phase.FINISHED:
            return "finished"
        case Phase.ABSENT | Phase.FAILED:
            log.line(
                "arrival-lost",
                level=logging.ERROR,
                push=data.push_id,
                instance=look.phase.value,
                todo="the instance it was accepted for was removed or has failed; look why",
                arrival=data.arrival.model_dump(mode="json"),
            )
            return "lost"
