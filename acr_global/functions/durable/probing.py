"""Whether the engine works: a small instance, watched from its start to its end.

Only an operator's question starts one. It costs some sixty requests to storage, is awaited for up
to WITHIN_SECONDS, and removed; the next probe removes one that ends later. Questions that come
meanwhile share it.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from acr_global import api
from acr_global.correlation import PROBES
from acr_global.functions import clock, log
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.engine import Engine, EngineError, Phase, Snapshot
from acr_global.functions.orchestrators.probe_functions import ProbeInput, ProbeStatus

WITHIN_SECONDS = 25.0
"""On an idle app a host may have to start first, which takes some ten seconds and more."""

CALL_SECONDS = 5.0
"""For one request to the engine."""

LOOK_SECONDS = (0.2, 0.3, 0.5, 1.0, 1.0, 2.0)
"""Before each look; the last from then on."""

LEFT_AFTER = timedelta(minutes=5)
"""Nobody waits for an older probe any more: it is removed, or terminated where it still waits."""


class Prober:
    """One process's probe: one at a time."""

    def __init__(self) -> None:
        self._under_way: asyncio.Task[api.Probe] | None = None

    async def probe(self, engine: Engine) -> api.Probe:
        """The result of a probe that begins now, or is under way. Raises nothing."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(_probe(engine))
        return await asyncio.shield(self._under_way)


async def _probe(engine: Engine) -> api.Probe:
    loop = asyncio.get_running_loop()
    began = loop.time()
    snapshot = Snapshot(Phase.ABSENT)
    try:
        await _remove_earlier(engine)
        probe_id = clock.stamped(PROBES)
        given = ProbeInput(activities=names.activities())
        await engine.start(names.PROBE_FUNCTIONS, probe_id, given)
        snapshot = await _until_it_has_ended(engine, probe_id, began + WITHIN_SECONDS)
        seconds = loop.time() - began
        if snapshot.has_ended:
            await engine.purge(probe_id)
    except EngineError as error:
        log.line("probe-not-made", level=logging.WARNING, cause=str(error))
        if not snapshot.has_ended:
            seconds = loop.time() - began
            return api.Probe(state="engine-unavailable", seconds=round(seconds, 1))
    return _result_of(snapshot, round(seconds, 1))


def _result_of(snapshot: Snapshot, seconds: float) -> api.Probe:
    try:
        status = wire.load(ProbeStatus, snapshot.custom_status)
    except ValueError:  # it has had no turn, or not to its end
        status = ProbeStatus()
    if snapshot.phase is Phase.FINISHED:
        return api.Probe(state="done", seconds=seconds, failed=status.failed)
    begun = snapshot.phase not in (Phase.PENDING, Phase.ABSENT)
    state = api.Probe(state="not-ended" if begun else "not-begun", seconds=seconds)
    return state.model_copy(update={"failed": status.failed, "at": status.at})


async def _until_it_has_ended(engine: Engine, probe_id: str, until: float) -> Snapshot:
    """The instance, at its end or when time is up."""
    pauses = iter(LOOK_SECONDS)
    while True:
        await asyncio.sleep(next(pauses, LOOK_SECONDS[-1]))
        snapshot = await engine.look(probe_id)
        if snapshot.has_ended or asyncio.get_running_loop().time() >= until:
            return snapshot


async def _remove_earlier(engine: Engine) -> None:
    """Remove earlier probes that were not awaited to their end. A younger one may belong to another
    process, which still looks at it. They fit into one page."""
    for old in (await engine.list_by_prefix(PROBES, pages=1)).snapshots:
        if not old.created or clock.utcnow() - old.created < LEFT_AFTER:
            continue
        if old.has_ended:
            await engine.purge(old.instance_id)
        else:
            await engine.terminate(old.instance_id, "acr-global: nobody waits for this probe")
