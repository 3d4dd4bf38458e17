"""Python dies with the first turn of a courier or a delivery unread; in virtual time. The engine
fails that instance, and it has had no turn by which anybody would know of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from acr_global.functions.app import build_app
from acr_global.functions.durable.journal import OPEN_SECONDS, Journal
from acr_global.functions.recovery import awaking
from acr_global.functions.recovery.orphans import Orphan, orphans
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import World, world
from devhost import Hazards
from tests.e2e.test_patrol import RUN, note, noted_world
from tests.e2e.test_reviving import dying, engine_of

LAST = REGIONS[2]
COURIER, DELIVERY = f"_courier.{LAST}.p1", "_delivery.complete.p1"


def status(w: World, instance_id: str) -> str:
    """How far an instance is."""
    return w.host.storage.instances[instance_id].runtime_status


async def next_process(w: World, *started: str) -> None:
    """Do what a new process does whose predecessor had just started these."""
    await awaking.see_to(Orphan((), starts=set(started)), engine_of(w))


async def test_a_courier_goes_on() -> None:
    """Nothing else holds its arrival."""
    async with world(hazards=Hazards(invisible=1.0)) as w:
        await w.push("p1", REGIONS[:1])
        await w.host.settle()
        w.host.hazards = dying("turn-before@1")
        await w.push("p1", [LAST])
        await asyncio.sleep(3)
        assert "Failed" == status(w, COURIER)
        await next_process(w, COURIER)
        await asyncio.sleep(60)
        await w.push("p1", REGIONS[1:2])
        await w.host.settle()
        assert ["complete"] == w.verdicts()


async def test_a_delivery_goes_on() -> None:
    """It is no dead letter, which only an operator would see to."""
    async with world() as w:
        ops = w.receivers["ops"]
        ops.answers, ops.gate = [503], asyncio.Event()
        await w.push("p1")
        await w.until(lambda: ops.requests)
        w.host.hazards = dying("turn-before@1")
        ops.gate.set()
        await asyncio.sleep(4)
        assert "Failed" == status(w, DELIVERY)
        await next_process(w, DELIVERY)
        await asyncio.sleep(60)
        assert "Completed" == status(w, DELIVERY)
        assert [] == (await w.call("GET", "deadletters"))[1]["deadletters"]


async def test_a_delivery_goes_on_whose_turn_was_another_process_s() -> None:
    """The one that started it lives, and notes it as open."""
    async with noted_world() as (w, journal):
        ops = w.receivers["ops"]
        ops.answers, ops.gate = [503], asyncio.Event()
        await w.push("p1")
        await w.until(lambda: ops.requests)
        w.host.hazards = dying("turn-before@1")
        ops.gate.set()
        await asyncio.sleep(OPEN_SECONDS + 5)
        assert "Failed" == status(w, DELIVERY)
        await note(w, journal)
        await asyncio.sleep(RUN + 60)
        assert "Completed" == status(w, DELIVERY)


async def test_a_courier_that_begins_by_itself_gets_none() -> None:
    """A courier sees to a push only."""
    async with world(hazards=Hazards(invisible=1.0)) as w:
        await w.push("p1", REGIONS[:1])
        await w.push("p1", [LAST])
        await next_process(w, COURIER)
        assert [COURIER] == [name for name in w.host.storage.instances if COURIER in name]


async def test_what_a_dying_process_starts_stands_in_its_journal(tmp_path: Path) -> None:
    """So the next one knows of a courier that had no turn."""
    dying_one = Journal(tmp_path)

    def app(environ: dict[str, str]) -> Any:
        return build_app(environ, journal=dying_one)

    async with world(app=app, hazards=Hazards(invisible=1.0)) as w:
        await w.push("p1", REGIONS[:1])
        await w.host.settle()
        w.host.hazards = Hazards.parse("gap=1,python-dies=turn-before@1")
        assert [202] == await w.push("p1", [LAST])
        await asyncio.sleep(4)
        assert "Failed" == status(w, COURIER)
        dying_one.close()
        for orphan in orphans(tmp_path):
            await awaking.see_to(orphan, engine_of(w))
        await asyncio.sleep(60)
        await w.push("p1", REGIONS[1:2])
        await w.host.settle()
        assert ["complete"] == w.verdicts()
