"""What receivers that hang cost a healthy one, on the real engine (`func` with Azurite).

A receiver that hangs accepts the connection and never answers. For every push, the time until the
healthy receiver's message is measured from the push's last webhook: from the answer that came last,
or from when that webhook was sent. Sender and receivers run in this process, so the figures include
their own time.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from acr_global_rig import engine, registry
from acr_global_rig.loopback import serving
from acr_global_rig.registry import REGIONS
from benchmarks.table import Table, number, percentile

TIMEOUT = 10
"""Seconds: a target's default."""
LONGEST = 30
"""Seconds: the longest that a target can set."""


@dataclass(frozen=True)
class Case:
    """One host's life."""

    at_once: int
    """Webhooks under way at the same time."""
    hanging: int
    """Targets that hang, beside the healthy one."""
    shared: bool = False
    """Whether all of them are behind one host and port."""
    timeout: int = TIMEOUT


@dataclass
class Receivers:
    """All receivers: the path is the target's name, which says whether it hangs."""

    told: dict[str, float] = field(default_factory=dict)
    """By push: when the healthy one was told."""
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Attempts at those that hang, by target and push."""
    under_way: int = 0
    """Attempts that hang at this moment."""
    most: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: web.Request) -> web.Response:
        """Take one message, or hang."""
        target, push = request.match_info["target"], (await request.json())["push"]["id"]
        if target.startswith("hanging"):
            self.asked[target, push] += 1
            await self._hang()
        self.told.setdefault(push, time.monotonic())
        self.changed.set()
        return web.Response()

    async def _hang(self) -> None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.changed.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.under_way -= 1

    async def until_told(self, pushes: set[str]) -> None:
        """Return when the healthy one has been told of all of these."""
        async with asyncio.timeout(300):
            while not pushes <= self.told.keys():
                self.changed.clear()
                await self.changed.wait()

    async def until_tried_again(self) -> None:
        """Return when a retry is under way and hangs."""
        async with asyncio.timeout(300):
            while max(self.asked.values(), default=2) < 2:
                self.changed.clear()
                await self.changed.wait()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[tuple[str, str]]:
        """Serve; yields the base URLs of two equal servers."""
        # When the sender gives up waiting, the handler is cancelled and no longer counts.
        async with serving(self._app()) as first, serving(self._app()) as second:
            yield first, second

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/{target}", self.receive)
        return app


@dataclass
class Wave:
    """The times of some pushes, in seconds."""

    from_answer: list[float] = field(default_factory=list)
    from_sending: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    refused: int = 0
    """Webhooks that were not accepted."""


async def _wave(url: str, receivers: Receivers, name: str, pushes: int, at_once: int) -> Wave:
    """Post so many pushes, with all their webhooks shuffled, and measure them."""
    wave, places = Wave(), asyncio.Semaphore(at_once)
    sent: dict[str, list[tuple[float, float]]] = defaultdict(list)
    refused: list[str] = []
    webhooks = [(f"{name}-{n}", region) for n in range(pushes) for region in REGIONS]
    random.Random(name).shuffle(webhooks)
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def post(push: str, region: str) -> None:
            async with places:
                began = time.monotonic()
                status, _ = await registry.post(session, url, registry.event(push), region)
                if status != 202:
                    refused.append(push)
            ended = time.monotonic()
            wave.answers.append(ended - began)
            sent[push].append((ended, began))

        await asyncio.gather(*(post(*webhook) for webhook in webhooks))
    wave.refused, kept = len(refused), sent.keys() - set(refused)
    await receivers.until_told(kept)
    for push in kept:
        answered, began = max(sent[push])
        # A message can overtake the answer to the webhook that completed the push.
        wave.from_answer.append(max(0.0, receivers.told[push] - answered))
        wave.from_sending.append(receivers.told[push] - began)
    return wave


def _settings(case: Case, urls: tuple[str, str]) -> dict[str, str]:
    well, ill = urls[0], urls[0] if case.shared else urls[1]
    targets = [{"name": "healthy", "kind": "webhook", "url": f"{well}/healthy"}]
    targets += [
        {
            "name": f"hanging{n}",
            "kind": "webhook",
            "url": f"{ill}/hanging{n}",
            "timeout": f"{case.timeout}s",
        }
        for n in range(case.hanging)
    ]
    return {
        "ACR_GLOBAL_REGIONS": ",".join(REGIONS),
        "ACR_GLOBAL_TARGETS": json.dumps(targets),
    }


@asynccontextmanager
async def _running(storage: engine.Azurite, case: Case) -> AsyncIterator[tuple[str, Receivers]]:
    receivers = Receivers()
    async with (
        receivers.serving() as urls,
        engine.hosted(storage, _settings(case, urls)) as host,
    ):
        await _wave(host.url, receivers, "warm-up", 1, 1)
        yield host.url, receivers


async def first_and_again(storage: engine.Azurite, case: Case, pushes: int) -> list[Wave]:
    """Pushes while first attempts hang, and as many more once retries do."""
    async with _running(storage, case) as (url, receivers):
        first = await _wave(url, receivers, "first", pushes, case.at_once)
        if not case.hanging:
            return [first]
        await receivers.until_tried_again()
        return [first, await _wave(url, receivers, "again", pushes, case.at_once)]


async def many(storage: engine.Azurite, hanging: int, pushes: int) -> tuple[Wave, int]:
    """New pushes, one after the other, while as many attempts hang as can; and how many did."""
    case = Case(16, hanging, timeout=LONGEST)
    async with _running(storage, case) as (url, receivers):
        await _wave(url, receivers, "first", 100, case.at_once)
        return await _wave(url, receivers, "new", pushes, 1), receivers.most


HEAD = ["", "answer p50", "p95", "max", "sending p95", "slowest 202", "not 202"]


def _row(what: str, wave: Wave) -> list[str]:
    lags = wave.from_answer
    figures = [percentile(lags, 50), percentile(lags, 95), max(lags)] if lags else [math.nan] * 3
    figures += [percentile(wave.from_sending, 95) if lags else math.nan, max(wave.answers)]
    return [what, *(number(figure, 2) for figure in figures), str(wave.refused)]


def _cases(quick: bool) -> list[Case]:
    alone = [Case(n, hanging) for n in (16, 64) for hanging in (0, 1, 3, 10)]
    shared = [Case(n, 10, shared=True) for n in (16, 64)]
    return [Case(64, 0), Case(64, 10), shared[-1]] if quick else [*alone, *shared]


async def _measure(quick: bool) -> list[list[str]]:
    pushes, rows = 100, []
    for case in _cases(quick):
        # Old instances make storage slower, so each case has one of its own.
        with engine.azurite(fast=True) as storage:
            waves = await first_and_again(storage, case, pushes)
            where = ", same host and port" if case.shared else ""
            for wave, when in zip(waves, ("", ", among retries"), strict=False):
                what = f"{case.at_once} at once, {case.hanging} hang{where}{when}"
                rows.append(_row(what, wave))
    with engine.azurite(fast=True) as storage:
        wave, hanging = await many(storage, 10, 20)
    rows.append(_row(f"one at a time, {hanging} attempts hang", wave))
    return rows


def run(quick: bool) -> list[Table]:
    """Measure each case on a host and a storage of its own."""
    title = "slow-receivers: s from a push's last webhook to a healthy target's message"
    if reason := engine.why_not():
        return [Table(title, ["not measured"], [[reason]])]
    return [
        Table(
            f"{title}, 100 pushes x 3 regions, webhooks shuffled",
            HEAD,
            asyncio.run(_measure(quick)),
            [
                f"Real engine. What hangs never answers; a target's timeout is {TIMEOUT} s "
                f"({LONGEST} s in the last row).",
                "answer: from the answer to the push's last webhook; sending: from its sending.",
                "A push of which a webhook was not answered 202 is in no other column.",
                "Sender and receivers share the machine with host and storage.",
            ],
        )
    ]
