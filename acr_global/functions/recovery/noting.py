"""Notes of what is open, in storage: instances of an orchestrator that does nothing.

A process writes one where an instance has been open here for some time (`OpenList`), at most one
per interval. Their ids have a prefix of their own, so that all of them are one range read,
however much else is kept. `ReviveInterrupted` reads them, and removes what is over.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time

from acr_global.correlation import NOTES
from acr_global.functions import clock, log
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.engine import Engine, Phase, Snapshot, close_session
from acr_global.functions.durable.journal import Journal

EVERY_SECONDS = 20.0
"""Between checks for what to note; an instance is noted 20 to 40 s after its first turn here, or
after its start from here."""

CALL_SECONDS = 10.0


def keep_noting(journal: Journal) -> threading.Thread:
    """Note what is open as long as the process lives; in a thread, so that no webhook waits."""
    thread = threading.Thread(target=_run, args=(journal,), name="noting", daemon=True)
    thread.start()
    return thread


def _run(journal: Journal) -> None:
    while True:
        time.sleep(EVERY_SECONDS)
        note_once(journal)


def note_once(journal: Journal) -> None:
    """Write a note if there is something to note and the engine's address is known, which a process
    learns from the first function with a durable client."""
    if not journal.url or not journal.open.due():
        return
    try:
        asyncio.run(_note_and_close(journal, Engine(journal.url, CALL_SECONDS)))
    except Exception as error:  # any failure costs this note only
        log.line("open-not-noted", level=logging.DEBUG, cause=str(error), todo="it is tried again")


async def _note_and_close(journal: Journal, engine: Engine) -> None:
    try:
        await note(journal, engine)
    finally:
        await close_session()


async def note(journal: Journal, engine: Engine) -> None:
    """Note the open instances that are due. Raises EngineError; they then stay due."""
    for instance_id in filter(journal.open.has_turns_elsewhere, journal.open.due()):
        if await _is_over(engine, instance_id):
            journal.open.ended(instance_id)
    ids = journal.open.due()
    if ids:
        await engine.start(names.NOTE_OPEN, clock.stamped(NOTES), wire.OpenNote(instances=ids))
        journal.noted(ids)


async def _is_over(engine: Engine, instance_id: str) -> bool:
    """Whether an instance has ended elsewhere, and not by breaking off."""
    snapshot = await engine.look(instance_id)
    return not snapshot.goes_on and snapshot.phase is not Phase.FAILED


def named(note: Snapshot) -> tuple[str, ...]:
    """The instances that a note names."""
    try:
        return wire.load(wire.OpenNote, note.input).instances
    except ValueError:  # started by hand
        return ()
