"""Couriers see a push through that has not begun, was broken off, or is gone; in virtual time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from acr_global.functions.durable import wire
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from devhost.storage import Instance, Message
from tests.e2e.test_corners import durable, logged

COURIER = "_courier.eastus.p1"


async def lose_the_start(w: World) -> Message:
    """Lose a push's start message, for good unless it is put back: its row stays Pending."""
    w.host.hazards = Hazards(invisible=1.0)
    assert [202] == await w.push("p1", REGIONS[:1])
    await w.host.settle()
    (message,) = w.host.storage.control.messages.values()
    w.host.storage.control.delete(message)
    w.host.hazards = Hazards()
    return message


def lines(caplog: pytest.LogCaptureFixture, event_name: str) -> list[Any]:
    """The fields of all log lines of one event, oldest first."""
    said = [r.getMessage() for r in caplog.records]
    return [
        json.loads(line.removeprefix(event_name)) for line in said if line.startswith(event_name)
    ]


async def test_a_push_whose_start_is_lost_is_begun_anew(caplog: pytest.LogCaptureFixture) -> None:
    """A warning comes after two minutes, and another start after ten, with everything that was
    accepted."""
    async with world(TIMEOUT="5m") as w:
        await lose_the_start(w)
        assert [202, 202] == await w.push("p1", REGIONS[1:])
        await asyncio.sleep(180)
        assert "Pending" == w.host.storage.instances["p1"].runtime_status
        assert 1 <= len(lines(caplog, "push-not-begun"))
        await asyncio.sleep(540)
        assert ["complete"] == w.verdicts()
        assert [r.levelname for r in caplog.records if "push-not-begun" in r.getMessage()][-1]
        couriers = [i for n, i in w.host.storage.instances.items() if n.startswith("_courier")]
        assert {"Completed"} == {i.runtime_status for i in couriers}


async def test_a_push_whose_first_row_is_lost_waits_for_the_repeat_alone() -> None:
    """Its couriers see by the custom status that it has begun, a minute after the crash."""
    async with world() as w:
        w.host.hazards = Hazards.parse("gap=1,crash=after-history-before-row")
        assert [202] == await w.push("p1", REGIONS[:1])
        await asyncio.sleep(5)
        assert ["after-history-before-row"] == w.host.crashed_at
        assert [202, 202] == await w.push("p1", REGIONS[1:])
        await asyncio.sleep(120)
        assert ["complete"] == w.verdicts()


async def test_a_push_of_which_nobody_else_hears_is_begun_anew_too() -> None:
    """One region reports, its start is lost, and no further webhook comes."""
    async with world(TIMEOUT="5m", LATE_WINDOW="0") as w:
        await lose_the_start(w)
        await asyncio.sleep(1_500)
        assert ["overdue"] == w.verdicts()
        assert list(REGIONS[1:]) == w.messages[0]["missing"]


async def test_a_start_that_comes_after_all_changes_nothing() -> None:
    """The first start's message was only delayed."""
    async with world() as w:
        message = await lose_the_start(w)
        assert [202] == await w.push("p1", REGIONS[1:2])
        await asyncio.sleep(700)
        assert "Running" == w.host.storage.instances["p1"].runtime_status
        w.host.storage.control.put(message)
        await w.host.settle()
        await w.push("p1", REGIONS[2:])
        await w.host.settle()
        assert ["complete"] == w.verdicts()


async def test_a_push_that_begins_soon_takes_its_courier_one_round() -> None:
    """As where the engine puts a start back for 2 s: the look goes on for that time, in place of
    another round 5 s later."""
    async with world() as w:
        message = await lose_the_start(w)
        assert [202] == await w.push("p1", REGIONS[2:])
        await asyncio.sleep(1)
        message.visible_at = 0.0
        w.host.storage.control.put(message)
        await asyncio.sleep(3)
        status = w.host.storage.instances[COURIER].custom_status
        assert {"state": "raised", "push": "p1", "round": 1} == status


async def test_a_push_that_is_held_up_is_looked_at_once_a_round(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with world() as w:
        await lose_the_start(w)
        await asyncio.sleep(200)
        before = len(lines(caplog, "push-not-begun"))
        cargo = {"v": 1, "push_id": "p1", "arrivals": []}
        assert 202 == await durable(w, "orchestrators/Courier/_courier.-.p1.by-hand", cargo)
        await asyncio.sleep(3)
        assert before + 1 == len(lines(caplog, "push-not-begun"))


async def test_a_push_that_only_a_courier_knows_of_was_not_purged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While storage is slow a courier is sent before anybody has seen the push, which is not there
    yet when another region reports: nobody is said to have removed it."""
    async with world() as w:
        w.host.hazards = Hazards.parse("management-takes=6")
        first = asyncio.create_task(w.push("p1", REGIONS[2:]))
        await asyncio.sleep(1)
        w.host.hazards = Hazards.parse("gap=1")
        assert [202] == await first
        assert [COURIER] == list(w.host.storage.instances)
        assert [202, 202] == await w.push("p1", REGIONS[:2])
        await asyncio.sleep(30)
        assert ["complete"] == w.verdicts()
        assert [] == lines(caplog, "push-purged")


async def test_a_push_that_was_purged_meanwhile_is_begun_by_its_courier() -> None:
    """The courier carries what a start needs."""
    async with world() as w:
        await lose_the_start(w)
        assert [202] == await w.push("p1", REGIONS[2:])
        w.host.storage.purge("p1")
        await asyncio.sleep(60)
        assert "Running" == w.host.storage.instances["p1"].runtime_status
        assert "raised" == w.host.storage.instances[COURIER].output
        await w.push("p1", REGIONS[:2])
        await w.host.settle()
        assert ["complete"] == w.verdicts()


async def test_an_arrival_for_an_instance_ended_by_hand_is_logged_as_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The line holds the arrival that was answered 202."""
    async with world() as w:
        await lose_the_start(w)
        assert [202] == await w.push("p1", REGIONS[2:])
        assert 202 == await durable(w, "instances/p1/terminate?reason=enough", None)
        await asyncio.sleep(60)
        assert "eastus" == logged(caplog, "arrival-lost")["arrivals"][0]["region"]
        assert "lost" == w.host.storage.instances[COURIER].output


def unreadable(status: str) -> Instance:
    """An instance of a push's id that somebody started by hand with another input."""
    return Instance("p1", "WaitForAllRegions", "x", status, utcnow(), utcnow(), "nonsense")


async def test_a_push_that_cannot_be_begun_anew_becomes_a_dead_letter(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An error line holds what was carried, and the entry can be tried again."""
    async with world() as w:
        w.host.storage.insert(unreadable("Pending"))
        assert 202 == (await w.post(event("p1"), "eastus"))[0]
        w.host.storage.insert(unreadable("Failed"))
        await asyncio.sleep(60)
        assert "given-up" == w.host.storage.instances[COURIER].output
        assert "eastus" == logged(caplog, "push-given-up")["arrivals"][0]["region"]
        _, answer = await w.call("GET", "deadletters")
        (letter,) = answer["deadletters"]
        assert ("given-up", "p1") == (letter["state"], letter["push"])
        _, shown = await w.call("GET", f"deadletters/{letter['id']}")
        assert "eastus" == shown["arrivals"][0]["region"]
        w.host.storage.purge("p1")
        await durable(w, "orchestrators/WaitForAllRegions/p1", plain("p1"))
        status, replay = await w.call("POST", f"deadletters/{letter['id']}/replay")
        assert (202, "p1") == (status, replay["push"])
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(60)
        assert ["complete"] == w.verdicts()
        assert [] == (await w.call("GET", "deadletters"))[1]["deadletters"]


def plain(push: str) -> str:
    """The input of a push that the first region began."""
    arrival = {"region": REGIONS[0], "event_id": push, "received_at": utcnow()}
    given = wire.PushInput.model_validate(
        {"push_id": push, "nonce": "", "action": "push", "artifact": {}, "regions": REGIONS}
        | {"timeout": "PT10M", "targets": ["ops"], "arrival": arrival}
    )
    return json.dumps(wire.dump(given))


async def test_a_courier_ends_within_about_an_hour_whatever_comes() -> None:
    """Where the engine never begins anything, the dead letters hold what the courier carried."""
    async with world() as w:
        await lose_the_start(w)
        assert [202] == await w.push("p1", REGIONS[2:])
        for _ in range(120):
            await asyncio.sleep(60)
            row = w.host.storage.instances["p1"]
            row.runtime_status, row.custom_status, row.created = "Pending", None, utcnow()
        courier = w.host.storage.instances[COURIER]
        assert ("Completed", "given-up") == (courier.runtime_status, courier.output)
        assert 90 > w.host.stats["activity:CarryArrival"] / 2
        _, answer = await w.call("GET", "deadletters")
        assert {"p1"} == {letter["push"] for letter in answer["deadletters"]}
