"""What is said at the deadline and after it: evidence, the late window, generations; in virtual
time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from acr_global.correlation import event_name
from acr_global.functions.app import build_app
from acr_global.model import Arrival
from acr_global_rig.receivers import every_verdict
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from tests.e2e.test_reviving import engine_of
from tests.registry.fakes import (
    DIGEST,
    REGISTRY_ID,
    FakeArm,
    FakeCredential,
    FakeRegistry,
    log_entry,
    webhook,
)

MISSING = REGIONS[2]


def regions_of(message: Any) -> dict[str, Any]:
    """The message's regions by name."""
    return {r["region"]: r for r in message["regions"]}


async def push_two(w: World, **about: Any) -> None:
    """Post a push about which the third region is silent."""
    await w.push("p1", REGIONS[:2], digest=DIGEST, **about)


async def on_its_way(w: World, push: str, region: str, event_id: str) -> None:
    """Let an arrival reach a push whose webhook was accepted before what was said last."""
    arrival = Arrival(region=region, event_id=event_id, received_at=utcnow())
    await engine_of(w).raise_event(push, event_name(region), arrival)


@asynccontextmanager
async def asking(registry: FakeRegistry, **settings: Any) -> AsyncIterator[World]:
    """The app, which asks this registry about every silent region."""
    regions = settings.get("REGIONS", ",".join(REGIONS)).split(",")
    async with registry.running() as url:
        settings |= {
            "EVIDENCE": "manifest",
            "REGION_ENDPOINTS": json.dumps(dict.fromkeys(regions, url)),
        }
        async with world(**settings) as w:
            yield w


async def test_a_registry_that_never_answers_is_no_evidence() -> None:
    """The look gives up, and the alarm says that the check failed."""
    async with asking(FakeRegistry(silent=True), LATE_WINDOW="0") as w:
        await push_two(w)
        await asyncio.sleep(700)
        (message,) = w.messages
        region = regions_of(message)[MISSING]
        assert ("overdue", "missing") == (message["type"], region["state"])
        assert [("manifest", True)] == [
            (e["kind"], "check failed" in e["detail"]) for e in region["evidence"]
        ]


@pytest.mark.parametrize(
    ("status", "verdict", "said"),
    [("202", "complete", "fired"), ("504", "overdue", "refused with status 504")],
)
async def test_the_event_log_tells_a_lost_webhook_from_a_missing_image(
    status: str, verdict: str, said: str
) -> None:
    """An event that was fired and accepted counts; one that was refused is named in the alarm."""
    arm = FakeArm(
        webhooks=[webhook(f"acrglobal{MISSING}", MISSING)],
        logs={f"acrglobal{MISSING}": [log_entry(id="p1", status=status)]},
    )
    async with (
        arm.running() as url,
        world(
            app=lambda environ: build_app(environ, FakeCredential()),
            EVIDENCE="event-log",
            REGISTRY_ID=REGISTRY_ID,
            ARM_ENDPOINT=url,
            CATCH_UP="0",
            LATE_WINDOW="0",
        ) as w,
    ):
        await push_two(w)
        await asyncio.sleep(700)
        (message,) = w.messages
        assert verdict == message["type"]
        (evidence,) = regions_of(message)[MISSING]["evidence"]
        assert said in evidence["detail"]


async def test_looking_at_intervals_still_ends_at_the_deadline() -> None:
    """Look after look finds nothing, and there is one alarm."""
    registry = FakeRegistry(status=404)
    async with asking(registry, CHECK_EVERY="1m", LATE_WINDOW="0") as w:
        await push_two(w)
        await asyncio.sleep(590)
        assert [] == w.verdicts()
        await asyncio.sleep(60)
        assert ["overdue"] == w.verdicts()
        assert 9 <= len([method for method, _ in registry.seen if method == "HEAD"]) <= 11


async def test_a_registry_that_wants_the_pushed_type_raises_no_false_alarm() -> None:
    """The event names the media type, and the request asks for it."""
    wanted = "application/vnd.of.tomorrow.manifest.v9+json"
    async with asking(FakeRegistry(wanted=wanted), LATE_WINDOW="0") as w:
        await push_two(w, mediaType=wanted)
        await asyncio.sleep(700)
        assert ["complete"] == w.verdicts()


@pytest.mark.parametrize("death", ["activity-before", "activity-after"])
async def test_a_look_that_python_dies_in_is_taken_again(death: str) -> None:
    """Else the alarm would be told of a region that has the image. A second death tells it."""
    async with asking(FakeRegistry(), TIMEOUT="1m", LATE_WINDOW="0") as w:
        for number, deaths in ((1, (1,)), (2, (1, 2))):
            await w.push(f"p{number}", REGIONS[:2], digest=DIGEST)
            await asyncio.sleep(50)
            w.host.hazards = Hazards.parse(",".join(f"python-dies={death}@{n}" for n in deaths))
            await asyncio.sleep(60)
        assert (["complete"], ["overdue"]) == (w.verdicts("p1"), w.verdicts("p2"))
        assert "check failed: internal error" in str(w.messages[-1])


async def test_a_late_arrival_recovers() -> None:
    """The message says how late it was."""
    async with world() as w:
        await push_two(w)
        await asyncio.sleep(3_600)
        assert 202 == (await w.post(event("p1"), MISSING))[0]
        await w.host.settle()
        assert ["overdue", "recovered"] == w.verdicts()
        recovered = w.messages[1]
        assert 3_000 == pytest.approx(recovered["late_seconds"], abs=5)
        assert 3_600 == pytest.approx(regions_of(recovered)[MISSING]["lag_seconds"], abs=5)
        assert "Completed" == w.host.storage.instances["p1"].runtime_status


async def test_without_a_late_window_nothing_is_accepted_after_the_alarm() -> None:
    """What was accepted before it was told counts: it recovers the push."""
    async with world(TIMEOUT="1m", LATE_WINDOW="0") as w:
        await push_two(w)
        await w.push("p2", REGIONS[:2])
        await w.until(lambda: len(w.messages) == 2)
        await on_its_way(w, "p1", MISSING, "p1")
        assert (200, "already-decided") == await said_to(w, "p2")
        await asyncio.sleep(600)
        assert (["overdue", "recovered"], ["overdue"]) == (w.verdicts("p1"), w.verdicts("p2"))


async def said_to(w: World, push: str) -> tuple[int, Any]:
    """What the missing region's webhook is answered, and why."""
    status, answer = await w.post(event(push), MISSING)
    return status, answer.get("reason")


async def test_nothing_is_accepted_once_the_late_window_has_closed() -> None:
    """What was said then is the last word, though the instance stays for some seconds."""
    async with world(TIMEOUT="1m", LATE_WINDOW="1m", targets=every_verdict) as w:
        await push_two(w)
        await w.until(lambda: len(w.messages) == 2)
        await asyncio.sleep(5)
        assert "Running" == w.host.storage.instances["p1"].runtime_status
        assert [200, 200] == await w.push("p1", [MISSING, MISSING])
        await asyncio.sleep(600)
        assert ["overdue", "incomplete"] == w.verdicts()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("refusals", [0, 3])
async def test_an_arrival_while_the_alarm_is_sent_counts(refusals: int, times: int) -> None:
    """It comes between two phases, to the older wait, and the recovery follows at once."""
    async with world() as w:
        ops = w.receivers["ops"]
        ops.answers, ops.gate = [503] * refusals, asyncio.Event()
        await push_two(w)
        await w.until(lambda: ops.requests)
        for _ in range(times):
            assert 202 == (await w.post(event("p1"), MISSING))[0]
        ops.gate.set()
        await w.until(lambda: "recovered" in w.verdicts(), 60)
        await asyncio.sleep(3_600)
        assert ["overdue", "recovered"] == w.verdicts()


async def test_evidence_at_the_end_of_the_window_recovers_too() -> None:
    """The image has come, and its webhook was lost as well."""
    registry = FakeRegistry(status=404)
    async with asking(registry, LATE_WINDOW="1h") as w:
        await push_two(w)
        await asyncio.sleep(700)
        registry.status = 200
        await asyncio.sleep(3_700)
        assert ["overdue", "recovered"] == w.verdicts()


async def test_an_arrival_with_a_courier_is_no_reason_for_an_alarm() -> None:
    """It was accepted, is still on its way at the deadline, and the last look finds it there."""
    async with world(TIMEOUT="2s", LATE_WINDOW="0", hazards=Hazards(invisible=1.0)) as w:
        await w.push("p1", REGIONS[:1])
        await w.host.settle()
        w.host.hazards = Hazards()
        assert [202, 202] == await w.push("p1", REGIONS[1:])
        assert "_courier.eastus.p1" in w.host.storage.instances
        await asyncio.sleep(300)
        assert ["complete"] == w.verdicts()
        assert {"arrived"} == {r["state"] for r in w.messages[0]["regions"]}
        courier = w.host.storage.instances["_courier.eastus.p1"]
        assert "Completed" == courier.runtime_status


CONTENT: dict[str, Any] = {"CORRELATION": "content"}


def keyed(number: int, region: str) -> dict[str, Any]:
    """One region's event for the nth push of the same content: an id of its own."""
    return event(f"push{number}-{region}")


async def alarm_overtakes_b(w: World) -> None:
    """Report the first push from a, and from b by an event that the alarm has overtaken."""
    _, first = await w.post(keyed(1, "a"), "a")
    await w.until(lambda: w.messages)
    await on_its_way(w, first["push"], "b", "push1-b")


@pytest.mark.parametrize("late", [False, True])
async def test_the_same_content_again_in_sixty_regions_has_its_own_verdict(late: bool) -> None:
    """It comes right after the first verdict, or later."""
    regions = [f"southeastasia{n}" for n in range(60)]
    async with world(REGIONS=",".join(regions), **CONTENT) as w:
        for number in (1, 2):
            for region in regions:
                body = event(f"{number:04d}-{region}".ljust(36, "x"))
                assert 202 == (await w.post(body, region))[0]
            await asyncio.sleep(60 if late else 1)
        assert ["complete", "complete"] == w.verdicts()


@pytest.mark.parametrize("wait", [0, 30 * 86_400])
async def test_an_earlier_arrival_does_not_outweigh_the_registry(wait: int) -> None:
    """The same content comes again and the registry says that a region lacks it: that is an
    alarm."""
    registry = FakeRegistry(status=404)
    async with asking(registry, REGIONS="a,b", LATE_WINDOW="0", **CONTENT) as w:
        for number, region in ((1, "a"), (1, "b"), (2, "a")):
            body = event(f"push{number}-{region}", digest=DIGEST)
            await w.post(body, region)
            await asyncio.sleep(wait if region == "b" else 0)
        await asyncio.sleep(2_000)
        assert ["complete", "overdue"] == w.verdicts()


async def test_an_earlier_arrival_is_forgotten_in_time() -> None:
    """Weeks later the same content is pushed anew, and a silent region is missing."""
    async with world(REGIONS="a,b", **CONTENT) as w:
        for region in ("a", "b"):
            await w.post(keyed(1, region), region)
        await asyncio.sleep(30 * 86_400)
        await w.post(keyed(2, "a"), "a")
        await asyncio.sleep(2_000)
        assert ["complete", "overdue"] == w.verdicts()


async def test_an_arrival_that_comes_with_the_last_word_is_known_to_the_next_generation() -> None:
    """It was raised as the alarm was decided, and recovers the push."""
    async with world(REGIONS="a,b", LATE_WINDOW="0", TIMEOUT="1m", **CONTENT) as w:
        await alarm_overtakes_b(w)
        await asyncio.sleep(30)
        await w.post(keyed(2, "a"), "a")
        await asyncio.sleep(600)
        assert ["overdue", "recovered", "complete"] == w.verdicts()


async def test_a_generation_that_begins_as_one_ends_knows_what_that_has_heard_since() -> None:
    """An arrival that was on its way at the alarm is not missing in the next one."""
    async with world(REGIONS="a,b,c", LATE_WINDOW="0", TIMEOUT="1m", **CONTENT) as w:
        await alarm_overtakes_b(w)
        await asyncio.sleep(2)
        assert 202 == (await w.post(keyed(1, "c"), "c"))[0]
        await asyncio.sleep(600)
        assert ["overdue", "complete"] == w.verdicts()


@pytest.mark.parametrize("tenths", range(600, 630, 3))
async def test_an_arrival_that_is_overtaken_by_the_last_word_raises_no_later_alarm(
    tenths: int,
) -> None:
    """It is accepted while the alarm is decided, and reaches the instance only afterwards."""
    slow = Hazards(events_shuffled=1.0)
    async with world(
        REGIONS="a,b", LATE_WINDOW="0", TIMEOUT="1m", hazards=slow, seed=tenths, **CONTENT
    ) as w:
        await w.post(keyed(1, "a"), "a")
        await asyncio.sleep(tenths / 10)
        await w.post(keyed(1, "b"), "b")
        await asyncio.sleep(60)
        await w.post(keyed(2, "a"), "a")
        await asyncio.sleep(600)
        assert "overdue" not in w.verdicts()[1:]
