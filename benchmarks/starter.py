"""How long one webhook waits for its answer, over loopback HTTP, one at a time."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack

import aiohttp

from acr_global_rig.registry import event
from acr_global_rig.world import World
from benchmarks.sides import APP, REGIONS, SIDES, TEXTBOOK, running
from benchmarks.table import Table, number, percentile, ratio
from devhost import Hazards

FIRST, LATER, FLOOR = "first region (starts)", "later region (raises)", "health check, the floor"
AWAY = Hazards(invisible=1.0)
"""Events are kept, but their turns come a minute later, after the measurement."""
Times = defaultdict[tuple[str, str], list[float]]


async def _timed(session: aiohttp.ClientSession, method: str, url: str, body: bytes) -> float:
    began = time.perf_counter()
    async with session.request(method, url, data=body or None) as answer:
        await answer.read()
        if answer.status not in (200, 202):
            raise RuntimeError(f"answered {answer.status}")
        return 1_000 * (time.perf_counter() - began)


async def _one(
    w: World, side: str, push: str, session: aiohttp.ClientSession, to: Times, later: Hazards
) -> None:
    body = json.dumps(event(push)).encode()
    for place, region in enumerate(REGIONS[:3]):
        w.host.hazards = later if place else Hazards()
        url = f"{w.host.url}/api/ImagePush?region={region}"
        to[side, LATER if place else FIRST].append(await _timed(session, "POST", url, body))
        await w.host.settle()


async def measure(pushes: int, later: Hazards) -> Times:
    """Measure both apps by turns in one process; the hazards `later` apply to later regions."""
    times: Times = defaultdict(list)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        worlds = {side: await stack.enter_async_context(running(side)) for side in SIDES}
        for n in range(pushes + 5):
            if n == 5:  # those before were to warm up
                times.clear()
                gc.collect()
            for side, w in worlds.items():
                await _one(w, side, f"p{n}", session, times, later)
            health = f"{worlds[APP].host.url}/api/health"
            times[APP, FLOOR].append(await _timed(session, "GET", health, b""))
    return times


def run(quick: bool) -> list[Table]:
    """Measure with the turns that webhooks cause, and for later regions also without."""
    pushes = 100 if quick else 400
    turns = "One request at a time, the two apps in turn, engine at rest before each."
    return [
        _table(
            f"starter: ms from a webhook to its answer, {pushes} pushes x 3 regions",
            (FIRST, LATER),
            asyncio.run(measure(pushes, Hazards())),
            turns,
            "One event loop for all: the turn that a webhook causes holds up its own answer.",
            "The floor is a function that calls no engine: devhost's own share of an answer.",
        ),
        _table(
            "starter: the same, without the turns that the later regions' events cause",
            (LATER,),
            asyncio.run(measure(pushes, AWAY)),
            turns,
        ),
    ]


def _table(title: str, whats: Sequence[str], times: Times, *notes: str) -> Table:
    rows = []
    for what in whats:
        for percent in (50, 95):
            app, textbook = (percentile(times[s, what], percent) for s in (APP, TEXTBOOK))
            row = [f"{what}, p{percent}", number(app, 2), number(textbook, 2)]
            rows.append([*row, ratio(app, textbook)])
    floor = times[APP, FLOOR]
    for percent in (50, 95):
        rows.append([f"{FLOOR}, p{percent}", number(percentile(floor, percent), 2), "-", "-"])
    return Table(title, ["", "app", "textbook", "app : textbook"], rows, notes)
