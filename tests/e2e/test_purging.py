"""Purging by age, at any moment: nothing that is left of an earlier push is taken for a new one's.

An id comes again once its instance has been purged: the notification's by `id`, a generation's by
`content`. What is left of the earlier push then is a delivery, or a courier.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acr_global import correlation
from acr_global.functions.durable import wire
from acr_global.functions.recovery import reviving
from acr_global.model import Arrival
from acr_global.verdict import EARLIER_ARRIVAL_SLACK
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from tests.e2e.scene import DURABLE, Scene, both

CONTENT: dict[str, Any] = {"CORRELATION": "content"}
DAY = 86_400
FINAL = "Completed,Failed,Terminated"


async def purge(w: World, age: float = 0.0) -> None:
    """Purge everything ended that is older than so many seconds, through the durable API."""
    until = (utcnow() - timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = {
        "createdTimeFrom": "2000-01-01T00:00:00Z",
        "createdTimeTo": until,
        "runtimeStatus": FINAL,
    }
    url = f"{w.host.url}/runtime/webhooks/durabletask/instances"
    async with w.session.delete(url, params=query) as answer:
        assert answer.status in (200, 404)


async def purge_push(w: World) -> None:
    """Purge the pushes alone: a purge by age would keep what is younger beside them."""
    for instance_id in list(w.host.storage.instances):
        if not instance_id.startswith("_"):
            url = f"{w.host.url}/runtime/webhooks/durabletask/instances/{instance_id}"
            async with w.session.delete(url) as answer:
                assert answer.status == 200


async def letters(w: World) -> list[Any]:
    """The dead letters that the app lists."""
    _, answer = await w.call("GET", "deadletters")
    return list(answer["deadletters"])


def keyed(number: int, region: str) -> dict[str, Any]:
    """One region's event for the nth push of the same content: an id of its own."""
    return event(f"push{number}-{region}")


async def push_content(w: World, number: int) -> None:
    """Post the nth push of the same content from all regions."""
    for region in REGIONS:
        assert 202 == (await w.post(keyed(number, region), region))[0]


def generations(w: World) -> list[int]:
    """The generations that exist, the newest first."""
    ids = sorted(i for i in w.host.storage.instances if i.startswith("content-"))
    return [correlation.generation_of(i) for i in ids]


@pytest.mark.parametrize("output", [reviving.DID_NOT_BEGIN, "enough"])
async def test_a_generation_that_is_begun_anew_is_not_over(output: str) -> None:
    """A courier ended it because it had not begun, and starts it again; no other one is opened."""
    async with world(**CONTENT) as w:
        w.host.hazards = Hazards(invisible=1.0)
        await w.post(keyed(1, REGIONS[0]), REGIONS[0])
        (push,) = w.host.storage.instances.values()
        push.runtime_status, push.output = "Terminated", output
        await w.post(keyed(1, REGIONS[1]), REGIONS[1])
        assert ([0] if output == reviving.DID_NOT_BEGIN else [1, 0]) == generations(w)


async def test_generations_are_found_when_the_first_ones_are_gone() -> None:
    """The next one follows the newest, and gets the events while it is open."""
    async with world(**CONTENT) as w:
        for number in range(12):
            await push_content(w, number)
            await asyncio.sleep(DAY)
        await purge(w, 4.5 * DAY)
        assert [11, 10, 9, 8] == generations(w)
        await w.post(keyed(12, REGIONS[0]), REGIONS[0])
        await purge(w, 2.5 * DAY)
        for region in REGIONS[1:]:
            await w.post(keyed(12, region), region)
        await asyncio.sleep(DAY)
        assert [12, 11, 10] == generations(w)
        assert ["complete"] * 13 == w.verdicts()


async def test_a_gap_among_the_generations_hides_no_newer_one() -> None:
    """A purge of Completed ones leaves one that was terminated."""
    async with world(**CONTENT) as w:
        for number in range(4):
            await push_content(w, number)
            await asyncio.sleep(DAY)
        oldest = max(i for i in w.host.storage.instances if i.startswith("content-"))
        w.host.storage.instances[oldest].runtime_status = "Terminated"
        for instance_id in sorted(w.host.storage.instances)[1:-1]:
            w.host.storage.purge(instance_id)
        assert [3, 0] == generations(w)
        await push_content(w, 4)
        await asyncio.sleep(DAY)
        assert [4, 3, 0] == generations(w)
        assert ["complete"] * 5 == w.verdicts()


async def test_many_generations_cost_no_more_than_few() -> None:
    """One read of a range finds the newest."""
    async with world(REGIONS="eastus", **CONTENT) as w:
        reads = []
        for number in range(40):
            await w.post(keyed(number, "eastus"), "eastus")
            await asyncio.sleep(60)
            before = w.host.storage.stats["storage.read"]
            assert 200 == (await w.post(keyed(number, "eastus"), "eastus"))[0]
            reads.append(w.host.storage.stats["storage.read"] - before)
        assert {1} == set(reads)


async def test_a_content_that_begins_anew_has_message_ids_of_its_own() -> None:
    """A receiver that drops repeats is told of the second push, whose id is that of the first."""
    async with world(**CONTENT) as w:
        for number in range(2):
            await push_content(w, number)
            await asyncio.sleep(DAY)
            await purge(w)
        first, second = (body for _, body in w.receivers["ops"].requests)
        assert first["push"]["id"] == second["push"]["id"]
        assert first["id"] != second["id"]


async def test_a_dead_letter_of_an_earlier_push_holds_up_no_later_one() -> None:
    """By content, the second delivery has an id of its own, and the letter stays in the list."""
    async with world(**CONTENT) as w:
        ops = w.receivers["ops"]
        ops.answers = [400, 503]
        await push_content(w, 1)
        await asyncio.sleep(DAY)
        (letter,) = await letters(w)
        await purge_push(w)
        await push_content(w, 2)
        await asyncio.sleep(DAY)
        assert 3 == len(ops.requests)
        assert ops.requests[1][1]["id"] == ops.requests[2][1]["id"]
        assert [letter] == await letters(w)
        assert 202 == (await w.call("POST", f"deadletters/{letter['id']}/replay"))[0]
        await w.host.settle()
        assert ops.requests[0][1]["id"] == ops.requests[3][1]["id"]
        assert [] == await letters(w)


async def test_the_same_notification_again_is_delivered_again() -> None:
    """By id, its delivery follows the earlier one's, as a replay does; the message is the same."""
    async with world() as w:
        ops = w.receivers["ops"]
        ops.answers = [400, 503]
        await w.push("p1")
        await asyncio.sleep(DAY)
        await purge_push(w)
        await w.push("p1")
        await asyncio.sleep(DAY)
        assert 3 == len(ops.requests)
        assert 1 == len({body["id"] for _, body in ops.requests})
        assert "_delivery.complete.p1~1" in w.host.storage.instances
        assert [] == await letters(w)


async def test_a_repeated_hand_over_finds_its_own_delivery_behind_an_earlier_one() -> None:
    """The activity runs twice after a crash, and leaves one delivery under one of the two ids."""
    async with world() as w:
        ops = w.receivers["ops"]
        ops.answers = [400]
        await w.push("p1")
        await asyncio.sleep(DAY)
        await purge_push(w)
        ops.answers = [503, 200, 503]
        w.host.hazards = Hazards.parse("crash=activity-after-before-result@1")
        for region in REGIONS:
            await w.insist("p1", region)
        await asyncio.sleep(DAY)
        deliveries = [i for i in w.host.storage.instances if i.startswith("_delivery")]
        assert ["_delivery.complete.p1", "_delivery.complete.p1~1"] == sorted(deliveries)


async def test_a_letter_whose_first_delivery_is_gone_can_be_replayed() -> None:
    """Its replays are younger, so a purge by age leaves them, and what follows them."""
    async with world() as w:
        ops = w.receivers["ops"]
        ops.answers = [400, 400, 400, 400]
        await w.push("p1")
        await asyncio.sleep(DAY)
        assert 202 == (await w.call("POST", "deadletters/_delivery.complete.p1/replay"))[0]
        await w.host.settle()
        await purge(w, DAY / 2)
        (letter,) = await letters(w)
        assert "_delivery.complete.p1~1" == letter["id"]
        assert 202 == (await w.call("POST", f"deadletters/{letter['id']}/replay"))[0]
        await w.host.settle()
        (letter,) = await letters(w)
        assert "_delivery.complete.p1~2" == letter["id"]
        await w.push("p1")
        await w.host.settle()
        (letter,) = await letters(w)
        assert "_delivery.complete.p1~3" == letter["id"]


async def test_an_alarm_is_not_dropped_for_what_another_push_came_to() -> None:
    """While it is being sent its push is purged, and a push of the same id recovers."""
    async with world(LATE_WINDOW="5m") as w:
        ops = w.receivers["ops"]
        ops.answers = [503] * 4
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(1_000)
        await purge(w)
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(650)
        await w.push("p1", REGIONS[2:])
        await asyncio.sleep(DAY)
        first = w.host.storage.instances["_delivery.overdue.p1"]
        assert "delivered" == first.output["state"]


async def with_a_courier(w: World, body: dict[str, Any]) -> None:
    """A push to which a courier has brought the second region's arrival; the third is missing."""
    w.host.hazards = Hazards(invisible=1.0)
    await w.post(body, REGIONS[0])
    await w.host.settle()
    w.host.hazards = Hazards()
    await w.post(body, REGIONS[1])
    assert [i for i in w.host.storage.instances if i.startswith("_courier")]
    await w.post(body, REGIONS[2])
    await asyncio.sleep(DAY)


@pytest.mark.parametrize("correlation", ["id", "content"])
async def test_a_couriers_arrival_of_an_earlier_push_does_not_count(correlation: str) -> None:
    """By id and by content, the region has not reported this time, and is named."""
    async with world(CORRELATION=correlation, TIMEOUT="5m", LATE_WINDOW="0") as w:
        await with_a_courier(w, event("p1"))
        assert ["complete"] == w.verdicts()
        await asyncio.sleep(DAY)
        await purge_push(w)
        for region in (REGIONS[0], REGIONS[2]):
            await w.post(event("p1"), region)
        await asyncio.sleep(DAY)
        assert ["complete", "overdue"] == w.verdicts()
        assert [REGIONS[1]] == w.messages[1]["missing"]


async def test_a_courier_that_is_late_by_days_tells_the_new_push_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its own push was decided and purged meanwhile; what it carries is logged."""
    async with world(LATE_WINDOW="0") as w:
        carried = Arrival(region=REGIONS[2], event_id="p1", received_at=utcnow())
        courier = wire.CourierInput(push_id="p1", arrivals=(carried,))
        await asyncio.sleep(2 * DAY)
        await w.push("p1", REGIONS[:2])
        await w.host.settle()
        url = f"{w.host.url}/durabletask/orchestrators/Courier/_courier.{REGIONS[2]}.p1"
        async with w.session.post(url, json=json.dumps(wire.dump(courier))) as answer:
            assert answer.status == 202
        await asyncio.sleep(DAY)
        assert ["overdue"] == w.verdicts()
        assert "arrival-lost" in caplog.text


@dataclass(frozen=True)
class Step:
    """Wait so many seconds, then do something."""

    wait: int
    what: str
    order: tuple[int, ...] = ()


pushes = st.builds(Step, st.integers(0, DAY), st.just("push"), st.permutations(range(3)).map(tuple))
steps = st.lists(
    pushes
    | pushes
    | st.builds(Step, st.integers(0, 3 * DAY), st.sampled_from(["purge", "cut", "repeat"])),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
async def test_purges_raise_no_alarm_and_repeat_no_id(played: list[Step]) -> None:
    """There are pushes of the same content, purges of everything ended or of old instances, and
    repeats of the newest push's events while it has not been purged."""
    async with world(LATE_WINDOW="0", TIMEOUT="10m", **CONTENT) as w:
        number, known = 0, False
        for step in [Step(0, "push", (0, 1, 2)), *played]:
            await asyncio.sleep(step.wait)
            match step.what:
                case "push":
                    number, known = number + 1, True
                    for at in step.order:
                        await w.post(keyed(number, REGIONS[at]), REGIONS[at])
                        await asyncio.sleep(20)
                case "purge":
                    await purge(w)
                    known = False
                case "cut":
                    await purge(w, EARLIER_ARRIVAL_SLACK.total_seconds() + 600)
                    known = known and bool(generations(w))
                case "repeat" if known:
                    await w.post(keyed(number, REGIONS[0]), REGIONS[0])
        await asyncio.sleep(DAY)
        told = [body for _, body in w.receivers["ops"].requests]
        assert ["complete"] * number == [body["type"] for body in told]
        assert number == len({body["id"] for body in told})


@both(policy="content")
async def test_a_content_begins_anew_after_a_purge(s: Scene) -> None:
    """It leaves a dead letter and a generation less, then none, and the first id comes again."""

    async def push(number: int) -> str:
        ids = set()
        for region in REGIONS:
            ids.add(instance_id := (await s.insist(s.event(number), region))[1]["push"])
            await s.begun(instance_id)
        assert 1 == len(ids)
        await s.until(lambda: s.ops.requests and len(s.ops.messages()) == number)
        return str(ids.pop())

    async def purge_instance(instance_id: str) -> None:
        # The engine writes a row once more for a message that comes after the end (a courier's
        # event, on a slow machine), and also if it has been purged meanwhile.
        await s.eventually(lambda: s.has_no_courier(instance_id))
        path = f"{DURABLE}/instances/{instance_id}"
        assert (200, {"instancesDeleted": 1}) == await s.call("DELETE", path)
        while await s.instance(instance_id):
            await s.call("DELETE", path)

    s.ops.answers = [400]
    first, second = await push(1), await push(2)
    for instance_id in (first, second):
        await s.ended(instance_id)
    await purge_instance(first)
    third = await push(3)
    await s.ended(third)
    assert 3 == len({first, second, third})
    for instance_id in (second, third):
        await purge_instance(instance_id)
    s.ops.answers = [503]
    assert first == await push(4)
    await s.until(lambda: len(s.ops.requests) == 5)
    assert ["complete"] * 4 == [m["type"] for m in s.ops.messages()]
    ids = [body["id"] for _, body in s.ops.requests]
    assert 4 == len(set(ids))
    assert ids[3] == ids[4]
