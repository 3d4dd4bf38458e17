"""Python dies with the first turn of a courier or a delivery unread; in virtual time. The engine
fails that instance, and it has had no turn by which anybody would know of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from acr_global.functions.app import build_app
from acr_global.functions.clock import utcnow
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.journal import OPEN_SECONDS, Journal
from acr_global.functions.recovery import awaking, mending
from acr_global.functions.recovery.orphans import Orphan, orphans
from acr_global.model import Arrival
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import World, world
from devhost import Hazards
from tests.e2e.test_patrol import RUN, note, noted_world, notes
from tests.e2e.test_reviving import dying, engine_of

LAST = REGIONS[2]
COURIER, DELIVERY = f"_courier.{LAST}.p1", "_delivery.complete.p1"


def status(w: World, instance_id: str) -> str:
    """How far an instance is."""
    return w.host.storage.instances[instance_id].runtime_status


async def next_process(w: World, *started: str) -> None:
    """Do what a new process does whose predecessor had just started these."""
    await awaking.see_to(Orphan((), starts=set(started)), engine_of(w))


async def with_a_broken_delivery(w: World) -> None:
    """A push whose first attempt was refused, and whose delivery has broken off at once."""
    ops = w.receivers["ops"]
    ops.answers, ops.gate = [503], asyncio.Event()
    await w.push("p1")
    await w.until(lambda: ops.requests)
    w.host.hazards = dying("turn-before@1")
    ops.gate.set()
    await asyncio.sleep(4)
    assert "Failed" == status(w, DELIVERY)


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
        await with_a_broken_delivery(w)
        await next_process(w, DELIVERY)
        await asyncio.sleep(60)
        assert "Completed" == status(w, DELIVERY)
        assert [] == (await w.call("GET", "deadletters"))[1]["deadletters"]


async def test_a_delivery_goes_on_whose_turn_was_another_process_s() -> None:
    """The one that started it lives, and notes it as open."""
    async with noted_world() as (w, journal):
        await with_a_broken_delivery(w)
        await asyncio.sleep(OPEN_SECONDS + 1)
        assert "Failed" == status(w, DELIVERY)
        await note(w, journal)
        await asyncio.sleep(RUN + 60)
        assert "Completed" == status(w, DELIVERY)


async def test_what_has_ended_in_another_process_is_not_noted() -> None:
    """Where each process has some of the turns, most of what is started ends elsewhere."""
    async with noted_world() as (w, journal):
        w.receivers["ops"].answers = [503]
        await w.push("p1")
        await asyncio.sleep(60)
        assert "Completed" == status(w, DELIVERY)
        journal.starts(DELIVERY)  # as the process knows it that has had none of its turns
        journal.starts(f"_courier.{LAST}.p1")  # that was refused
        await asyncio.sleep(OPEN_SECONDS)
        await note(w, journal)
        assert [] == notes(w)


async def test_a_probe_is_not_noted() -> None:
    """It is of no use to anybody once who sent it is gone."""
    async with noted_world() as (w, journal):
        assert 200 == (await w.call("GET", "diagnosis"))[0]
        await asyncio.sleep(OPEN_SECONDS)
        assert () == journal.open.due()


async def test_a_start_that_is_held_back_is_taken_over() -> None:
    """The message of a host that died is away for a minute, longer than is waited for."""
    async with world(hazards=Hazards(gap=(300.0, 300.0))) as w:
        journal = Journal()
        engine = replace(engine_of(w), journal=journal)
        data = wire.CourierInput(push_id="p1", arrivals=())
        await engine.start(names.COURIER, "_courier.-.p1", data)
        journal.open.ended("_courier.-.p1")
        await awaking.see_to(Orphan((), starts={"_courier.-.p1"}), engine)
        assert ("_courier.-.p1",) == journal.open.due()


async def test_what_an_operator_tries_again_goes_on() -> None:
    """It is a courier by another id."""
    async with world() as w:
        retried = "_delivery.unsaid.p1~1"
        arrival = Arrival(region=LAST, event_id="p1", received_at=utcnow())
        data = wire.CourierInput(push_id="p1", arrivals=(arrival,), by_hand=True)
        await w.push("p1", REGIONS[:2])
        w.host.hazards = dying("turn-before@1")
        await engine_of(w).start(names.COURIER, retried, data)
        await asyncio.sleep(2)
        assert "Failed" == status(w, retried)
        assert await mending.begin_again(engine_of(w), retried)
        await w.host.settle()
        assert ["complete"] == w.verdicts()


async def test_a_delivery_that_was_replayed_meanwhile_is_left() -> None:
    """Its receiver would be told twice."""
    async with world() as w:
        await with_a_broken_delivery(w)
        assert 202 == (await w.call("POST", f"deadletters/{DELIVERY}/replay"))[0]
        await w.host.settle()
        assert not await mending.begin_again(engine_of(w), DELIVERY)
        await asyncio.sleep(60)
        assert 2 == len(w.receivers["ops"].requests)


async def test_what_goes_on_already_is_left() -> None:
    """Two have found it, and the first has begun it again."""
    async with world() as w:
        await with_a_broken_delivery(w)
        assert await mending.begin_again(engine_of(w), DELIVERY)
        assert await mending.begin_again(engine_of(w), DELIVERY)
        await asyncio.sleep(60)
        assert not await mending.begin_again(engine_of(w), DELIVERY)
        assert 2 == len(w.receivers["ops"].requests)


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
