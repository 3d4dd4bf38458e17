"""A schedule played on devhost, in virtual time: hosts, processes, clocks and storage can be had
there. What devhost leaves out of the real engine is in docs/decisions.md (13)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any

from acr_global.catchup import SETTLES
from acr_global.functions import clock
from acr_global.functions.durable import names
from acr_global.functions.durable.engine import Engine, EngineError
from acr_global.functions.recovery import awaking, noting
from acr_global.model import VerdictType
from acr_global_rig.receivers import ALL_VERDICTS, Receiver, webhook_targets
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import World, world
from benchmarks.chaos.features import EventLogs, Replicas, settings_for
from benchmarks.chaos.parties import HANGS, LATE, Listener, Registry
from benchmarks.chaos.processes import SETTINGS, Notes, Processes
from benchmarks.chaos.record import Record, Terms, Trouble
from benchmarks.chaos.schedule import (
    CONTENT,
    EVIDENCE,
    GROUPS,
    JUMP,
    LOGS,
    REGION,
    Fault,
    Plan,
    Schedule,
)
from devhost import Hazards
from devhost.clock import utcnow
from devhost.hazards import CHECKPOINTS, PYTHON_CHECKPOINTS
from devhost.index import index_app

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

EVERY, OPS = "every", "ops"
HEARD = {
    EVERY: frozenset(VerdictType),
    OPS: frozenset({VerdictType.COMPLETE, VerdictType.OVERDUE, VerdictType.RECOVERED}),
}
"""The targets, and what each hears of."""

LATE_WINDOW = 30 * MINUTE
RETRIES = "5s,30s,1m,2m,5m,5m,5m,10m,10m,10m"
JUMPS = 15 * DAY
"""More than `ACR_GLOBAL_KEEP` of these apps."""

AFTERMATH = 130.0
"""Seconds that a lost host, or a message that it had in hand, is away (61 s), and a courier's
longest pause (60 s)."""

LIVES = 1_000.0
"""Seconds that a push can have to wait for its next life, if Python dies under it again and
again."""

REFUSED = 12 * MINUTE
"""From a receiver's recovery to the end of the longest pause that its deliveries can be in."""

PATROL = 4 * MINUTE
"""Between two runs of the timers."""

READ_WITHIN = SETTLES + timedelta(seconds=PATROL + 10)
"""Until what was not delivered is read from the log."""

TRIES = 200
"""Of a new process, 3 s apart, to see to what the last one left. The app's own goes on longer."""

SPECS = (
    "azure-storage,crash-every=0",
    "endpoint-errors=0.5",
    "management-errors=0.4",
    "endpoint-takes=0..12",
    "management-takes=0.5..6",
    "invisible=0.5",
    "gap=0..5,start-race=0.5,row-late=0.2",
    "already-exists=0.5,old-conflict=1",
    "events-twice=0.5,events-shuffled=0.5",
    "activities-twice=0.5",
    "turn-takes=0.5..4",
    "crash=*:0.01",
)


def _hazards(random: Random) -> tuple[str, float]:
    what = random.choice(("any", "any", *["crash"] * 5, *SPECS))
    if what == "any":
        return ",".join(random.sample(SPECS, 3)), random.uniform(30, 300)
    if what == "crash":
        return f"crash={random.choice(CHECKPOINTS)}@{random.randint(1, 6)}", random.uniform(20, 60)
    return what, random.uniform(30, 600)


def _python(random: Random) -> tuple[str, float]:
    """At once, or at one of the next steps of a kind."""
    if random.random() < 0.2:
        return "", 0.0
    turns = [place for place in PYTHON_CHECKPOINTS if place.startswith("turn")]
    place = random.choice((*PYTHON_CHECKPOINTS, *turns * 4))
    return f"python-dies={place}@{random.randint(1, 5)}", random.uniform(20, 60)


PLAN = Plan(
    pushes=20,
    lasts=30 * MINUTE,
    timeout=10 * MINUTE,
    lag=20.0,
    faults=(5, 12),
    kinds={
        "hazards": _hazards,
        "kill": lambda random: ("", random.uniform(0.5, 90)),
        "python": _python,
        "deploy": lambda random: (random.choice(sorted(SETTINGS)), random.uniform(0.5, 10)),
        "receiver": lambda random: (
            f"{random.choice((EVERY, OPS))} {random.choice(('503', '429', HANGS, LATE))}",
            random.uniform(10, 600),
        ),
        "clock": lambda random: (f"{random.uniform(-120, 120):+.0f}", random.uniform(10, 600)),
        "purge": lambda random: ("", 0.0),
        REGION: lambda random: (random.choice(REGIONS), random.uniform(60, 1_800)),
        "registry": lambda random: (random.choice(("500", "429", HANGS)), random.uniform(60, 900)),
        JUMP: lambda random: ("", 0.0),
    },
    often=("hazards", "python", "kill"),
    features={GROUPS: 0.5, EVIDENCE: 0.3, CONTENT: 0.3, LOGS: 0.3},
)


class Ground:
    """The app on devhost, and what can be done to it."""

    def __init__(
        self,
        w: World,
        processes: Processes,
        listeners: Mapping[str, Listener],
        replicas: Replicas,
        logs: EventLogs,
        reads: bool,
    ) -> None:
        """`reads`: what was not delivered is taken in from the logs."""
        self._w, self._processes, self._listeners = w, processes, listeners
        self._replicas, self._logs = replicas, logs
        self._missed = PATROL if reads else 0.0
        """Seconds until a timer that came while the host was down comes again."""
        self._specs: list[str] = []
        self._orders: dict[str, list[str]] = {name: [] for name in listeners}
        self._skews: list[float] = []
        self._hosts = asyncio.Lock()
        self.troubles: list[Trouble] = []
        self.faults: Mapping[str, Callable[[Fault], Awaitable[None]]] = {
            "hazards": self._hazards,
            "kill": self._kill,
            "python": self._python,
            "deploy": self._kill,
            "receiver": self._receiver,
            "clock": self._clock,
            "purge": self._purge,
            "registry": self._registry,
            REGION: self._nothing,
            JUMP: self._nothing,
        }

    @asynccontextmanager
    async def _troubled(self, aftermath: float, only_delivery: bool = False) -> AsyncIterator[None]:
        begins = utcnow()
        yield
        ends = utcnow() + timedelta(seconds=aftermath + (0.0 if only_delivery else self._missed))
        self.troubles.append(Trouble(begins, ends, only_delivery))

    async def _hazards(self, fault: Fault) -> None:
        deaths = "python-dies" in fault.what
        async with self._troubled(LIVES if deaths else AFTERMATH + 4 * MINUTE):
            self._specs.append(fault.what)
            self._w.host.hazards = Hazards.parse(",".join(self._specs))
            await asyncio.sleep(fault.lasts)
            self._specs.remove(fault.what)
            self._w.host.hazards = Hazards.parse(",".join(self._specs))
            await self._next_process()

    async def _kill(self, fault: Fault) -> None:
        async with self._hosts, self._troubled(AFTERMATH):
            await self._w.host.settle()  # a hazard may be about to start it again
            await self._w.host.crash()
            await asyncio.sleep(fault.lasts)
            before = self._processes.notes
            self._w.host.index = index_app(self._processes.next(fault.what or None))
            await self._w.host.restart()
            await self._next_process(before)

    async def _python(self, fault: Fault) -> None:
        if fault.what:
            return await self._hazards(fault)
        async with self._troubled(LIVES):
            self._w.host.kill_python()
            await asyncio.sleep(3.0)
            await self._next_process()
        return None

    async def _receiver(self, fault: Fault) -> None:
        name, does = fault.what.split()
        async with self._troubled(REFUSED, only_delivery=True):
            self._orders[name].append(does)
            self._obey(name)
            await asyncio.sleep(fault.lasts)
            self._orders[name].remove(does)
            self._obey(name)

    def _obey(self, name: str) -> None:
        self._listeners[name].does = next(reversed(self._orders[name]), "works")

    async def _clock(self, fault: Fault) -> None:
        seconds = float(fault.what)
        async with self._troubled(abs(seconds) + AFTERMATH):
            self._skews.append(seconds)
            await asyncio.sleep(fault.lasts)
            self._skews.remove(seconds)

    def now(self) -> Any:
        """The app's clock."""
        return utcnow() + timedelta(seconds=sum(self._skews))

    async def _purge(self, fault: Fault) -> None:
        await self._w.host.run_timer(names.PURGE_FINISHED)

    async def _registry(self, fault: Fault) -> None:
        async with self._troubled(MINUTE):
            await asyncio.gather(self._replicas.fail(fault), self._logs.fail(fault))

    async def _nothing(self, fault: Fault) -> None:
        pass

    async def _next_process(self, before: Notes | None = None) -> None:
        """What a process does first that finds another's journal."""
        rows = self._w.host.storage.instances.items()
        failed = {name for name, row in rows if row.runtime_status == "Failed"}
        orphan = (before or self._processes.notes).orphan(failed)
        for _ in range(TRIES):
            with contextlib.suppress(EngineError):
                await awaking.see_to(orphan, self._engine())
                return
            await asyncio.sleep(3.0)

    def _engine(self) -> Engine:
        return Engine(f"{self._w.host.url}/durabletask/", awaking.CALL_SECONDS)

    async def patrol(self, timers: Iterable[str]) -> None:
        """What a process and the platform do by the clock."""
        for _ in range(int(PATROL / MINUTE)):
            await asyncio.sleep(MINUTE)
            with contextlib.suppress(EngineError):  # it is tried again
                await noting.note(self._processes.notes, self._engine())
        for timer in timers:
            await self._w.host.run_timer(timer)


async def play(schedule: Schedule) -> Record:
    """Play one round to the end of all that was begun in it."""
    listeners = {name: Listener(name, utcnow) for name in HEARD}
    processes, replicas = Processes(), Replicas(utcnow)
    logs, by_content, reads = EventLogs(), CONTENT in schedule.features, LOGS in schedule.features
    regions, timeout = SETTINGS["usual"]
    async with (
        replicas.serving() as endpoints,
        logs.serving() as arm,
        world(
            *listeners.values(),
            app=processes,
            targets=_targets,
            seed=schedule.seed,
            REGIONS=",".join(regions),
            TIMEOUT=f"{timeout:.0f}s",
            LATE_WINDOW=f"{LATE_WINDOW:.0f}s",
            RETRY_SCHEDULE=RETRIES,
            KEEP="14d",
            **settings_for(schedule.features, "3 in 10m", endpoints, arm),
        ) as w,
    ):
        ground = Ground(w, processes, listeners, replicas, logs, reads)
        clock.utcnow = ground.now
        registry = Registry(
            w.session,
            lambda push: w.host.url,
            utcnow,
            again=10.0,
            by_content=by_content,
            note=logs.note,
        )
        await _act(schedule, ground, registry, replicas)
        left = tuple(i for i, row in w.host.storage.instances.items() if not row.finished)
        return Record(
            terms=tuple(
                Terms(its, timedelta(seconds=timeout), timedelta(seconds=LATE_WINDOW))
                for its, timeout in SETTINGS.values()
            ),
            targets=HEARD,
            posts=tuple(registry.posts),
            heard=tuple(h for listener in listeners.values() for h in listener.heard),
            troubles=tuple(ground.troubles),
            left=left,
            reports=tuple(r for listener in listeners.values() for r in listener.reports),
            replicas=replicas.since if EVIDENCE in schedule.features else {},
            by_content=by_content,
            read_within=READ_WITHIN if reads else None,
        )


def _targets(there: dict[str, Receiver]) -> list[dict[str, Any]]:
    every, ops = there[EVERY], there[OPS]
    return [*webhook_targets([every], on=ALL_VERDICTS), *webhook_targets([ops])]


async def _act(schedule: Schedule, ground: Ground, registry: Registry, replicas: Replicas) -> None:
    jump = next((fault.at for fault in schedule.faults if fault.kind == JUMP), None)

    async def until(at: float) -> None:
        await asyncio.sleep(at + (JUMPS if jump is not None and at > jump else 0.0))

    async def fail(fault: Fault) -> None:
        await until(fault.at)
        await ground.faults[fault.kind](fault)

    timers = (names.REVIVE_INTERRUPTED, *([names.CATCH_UP] if LOGS in schedule.features else []))

    async def patrols(since: float) -> None:
        await until(since)
        for _ in range(int((PLAN.lasts + 3 * HOUR) / PATROL)):
            await ground.patrol(timers)

    async def report(webhook: Any) -> None:
        await until(webhook.at)
        await registry.send(webhook)

    await asyncio.gather(
        patrols(0.0),
        *([patrols(jump + 1.0)] if jump is not None else []),
        replicas.follow(schedule, until),
        *(fail(fault) for fault in schedule.faults),
        *(report(webhook) for webhook in schedule.webhooks),
    )
