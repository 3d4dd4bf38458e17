"""What the registry could not deliver is taken in by the timer; in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from pydantic import BaseModel

from acr_global.catchup import Mark
from acr_global.correlation import MARKS, is_push
from acr_global.functions.app import build_app
from acr_global.functions.catching_up import catching, logs
from acr_global.functions.catching_up.catching import CatchingUp
from acr_global.functions.catching_up.logs import Logs
from acr_global.functions.durable import names
from acr_global.functions.setup import Tools
from acr_global.registry import event_log
from acr_global_rig.registry import REGIONS, event, timestamp
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from tests.e2e.test_couriers import lines
from tests.e2e.test_reviving import break_off, engine_of, insist
from tests.registry.fakes import REGISTRY_ID, FakeArm, FakeCredential, posted_entry, webhook

RUN = 300
"""Seconds between two runs of the timer."""


PLATFORM = {"WEBSITE_HOSTNAME": "ours.example"}
"""What Azure tells the app of itself."""


@dataclass
class Registry:
    """A registry that posts each event once, and whose logs have what it was answered."""

    w: World
    arm: FakeArm

    async def fire(self, push: str, *regions: str, answered: str | None = "", **about: Any) -> None:
        """The event of one push in these regions (all, if none is named). `answered`: what the
        registry has noted, where that is not the app's answer; it is posted all the same unless
        `lost` says that nothing takes it."""
        lost = about.pop("lost", False)
        for region in regions or REGIONS:
            at = utcnow()
            body = event(push, at=timestamp(at), **about)
            status = "504" if lost else str((await self.w.post(body, region))[0])
            self.note(region, body, answered if answered != "" else status)

    def note(self, region: str, body: Any, status: str | None, **request: Any) -> None:
        """An entry of the region's log; newest first."""
        uri = f"https://ours.example/api/ImagePush?region={region}&code=hush"
        log: Any = self.arm.logs.setdefault(f"acrglobal{region}", [])  # type: ignore[attr-defined]
        log.insert(0, posted_entry(body, uri, status, **request))


@contextlib.asynccontextmanager
async def catching_up(
    credential: FakeCredential | None = None, **settings: Any
) -> AsyncIterator[tuple[World, Registry]]:
    """An app that may read the logs of a registry's webhooks, and that registry."""
    arm = FakeArm([webhook(f"acrglobal{region}", region) for region in REGIONS], {})
    async with (
        arm.running() as url,
        world(
            app=lambda environ: build_app(environ | PLATFORM, credential or FakeCredential()),
            timers=True,
            **{"REGISTRY_ID": REGISTRY_ID, "ARM_ENDPOINT": url, **settings},
        ) as w,
    ):
        yield w, Registry(w, arm)


def marks(w: World) -> list[str]:
    """The marks in storage."""
    return [i for i in w.host.storage.instances if i.startswith(MARKS)]


def regions(caplog: pytest.LogCaptureFixture) -> set[str]:
    """Those whose events have been taken in."""
    return {line["region"] for line in lines(caplog, "webhook") if line.get("caught_up")}


async def test_a_push_that_nobody_heard_of_is_told_once() -> None:
    """The app was down; its deadline is over, and all is there: complete, and said to be late."""
    async with catching_up() as (w, registry):
        await registry.fire("p1", lost=True)
        await asyncio.sleep(3 * RUN)
        assert ["complete"] == w.verdicts()
        (message,) = w.messages
        assert "late, for webhooks were not delivered" in message["text"]
        kinds = [[e["kind"] for e in region["evidence"]] for region in message["regions"]]
        assert [["caught-up"]] * 3 == kinds


@pytest.mark.parametrize("correlation", ["id", "content"])
async def test_an_outage_longer_than_the_timeout_gives_no_alarm(correlation: str) -> None:
    """Nothing is missing when it is over; each push is told once."""
    async with catching_up(CORRELATION=correlation) as (w, registry):
        w.host.hazards = Hazards(management_errors=1.0)
        for n in range(3):
            await registry.fire(f"p{n}", tag=f"v{n}")
        log = registry.arm.logs["acrglobaleastus"]
        assert {"503"} == {e["eventResponseMessage"]["statusCode"] for e in log}
        await asyncio.sleep(2_000)
        w.host.hazards = Hazards()
        await asyncio.sleep(4 * RUN)
        assert ["complete"] * 3 == w.verdicts()


async def test_what_is_missing_is_overdue_by_the_events_time() -> None:
    """The deadline counts from the event; the alarm comes as soon as it can."""
    async with catching_up() as (w, registry):
        began = utcnow()
        await registry.fire("p1", *REGIONS[:2], lost=True)
        w.host.hazards = Hazards(management_errors=1.0)
        await asyncio.sleep(2_000)
        w.host.hazards = Hazards()
        await asyncio.sleep(2 * RUN)
        (message,) = w.messages
        assert ("overdue", [REGIONS[2]]) == (message["type"], message["missing"])
        deadline = datetime.fromisoformat(message["deadline"])
        assert 600 == pytest.approx((deadline - began).total_seconds(), abs=2)
        assert "late, for webhooks were not delivered" in message["text"]


async def test_a_region_that_was_refused_is_in_time() -> None:
    """No alarm: its event is taken in before the deadline, with the lag of its own time."""
    async with catching_up() as (w, registry):
        await registry.fire("p1", *REGIONS[:2])
        await asyncio.sleep(20)
        await registry.fire("p1", REGIONS[2], lost=True)
        await asyncio.sleep(2 * RUN)
        assert ["complete"] == w.verdicts()
        lag = {r["region"]: r["lag_seconds"] for r in w.messages[0]["regions"]}
        assert 20 == pytest.approx(lag[REGIONS[2]], abs=1)


@pytest.mark.parametrize("correlation", ["id", "content"])
async def test_no_alarm_before_a_look_for_what_was_not_delivered(correlation: str) -> None:
    """The deadline comes before the timer, and the push is complete all the same. The timer, which
    comes then, changes nothing."""
    async with catching_up(CORRELATION=correlation, TIMEOUT="30s") as (w, registry):
        await registry.fire("p0", REGIONS[2], lost=True, tag="v0")
        await registry.fire("p1", *REGIONS[:2])
        await registry.fire("p1", REGIONS[2], lost=True)
        await asyncio.sleep(40)
        assert ["complete"] == w.verdicts("p1" if correlation == "id" else None)
        (message,) = w.messages
        assert ["caught-up"] == [e["kind"] for e in message["regions"][2]["evidence"]]
        await asyncio.sleep(3 * RUN)
        assert ["complete", "overdue"] == w.verdicts()


@pytest.mark.parametrize("correlation", ["id", "content"])
async def test_what_was_kept_though_the_registry_gave_up_is_told_once(correlation: str) -> None:
    """It has noted 504 for all; the app had kept them."""
    async with catching_up(CORRELATION=correlation) as (w, registry):
        await registry.fire("p1", answered="504")
        await asyncio.sleep(3 * RUN)
        await registry.fire("p2", answered="504")
        await asyncio.sleep(3 * RUN)
        assert ["complete"] * 2 == w.verdicts()


@pytest.fixture
def _processes_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run of the timer begins in a process that knows nothing, as on Flex Consumption."""
    run = CatchingUp.run

    async def elsewhere(self: CatchingUp, tools: Tools) -> None:
        self._mark, self._logs = Mark(), Logs()
        await run(self, tools)

    monkeypatch.setattr(CatchingUp, "run", elsewhere)


@pytest.mark.usefixtures("_processes_of_their_own")
async def test_what_has_been_taken_in_is_marked_for_all_processes() -> None:
    """Its instance has been purged; it does not begin anew. There is one mark."""
    async with catching_up() as (w, registry):
        for push in ("p1", "p2"):
            await registry.fire(push, lost=True)
            await asyncio.sleep(2 * RUN)
            await engine_of(w).purge(push)
        await asyncio.sleep(3 * RUN)
        assert ["complete"] * 2 == w.verdicts()
        assert [] == [i for i in w.host.storage.instances if is_push(i)]
        assert 1 == len(marks(w))


@pytest.mark.usefixtures("_processes_of_their_own")
async def test_a_lost_mark_costs_a_repeat_and_no_new_generation() -> None:
    """By content, an old event comes again after its content was pushed anew."""
    async with catching_up(CORRELATION="content") as (w, registry):
        await registry.fire("p1", lost=True)
        await asyncio.sleep(2 * RUN)
        await registry.fire("p2")
        await asyncio.sleep(60)
        assert ["complete"] * 2 == w.verdicts()
        for mark in marks(w):
            del w.host.storage.instances[mark]
        await asyncio.sleep(2 * RUN)
        assert ["complete"] * 2 == w.verdicts()
        assert 2 == len([i for i in w.host.storage.instances if is_push(i)])


@pytest.mark.usefixtures("_processes_of_their_own")
@pytest.mark.parametrize("correlation", ["id", "content"])
async def test_two_runs_at_once_tell_each_push_once(correlation: str) -> None:
    """Two hosts, each with its timer; what both have marked counts."""
    async with catching_up(CORRELATION=correlation) as (w, registry):
        for n in range(5):
            await registry.fire(f"p{n}", lost=True, tag=f"v{n}")
        await asyncio.sleep(90)
        for _ in range(2):
            await w.host.run_timer(names.CATCH_UP)
        await asyncio.sleep(3 * RUN)
        assert ["complete"] * 5 == w.verdicts()


async def test_a_run_ends_where_the_engine_takes_no_more(caplog: pytest.LogCaptureFixture) -> None:
    """The next one goes on."""
    async with catching_up() as (w, registry):
        for n in range(12):
            await registry.fire(f"p{n}", lost=True, tag=f"v{n}")
        await asyncio.sleep(90)
        w.host.hazards = Hazards(management_errors=1.0)
        await w.host.run_timer(names.CATCH_UP)
        await asyncio.sleep(100)
        assert lines(caplog, "not-caught-up")
        w.host.hazards = Hazards()
        await asyncio.sleep(3 * RUN)
        assert ["complete"] * 12 == w.verdicts()


async def test_no_more_than_so_many_are_taken_in_by_one_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The oldest first; the rest in the next, however old it is."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(catching, "MAX_EVENTS", 4)
    async with catching_up(LATE_WINDOW="0") as (_, registry):
        for n in range(5):
            at = (utcnow() - timedelta(minutes=300 - 10 * n)).isoformat()
            for region in REGIONS:
                registry.note(region, event(f"p{n}", at=at, tag=f"v{n}"), "503")
        await asyncio.sleep(5 * RUN)
        assert [4, 4, 4, 3] == [line["events"] for line in lines(caplog, "caught-up")]
        assert [11, 7, 3] == [x["for_the_next_run"] for x in lines(caplog, "caught-up")[:3]]
        (first, *_) = [x["push"] for x in lines(caplog, "webhook") if x.get("caught_up")]
        assert "p0" == first


async def test_what_is_not_for_us_is_left_alone_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Pings, bodies that are cut or not there, other apps; nothing of it begins a push."""
    caplog.set_level(logging.INFO)
    async with catching_up() as (w, registry):
        at = utcnow().isoformat()
        ping = {"id": "ping", "action": "ping", "timestamp": at}
        for body in (ping, None, '{"id": "cut", "act', event("undated", at="yesterday")):
            registry.note(REGIONS[0], body, "500")
        registry.note(REGIONS[0], event("bad/id", at=at), "500")
        registry.note("brazilsouth", event("theirs", at=at), "500")
        await registry.fire("p1", lost=True)
        await asyncio.sleep(2 * RUN)
        assert ["complete"] == w.verdicts()
        (line,) = lines(caplog, "caught-up")
        assert {"ping": 1, "unreadable": 2, "undated": 1} == line["left_alone"]
        assert {"accepted": 3, "id-invalid": 1} == line["outcomes"]


async def test_a_right_that_is_missing_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """The log and /api/health name it until it is there."""
    async with catching_up() as (w, registry):
        registry.arm.troubles["list"] = [(403, {})] * 3
        await registry.fire("p1", lost=True)
        await asyncio.sleep(3 * RUN)
        assert 1 == len(lines(caplog, "cannot-catch-up"))
        _, health = await w.call("GET", "health")
        (problem,) = health["problems"]
        assert ("ACR_GLOBAL_CATCH_UP", "warning") == (problem["setting"], problem["severity"])
        assert catching.UNREADABLE == problem["reason"]
        assert "lacks a right" in lines(caplog, "cannot-catch-up")[0]["cause"]
        await asyncio.sleep(2 * RUN)
        assert ["complete"] == w.verdicts()
        assert [] == (await w.call("GET", "health"))[1]["problems"]


class Nobody(FakeCredential):
    """Nobody is signed in, of which the SDK has much to say."""

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        """Raises ClientAuthenticationError."""
        logging.getLogger("azure.identity.aio._credentials.chained").warning("a page of text")
        raise ClientAuthenticationError("another page")


@pytest.fixture
def _sdk_logs() -> Iterator[None]:
    """The app sets what the SDK logs in this process."""
    yield
    logging.getLogger("azure.identity").setLevel(logging.NOTSET)


@pytest.mark.usefixtures("_sdk_logs")
async def test_that_nobody_is_signed_in_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """By the SDK, too."""
    async with catching_up(Nobody()) as (w, _):
        await asyncio.sleep(3 * RUN)
        assert 1 == len([r for r in caplog.records if r.message == "a page of text"])
        (line,) = lines(caplog, "cannot-catch-up")
        assert "myregistry: no identity could sign in" == line["cause"]
        assert "myregistry" not in str((await w.call("GET", "health"))[1])


async def test_a_service_that_asks_for_patience_is_not_asked_before() -> None:
    """Its Retry-After counts from run to run."""
    async with catching_up() as (w, registry):
        await registry.fire("p1", lost=True)
        registry.arm.troubles["list"] = [(429, {"Retry-After": "700"})]
        await asyncio.sleep(RUN)
        assert {"list": 1} == dict(registry.arm.asked)
        await asyncio.sleep(500)
        assert {"list": 1} == dict(registry.arm.asked)
        await asyncio.sleep(2 * RUN)
        assert ["complete"] == w.verdicts()


@pytest.mark.parametrize("off", [{"CATCH_UP": "0"}, {"REGISTRY_ID": ""}])
async def test_where_it_is_off_there_is_no_timer(off: dict[str, str]) -> None:
    """Nothing wakes the app, and nothing is asked."""
    async with catching_up(None, **off) as (w, registry):
        assert not await w.host.run_timer(names.CATCH_UP)
        assert {} == dict(registry.arm.asked)


async def test_a_quiet_run_costs_one_request_for_each_webhook() -> None:
    """The engine gets none, however many delivered events the logs hold."""
    async with catching_up() as (w, registry):
        for n in range(20):
            await registry.fire(f"p{n}")
        await asyncio.sleep(3 * RUN)  # past the deadlines, whose timers still come, cancelled
        before, asked = w.host.stats.copy(), dict(registry.arm.asked)
        await w.host.run_timer(names.CATCH_UP)
        await w.host.settle()
        spent = {k: v for k, v in (w.host.stats - before).items() if k.startswith("storage.")}
        assert {} == spent
        more = {name: count - asked[name] for name, count in registry.arm.asked.items()}
        assert {"list": 0} | {f"acrglobal{region}": 1 for region in REGIONS} == more


async def test_a_log_that_cannot_be_read_holds_up_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its events come when it can be."""
    caplog.set_level(logging.INFO)
    async with catching_up(TIMEOUT="1h") as (w, registry):
        await registry.fire("p1", lost=True)
        await asyncio.sleep(61)
        registry.arm.troubles["acrglobaleastus"] = [(403, {})]
        await w.host.run_timer(names.CATCH_UP)
        await asyncio.sleep(10)
        assert {"westeurope", "northeurope"} == regions(caplog)
        await asyncio.sleep(RUN)
        assert ["complete"] == w.verdicts()
        (line,) = lines(caplog, "cannot-catch-up")
        assert line["cause"].startswith("myregistry/acrglobaleastus: ")


async def test_a_region_without_a_webhook_of_ours_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """The other regions are read; by their URL, where no name is ours."""
    caplog.set_level(logging.INFO)
    async with catching_up(REGIONS="eastus,westeurope,southeastasia") as (_, registry):
        there = [webhook("theirs", "eastus"), webhook("acrglobalwesteurope", "westeurope")]
        registry.arm.webhooks = there
        await registry.fire("p1", "eastus", "westeurope", lost=True)
        registry.arm.logs["theirs"] = registry.arm.logs.pop("acrglobaleastus")  # type: ignore[attr-defined, index]
        await asyncio.sleep(2 * RUN)
        assert {"eastus", "westeurope"} == regions(caplog)
        (line,) = lines(caplog, "cannot-catch-up")
        assert "southeastasia: the registry has no webhook in this region" in line["cause"]


async def test_a_wrong_setting_keeps_out_what_it_names(caplog: pytest.LogCaptureFixture) -> None:
    """It is tried once in a process, for settings change with a new one only; others are not held
    up."""
    wrong = {"wrong.example": {"regions": ["west/europe"]}}
    async with catching_up(REGISTRIES=json.dumps(wrong)) as (w, registry):
        at = utcnow().isoformat()
        for region in REGIONS:
            registry.note(region, event("p0", at=at, host="wrong.example", tag="v0"), "503")
        await registry.fire("p1", lost=True)
        await asyncio.sleep(3 * RUN)
        assert ["complete"] == w.verdicts()
        assert 3 == len(lines(caplog, "settings-wrong"))


async def test_a_log_that_is_too_long_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its newest entries are read."""
    for module in (event_log, logs):
        monkeypatch.setattr(module, "MAX_EVENTS", 3)
    async with catching_up(LATE_WINDOW="0") as (w, registry):
        for n in range(4):
            await registry.fire(f"p{n}", "eastus", lost=True, tag=f"v{n}")
        await asyncio.sleep(2 * RUN)
        assert {"p1", "p2", "p3"} == {i for i in w.host.storage.instances if is_push(i)}
        assert "more than 3 events" in lines(caplog, "cannot-catch-up")[0]["cause"]


async def test_a_late_window_counts_from_when_it_was_told() -> None:
    """A region whose event comes with a later run is still waited for."""
    async with catching_up(LATE_WINDOW="1h") as (w, registry):
        await registry.fire("p1", *REGIONS[:2], lost=True)
        w.host.hazards = Hazards(management_errors=1.0)
        await asyncio.sleep(8_000)
        w.host.hazards = Hazards()
        await asyncio.sleep(2 * RUN)
        assert ["overdue"] == w.verdicts()
        await w.push("p1", REGIONS[2:])
        await asyncio.sleep(60)
        assert ["overdue", "recovered"] == w.verdicts()


async def test_a_push_that_was_caught_up_outlives_pythons_death() -> None:
    """Its next life has the deadline of its event, too."""
    async with catching_up(TIMEOUT="1h", LATE_WINDOW="0") as (w, registry):
        began = utcnow()
        await registry.fire("p1", *REGIONS[:2], lost=True)
        await asyncio.sleep(2 * RUN)
        await break_off(w)
        await asyncio.sleep(30)
        await insist(w, REGIONS[1])
        await asyncio.sleep(4_000)
        (message,) = w.messages
        assert ("overdue", [REGIONS[2]]) == (message["type"], message["missing"])
        deadline = datetime.fromisoformat(message["deadline"])
        assert 3_600 == pytest.approx((deadline - began).total_seconds(), abs=2)


class OddMark(BaseModel):
    """What somebody has started by hand under a mark's name."""

    webhooks: int = 5


async def test_a_mark_that_cannot_be_read_is_passed_over() -> None:
    """It costs nothing; what is settled is marked beside it."""
    async with catching_up() as (w, registry):
        await engine_of(w).start(names.NOTE_OPEN, f"{MARKS}0.by-hand", OddMark())
        await registry.fire("p1", lost=True)
        await asyncio.sleep(3 * RUN)
        assert ["complete"] == w.verdicts()
        assert 2 == len(marks(w))
