"""Marks of which of the registry's events are settled, in storage: inputs of instances of NoteOpen,
which does nothing. Their ids have a prefix of their own, so that all of them are one range read.
There is one mark, or several where two runs have met; all of them count.
"""

from __future__ import annotations

from collections.abc import Iterable

from acr_global.catchup import Mark
from acr_global.correlation import MARKS
from acr_global.functions import clock
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.engine import Engine


async def read(engine: Engine) -> dict[str, Mark]:
    """Every mark, by its id. Raises EngineError."""
    listed = await engine.list_by_prefix(MARKS, pages=1, show_input=True)
    marks = {}
    for snapshot in listed.snapshots:
        try:
            marks[snapshot.instance_id] = wire.load(Mark, snapshot.input)
        except ValueError:  # started by hand
            continue
    return marks


async def write(engine: Engine, mark: Mark, instead_of: Iterable[str]) -> None:
    """Write a mark, then remove those that it replaces. Raises EngineError."""
    await engine.start(names.NOTE_OPEN, clock.stamped(MARKS), mark)
    for instance_id in instead_of:
        # An instance that has not ended cannot be purged; the next writer removes it.
        if not (await engine.look(instance_id)).goes_on:
            await engine.purge(instance_id)
