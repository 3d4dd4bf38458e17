"""Storage operations per push, as devhost counts them, in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from benchmarks.sides import APP, REGIONS, TEXTBOOK, receiver, running
from benchmarks.table import Table, number, ratio
from devhost import Hazards, run_virtual
from tests.e2e.world import World, event

KINDS = ("read", "write", "enqueue", "delete")
ALL_IN = 1_000
"""Seconds after which the deadline (10 min) has passed and its timer's message has come back."""
A_DAY_AND_MORE = 100_000

Scenario = Callable[[World], Awaitable[None]]


async def apart(w: World, regions: int) -> None:
    """One push, its regions minutes of machine time apart: each finds the engine at rest."""
    for region in REGIONS[:regions]:
        await w.post(event("p"), region)
        await w.host.settle()
    await asyncio.sleep(ALL_IN)


async def together(w: World, regions: int) -> None:
    """One push, all regions in the same moment."""
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
    """The start's message is away for a minute; the second region reports meanwhile."""
    w.host.hazards = Hazards(invisible=1.0)
    await w.post(event("p"), REGIONS[0])
    await w.host.settle()
    w.host.hazards = Hazards()
    await w.post(event("p"), REGIONS[1])
    await asyncio.sleep(120)
    await w.post(event("p"), REGIONS[2])
    await asyncio.sleep(ALL_IN)


def count(side: str, scenario: Scenario, regions: int = 3, **settings: str) -> Counter[str]:
    """What one push costs."""

    async def main() -> Counter[str]:
        async with running(side, regions, **settings) as w:
            await scenario(w)
            return Counter(w.host.stats)

    return run_virtual(main)


def total(counts: Counter[str]) -> int:
    """All storage operations."""
    return sum(counts[f"storage.{kind}"] for kind in KINDS)


def run(quick: bool) -> list[Table]:
    """The happy path for several numbers of regions, and what else may come on top."""
    return [_happy(apart, "one after the other"), _happy(together, "at once"), _extras()]


def _happy(way: Callable[[World, int], Awaitable[None]], how: str) -> Table:
    rows = []
    for regions in (2, 5, 10):
        app, textbook = (count(s, _bound(way, regions), regions) for s in (APP, TEXTBOOK))
        row = [f"{regions} regions", str(total(app)), str(total(textbook))]
        row.append(ratio(total(app), total(textbook)))
        row += ["/".join(str(c[f"storage.{kind}"]) for kind in KINDS) for c in (app, textbook)]
        row.append(f"{app['episodes']}/{textbook['episodes']}")
        rows.append(row)
    head = ["complete", "app", "textbook", "app : textbook", "app by kind", "textbook by kind"]
    return Table(
        f"cost: storage operations per push, regions reporting {how}",
        [*head, "episodes"],
        rows,
        [f"By kind: {'/'.join(KINDS)}. Episodes (turns of the orchestrator): app/textbook."],
    )


def _bound(way: Callable[[World, int], Awaitable[None]], regions: int) -> Scenario:
    return lambda w: way(w, regions)


def _extras() -> Table:
    plain, textbook = count(APP, _bound(apart, 3)), count(TEXTBOOK, _bound(apart, 3))
    cases: list[tuple[str, str, Scenario, dict[str, str]]] = [
        ("alarm, no late window", APP, alarm, {"LATE_WINDOW": "0"}),
        ("alarm (textbook: one word, no late window)", TEXTBOOK, alarm, {}),
        ("alarm, then incomplete after the late window", APP, alarm, {}),
        ("alarm, then recovered", APP, recovery, {}),
        ("first delivery refused, second taken", APP, refused_once, {}),
        ("refused until it is a dead letter (8 attempts)", APP, refused_for_good, {}),
        ("one arrival carried by a courier", APP, by_courier, {}),
    ]
    rows = [["app: complete, the baseline", str(total(plain)), "", "1.00x"]]
    base = total(textbook)
    rows.append(["textbook: complete", str(base), "", ratio(base, total(plain))])
    for name, side, scenario, settings in cases:
        here = total(count(side, scenario, **settings))
        more = here - (total(plain) if side == APP else base)
        rows.append([f"{side}: {name}", str(here), f"{more:+d}", ratio(here, total(plain))])
    return Table(
        "cost: what else may come on top, 3 regions, operations per push",
        ["", "operations", "over its own complete", ": app's complete"],
        rows,
        [
            "In an alarm one region of three does not report: its webhook's operations are saved.",
            "The textbook app never retries, never listens on, and loses the courier's arrival.",
            number(count(TEXTBOOK, by_courier)["activity:Notify"], 0)
            + " notification from the textbook app in the courier's case.",
        ],
    )
