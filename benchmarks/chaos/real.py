"""A schedule played on the real engine: two hosts of one hub, and a proxy before their storage."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import aiohttp

from acr_global.catchup import SETTLES
from acr_global.functions.durable import names
from acr_global.verdict import CAUGHT_UP_TOGETHER
from acr_global_rig import engine
from acr_global_rig.receivers import ALL_VERDICTS, listening, webhook_targets
from acr_global_rig.registry import REGIONS
from benchmarks.chaos import proxy
from benchmarks.chaos.features import EventLogs, Replicas, settings_for, signing_in
from benchmarks.chaos.invariants import nothing_lost
from benchmarks.chaos.parties import HANGS, LATE, WORKS, Listener, Registry
from benchmarks.chaos.proxy import Proxy
from benchmarks.chaos.record import Record, Terms, Trouble
from benchmarks.chaos.schedule import (
    CONTENT,
    EVIDENCE,
    GROUPS,
    LOGS,
    REGION,
    Fault,
    Plan,
    Schedule,
    Webhook,
)
from benchmarks.chaos.virtual import EVERY, HEARD, OPS
from tools.package import newest_kept

HOSTS = 2
TIMEOUTS = {"usual": 15.0, "hasty": 8.0}
"""What is deployed: the deadline in seconds."""
LATE_WINDOW, READING_WINDOW = 75.0, 240.0
"""Of rounds in which no logs are read; and of those in which they are: what a fault kept from the
app must be known before the last word (after AFTERMATH, that is)."""
RETRIES = "1s,2s,4s,8s,10s,10s,10s,20s,20s,20s"

AFTERMATH = 160.0
"""Seconds that a message of a lost host is away (60 s), a courier's longest pause (60 s), and a
host's start on a busy machine."""

LIVES = 330.0
"""Seconds until the timer has looked after what Python died in, where nobody was faster."""

ASKED = 60.0
"""From the registry's recovery until nobody waits for an answer of before."""

REFUSED = 60.0
"""From a receiver's recovery to the end of the longest pause of its deliveries."""

PATROL = 10.0
"""Between two runs of `CatchUp`, on either host in turn; by its own schedule it runs on both at
once, each minute."""

READ_WITHIN = SETTLES + timedelta(seconds=PATROL + 30)
"""Until what was not delivered is taken in from the log; a run may have many events."""

PATIENCE = LIVES + READING_WINDOW + (READ_WITHIN + CAUGHT_UP_TOGETHER).total_seconds()
"""Seconds that the end of a round is waited for, after its last webhook."""


UPGRADE = "upgrade"
"""All hosts at once: from the release before, on which such a round begins."""


def _which(random: Random) -> str:
    return str(random.randrange(HOSTS))


PLAN = Plan(
    pushes=50,
    lasts=50.0,
    timeout=15.0,
    lag=2.0,
    faults=(2, 5),
    kinds={
        "kill": lambda random: (_which(random), random.uniform(0.5, 10)),
        "python": lambda random: (_which(random), 0.0),
        "deploy": lambda random: (
            f"{_which(random)} {random.choice(sorted(TIMEOUTS))}",
            random.uniform(0.5, 3),
        ),
        "storage": lambda random: (
            random.choice((proxy.REFUSES, proxy.CUTS, proxy.SLOW)),
            random.uniform(1, 12),
        ),
        "receiver": lambda random: (
            f"{random.choice((EVERY, OPS))} {random.choice(('503', '429', HANGS, LATE))}",
            random.uniform(2, 30),
        ),
        REGION: lambda random: (random.choice(REGIONS), random.uniform(10, 60)),
        "registry": lambda random: (random.choice(("500", "429", HANGS)), random.uniform(5, 30)),
        UPGRADE: lambda random: ("", random.uniform(0.5, 3)),
    },
    features={GROUPS: 0.5, EVIDENCE: 0.3, CONTENT: 0.3, LOGS: 0.3},
    reads=70.0,
)


def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Ground:
    """Two hosts, their storage and their receivers, and what can be done to them."""

    def __init__(
        self,
        hosts: list[engine.Host],
        proxies: list[Proxy],
        listeners: Mapping[str, Listener],
        replicas: Replicas,
        logs: EventLogs,
        newest: Path,
        reads: bool,
    ) -> None:
        self.hosts, self._proxies, self._listeners = hosts, proxies, listeners
        self._replicas, self._logs, self._newest = replicas, logs, newest
        self._unread_since = now() if reads else None
        self._down: list[int] = []
        self.troubles: list[Trouble] = []
        self.faults: Mapping[str, Callable[[Fault], Awaitable[None]]] = {
            "kill": self._kill,
            "deploy": self._kill,
            "python": self._python,
            "storage": self._storage,
            "receiver": self._receiver,
            "registry": self._registry,
            UPGRADE: self._upgrade,
            REGION: self._nothing,
        }

    @asynccontextmanager
    async def _troubled(self, aftermath: float, only_delivery: bool = False) -> AsyncIterator[None]:
        begins = now()
        yield
        self.troubles.append(Trouble(begins, now() + timedelta(seconds=aftermath), only_delivery))

    async def _kill(self, fault: Fault) -> None:
        """Kill a host with all that it has started; with what is deployed named, start it so."""
        which, _, deployed = fault.what.partition(" ")
        host = self.hosts[int(which)]
        async with self._troubled(AFTERMATH):
            self._down.append(int(which))
            host.kill()
            if deployed:
                own = {"ACR_GLOBAL_TIMEOUT": f"{TIMEOUTS[deployed]:.0f}s"}
                host.environ = dict(host.environ) | own
            await asyncio.sleep(fault.lasts)
            self._down.remove(int(which))

    async def _upgrade(self, fault: Fault) -> None:
        if self._unread_since:  # the release before reads no logs
            self.troubles.append(Trouble(self._unread_since, now()))
            self._unread_since = None
        async with self._troubled(AFTERMATH):
            self._down += range(HOSTS)
            for host in self.hosts:
                host.kill()
                host.folder = self._newest
            await asyncio.sleep(fault.lasts)
            self._down.clear()

    async def _python(self, fault: Fault) -> None:
        async with self._troubled(LIVES):
            self.hosts[int(fault.what)].kill_python()

    async def _storage(self, fault: Fault) -> None:
        async with self._troubled(AFTERMATH):
            for each in self._proxies:
                each.fail(fault.what)
            await asyncio.sleep(fault.lasts)
            for each in self._proxies:
                each.fail(None)

    async def _receiver(self, fault: Fault) -> None:
        name, does = fault.what.split()
        async with self._troubled(REFUSED, only_delivery=True):
            self._listeners[name].does = does
            await asyncio.sleep(fault.lasts)
            self._listeners[name].does = WORKS

    async def _registry(self, fault: Fault) -> None:
        async with self._troubled(ASKED):
            await asyncio.gather(self._replicas.fail(fault), self._logs.fail(fault))

    async def _nothing(self, fault: Fault) -> None:
        pass

    async def supervise(self) -> None:
        """Start a host that has ended, as a platform does."""
        while True:
            for number, host in enumerate(self.hosts):
                ended = host.process is None or host.process.poll() is not None
                if ended and number not in self._down:
                    self.troubles.append(Trouble(now(), now() + timedelta(seconds=AFTERMATH)))
                    host.launch()
            await asyncio.sleep(0.5)

    async def patrol(self, session: aiohttp.ClientSession) -> None:
        """Have the logs read, as somebody can who does not want to wait for the timer."""
        for host in itertools.cycle(self.hosts):
            await asyncio.sleep(PATROL)
            url = f"{host.url}/admin/functions/{names.CATCH_UP}"
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with asyncio.timeout(PATROL), session.post(url, json={}):
                    pass

    async def left(self, session: aiohttp.ClientSession) -> tuple[str, ...]:
        """Instances that have not ended."""
        url = f"{self.hosts[0].url}/runtime/webhooks/durabletask/instances"
        query = {"runtimeStatus": "Running,Pending", "top": "100"}
        async with session.get(url, params=query) as answer:
            return tuple(sorted(one["instanceId"] for one in await answer.json(content_type=None)))


@asynccontextmanager
async def proxied(storage: engine.Azurite) -> AsyncIterator[tuple[engine.Azurite, list[Proxy]]]:
    """The same storage, behind proxies."""
    async with AsyncExitStack() as stack:
        proxies = [Proxy(port) for port in storage.ports]
        there = [await stack.enter_async_context(each.serving()) for each in proxies]
        yield replace(storage, ports=tuple(there)), proxies


@asynccontextmanager
async def grounds(
    schedule: Schedule,
    storage: engine.Azurite,
    listeners: Mapping[str, Listener],
    replicas: Replicas,
    logs: EventLogs,
) -> AsyncIterator[Ground]:
    """Hosts that listen, on a hub of their own."""
    hub, upgraded = engine.new_hub(), any(fault.kind == UPGRADE for fault in schedule.faults)
    async with AsyncExitStack() as stack:
        newest = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="app-")))
        engine.stage(newest, engine.host_json(hub))
        endpoints = await stack.enter_async_context(replicas.serving())
        arm = await stack.enter_async_context(logs.serving())
        identity = await stack.enter_async_context(signing_in())
        behind, proxies = await stack.enter_async_context(proxied(storage))
        await stack.enter_async_context(listening(*listeners.values()))
        targets = [
            *webhook_targets([listeners[EVERY]], on=ALL_VERDICTS),
            *webhook_targets([listeners[OPS]]),
        ]
        settings = {
            "REGIONS": ",".join(REGIONS),
            "TIMEOUT": f"{TIMEOUTS['usual']:.0f}s",
            "LATE_WINDOW": f"{_late_window(schedule):.0f}s",
            "CATCH_UP": "1m",
            "RETRY_SCHEDULE": RETRIES,
            "TARGETS": json.dumps(targets),
            **settings_for(schedule.features, "3 in 20s", endpoints, arm),
        }
        environ = identity | {f"ACR_GLOBAL_{name}": value for name, value in settings.items()}
        release = newest_kept() if upgraded else None
        first = await stack.enter_async_context(
            engine.hosted(behind, environ, hub=hub, release=release)
        )
        hosts = [first, *(first.another() for _ in range(HOSTS - 1))]
        for other in hosts[1:]:
            stack.callback(other.kill)
            await other.start()
        reads = LOGS in schedule.features
        yield Ground(hosts, proxies, listeners, replicas, logs, newest, reads)


async def play(schedule: Schedule, storage: engine.Azurite) -> Record:
    """Play one round on fresh hosts, until nothing more is to come."""
    listeners, replicas = {name: Listener(name, now) for name in HEARD}, Replicas(now)
    logs = EventLogs()
    async with (
        grounds(schedule, storage, listeners, replicas, logs) as ground,
        aiohttp.ClientSession() as session,
    ):
        turns = itertools.count()
        registry = Registry(
            session,
            lambda push: ground.hosts[next(turns) % HOSTS].url,
            now,
            again=3.0,
            by_content=CONTENT in schedule.features,
            note=logs.note,
        )
        tasks = [asyncio.create_task(ground.supervise())]
        if LOGS in schedule.features:
            tasks.append(asyncio.create_task(ground.patrol(session)))
        try:
            await _act(schedule, ground, registry, replicas)
            seen = partial(_record, schedule, ground, registry, listeners, replicas)
            record = await _end(ground, session, seen)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return record


def _late_window(schedule: Schedule) -> float:
    return READING_WINDOW if LOGS in schedule.features else LATE_WINDOW


async def _act(schedule: Schedule, ground: Ground, registry: Registry, replicas: Replicas) -> None:
    async def fail(fault: Fault) -> None:
        await asyncio.sleep(fault.at)
        await ground.faults[fault.kind](fault)

    async def report(webhook: Webhook) -> None:
        await asyncio.sleep(webhook.at)
        await registry.send(webhook)

    await asyncio.gather(
        replicas.follow(schedule, asyncio.sleep),
        *map(fail, schedule.faults),
        *map(report, schedule.webhooks),
    )


def _record(
    schedule: Schedule,
    ground: Ground,
    registry: Registry,
    listeners: Mapping[str, Listener],
    replicas: Replicas,
    left: tuple[str, ...],
) -> Record:
    return Record(
        terms=tuple(
            Terms(REGIONS, timedelta(seconds=timeout), timedelta(seconds=_late_window(schedule)))
            for timeout in TIMEOUTS.values()
        ),
        targets=HEARD,
        posts=tuple(registry.posts),
        heard=tuple(h for listener in listeners.values() for h in listener.heard),
        troubles=tuple(ground.troubles),
        left=left,
        prompt=timedelta(seconds=10),
        reports=tuple(r for listener in listeners.values() for r in listener.reports),
        replicas=replicas.since if EVIDENCE in schedule.features else {},
        by_content=CONTENT in schedule.features,
        read_within=READ_WITHIN if LOGS in schedule.features else None,
    )


async def _end(
    ground: Ground, session: aiohttp.ClientSession, seen: Callable[[tuple[str, ...]], Record]
) -> Record:
    """The record, once nothing more is owed and everything has ended; or when patience ends."""
    until = now() + timedelta(seconds=PATIENCE)
    while True:
        left: tuple[str, ...] = ("unknown",)
        with contextlib.suppress(aiohttp.ClientError, ValueError):
            left = await ground.left(session)
        record = seen(left)
        if now() > until or not (left or any(nothing_lost(record))):
            return record
        await asyncio.sleep(2.0)
