"""`Courier`, an orchestrator: sees a push through to which an arrival cannot be raised right now.

1. Look where the push's instance is, and do what that asks for (activity `CarryArrival`): raise
   what it carries where the instance has begun; begin it anew where it was broken off, or has
   not begun for ten minutes; begin it where it is not there at all.
2. If nothing could be raised: wait 5 s, later longer, and look again.
3. End when it is raised, when the push is decided, or after an hour: then a record of the push is
   left among the dead letters, where an operator sees it and can have it tried again.

It outlives its own activity's failures, because nothing else holds what it carries. Its delays are
5 s and more: on Azure Storage a loop on timers of 1 s would spin.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from acr_global.ends import COURIER_ENDS
from acr_global.functions.durable import names, turns, wire
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup

if TYPE_CHECKING:
    import azure.durable_functions as df

PAUSES = (*(5,) * 18, *(15,) * 14)
"""Seconds between looks; after them LAST_PAUSE. Messages that a crash held back come after the
visibility timeout, which host.json sets to a minute."""

LAST_PAUSE = 60

MAX_ROUNDS = 84
"""Looks in all, in about an hour; then the activity gives the push up. It bounds the cost of a
courier; only one whose activity fails goes on, because the fault may be the activity's."""

ROUNDS_PER_HISTORY = 20
"""A history is read anew in each episode, so a long wait goes on in a fresh one."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""
    turns.register(app, names.COURIER, courier, setup.journal)


def courier(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
    """See a push through; returns one of COURIER_ENDS."""
    given = wire.load(wire.CourierInput, context.get_input())
    if given.given_up:
        context.set_custom_status(record(given))
        return "given-up"
    last = given.rounds + ROUNDS_PER_HISTORY
    for round_ in range(given.rounds, last):
        now = given.model_copy(update={"rounds": round_})
        try:
            outcome = yield context.call_activity(names.CARRY_ARRIVAL, wire.dump(now))
        except Exception:  # an activity's failure comes as a bare exception
            outcome = "failed"
        context.set_custom_status({"state": outcome, "push": given.push_id, "round": round_ + 1})
        if outcome in COURIER_ENDS:
            return outcome
        pause = PAUSES[round_] if round_ < len(PAUSES) else LAST_PAUSE
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=pause))
    context.continue_as_new(wire.dump(given.model_copy(update={"rounds": last})))
    return None


def record(given: wire.CourierInput) -> dict[str, Any]:
    """The custom status of a push that was given up, for the list of dead letters."""
    reference = given.start.artifact.reference if given.start else None
    return {
        "state": "given-up",
        "push": given.push_id,
        "reference": reference,
        "cause": given.given_up,
    }
