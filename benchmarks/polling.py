"""`python -m benchmarks.polling`: what `maxQueuePollingInterval` costs and buys on the real engine:
looks into queues in an idle hour, and how long the first push after an idle spell takes to begin,
with two hosts on one hub, where the one that is posted to owns half of the queues."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from statistics import median

import aiohttp

from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from benchmarks.page import given
from benchmarks.program import program
from tests.e2e.props import REAL, Board, props
from tests.e2e.scene import Scene

INTERVALS = (1, 2, 5, 30)
"""Seconds."""
IDLE = 65.0
"""Seconds without a push: twice the longest interval, which hosts only come to by and by."""
ROUNDS, AT_ONCE = 2, 8
"""So many times so many pushes, of which each falls into one of the hub's four queues."""


async def measure(
    interval: int, storage: engine.Azurite, board: Board, settings: Mapping[str, str]
) -> str:
    """One line of the table."""
    provider = engine.host_json("any")["extensions"]["durableTask"]["storageProvider"]
    provider |= {"maxQueuePollingInterval": f"00:00:{interval:02}"}
    async with (
        aiohttp.ClientSession() as session,
        engine.hosted(storage, settings, storageProvider=provider) as first,
        AsyncExitStack() as stack,
    ):
        second = first.another()
        stack.callback(second.kill)
        await second.start()
        await asyncio.sleep(IDLE)
        looks, took = list[float](), list[float]()
        for _ in range(ROUNDS):
            since = storage.log.stat().st_size
            await asyncio.sleep(IDLE)
            looks.append(_looks(storage.logged(since), first.hub) * 3600 / IDLE)
            scenes = [Scene(first.url, session, board, REAL) for _ in range(AT_ONCE)]
            took += await asyncio.gather(*map(_begins, scenes))
    return (
        f"{interval} s: {median(looks) / 2:.0f} looks an hour and host; first push begins after"
        f" {median(took):.1f} s (median), {max(took):.1f} s at most"
    )


def _looks(log: str, hub: str) -> int:
    return len(re.findall(rf"RequestMethod=GET RequestURL=\S*/{hub}-[\w-]+/messages", log, re.I))


async def _begins(scene: Scene) -> float:
    """Seconds from the first webhook until its push has begun."""
    began = time.monotonic()
    await scene.post(scene.event(), REGIONS[0])
    while not ((found := await scene.instance()) and found["customStatus"]):  # noqa: ASYNC110 - it cannot tell us
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def main() -> None:
    """Measure all intervals at the same time, each on a hub of its own."""
    async with AsyncExitStack() as stack:
        storage, board = stack.enter_context(engine.azurite()), Board()
        settings = await stack.enter_async_context(props(board, REAL))
        lines = (measure(interval, storage, board, settings) for interval in INTERVALS)
        print("\n".join(await asyncio.gather(*lines)))


def start() -> int:
    """Run the command; returns its exit code."""
    given("polling", __doc__, writes=False)
    asyncio.run(main())
    return 0


if __name__ == "__main__":
    program(start)
