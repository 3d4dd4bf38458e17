"""What becomes of accepted pushes when the host, or Python alone, is killed.

    python -m benchmarks.kills [host] [python] [together] [alarm] [deadline]

On the real engine (`func` on PATH, Azurite from npm). Each trial kills at a moment of its own after
the first webhook, posts again what was not answered (which no registry does, but an operator can,
from the log), and then counts the verdicts of each push. The figures are for docs/reliability.md;
nothing here is a test.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

import aiohttp

from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from benchmarks.page import given
from benchmarks.program import program
from tests.e2e.props import REAL, Board, props
from tests.e2e.scene import Scene

PATIENCE = 100.0
"""Seconds after the last kill or webhook until a push counts as undecided."""

LAST = (["complete"], ["recovered"])
RIGHT = {"plain": (["complete"],), "late": (["complete"], ["overdue", "recovered"])}
"""What may be said of a push that is everywhere in the end, by its policy."""


@dataclass
class Tally:
    """The results of one trial's pushes."""

    pushes: int = 0
    right: int = 0
    slowest: float = 0.0
    """Seconds from the later of the last kill and a push's last accepted webhook to its verdict."""
    wrong: Counter[str] = field(default_factory=Counter)
    again: int = 0
    """Webhooks that had to be posted again."""

    def add(self, other: Tally) -> None:
        """Add another trial."""
        self.pushes += other.pushes
        self.right += other.right
        self.slowest = max(self.slowest, other.slowest)
        self.wrong += other.wrong
        self.again += other.again

    def __str__(self) -> str:
        wrong = ", ".join(f"{n} x {what}" for what, n in self.wrong.items()) or "none"
        return (
            f"{self.right} of {self.pushes} right, slowest {self.slowest:.1f} s, wrong: {wrong},"
            f" {self.again} webhooks posted again"
        )


@dataclass
class Field:
    """One host with one board of receivers."""

    storage: engine.Azurite
    host: engine.Host
    board: Board
    session: aiohttp.ClientSession
    killed_at: float = 0.0

    def push(self, policy: str = "plain") -> Scene:
        """Begin another push."""
        return Scene(self.host.url, self.session, self.board, REAL, policy)

    async def kill(self, delay: float) -> None:
        """kill -9 of everything after so many seconds; the host is started again at once."""
        await asyncio.sleep(delay)
        self.host.kill()
        self.killed_at = time.monotonic()
        self.host.launch()

    async def insist(self, scene: Scene, region: str, tally: Tally) -> float:
        """Post one webhook until it is accepted; returns when that was."""
        while True:
            try:
                status, _ = await scene.post(scene.event(), region)
            except aiohttp.ClientError:
                status = 0
            if status in (200, 202):
                return time.monotonic()
            tally.again += 1
            await asyncio.sleep(0.2)

    async def report(self, scene: Scene, tally: Tally) -> float:
        """Post a region's webhook every 0.1 s; returns when the last was accepted."""
        accepted = 0.0
        for region in REGIONS:
            accepted = await self.insist(scene, region, tally)
            await asyncio.sleep(0.1)
        return accepted

    async def report_at_once(self, scene: Scene, tally: Tally) -> float:
        """Post every region's webhook; returns when the last was accepted."""
        return max(await asyncio.gather(*(self.insist(scene, r, tally) for r in REGIONS)))

    async def told(
        self,
        scene: Scene,
        accepted_at: float,
        tally: Tally,
        right: Sequence[list[str]] | None = None,
    ) -> None:
        """Wait for a push's last verdict, and count what has been said. `right`: what may be; None:
        what its policy allows."""
        tally.pushes += 1
        since = max(accepted_at, self.killed_at)
        try:
            async with asyncio.timeout(max(1.0, since + PATIENCE - time.monotonic())):
                await scene.ops.until(lambda: scene.verdicts()[-1:] in LAST, PATIENCE)
        except TimeoutError:
            tally.wrong[" ".join([*scene.verdicts(), "undecided"])] += 1
            return
        seconds = time.monotonic() - since
        await _ended(scene)
        if scene.verdicts() in (right or RIGHT[scene.policy]):
            tally.right += 1
            tally.slowest = max(tally.slowest, seconds)
        else:
            tally.wrong[" ".join(scene.verdicts())] += 1


async def _ended(scene: Scene) -> None:
    """Return when a push has ended; its host may not be back yet."""
    while True:
        try:
            await scene.ended()
            return
        except aiohttp.ClientError:
            await asyncio.sleep(0.2)


async def killing_the_host(f: Field, delay: float) -> Tally:
    """One push, a region every 0.1 s; kill -9 of everything `delay` s after the first webhook."""
    tally, scene = Tally(), f.push()
    killing = asyncio.create_task(f.kill(delay))
    accepted = await f.report(scene, tally)
    await killing
    await f.told(scene, accepted, tally)
    return tally


async def killing_python(f: Field, delay: float, *, at_once: bool = False) -> Tally:
    """Eight pushes side by side, a region every 0.1 s or all at once; kill -9 of Python alone."""
    tally, report = Tally(), f.report_at_once if at_once else f.report

    async def one(scene: Scene, lag: float) -> None:
        await asyncio.sleep(lag)
        accepted = await report(scene, tally)
        await killing
        await f.told(scene, accepted, tally)

    async def kill() -> None:
        await asyncio.sleep(delay)
        f.host.kill_python()
        f.killed_at = time.monotonic()

    killing = asyncio.create_task(kill())
    await asyncio.gather(*(one(f.push(), n * 0.05) for n in range(8)))
    return tally


async def killing_in_the_alarm(f: Field, delay: float) -> Tally:
    """Eight pushes side by side that lack a region, with a deadline of 6 s; kill -9 of everything
    `delay` s after their first webhooks. The region reports as soon as the host is back."""
    tally = Tally()

    async def one(scene: Scene, lag: float) -> None:
        await asyncio.sleep(lag)
        for region in REGIONS[1:]:
            await f.insist(scene, region, tally)
        await killing
        await f.told(scene, await f.insist(scene, REGIONS[0], tally), tally)

    killing = asyncio.create_task(f.kill(delay))
    await asyncio.gather(*(one(f.push("late"), n * 0.05) for n in range(8)))
    return tally


async def killing_before_the_deadline(f: Field, delay: float) -> Tally:
    """Eight pushes side by side, all regions at once, with a deadline of 6 s, at which the host is
    just back; kill -9 of everything `delay` s after their first webhooks. What was accepted before
    that is not missing, whatever the host had in hand."""
    tally = Tally()

    async def one(scene: Scene, lag: float) -> None:
        await asyncio.sleep(lag)
        accepted = await f.report_at_once(scene, tally)
        await killing
        right = [["complete"]] if accepted < f.killed_at else None
        await f.told(scene, accepted, tally, right)

    killing = asyncio.create_task(f.kill(delay))
    await asyncio.gather(*(one(f.push("late"), n * 0.05) for n in range(8)))
    return tally


TRIALS: dict[str, tuple[Callable[[Field, float], Awaitable[Tally]], list[float]]] = {
    "host": (killing_the_host, [n * 0.05 for n in range(24)]),
    "python": (killing_python, [0.05 + n * 0.07 for n in range(12)]),
    "together": (partial(killing_python, at_once=True), [0.02 + n * 0.035 for n in range(14)]),
    "alarm": (killing_in_the_alarm, [6.0 + n * 0.1 for n in range(24)]),
    "deadline": (killing_before_the_deadline, [0.8 + n * 0.05 for n in range(24)]),
}


async def main(which: str) -> None:
    """Every trial of one kind, each on a fresh host, some side by side."""
    trial, delays = TRIALS[which]
    whole, places = Tally(), asyncio.Semaphore(1 if which in ("python", "together") else 4)
    with engine.azurite() as storage:

        async def one(delay: float) -> None:
            async with places, AsyncExitStack() as stack:
                board = Board()
                settings = await stack.enter_async_context(props(board, REAL))
                host = await stack.enter_async_context(engine.hosted(storage, settings))
                session = await stack.enter_async_context(aiohttp.ClientSession())
                tally = await trial(Field(storage, host, board, session), delay)
                print(f"killed at {delay:.2f} s: {tally}", flush=True)
                if tally.right < tally.pushes:
                    print(host.log[-6_000:])
                whole.add(tally)

        await asyncio.gather(*map(one, delays))
    print(f"{which}: {whole}")


def start() -> int:
    """Run the named trials, or all; returns the exit code."""
    words, _ = given("kills", __doc__, TRIALS, writes=False)
    for which in words or TRIALS:
        asyncio.run(main(which))
    return 0


if __name__ == "__main__":
    program(start)
