"""Record the histories of this release: `python -m tests.replay.record 0.1.0`.

Run it once for a release, and never over what a release has left: the tests of all later ones
replay these files. An instance in flight during a deployment is such a history.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from devhost import Hazards
from tests.e2e.world import REGIONS, World, event, virtual, world
from tests.registry.fakes import DIGEST, FakeRegistry

HERE = Path(__file__).parent


def save(w: World, release: str, scenario: str, instance_id: str) -> None:
    """One instance, as the engine left it."""
    instance = w.host.storage.instances[instance_id]
    recorded = {
        "orchestrator": instance.name,
        "instance": instance_id,
        "output": instance.output,
        "history": instance.history,
    }
    folder = HERE / release
    folder.mkdir(exist_ok=True)
    text = json.dumps(recorded, indent=1, sort_keys=True)
    (folder / f"{scenario}.json").write_text(text + "\n")


async def complete(release: str) -> None:
    """All regions in, one of them twice."""
    async with world() as w:
        await w.push("p1", [REGIONS[0], REGIONS[1], REGIONS[0], REGIONS[2]])
        await asyncio.sleep(60)
        save(w, release, "complete", "p1")


async def overdue(release: str) -> None:
    """No late window: the alarm is the last word."""
    async with world(LATE_WINDOW="0") as w:
        await w.push("p1", REGIONS[:1])
        await asyncio.sleep(1_000)
        save(w, release, "overdue", "p1")


async def recovered(release: str) -> None:
    """An alarm, of which the first delivery fails, and a late arrival; its delivery superseded."""
    async with world() as w:
        w.receivers["ops"].answers = [503]
        await w.push("p1", REGIONS[:2])
        await w.until(lambda: w.receivers["ops"].requests)
        await w.push("p1", REGIONS[2:])
        await asyncio.sleep(1_000)
        save(w, release, "recovered", "p1")
        save(w, release, "delivery_superseded", "_delivery.overdue.p1")


async def incomplete(release: str) -> None:
    """An alarm, and a late window that closes."""
    async with world(LATE_WINDOW="1h") as w:
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(9_000)
        save(w, release, "incomplete", "p1")


async def evidence(release: str) -> None:
    """Looks at intervals; the third finds the image."""
    registry = FakeRegistry(status=404)
    async with registry.running() as url:
        endpoints = json.dumps(dict.fromkeys(REGIONS, url))
        async with world(EVIDENCE="manifest", REGION_ENDPOINTS=endpoints, CHECK_EVERY="1m") as w:
            await w.push("p1", REGIONS[:2], digest=DIGEST)
            await asyncio.sleep(150)
            registry.status = 200
            await asyncio.sleep(600)
            save(w, release, "evidence", "p1")


async def deliveries(release: str) -> None:
    """One that is delivered at the third attempt, one that dies, and its replay."""
    async with world("a", "b") as w:
        w.receivers["a"].answers = [503, 503]
        w.receivers["b"].answers = [503, 404]
        await w.push("p1")
        await asyncio.sleep(1_000)
        save(w, release, "delivery_dead", "_delivery.complete.p1")
        await w.call("POST", "deadletters/_delivery.complete.p1/replay")
        await w.host.settle()
        save(w, release, "delivery_replayed", "_delivery.complete.p1~1")


async def courier(release: str) -> None:
    """A start that is away for a minute, and a courier that waits for it."""
    async with world(hazards=Hazards(invisible=1.0)) as w:
        await w.push("p1", REGIONS[:1])
        await w.host.settle()
        w.host.hazards = Hazards()
        await w.post(event("p1"), REGIONS[1])
        await asyncio.sleep(1_000)
        save(w, release, "courier", f"_courier.{REGIONS[1]}.p1")


SCENARIOS: tuple[Callable[[str], Awaitable[None]], ...] = (
    complete,
    overdue,
    recovered,
    incomplete,
    evidence,
    deliveries,
    courier,
)


def main(release: str) -> None:
    """Record every scenario."""

    async def all_scenarios() -> None:
        for scenario in SCENARIOS:
            await scenario(release)

    virtual(all_scenarios)


if __name__ == "__main__":
    main(sys.argv[1])
