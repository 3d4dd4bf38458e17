"""Wall and CPU time of many pushes in real time; host, app, receiver and sender in one process."""

from __future__ import annotations

import asyncio
import time
from statistics import median

from acr_global_rig.registry import event
from acr_global_rig.world import World
from benchmarks.process import apart
from benchmarks.sides import APP, REGIONS, SIDES, TEXTBOOK, receiver, running
from benchmarks.table import Table, ratio, spread

AT_ONCE = 8
"""Pushes in flight side by side."""


async def _push(w: World, name: str, turn: asyncio.Semaphore) -> None:
    async with turn:
        for region in REGIONS[:3]:
            status, _ = await w.post(event(name), region)
            if status != 202:
                raise RuntimeError(f"a webhook was answered {status}")


async def measure(side: str, pushes: int) -> tuple[float, float]:
    """Wall and CPU seconds from the first webhook to the last notification."""
    async with running(side) as w:
        await _push(w, "warm-up", asyncio.Semaphore(1))
        await receiver(w).until(lambda: receiver(w).requests, 30)
        turn = asyncio.Semaphore(AT_ONCE)
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(_push(w, f"p{n}", turn) for n in range(pushes)))
        await receiver(w).until(lambda: len(receiver(w).requests) > pushes, 60)
        return time.perf_counter() - wall, time.process_time() - cpu


def _measured(side: str, pushes: int) -> tuple[float, float]:
    return asyncio.run(measure(side, pushes))


def run(quick: bool) -> list[Table]:
    """Measure both by turns, so that a busy moment affects both."""
    pushes, rounds = (40, 3) if quick else (100, 5)
    found: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side in SIDES:
            found[side].append(apart(_measured, side, pushes))
    rows = []
    for index, what in enumerate(("wall", "CPU")):
        app, textbook = ([1_000 * r[index] / pushes for r in found[s]] for s in (APP, TEXTBOOK))
        against = ratio(median(app), median(textbook))
        rows.append([f"{what}, ms per push", spread(app), spread(textbook), against])
    return [
        Table(
            f"throughput: {pushes} pushes x 3 regions, {AT_ONCE} side by side, real time",
            ["", "app", "textbook", "app : textbook"],
            rows,
            [
                f"Median (lowest-highest) of {rounds} interleaved runs, each in its own process.",
                "Both sides' figures include devhost, the sender and the receiver.",
                "It ends with the last notification; what an instance still does then is not in.",
            ],
        )
    ]
