"""What host.json's settings for a task hub cost and buy, on the real engine:

    python -m benchmarks.hub [partitions | concurrency] [--write]

partitions: the requests to storage of an idle hour, and how soon pushes are decided and bursts
taken in by two hosts, by the number of control queues. concurrency: how one host takes bursts, by
how many functions of each kind may run at once.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterable
from contextlib import AsyncExitStack
from statistics import median
from typing import Any

from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from benchmarks.bursts import SETTLES, Burst, Ground, burst, ground_of, lags
from benchmarks.page import Measures, measured
from benchmarks.program import program
from benchmarks.requests import requests
from benchmarks.sides import APP
from benchmarks.table import Table, number, spread

PARTITIONS = (1, 2, 4, 8, 16)
PLACES: dict[str, dict[str, Any]] = {
    "as host.json says": {},
    "orchestrators 5": {"maxConcurrentOrchestratorFunctions": 5},
    "orchestrators 100": {"maxConcurrentOrchestratorFunctions": 100},
    "activities 10": {"maxConcurrentActivityFunctions": 10},
    "queue buffer 32": {"storageProvider": {"controlQueueBufferThreshold": 32}},
}
"""5, 10 and 32 are the extension's defaults on Consumption."""

IDLE = 65.0
"""Seconds without a push, so long before it is counted, and while it is."""
SINGLE, PUSHES, AT_ONCE, ROUNDS = 40, 60, 32, 3
OF_IDLE = ["idle hour: queues", "tables", "blobs"]
OF_BURSTS = ["accepted/s", "p50, s", "p99, s", "not accepted", "wrong"]


async def partitions() -> Table:
    """A row for each number, each on a storage of its own."""
    rows = list[list[str]]()
    for count in PARTITIONS:
        async with AsyncExitStack() as stack:
            storage = stack.enter_context(engine.azurite())
            options = _provider(partitionCount=count)
            ground = await ground_of(stack, storage, APP, 2, **options)
            looks, tables, blobs = await _idle_hour(storage)
            of_one = (await lags({APP: ground}, SINGLE))[APP]
            shown = [number(of_one.p50, 3), number(of_one.worst, 2), *await _bursts(ground)]
            rows.append([str(count), looks, tables, blobs, *shown])
            _tell(rows[-1])
    head = ["partitions", *OF_IDLE, "decided after: p50, s", "worst, s", *OF_BURSTS]
    return Table("partitionCount, two hosts on a hub", head, rows, [_note(SINGLE)])


async def concurrency() -> Table:
    """A row for each way, one host each."""
    rows = list[list[str]]()
    for name, options in PLACES.items():
        async with AsyncExitStack() as stack:
            storage = stack.enter_context(engine.azurite())
            provider = options.get("storageProvider")
            wanted = options | (_provider(**provider) if provider else {})
            rows.append([name, *await _bursts(await ground_of(stack, storage, APP, 1, **wanted))])
            _tell(rows[-1])
    return Table("functions at once, one host", ["", *OF_BURSTS], rows, [_note()])


def _provider(**more: Any) -> dict[str, Any]:
    """host.json's storageProvider with something more in it."""
    durable = engine.host_json("any")["extensions"]["durableTask"]
    return {"storageProvider": durable["storageProvider"] | more}


async def _idle_hour(storage: engine.Azurite) -> tuple[str, str, str]:
    """Requests of an idle hour to queues, tables and blobs."""
    await asyncio.sleep(IDLE)
    since = storage.log.stat().st_size
    await asyncio.sleep(IDLE)
    kinds = {"Messages": 0, "Queue": 0, "Table": 1}
    found = Counter[int]()
    for request in requests(storage.logged(since)):
        found[kinds.get(request.operation.split("_")[0], 2)] += 1
    queues, tables, blobs = (f"{found[n] * 3600 / IDLE:,.0f}" for n in range(3))
    return queues, tables, blobs


async def _bursts(ground: Ground) -> list[str]:
    """How the first host takes some bursts, after one to warm it up."""
    await burst(ground, 20, 8)
    found = list[Burst]()
    for _ in range(ROUNDS):
        await asyncio.sleep(SETTLES)
        found.append(await burst(ground, PUSHES, AT_ONCE))
    return [
        spread([one.rate for one in found]),
        number(median(one.p50 for one in found), 2),
        number(median(one.p99 for one in found), 2),
        str(sum(one.not_accepted for one in found)),
        str(sum(one.wrong for one in found)),
    ]


def _tell(row: Iterable[str]) -> None:
    print("  ".join(row), f"(load {os.getloadavg()[0]:.1f})", flush=True)


def _note(single: int = 0) -> str:
    of_one = f"{single} pushes, a second apart, to either host; then " if single else ""
    return (
        f"{of_one}{ROUNDS} bursts of {PUSHES} pushes x {len(REGIONS)} regions to one host,"
        f" {AT_ONCE} webhooks at once, and their medians."
    )


MEASURES: Measures = {
    "partitions": partitions,
    "concurrency": concurrency,
}


if __name__ == "__main__":
    program(lambda: measured("hub", __doc__, MEASURES))
