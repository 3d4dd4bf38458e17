"""`python -m benchmarks.cpu [regions ...] [--write]`: processor time of the Python process per
push, of this app and of the textbook's; on the real engine, each on a host of its own.

It is what the operating system says of the process before and after some pushes: the engine, the
storage and the sender are processes of their own, so of these it holds nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from statistics import median

import aiohttp

from acr_global_rig import engine
from benchmarks.page import given, put
from benchmarks.process import cpu_seconds
from benchmarks.program import program
from benchmarks.requests import Side, running
from benchmarks.sides import APP, TEXTBOOK
from benchmarks.table import Table, ratio, spread
from tests.e2e.props import Board

REGIONS = (2, 5, 10, 30)
PUSHES, ROUNDS = 20, 5
APART, BETWEEN = 0.4, 0.5
"""Seconds between the regions of one push, and between the first regions of two."""
SETTLES = 5.0
"""Seconds until all that follows from the last region has ended."""


async def push_all(session: aiohttp.ClientSession, side: Side) -> None:
    """Some pushes, side by side, to their end."""
    await asyncio.gather(*(side.push(session, APART, BETWEEN * n) for n in range(PUSHES)))
    await asyncio.sleep(SETTLES)


async def measure(session: aiohttp.ClientSession, side: Side) -> float:
    """Milliseconds of one push."""
    (python,) = side.host.pythons()
    before = cpu_seconds(python)
    await push_all(session, side)
    return 1_000 * (cpu_seconds(python) - before) / PUSHES


async def compare(storage: engine.Azurite, regions: int) -> list[str]:
    """A row: the two take turns on hosts that have run for a while."""
    found: dict[str, list[float]] = {APP: [], TEXTBOOK: []}
    async with AsyncExitStack() as stack:
        receivers = await stack.enter_async_context(Board().open())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        sides = await stack.enter_async_context(running(storage, receivers, regions, targets=1))
        await asyncio.gather(*(push_all(session, side) for side in sides))
        for _ in range(ROUNDS):
            for side in sides:
                found[side.name].append(await measure(session, side))
    app, textbook = found[APP], found[TEXTBOOK]
    against = ratio(median(app), median(textbook))
    return [f"{regions} regions", spread(app), spread(textbook), against]


async def main(cases: Sequence[int], *, write: bool) -> None:
    """Print a row for each number of regions."""
    rows = list[list[str]]()
    with engine.azurite() as storage:
        for regions in cases:
            row = await compare(storage, regions)
            rows.append([*row, f"{os.getloadavg()[0]:.0f}"])
            print("  ".join(rows[-1]), flush=True)
    head = ["", "app", "textbook", "app : textbook", "load"]
    title = f"CPU of the Python process, ms per push, regions {APART} s apart"
    note = f"Median (lowest-highest) of {ROUNDS} interleaved runs of {PUSHES} pushes."
    command = f"python -m benchmarks.cpu {' '.join(map(str, cases))}"
    put("cpu", [Table(title, head, rows, [note])], command=command, write=write, on_engine=True)


def start() -> int:
    """Run the command; returns its exit code."""
    words, write = given("cpu", __doc__, numbers=True)
    asyncio.run(main([int(word) for word in words] or REGIONS, write=write))
    return 0


if __name__ == "__main__":
    program(start)
