"""`CarryArrival`: one look at a push, and the step that it asks for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta

from acr_global import correlation, verdict
from acr_global.ends import COURIER_ENDS
from acr_global.functions import clock, log
from acr_global.functions.arrivals import beginning, searching
from acr_global.functions.arrivals.instances import new_input
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.engine import AlreadyExistsError, Engine, Phase, Snapshot
from acr_global.functions.durable.sdk import App
from acr_global.functions.durable.wire import JsonObject
from acr_global.functions.orchestrators.courier import MAX_ROUNDS
from acr_global.functions.recovery import givingup, reviving
from acr_global.functions.setup import Setup

SOON = (0.5, 0.5, 1.0, 1.0)
"""Seconds between the looks of a courier's first round, while its push begins. The engine puts a
start's message back for 2 s where it has read it before it has written the instance's row. Source:
DurableTask.AzureStorage, OrchestrationSessionManager.cs and TaskHubQueue.cs."""

NOT_BEGUN, BEGUN_ANEW = "not-begun", "begun-anew"
"""Outcomes where the push is about to begin. (`held-up`: it should have long since.)"""

WARN_AFTER = timedelta(minutes=2)
"""After its start: a push that has not begun is logged. A crash explains one minute."""

BEGIN_ANEW_AFTER = timedelta(minutes=10)
"""After its start: its message must be lost."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.CARRY_ARRIVAL)
    @app.activity(names.CARRY_ARRIVAL)
    @app.durable_client()
    async def carry_arrival(work: JsonObject, client: str) -> str:
        if work == wire.PROBE:
            return ""
        return await carry(setup.tools(client).engine, wire.load(wire.CourierInput, work))


async def carry(engine: Engine, data: wire.CourierInput) -> str:
    """Take one step, in the first round some where the push is about to begin; returns one of
    COURIER_ENDS, or a word for what is awaited."""
    outcome = await _step(engine, data)
    for pause in SOON if data.rounds == 0 else ():
        if outcome not in (NOT_BEGUN, BEGUN_ANEW):
            break
        await asyncio.sleep(pause)
        outcome = await _step(engine, data)
    if outcome not in COURIER_ENDS and data.rounds + 1 >= MAX_ROUNDS:
        return await _give_up(engine, data, f"{outcome} after an hour")
    return outcome


async def _step(engine: Engine, data: wire.CourierInput) -> str:
    """One look, and what it asks for; a word for what came of it."""
    snapshot = await engine.look(data.push_id, show_input=True)
    data = _of_this_push(data, snapshot)
    match snapshot.phase:
        case Phase.PENDING:
            return await _not_begun(engine, data, snapshot)
        case Phase.BEGUN:
            return await _raise_all(engine, data)
        case Phase.FINISHED:
            return "finished"
        case Phase.FAILED:
            return await _next_life(engine, data)
        case Phase.TERMINATED if reviving.is_being_begun_anew(snapshot):
            return await _next_life(engine, data)
        case Phase.ABSENT if data.start:
            return await _begin(engine, new_input(data.push_id, data.start, first=data.start.first))
        case Phase.ABSENT | Phase.TERMINATED:
            return _lost(data, snapshot)


def _of_this_push(data: wire.CourierInput, snapshot: Snapshot) -> wire.CourierInput:
    """The input without arrivals of an earlier push of the same id, which have come too late."""
    try:
        first_at = wire.load(wire.PushInput, snapshot.input).arrival.received_at
    except ValueError:  # not there, or started by hand
        return data
    stale = tuple(a for a in data.arrivals if verdict.is_stale(a, first_at))
    if not stale:
        return data
    _lost(data.model_copy(update={"arrivals": stale}), snapshot)
    rest = tuple(a for a in data.arrivals if a not in stale)
    return data.model_copy(update={"arrivals": rest})


async def _raise_all(engine: Engine, data: wire.CourierInput) -> str:
    """Raise all arrivals. Repeats do no harm: the first arrival of each region counts."""
    for arrival in data.arrivals:
        name = correlation.event_name(arrival.region)
        if not await engine.raise_event(data.push_id, name, arrival):
            return "ended-meanwhile"
    return "raised"


async def _not_begun(engine: Engine, data: wire.CourierInput, snapshot: Snapshot) -> str:
    """Log it after two minutes; after ten, end the instance, so that it can be started again."""
    waited = clock.utcnow() - (snapshot.created or clock.utcnow())
    if waited < WARN_AFTER:
        return NOT_BEGUN
    if waited >= BEGIN_ANEW_AFTER:
        log.line(
            "push-not-begun",
            level=logging.ERROR,
            push=data.push_id,
            seconds=int(waited.total_seconds()),
            todo="it is begun anew; look whether the app's queues are read (its storage account,"
            " the host's log), and whether somebody has cleared them",
        )
        await engine.terminate(data.push_id, reviving.DID_NOT_BEGIN)
    else:
        log.line(
            "push-not-begun",
            level=logging.WARNING,
            push=data.push_id,
            seconds=int(waited.total_seconds()),
            todo="nothing yet; after ten minutes it is begun anew",
        )
    return "held-up"


async def _next_life(engine: Engine, data: wire.CourierInput) -> str:
    """Begin anew a push that was broken off, or ended for that, unless that must wait, or has been
    tried enough."""
    snapshot = await engine.look_back(data.push_id)
    if not reviving.has_another_life(snapshot):
        return NOT_BEGUN
    try:
        life = reviving.next_life(snapshot, data.arrivals)
    except ValueError:
        return await _give_up(engine, data, "its input cannot be read")
    if reviving.is_spent(life):
        if not data.by_hand:
            return await _give_up(engine, data, "it was broken off again and again")
        life = reviving.pardoned(life)
    wait_until = reviving.may_begin_at(life)
    if wait_until and clock.utcnow() < wait_until:
        return "waiting-to-begin-anew"
    if await _is_begun(engine, new_input(data.push_id, life)) and life.known:
        beginning.note_begun_anew(data.push_id, life)
    return BEGUN_ANEW


async def _begin(engine: Engine, start: wire.PushInput) -> str:
    """Start the push. The courier goes on: it raises its arrivals once the instance has begun."""
    await _is_begun(engine, start)
    return BEGUN_ANEW


async def _is_begun(engine: Engine, start: wire.PushInput) -> bool:
    """Start the push; False where somebody else has."""
    with contextlib.suppress(AlreadyExistsError):
        return await searching.begin(engine, start)
    return False


async def _give_up(engine: Engine, data: wire.CourierInput, why: str) -> str:
    await givingup.give_up(engine, data, why)
    return "given-up"


def _lost(data: wire.CourierInput, snapshot: Snapshot) -> str:
    log.line(
        "arrival-lost",
        level=logging.ERROR,
        push=data.push_id,
        instance=snapshot.phase.value,
        todo="somebody ended or removed by hand the instance that it was accepted for, so nothing"
        " will be said of this push: if that was not meant, see docs/alarms.md",
        arrivals=[a.model_dump(mode="json", exclude_none=True) for a in data.arrivals],
    )
    return "lost"
