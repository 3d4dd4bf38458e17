"""What a new Python process does first: resume what its dead predecessor was working on.

The journal of a process that has ended names the instances whose turns it was in, or may have been,
and what it had just started. Those of them that have failed go on (mending.py). What else was open
there is noted in storage, as if it had been open here (noting.py). It is done in a thread, because
nothing may ever call this process: the engine sends a failed instance nothing more.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from acr_global.correlation import is_push
from acr_global.functions.durable import wire
from acr_global.functions.durable.engine import Engine, EngineError, Phase, Snapshot, close_session
from acr_global.functions.durable.journal import Journal
from acr_global.functions.recovery import mending
from acr_global.functions.recovery.orphans import Orphan, orphans
from acr_global.model import Arrival

TRIES_FOR_SECONDS = 3_600.0
"""The engine may be slow to answer. What is left by then, the next process resumes."""

LOOK_PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each look at an instance that has not failed: it may be about to."""

CALL_SECONDS = 10.0


def awake(journal: Journal, folder: Path) -> threading.Thread | None:
    """Start a thread that resumes what ended processes left behind; None if they left nothing."""
    left = orphans(folder)
    for orphan in list(left):
        journal.takes_over(sorted(orphan.open))
        if not orphan.turns and not orphan.just_now and not orphan.starts:
            orphan.forget()
            left.remove(orphan)
    if not left:
        return None
    thread = threading.Thread(target=_run, args=(journal, left), name="awaking", daemon=True)
    thread.start()
    return thread


def _run(journal: Journal, left: list[Orphan]) -> None:
    asyncio.run(_see_to_all(journal, left))


async def _see_to_all(journal: Journal, left: list[Orphan]) -> None:
    until = time.monotonic() + TRIES_FOR_SECONDS
    while left and time.monotonic() < until:
        for orphan in list(left):
            if await _try(orphan, journal):
                orphan.forget()
                left.remove(orphan)
        await asyncio.sleep(1.0 if left else 0.0)
    await close_session()


async def _try(orphan: Orphan, journal: Journal) -> bool:
    url = journal.url or orphan.endpoint
    if url is None:
        return False
    try:
        # What is started here stands in this process's journal: it may die over that, too.
        await see_to(orphan, Engine(url, CALL_SECONDS, journal))
    except EngineError:
        return False
    return True


async def see_to(orphan: Orphan, engine: Engine) -> None:
    """Resume what has failed. One that the engine does not answer for holds up no other. Raises
    EngineError in the end; doing it twice does no harm."""
    turns, starts = orphan.turns | orphan.just_now, set(orphan.starts)
    errors: list[EngineError] = []
    for pause in LOOK_PAUSES:
        await asyncio.sleep(pause)
        errors = await _drop(turns, lambda turn: _goes_on(orphan, engine, turn))
        errors += await _drop(starts, lambda start: _begins(engine, start))
        if not turns and not starts:
            break
    for instance_id in sorted(starts):
        if is_push(instance_id):
            await mending.send_courier(engine, instance_id)
        else:  # its start may be held back for a minute
            engine.journal.takes_over([instance_id])
    if errors:
        raise errors[-1]


async def _drop(ids: set[str], is_done: Callable[[str], Awaitable[bool]]) -> list[EngineError]:
    """Take those out for which nothing more needs to be done; and what was not answered."""
    errors: list[EngineError] = []
    for instance_id in sorted(ids):
        try:
            if await is_done(instance_id):
                ids.discard(instance_id)
        except EngineError as error:
            errors.append(error)
    return errors


async def _begins(engine: Engine, instance_id: str) -> bool:
    """Whether nothing more needs to be done for what was started: not yet, where it has not begun.
    Nobody else knows of what failed in a first turn that Python had not read."""
    phase = (await engine.look(instance_id)).phase
    if phase is Phase.FAILED:
        await _resume(engine, instance_id)
    return phase is not Phase.PENDING


async def _goes_on(orphan: Orphan, engine: Engine, instance_id: str) -> bool:
    """Whether nothing more needs to be done for an instance."""
    snapshot = await engine.look(instance_id, show_input=True)
    # Another process may have been faster, but does not know what we accepted.
    broken = snapshot.phase is Phase.FAILED or (
        snapshot.phase is Phase.BEGUN and _was_broken_off(snapshot)
    )
    if broken:
        await _resume(engine, instance_id, orphan.arrivals.get(instance_id, ()))
    return broken or not snapshot.goes_on


async def _resume(engine: Engine, instance_id: str, arrivals: Iterable[Arrival] = ()) -> None:
    """Have an instance that was broken off go on; a push with these arrivals."""
    if is_push(instance_id):
        await mending.send_courier(engine, instance_id, arrivals)
    else:
        await mending.begin_again(engine, instance_id)


def _was_broken_off(snapshot: Snapshot) -> bool:
    try:
        return wire.load(wire.PushInput, snapshot.input).known is not None
    except ValueError:
        return False
