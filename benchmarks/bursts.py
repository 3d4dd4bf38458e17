"""How many webhooks one host takes in at once, and how soon a push is decided after its last one;
of this app and of the textbook app.

    python -m benchmarks.bursts [fresh | warm | logged | one | two] [--write]

On the real engine (`func` on PATH, Azurite from npm). The registry waits 5 s for an answer and
never posts again, so what counts is that none is refused, and the slowest answer. The figures are
for docs/benchmarks.md and docs/reliability.md; nothing here is a test.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any, Protocol

import aiohttp

from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from benchmarks.page import Measures, measured
from benchmarks.program import program
from benchmarks.sides import APP, TEXTBOOK
from benchmarks.table import Table, number, percentile, ratio, spread
from tests.e2e.props import REAL, Board, props
from tests.e2e.scene import Scene
from tests.e2e.textbook import FUNCTION_APP

SETTLES = 3.0
"""Seconds until pushes that were decided at once have ended."""
BETWEEN = 1.0
"""Seconds between two pushes that are told one after another."""
PATIENCE, LATE = 15.0, 10.0
"""Seconds after a burst, or a push's last webhook, until a push counts as told late; and then until
it counts as not told."""
PUSHES, ROUNDS, AT_ONCE = 100, 5, (16, 64)


class Served(Protocol):
    """Whatever takes webhooks at an address."""

    @property
    def url(self) -> str: ...


class Ground:
    """Some hosts of one app, and their receivers."""

    def __init__(self, hosts: Sequence[Served], board: Board, session: aiohttp.ClientSession):
        self._hosts, self._board, self._session = hosts, board, session

    def push(self) -> list[Scene]:
        """Begin another push, as seen from each host."""
        first = Scene(self._hosts[0].url, self._session, self._board, REAL)
        others = [
            Scene(h.url, self._session, self._board, REAL, name=first.name) for h in self._hosts[1:]
        ]
        return [first, *others]


@dataclass(frozen=True)
class Burst:
    """What became of one burst."""

    rate: float
    """Webhooks accepted in a second."""
    p50: float
    p99: float
    """Seconds to an answer."""
    answers: Mapping[object, int]
    wrong: int
    """Pushes that were not told as complete, or not only once."""
    late: int
    """Pushes that were told rightly after PATIENCE."""

    @property
    def not_accepted(self) -> int:
        """Webhooks that were answered anything but 202, or nothing."""
        return sum(self.answers.values()) - self.answers.get(202, 0)

    def __str__(self) -> str:
        return (
            f"answers {dict(self.answers)}, accepted {self.rate:.1f}/s, p50 {self.p50:.2f} s,"
            f" p99 {self.p99:.2f} s; {self.wrong} wrong, {self.late} late"
        )


async def burst(ground: Ground, pushes: int, at_once: int) -> Burst:
    """Post so many pushes x three regions in random order, so many webhooks at once."""
    scenes = [ground.push()[0] for _ in range(pushes)]
    posts = [(scene, region) for scene in scenes for region in REGIONS]
    random.shuffle(posts)
    places, answers, seconds = asyncio.Semaphore(at_once), Counter[object](), list[float]()

    async def one(scene: Scene, region: str) -> None:
        async with places:
            began = time.monotonic()
            try:
                status: object = (await scene.post(scene.event(), region))[0]
            except aiohttp.ClientError as error:
                status = type(error).__name__
            answers[status] += 1
            seconds.append(time.monotonic() - began)

    began = time.monotonic()
    await asyncio.gather(*(one(*post) for post in posts))
    rate = answers[202] / (time.monotonic() - began)
    in_time = await asyncio.gather(*(told_right(scene, PATIENCE) for scene in scenes))
    rest = [scene for scene, right in zip(scenes, in_time, strict=True) if not right]
    late = (await asyncio.gather(*(told_right(scene, LATE) for scene in rest))).count(True)
    p50, p99 = median(seconds), percentile(seconds, 99)
    return Burst(rate, p50, p99, answers, len(rest) - late, late)


async def told_right(scene: Scene, within: float) -> bool:
    """Whether a push is notified as complete, and only once."""
    try:
        await scene.ops.until(lambda: scene.verdicts(), within)
    except TimeoutError:
        return False
    return scene.verdicts() == ["complete"]


async def fresh() -> Table:
    """Bursts on a host whose port has just opened; five hosts."""
    found, (pushes, at_once) = list[Burst](), (20, 60)
    for _ in range(ROUNDS):
        async with AsyncExitStack() as stack:
            storage = stack.enter_context(engine.azurite(fast=True))
            ground = await ground_of(stack, storage, APP, 1)
            found.append(await burst(ground, pushes, at_once))
            print("fresh host:", found[-1], flush=True)
    return compared({(at_once, APP): found}, APP, pushes)


async def warm() -> Table:
    """Bursts on hosts that have run for a while, one for each app. They take turns: while one is
    posted to, the other has nothing to do."""
    return await _rounds(fast=True)


async def logged() -> Table:
    """The same on a storage that is slower: on the disk, with its debug log."""
    return await _rounds(fast=False)


async def _rounds(*, fast: bool) -> Table:
    """New hosts and a new storage in each, for Azurite is the slower the more it holds."""
    found: dict[tuple[int, str], list[Burst]] = {}
    for _ in range(ROUNDS):
        async with AsyncExitStack() as stack:
            storage = stack.enter_context(engine.azurite(fast=fast))
            grounds = {side: await ground_of(stack, storage, side, 1) for side in (APP, TEXTBOOK)}
            for ground in grounds.values():
                await burst(ground, 20, 8)
            for at_once in AT_ONCE:
                for side, ground in grounds.items():
                    await asyncio.sleep(SETTLES)
                    one = await burst(ground, PUSHES, at_once)
                    found.setdefault((at_once, side), []).append(one)
                    print(f"{at_once}, {side}: {one} (load {os.getloadavg()[0]:.1f})", flush=True)
    return compared(found, TEXTBOOK)


def compared(
    found: Mapping[tuple[int, str], Sequence[Burst]], baseline: str, pushes: int = PUSHES
) -> Table:
    """A row for each app and number of webhooks at once, beside one of the apps."""
    rows = []
    for (at_once, side), bursts in found.items():
        rates, base = ([b.rate for b in found[at_once, s]] for s in (side, baseline))
        rows.append(
            [
                f"{at_once} at once, {side}",
                spread(rates),
                ratio(median(rates), median(base)),
                spread([b.p50 for b in bursts], 2),
                spread([b.p99 for b in bursts], 2),
                str(sum(b.not_accepted for b in bursts)),
                str(sum(b.wrong for b in bursts)),
                str(sum(b.late for b in bursts)),
            ]
        )
    head = ["", "accepted/s", f": {baseline}", "p50, s", "p99, s", "not accepted", "wrong", "late"]
    note = "Wrong: a false alarm, or told twice. Late: told more than 15 s after the burst."
    return Table(f"bursts of {pushes} pushes x {len(REGIONS)} regions", head, rows, [note])


async def one() -> Table:
    """On one host, the time from a push's last webhook to its notification."""
    return await _lags(1)


async def two() -> Table:
    """On two hosts likewise, webhooks to either."""
    return await _lags(2)


async def _lags(hosts: int) -> Table:
    """Both apps at the same time, so that whatever else the machine does is the same to both."""
    async with AsyncExitStack() as stack:
        storage = stack.enter_context(engine.azurite(fast=True))
        grounds = {side: await ground_of(stack, storage, side, hosts) for side in (APP, TEXTBOOK)}
        return lags_of(f"{hosts} host(s)", await lags(grounds))


def lags_of(where: str, found: Mapping[str, Lags]) -> Table:
    """A row for each app."""
    head = ["", "p50, s", "p95, s", "p99, s", "worst, s", "told in time, and rightly"]
    rows = [
        [side, *(number(s, 3) for s in (o.p50, o.p95, o.p99, o.worst)), f"{o.right} of {PUSHES}"]
        for side, o in found.items()
    ]
    return Table(f"from a push's last webhook to its notification, {where}", head, rows)


@dataclass(frozen=True)
class Lags:
    """Seconds from the answer to a push's last webhook to its notification."""

    p50: float
    p95: float
    p99: float
    worst: float
    right: int
    """Pushes that were told as complete, and only once."""


async def lags(grounds: Mapping[str, Ground], pushes: int = PUSHES) -> dict[str, Lags]:
    """Of some apps at the same time: a push each second, its regions 0.4 s apart."""
    found: dict[str, list[float]] = {side: [] for side in grounds}
    each = [_lag(grounds[side], n, found[side]) for side in grounds for n in range(pushes)]
    await asyncio.gather(*each)
    return {
        side: Lags(median(s), percentile(s, 95), percentile(s, 99), max(s), len(s))
        for side, s in found.items()
    }


async def _lag(ground: Ground, number: int, lags: list[float]) -> None:
    await asyncio.sleep(number * BETWEEN)
    doors = ground.push()
    for at, region in enumerate(REGIONS):
        await asyncio.sleep(0.4)
        await doors[(number + at) % len(doors)].post(doors[0].event(), region)
    answered = time.monotonic()
    if await told_right(doors[0], PATIENCE):
        lags.append(max(0.0, time.monotonic() - answered))


async def ground_of(
    stack: AsyncExitStack, storage: engine.Azurite, side: str, hosts: int, **options: Any
) -> Ground:
    """So many hosts on one hub of one of the apps; `options`: of engine.hosted."""
    board = Board()
    settings = await stack.enter_async_context(props(board, REAL))
    function_app = FUNCTION_APP if side == TEXTBOOK else None
    first = await stack.enter_async_context(
        engine.hosted(storage, settings, function_app=function_app, **options)
    )
    others = [first.another() for _ in range(hosts - 1)]
    for other in others:
        stack.callback(other.kill)
        await other.start()
    connector = aiohttp.TCPConnector(limit=0)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
    return Ground([first, *others], board, session)


MEASURES: Measures = {
    "fresh": fresh,
    "warm": warm,
    "logged": logged,
    "one": one,
    "two": two,
}


if __name__ == "__main__":
    program(lambda: measured("bursts", __doc__, MEASURES))
