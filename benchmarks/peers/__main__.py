"""`python -m benchmarks.peers [burst] [lag] [kill] [--write]`: two peers that do the fan-in by
hand, measured as benchmarks.bursts measures this app and the textbook's, and killed while webhooks
come in.

They need Debian's redis-server and postgresql, and install what is Python's into .tools/peers.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import aiohttp

from acr_global.cli.exits import CommandError
from acr_global_rig.registry import REGIONS
from benchmarks.bursts import (
    AT_ONCE,
    PUSHES,
    ROUNDS,
    Burst,
    Ground,
    burst,
    compared,
    lags,
    lags_of,
)
from benchmarks.page import given, put
from benchmarks.peers.servers import Peer, postgres, redis, why_not
from benchmarks.program import program
from benchmarks.table import Table
from tests.e2e.props import Board
from tests.e2e.scene import Scene

PEERS: dict[str, Callable[[], AbstractContextManager[str]]] = {"redis": redis, "postgres": postgres}
TIMEOUT = 10
"""Seconds, the deadline of a push."""
SPACING = 0.01
"""Seconds between webhooks, while the app is killed among them."""
TRIALS, DOWN = 10, (0.05, 1.0)
"""So many kills for each peer, and the share of the webhooks after which they come."""

COUNTED = (
    "pushes",
    "webhooks not accepted",
    "false alarms",
    "lost",
    "told both",
    "sent twice",
)


@asynccontextmanager
async def running(name: str) -> AsyncIterator[tuple[Peer, Ground]]:
    """One peer with a store of its own."""
    board = Board()
    connector = aiohttp.TCPConnector(limit=0)
    async with board.open() as receivers, aiohttp.ClientSession(connector=connector) as session:
        with PEERS[name]() as store:
            environ = {
                "STORE": store,
                "REGIONS": ",".join(REGIONS),
                "TIMEOUT": str(TIMEOUT),
                "TARGET": f"{receivers}/ops",
            }
            peer = Peer(name, environ)
            try:
                await peer.start()
                yield peer, Ground([peer], board, session)
            finally:
                peer.kill()


async def bursts() -> Table:
    """The bursts, by turns."""
    found: dict[tuple[int, str], list[Burst]] = {}
    for _ in range(ROUNDS):
        for at_once in AT_ONCE:
            for name in PEERS:
                async with running(name) as (_, ground):
                    await burst(ground, 20, 8)
                    one = await burst(ground, PUSHES, at_once)
                found.setdefault((at_once, name), []).append(one)
    return compared(found, "redis")


async def lag() -> Table:
    """From the last webhook to the notification, both at the same time."""
    async with running("redis") as (_, first), running("postgres") as (_, second):
        return lags_of("one host", await lags({"redis": first, "postgres": second}))


async def kill() -> Table:
    """What becomes of pushes whose app is killed once while they come in, and started again. Each
    webhook is posted once, as a registry does."""
    found = {name: Counter[str]() for name in PEERS}
    for name in PEERS:
        for trial in range(TRIALS):
            async with running(name) as (peer, ground):
                found[name] += await _killed(peer, ground, DOWN[0] + trial * (DOWN[1] / TRIALS))
    rows = [[what, *(f"{of[what]:,}" for of in found.values())] for what in COUNTED]
    title = f"kill -9 of the app among {PUSHES} pushes x {len(REGIONS)} webhooks, {TRIALS} times"
    return Table(title, ["", *found], rows)


async def _killed(peer: Peer, ground: Ground, share: float) -> Counter[str]:
    scenes = [ground.push()[0] for _ in range(PUSHES)]
    posts = [(scene, region) for scene in scenes for region in REGIONS]
    random.shuffle(posts)
    accepted = Counter[str]()

    async def post(scene: Scene, region: str, delay: float) -> None:
        await asyncio.sleep(delay)
        try:
            status, _ = await scene.post(scene.event(), region)
        except aiohttp.ClientError:
            return
        accepted[scene.name] += status == 202

    async def strike() -> None:
        await asyncio.sleep(share * SPACING * len(posts))
        peer.kill()
        await peer.start()

    await asyncio.gather(strike(), *(post(*of, SPACING * n) for n, of in enumerate(posts)))
    await asyncio.sleep(TIMEOUT + 5)
    return sum((_judged(scene, accepted[scene.name]) for scene in scenes), Counter())


def _judged(scene: Scene, accepted: int) -> Counter[str]:
    """What one push's notifications were, against what was accepted of it."""
    told, whole = scene.verdicts(), accepted == len(REGIONS)
    found = Counter({"pushes": 1, "webhooks not accepted": len(REGIONS) - accepted})
    found["false alarms"] += whole and "overdue" in told
    found["lost"] += not told and accepted > 0
    found["told both"] += len(told) > 1
    found["sent twice"] += len(scene.ops.requests) > len(told)
    return found


MEASURES: dict[str, Callable[[], Coroutine[Any, Any, Table]]] = {
    "burst": bursts,
    "lag": lag,
    "kill": kill,
}


def main() -> int:
    """Run the named measures, or all."""
    words, write = given("peers", __doc__, MEASURES, on_engine=False)
    if reason := why_not():
        raise CommandError(reason)
    for name in words or MEASURES:
        table, command = asyncio.run(MEASURES[name]()), f"python -m benchmarks.peers {name}"
        put(f"peers {name}", [table], command=command, write=write)
    return 0


if __name__ == "__main__":
    program(main)
