"""`python -m benchmarks.memory [engine] [devhost] [pushes] [--write]`: memory of a process over
many pushes.

`engine`: what the Python process holds, on the real engine, of this app.
`devhost`: each in a process with its host, in virtual time, which takes more pushes. There the host
keeps in memory what is storage elsewhere: it is emptied after each step, and so is the receiver.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from statistics import linear_regression

import aiohttp

from acr_global.cli.exits import UsageError
from acr_global.functions.app import build_app
from acr_global.functions.records.ledgers import MemoryLedger
from acr_global_rig import engine
from acr_global_rig.registry import event
from acr_global_rig.world import World, world
from benchmarks.page import given, put
from benchmarks.process import apart, resident_mib
from benchmarks.program import program
from benchmarks.requests import running
from benchmarks.sides import APP, REGIONS, TEXTBOOK, receiver
from benchmarks.table import Table, number
from devhost import run_virtual
from tests.e2e.props import Board
from tests.e2e.textbook import build_textbook

WHERE = ("engine", "devhost")
STEPS = 10
"""So often it is measured; the first half is warm-up."""
AT_ONCE = 8
"""Pushes side by side."""
REPORTING = 3
"""Regions."""
ENDS_WITHIN = 660.0
"""Seconds of virtual time after a step: the timer of a deadline comes back after 10 minutes."""

Measured = list[tuple[int, float, int]]
"""After so many pushes: MiB held, and blocks of Python's memory, where they can be counted."""


async def on_the_engine(storage: engine.Azurite, pushes: int) -> Measured:
    """On a host of its own, beside one that has nothing to do."""
    found: Measured = []
    async with AsyncExitStack() as stack:
        receivers = await stack.enter_async_context(Board().open())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        app, _ = await stack.enter_async_context(running(storage, receivers, REPORTING, 1))
        places = asyncio.Semaphore(AT_ONCE)

        async def push() -> None:
            async with places:
                await app.push(session, 0)

        for step in range(1, STEPS + 1):
            await asyncio.gather(*(push() for _ in range(pushes // STEPS)))
            (python,) = app.host.pythons()
            found.append((step * pushes // STEPS, resident_mib(python), 0))
            print(*found[-1], file=sys.stderr, flush=True)
    return found


def _on_devhost(side: str, pushes: int) -> Measured:
    return run_virtual(partial(on_devhost, side, pushes))


async def on_devhost(side: str, pushes: int) -> Measured:
    """In virtual time."""
    ledgers = [MemoryLedger()]
    apps: dict[str, Callable[[dict[str, str]], object]] = {
        APP: lambda environ: build_app(environ, ledgers=lambda hub: ledgers[-1]),
        TEXTBOOK: build_textbook,
    }
    found: Measured = []
    async with world(app=apps[side], REGIONS=",".join(REGIONS[:REPORTING])) as w:
        async for count in _played(w, pushes):
            assert len(receiver(w).requests) == pushes // STEPS, "a push was not told once"
            receiver(w).requests.clear()
            ledgers[:] = [MemoryLedger()]
            for instance_id in list(w.host.storage.instances):
                w.host.storage.purge(instance_id)
            w.host._injector.dice._draws.clear()  # devhost counts them for each id
            gc.collect()
            found.append((count, resident_mib(os.getpid()), sys.getallocatedblocks()))
            print(side, *found[-1], f"{time.process_time():.0f} s", file=sys.stderr, flush=True)
    return found


async def _played(w: World, pushes: int) -> AsyncIterator[int]:
    """The pushes so far, after each step."""
    places = asyncio.Semaphore(AT_ONCE)

    async def push() -> None:
        async with places:
            name = uuid.uuid4().hex
            for region in REGIONS[:REPORTING]:
                await w.post(event(name), region)
                await asyncio.sleep(1)

    for step in range(1, STEPS + 1):
        await asyncio.gather(*(push() for _ in range(pushes // STEPS)))
        await asyncio.sleep(ENDS_WITHIN)
        yield step * pushes // STEPS


def table(where: str, found: dict[str, Measured]) -> Table:
    """A row for each step, and how memory grew in the second half."""
    what = {1: ("MiB", "{:.1f}"), 2: ("blocks", "{:,}")}
    if where == "engine":
        del what[2]  # they are another process's
    columns = [(side, index) for index in what for side in found]
    rows = [
        [f"{pushes:,} pushes", *(what[i][1].format(found[s][step][i]) for s, i in columns)]
        for step, (pushes, _, _) in enumerate(found[APP])
    ]
    rows.append(["growth per 1,000", *(number(_slope(found[s], i), 2) for s, i in columns)])
    head = ["", *(f"{side}, {what[index][0]}" for side, index in columns)]
    notes = ["Growth: the slope over the second half."]
    return Table(f"memory, {where}, {REPORTING} regions", head, rows, notes)


def _slope(measured: Measured, what: int) -> float:
    """Per 1,000 pushes."""
    later = measured[len(measured) // 2 :]
    return 1_000 * linear_regression([m[0] for m in later], [m[what] for m in later]).slope


def main(where: str, pushes: int, *, write: bool) -> None:
    """Measure one side, then the other."""
    found: dict[str, Measured] = {}
    if where == "engine":
        if reason := engine.why_not():
            raise UsageError(reason)
        with engine.azurite(fast=True) as storage:
            found[APP] = asyncio.run(on_the_engine(storage, pushes))
    else:
        for side in (APP, TEXTBOOK):
            found[side] = apart(_on_devhost, side, pushes)
    command = f"python -m benchmarks.memory {where} {pushes}"
    put(
        f"memory {where}",
        [table(where, found)],
        command=command,
        write=write,
        on_engine=where == "engine",
    )


def start() -> int:
    """Run the command; returns its exit code."""
    words, write = given("memory", __doc__, WHERE, numbers=True, on_engine=False)
    pushes = [int(word) for word in words if word not in WHERE] or [2_000]
    for where in [word for word in words if word in WHERE] or WHERE:
        main(where, pushes[0], write=write)
    return 0


if __name__ == "__main__":
    program(start)
