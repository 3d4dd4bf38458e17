"""What wrong settings cost, and what becomes of pushes that began under others; virtual time."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from acr_global.functions.app import build_app
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from devhost.index import index_app
from devhost.storage import Instance

GONE = REGIONS[2]
"""The region that leaves the settings."""
FEWER = ",".join(REGIONS[:2])


async def redeploy(w: World, **settings: str) -> None:
    """Start the app anew with these settings, on the same storage."""
    targets = [{"name": r.name, "kind": "webhook", "url": r.url} for r in w.receivers.values()]
    given = {"REGIONS": FEWER, "TARGETS": json.dumps(targets)} | settings
    await w.host.crash()
    w.host.index = index_app(build_app({f"ACR_GLOBAL_{k}": v for k, v in given.items()}))
    await w.host.restart()


def logged(caplog: pytest.LogCaptureFixture, name: str) -> list[tuple[int, Any]]:
    """Level and fields of each log line of one event."""
    found = [r for r in caplog.records if r.getMessage().startswith(f"{name} ")]
    return [(r.levelno, json.loads(r.getMessage().partition(" ")[2])) for r in found]


@pytest.mark.parametrize(
    ("changed", "doubted"),
    [
        ({"EXCLUDE": "team/*"}, True),
        ({"INCLUDE": "other/*"}, True),
        ({"ACTIONS": "delete"}, True),
        ({"CORRELATION": "content"}, True),
        ({"EXCLUDE": "*:sha256-*"}, False),
    ],
)
async def test_an_alarm_says_that_webhooks_may_have_been_passed_over(
    changed: dict[str, str], doubted: bool
) -> None:
    """They were posted, and settings that are newer than the push do not take them for it."""
    async with world() as w:
        await w.push("p1", REGIONS[:1])
        await asyncio.sleep(30)
        await redeploy(w, REGIONS=",".join(REGIONS), **changed)
        if doubted:
            await w.push("p1", REGIONS[1:])
        await w.until(lambda: w.verdicts("p1"))
        (alarm,) = [m for m in w.messages if m["push"]["id"] == "p1"]
        assert ("overdue", list(REGIONS[1:])) == (alarm["type"], alarm["missing"])
        kinds = [[e["kind"] for e in region["evidence"]] for region in alarm["regions"]]
        assert [[], *[["interrupted"] * doubted] * 2] == kinds


async def test_a_region_that_has_left_recovers_an_alarm() -> None:
    """A push is open until its late window has closed."""
    async with world(TIMEOUT="10m") as w:
        await w.push("p1", REGIONS[:2])
        await w.until(lambda: w.verdicts() == ["overdue"])
        await redeploy(w)
        assert 202 == (await w.post(event("p1"), GONE))[0]
        await w.until(lambda: w.verdicts() == ["overdue", "recovered"])
        await w.host.settle()
        status, answer = await w.post(event("p1"), GONE)
        assert (400, "region-unknown") == (status, answer["reason"])


@pytest.mark.parametrize("correlation", ["id", "content"])
async def test_a_decided_push_waits_for_no_region(correlation: str) -> None:
    """A region that has left is refused even while the instance still runs, and begins no push."""
    async with world(CORRELATION=correlation) as w:
        await w.push("p1")
        await w.until(lambda: w.verdicts() == ["complete"])
        await redeploy(w, CORRELATION=correlation)
        there = set(w.host.storage.instances)
        for push in ("p1", "p2"):
            status, answer = await w.post(event(push), GONE)
            assert (400, "region-unknown") == (status, answer["reason"])
        assert there == set(w.host.storage.instances)
        assert "Running" == w.host.storage.instances[min(there)].runtime_status


async def test_a_push_that_has_not_begun_is_told_by_a_courier() -> None:
    """An event raised before the beginning would be lost, as for any region."""
    async with world(hazards=Hazards(gap=(20.0, 20.0))) as w:
        await w.push("p1", REGIONS[:1])
        await redeploy(w)
        assert 202 == (await w.post(event("p1"), GONE))[0]
        assert f"_courier.{GONE}.p1" in w.host.storage.instances
        assert 202 == (await w.post(event("p1"), REGIONS[1]))[0]
        await w.until(lambda: w.verdicts() == ["complete"])


async def test_a_push_that_was_broken_off_goes_on_by_a_region_that_has_left() -> None:
    """The next life has the regions that the push began with."""
    async with world() as w:
        await w.push("p1", REGIONS[:2])
        await w.host.settle()
        w.host.storage.instances["p1"].runtime_status = "Failed"
        await redeploy(w)
        assert 202 == (await w.post(event("p1"), GONE))[0]
        await w.until(lambda: w.verdicts() == ["complete"])
        assert list(REGIONS) == [r["region"] for r in w.messages[0]["regions"]]


async def test_no_push_begins_by_a_region_that_is_not_expected() -> None:
    """No open push gets its event either."""
    async with world(REGIONS=FEWER) as w:
        for _ in range(2):
            status, answer = await w.post(event("p1"), GONE)
            assert (400, "region-unknown") == (status, answer["reason"])
            assert {} == w.host.storage.instances
        await w.push("p1", REGIONS[:1])
        assert 400 == (await w.post(event("p1"), GONE))[0]


async def test_an_instance_of_another_form_waits_for_no_region() -> None:
    """Somebody has started it by hand with another input."""
    async with world(REGIONS=FEWER) as w:
        now, odd = utcnow(), {"regions": [GONE]}
        w.host.storage.insert(
            Instance("p1", "WaitForAllRegions", "x", "Running", now, now, input=odd)
        )
        status, answer = await w.post(event("p1"), GONE)
        assert (400, "region-unknown") == (status, answer["reason"])


async def test_what_can_be_no_region_never_reaches_the_engine(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """For a valid name, where the engine does not answer, the webhook stands in the log."""
    async with world(REGIONS=FEWER, hazards=Hazards(management_errors=1.0)) as w:
        for odd in ("a/b", "x?y=z", "..", "é"):
            status, answer = await w.post(event("p1"), odd)
            assert (400, "region-unknown") == (status, answer["reason"])
        status, answer = await w.post(event("p1"), GONE)
        assert (503, "engine-unavailable") == (status, answer["reason"])
        ((_, line),) = logged(caplog, "arrival-not-kept")
        assert {"region": GONE, "body": event("p1")} == line["received"]


async def test_pushes_under_way_outlast_regions_that_cannot_be_known() -> None:
    """They wait for the regions they began with; a new push would not know for which."""
    async with world() as w:
        await w.push("p1", REGIONS[:1])
        await w.host.settle()
        await redeploy(w, REGIONS="no/region")
        assert [202, 202] == await w.push("p1", REGIONS[1:])
        assert [503] == await w.push("p2", REGIONS[:1])
        await w.until(lambda: w.verdicts() == ["complete"])


async def test_an_envelope_loses_no_event_to_another_registrys_setting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each event is answered by itself, and a refused one stands in the log."""
    blind: dict[str, Any] = {"blind.azurecr.io": {"regions": []}}
    async with world(REGIONS="eastus", REGISTRIES=json.dumps(blind)) as w:
        refused = event("p2") | {"request": {"host": "blind.azurecr.io"}}
        status, answer = await w.post({"events": [event("p1"), refused]}, "eastus")
        assert 503 == status
        said = [r.get("reason", r["status"]) for r in answer["results"]]
        assert ["accepted", "settings-invalid"] == said
        ((level, line),) = logged(caplog, "settings-wrong")
        assert logging.ERROR == level
        assert {"region": "eastus", "body": refused} == line["received"]
        assert ["ACR_GLOBAL_REGISTRIES"] == list(line["settings"])
        await w.until(lambda: w.verdicts() == ["complete"])


async def test_targets_that_cannot_be_read_cost_no_push(caplog: pytest.LogCaptureFixture) -> None:
    """It is kept and decided, and the verdict is in the log."""
    caplog.set_level(logging.INFO, "acr_global")
    async with world(TARGETS="[{") as w:
        assert [202, 202, 202] == await w.push("p1")
        await w.host.finished("p1")
        ((_, verdict),) = logged(caplog, "verdict")
        assert ("p1", "complete") == (verdict["push"], verdict["verdict"])
        assert (200, "degraded") == await health(w)


async def health(w: World) -> tuple[int, str]:
    """The status code and the status of its health check."""
    status, answer = await w.call("GET", "health")
    return status, answer["status"]


@pytest.mark.parametrize(
    ("settings", "status", "said"),
    [
        ({}, 200, "ok"),
        ({"COLOUR": "blue"}, 200, "ok"),
        ({"TIMEOUT": "soon"}, 200, "degraded"),
        ({"REGISTRIES": "{"}, 200, "degraded"),
        ({"REGIONS": ""}, 503, "error"),
        ({"REGIONS": "no/region"}, 503, "error"),
        ({"REGIONS": "no/region", "REGISTRIES": '{"r.io": {"regions": "a"}}'}, 200, "degraded"),
    ],
)
async def test_an_app_that_keeps_any_webhook_is_left_in_service(
    settings: dict[str, Any], status: int, said: str
) -> None:
    """Platforms remove instances that answer 503; whether the engine answers is not asked."""
    async with world(hazards=Hazards(management_errors=1.0), **settings) as w:
        assert (status, said) == await health(w)


async def test_an_unknown_name_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """The log and the health check have it alike."""
    async with world(COLOUR="blue") as w:
        assert [202] == await w.push("p1", REGIONS[:1])
        levels = {(level, line["setting"]) for level, line in logged(caplog, "setting-wrong")}
        assert {(logging.WARNING, "ACR_GLOBAL_COLOUR")} == levels
        (problem,) = (await w.call("GET", "health"))[1]["problems"]
        assert ("ACR_GLOBAL_COLOUR", "warning") == (problem["setting"], problem["severity"])
