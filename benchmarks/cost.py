"""Storage operations per push, as devhost counts them, in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from acr_global_rig.registry import event
from acr_global_rig.world import World
from benchmarks.sides import APP, REGIONS, TEXTBOOK, receiver, running
from benchmarks.table import Table, ratio
from devhost import Hazards, run_virtual

KINDS = ("read", "write", "enqueue", "delete")
ALL_IN = 1_000
"""Seconds after which the deadline (10 min) has passed and its timer's message was dequeued."""
A_DAY_AND_MORE = 100_000

Scenario = Callable[[World], Awaitable[None]]


async def apart(w: World, regions: int) -> None:
    """One push, one region after the other, each when the engine is idle."""
    for region in REGIONS[:regions]:
        await w.post(event("p"), region)
        await w.host.settle()
    await asyncio.sleep(ALL_IN)


async def spread_out(w: World, regions: int) -> None:
    """One push, its regions 12 s apart."""
    for region in REGIONS[:regions]:
        await w.post(event("p"), region)
        await asyncio.sleep(12)
    await asyncio.sleep(ALL_IN)


async def together(w: World, regions: int) -> None:
    """One push, all regions at the same moment."""
    await asyncio.gather(*(w.post(event("p"), region) for region in REGIONS[:regions]))
    await asyncio.sleep(ALL_IN)


async def alarm(w: World) -> None:
    """One region of three never reports."""
    await apart(w, 2)
    await asyncio.sleep(A_DAY_AND_MORE)


async def recovery(w: World) -> None:
    """One region of three reports after the alarm."""
    await apart(w, 2)
    await w.post(event("p"), REGIONS[2])
    await asyncio.sleep(A_DAY_AND_MORE)


async def refused_once(w: World) -> None:
    """The receiver answers 503 to the first attempt."""
    receiver(w).answers = [503]
    await apart(w, 3)


async def refused_for_good(w: World) -> None:
    """The receiver answers 503 to every attempt."""
    receiver(w).answers = [503] * 50
    await apart(w, 3)
    await asyncio.sleep(2 * A_DAY_AND_MORE)


async def by_courier(w: World) -> None:
    """The start's message is invisible for a minute; the second region reports meanwhile."""
    w.host.hazards = Hazards(invisible=1.0)
    await w.post(event("p"), REGIONS[0])
    await w.host.settle()
    w.host.hazards = Hazards()
    await w.post(event("p"), REGIONS[1])
    await asyncio.sleep(120)
    await w.post(event("p"), REGIONS[2])
    await asyncio.sleep(ALL_IN)


@dataclass(frozen=True)
class Count:
    """The cost of one push, and its verdicts."""

    stats: Counter[str]
    verdicts: tuple[str, ...]
    """As the receiver was told, repeats dropped."""

    @property
    def total(self) -> int:
        """All storage operations."""
        return sum(self.stats[f"storage.{kind}"] for kind in KINDS)

    @property
    def by_kind(self) -> str:
        """The operations of each kind."""
        return "/".join(str(self.stats[f"storage.{kind}"]) for kind in KINDS)

    @property
    def outcome(self) -> str:
        """The verdicts in the order they came."""
        return ", ".join(self.verdicts) or "nothing told"


def count(side: str, scenario: Scenario, regions: int = 3, **settings: Any) -> Count:
    """Run a scenario on a host of its own, until everything that it started has ended."""

    async def main() -> Count:
        async with running(side, regions, **settings) as w:
            await scenario(w)
            return Count(Counter(w.host.stats), tuple(w.verdicts()))

    return run_virtual(main)


def run(quick: bool) -> list[Table]:
    """Count the usual case for several numbers of regions, and what else may be added."""
    return [
        _happy(spread_out, "12 s apart"),
        _happy(apart, "in quick succession"),
        _happy(together, "at the very same moment"),
        _extras(),
    ]


def _happy(way: Callable[[World, int], Awaitable[None]], how: str) -> Table:
    rows = []
    for regions in (2, 5, 10):
        scenario = _bound(way, regions)
        app, textbook = (count(s, scenario, regions) for s in (APP, TEXTBOOK))
        rows.append(
            [
                f"{regions} regions",
                str(app.total),
                str(textbook.total),
                ratio(app.total, textbook.total),
                *(c.by_kind for c in (app, textbook)),
                f"{app.stats['episodes']}/{textbook.stats['episodes']}",
                *(c.outcome for c in (app, textbook)),
            ]
        )
    head = ["", "app", "textbook", "app : textbook", "app by kind", "textbook by kind"]
    return Table(
        f"cost: storage operations per push, regions reporting {how}",
        [*head, "episodes", "app says", "textbook says"],
        rows,
        [f"By kind: {'/'.join(KINDS)}. Episodes (turns of the orchestrator): app/textbook."],
    )


def _bound(way: Callable[[World, int], Awaitable[None]], regions: int) -> Scenario:
    return lambda w: way(w, regions)


def _extras() -> Table:
    complete = _bound(apart, 3)
    cases: list[tuple[str, str, Scenario, dict[str, Any]]] = [
        ("all regions report", APP, complete, {}),
        ("all regions report", TEXTBOOK, complete, {}),
        ("one region silent, no late window", APP, alarm, {"LATE_WINDOW": "0"}),
        ("one region silent", TEXTBOOK, alarm, {}),
        ("one region silent, late window of a day", APP, alarm, {}),
        ("one region after the alarm", APP, recovery, {}),
        ("receiver refuses once", APP, refused_once, {}),
        ("receiver refuses always", APP, refused_for_good, {}),
        ("start away for a minute, a courier", APP, by_courier, {}),
        ("start away for a minute", TEXTBOOK, by_courier, {}),
    ]
    own: dict[str, int] = {}
    rows = []
    for name, side, scenario, settings in cases:
        here = count(side, scenario, **settings)
        base = own.setdefault(side, here.total)
        more = f"{here.total - base:+d}" if here.total != base else ""
        row = [f"{side}: {name}", str(here.total), more, ratio(here.total, own[APP])]
        attempts = here.stats["activity:AttemptDelivery"], here.stats["activity:CarryArrival"]
        rows.append([*row, "/".join(map(str, attempts)), here.outcome])
    return Table(
        "cost: what else may come on top, 3 regions reporting in quick succession",
        ["", "operations", "more", ": app's first", "attempts/carries", "receiver is told"],
        rows,
        [
            "More: than where all regions report, of the same app. A silent region also saves its"
            " webhook.",
            "Attempts/carries: of later delivery attempts, and of a courier's looks.",
        ],
    )
