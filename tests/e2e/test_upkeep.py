"""What has ended is removed once it has been kept for its time; in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acr_global.correlation import MARKS, NOTES
from acr_global.functions.durable import engine, names, wire
from acr_global.functions.durable.engine import Engine, EngineError, Listing
from acr_global.functions.records import purging
from acr_global.functions.records.ledgers import LedgerError, MemoryLedger
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from tests.e2e.test_corners import durable
from tests.e2e.test_couriers import lines
from tests.e2e.test_purging import CONTENT, DAY, keyed, letters, with_a_courier
from tests.e2e.test_reviving import engine_of, give_up


async def upkeep(w: World) -> None:
    """One run of the timer."""
    await w.host.run_timer(names.PURGE_FINISHED)
    await w.host.settle()


def kept(w: World) -> list[str]:
    """The ids of all instances."""
    return sorted(w.host.storage.instances)


async def listed(w: World) -> list[str]:
    """The ids of the pushes in the list."""
    _, page = await w.call("GET", "pushes")
    return [push["id"] for push in page["pushes"]]


async def test_what_has_ended_is_kept_for_its_time(caplog: pytest.LogCaptureFixture) -> None:
    """Then it is gone, from the list as well, and counted in the log."""
    caplog.set_level("INFO")
    async with world(KEEP="20d") as w:
        await w.push("p1")
        await asyncio.sleep(15 * DAY)
        await w.push("p2")
        await asyncio.sleep(4.9 * DAY)
        await upkeep(w)
        assert ["p1", "p2"] == kept(w)
        assert ["p2", "p1"] == await listed(w)
        assert [] == lines(caplog, "purged")
        await asyncio.sleep(0.2 * DAY)
        await upkeep(w)
        assert ["p2"] == kept(w)
        assert ["p2"] == await listed(w)
        assert [{"removed": {"row": 1, "push": 1}}] == lines(caplog, "purged")


@pytest.mark.parametrize(("days", "left"), [(15, True), (40, True)])
async def test_a_dead_letter_is_kept_longer(days: int, left: bool) -> None:
    """It can be replayed when its push is gone; with 0 it stays."""
    async with world(KEEP="14d", KEEP_DEAD_LETTERS="20d" if days == 15 else "0") as w:
        w.receivers["ops"].answers = [400]
        await w.push("p1")
        await asyncio.sleep(days * DAY)
        await upkeep(w)
        assert ["_delivery.complete.p1"] == kept(w)
        assert 202 == (await w.call("POST", "deadletters/_delivery.complete.p1/replay"))[0]
        await w.host.settle()
        assert 2 == len(w.receivers["ops"].requests)


async def test_a_dead_letter_goes_in_the_end() -> None:
    """As old as the setting says."""
    async with world(KEEP="14d", KEEP_DEAD_LETTERS="20d") as w:
        w.receivers["ops"].answers = [400]
        await w.push("p1")
        await asyncio.sleep(21 * DAY)
        await upkeep(w)
        assert [] == kept(w) == await letters(w)


async def test_dead_letters_may_go_before_all_else() -> None:
    """Their push stays."""
    async with world(KEEP="60d", KEEP_DEAD_LETTERS="14d") as w:
        w.receivers["ops"].answers = [400]
        await w.push("p1")
        await asyncio.sleep(15 * DAY)
        await upkeep(w)
        assert ["p1"] == kept(w)


async def test_the_time_counts_from_the_end() -> None:
    """The list, too, has a push as long as it can be shown, however long it was waited for. The
    group of its alarm goes like a push."""
    async with world(KEEP="14d", TIMEOUT="5d", LATE_WINDOW="0") as w:
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(18 * DAY)
        await upkeep(w)
        assert ["p1"] == await listed(w)
        assert ["_group", "p1"] == [one.partition(".")[0] for one in kept(w)]
        await asyncio.sleep(3 * DAY)
        await upkeep(w)
        assert [] == kept(w) == await listed(w)


async def test_with_0_everything_stays() -> None:
    """The dead letters, too."""
    async with world(KEEP="0", KEEP_DEAD_LETTERS="14d") as w:
        w.receivers["ops"].answers = [400]
        await w.push("p1")
        await asyncio.sleep(40 * DAY)
        await upkeep(w)
        assert ["_delivery.complete.p1", "p1"] == kept(w)
        assert ["p1"] == await listed(w)


async def test_a_letter_that_was_replayed_never_comes_back() -> None:
    """It was dead, and so kept longer than the replay that was delivered: they go together."""
    async with world(KEEP="14d", KEEP_DEAD_LETTERS="60d") as w:
        w.receivers["ops"].answers = [400]
        await w.push("p1")
        await asyncio.sleep(DAY)
        assert 202 == (await w.call("POST", "deadletters/_delivery.complete.p1/replay"))[0]
        for _ in range(20):
            await asyncio.sleep(DAY)
            await upkeep(w)
            assert [] == await letters(w)
        assert [] == kept(w)


async def test_a_purge_that_is_broken_off_brings_no_letter_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The newest delivery goes last."""
    purge = Engine.purge

    async def failing(self: Engine, instance_id: str) -> None:
        if instance_id == "_delivery.complete.p1":
            raise EngineError("purge: answered 500")
        await purge(self, instance_id)

    async with world(KEEP="14d", KEEP_DEAD_LETTERS="60d") as w:
        w.receivers["ops"].answers = [400]
        await w.push("p1")
        await asyncio.sleep(DAY)
        assert 202 == (await w.call("POST", "deadletters/_delivery.complete.p1/replay"))[0]
        await asyncio.sleep(20 * DAY)
        with monkeypatch.context() as patch:
            patch.setattr(Engine, "purge", failing)
            await upkeep(w)
        assert [] == await letters(w)
        await upkeep(w)
        assert [] == kept(w)


async def test_a_replay_that_failed_keeps_what_was_before_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The newest delivery decides for all of a message's."""
    caplog.set_level("INFO")
    async with world(KEEP="14d", KEEP_DEAD_LETTERS="60d") as w:
        w.receivers["ops"].answers = [400, 400]
        await w.push("p1")
        await asyncio.sleep(50 * DAY)
        assert 202 == (await w.call("POST", "deadletters/_delivery.complete.p1/replay"))[0]
        await asyncio.sleep(20 * DAY)
        await upkeep(w)
        assert ["_delivery.complete.p1", "_delivery.complete.p1~1"] == kept(w)
        await asyncio.sleep(41 * DAY)
        await upkeep(w)
        assert [] == kept(w)
        assert {"delivery": 2} == lines(caplog, "purged")[-1]["removed"]


async def test_a_push_that_was_given_up_can_be_tried_again_until_its_record_goes() -> None:
    """Its instance holds what the next life begins with."""
    async with world(KEEP="14d", KEEP_DEAD_LETTERS="60d", TIMEOUT="1h") as w:
        await give_up(w)
        await asyncio.sleep(50 * DAY)
        await upkeep(w)
        assert "p1" in kept(w)
        assert 202 == (await w.call("POST", "pushes/p1/retry"))[0]
        await asyncio.sleep(DAY)
        assert ["overdue"] == w.verdicts()


async def test_what_is_open_stays() -> None:
    """However old it is: an operator has suspended it."""
    async with world(KEEP="14d") as w:
        await w.push("p1", REGIONS[:1])
        assert 202 == await durable(w, "instances/p1/suspend?reason=why", {})
        await asyncio.sleep(40 * DAY)
        await upkeep(w)
        assert ["p1"] == kept(w)


async def test_what_runs_again_is_not_removed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It has begun between the look and the purge: the engine refuses, and the others go."""
    async with world(KEEP="14d") as w:
        for push in ("p1", "p2", "p3"):
            await w.push(push)
        await asyncio.sleep(20 * DAY)
        purge = Engine.purge

        async def begun_meanwhile(self: Engine, instance_id: str) -> None:
            if instance_id == "p2":
                w.host.storage.instances["p2"].runtime_status = "Running"
            await purge(self, instance_id)

        monkeypatch.setattr(Engine, "purge", begun_meanwhile)
        await upkeep(w)
        assert ["p2"] == kept(w)
        assert 1 == lines(caplog, "not-purged")[0]["times"]


async def test_couriers_probes_and_groups_go_and_what_has_an_owner_stays() -> None:
    """Notes and marks are removed by those who write them."""
    async with world(KEEP="14d") as w:
        await with_a_courier(w, {"id": "p1", "action": "push", "target": {"repository": "a"}})
        nothing = wire.OpenNote(instances=())
        for instance_id in ("_group.a.1", "_probe.1", "_other", f"{NOTES}1", f"{MARKS}1"):
            await engine_of(w).start(names.NOTE_OPEN, instance_id, nothing)
        await asyncio.sleep(20 * DAY)
        assert any(instance_id.startswith("_courier.") for instance_id in kept(w))
        await upkeep(w)
        assert [f"{MARKS}1", f"{NOTES}1"] == kept(w)


@pytest.mark.parametrize(
    ("kind", "instance_id"),
    [
        ("push", "content-ab.99999999"),
        ("delivery", "_delivery.complete.p1~2"),
        ("courier", "_courier.eastus.p1"),
        ("group", "_group.ab.1"),
        ("probe", "_probe.1.ab"),
        ("other", "_by-hand.1"),
    ],
)
def test_what_is_removed_is_counted_by_kind(kind: str, instance_id: str) -> None:
    """There are few kinds, whatever the ids."""
    assert kind == purging.kind_of(instance_id)


async def test_an_engine_that_does_not_answer_costs_one_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The rows go all the same; the next run does the rest."""
    caplog.set_level("INFO")
    async with world(KEEP="14d") as w:
        await w.push("p1")
        await asyncio.sleep(20 * DAY)
        w.host.hazards = Hazards(management_errors=1.0)
        await upkeep(w)
        assert lines(caplog, "not-purged")
        assert [{"removed": {"row": 1}}] == lines(caplog, "purged")
        w.host.hazards = Hazards()
        await upkeep(w)
        assert [] == kept(w)


async def test_a_table_that_does_not_answer_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The rows go with the next run."""
    async with world(KEEP="14d") as w:
        await w.push("p1")
        await asyncio.sleep(20 * DAY)

        async def failing(*_: Any) -> None:
            raise LedgerError("HttpResponseError 500")

        with monkeypatch.context() as patch:
            patch.setattr(MemoryLedger, "read", failing)
            await upkeep(w)
        assert "HttpResponseError 500" == lines(caplog, "not-purged")[0]["cause"]
        assert [] == kept(w)
        assert ["p1"] == await listed(w)
        await upkeep(w)
        assert [] == await listed(w)


async def test_what_one_run_has_no_time_for_the_next_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes on where the last one was cut off, page by page."""
    monkeypatch.setattr(purging, "RUN_SECONDS", 3.5)
    monkeypatch.setattr(engine, "PAGE_ROWS", 1)
    purge = Engine.purge

    async def slow(self: Engine, instance_id: str) -> None:
        await asyncio.sleep(1)
        await purge(self, instance_id)

    async with world(KEEP="14d") as w:
        for n in range(8):
            await w.push(f"p{n}")
        await asyncio.sleep(20 * DAY)
        monkeypatch.setattr(Engine, "purge", slow)
        for left in (5, 2, 0):
            await w.host.run_timer(names.PURGE_FINISHED)
            await asyncio.sleep(60)
            assert left == len(kept(w))


async def test_a_page_of_what_stays_holds_up_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead letter comes before its push, and is kept longer."""
    list_ended, pages = Engine.list_ended, iter(range(10))

    async def bounded(self: Engine, before: datetime, after: str | None = None) -> Listing:
        if next(pages, None) is None:
            raise EngineError("the run goes round for ever")
        return await list_ended(self, before, after)

    monkeypatch.setattr(engine, "PAGE_ROWS", 1)
    monkeypatch.setattr(Engine, "list_ended", bounded)
    async with world(KEEP="14d") as w:
        w.receivers["ops"].answers = [400]
        await w.push("p1")
        await asyncio.sleep(15 * DAY)
        await upkeep(w)
        assert ["_delivery.complete.p1"] == kept(w)


async def test_many_rows_are_removed_page_by_page() -> None:
    """Each under all its keys; those that are young stay."""
    async with world(KEEP="14d") as w:
        for n in range(60):
            await w.push(f"p{n}", tag=f"v{n}")
        await asyncio.sleep(10 * DAY)
        await w.push("young")
        await asyncio.sleep(5 * DAY)
        await upkeep(w)
        assert ["young"] == await listed(w)
        for query in ("image=team/app:v7", "repository=team/app", f"image=sha256:{'0' * 64}"):
            _, page = await w.call("GET", f"pushes?{query}")
            assert [] == [push for push in page["pushes"] if push["id"] != "young"]


async def test_a_run_with_nothing_to_do_costs_one_read() -> None:
    """However much is kept. (What the table reads for it is the benchmarks' subject.)"""
    async with world(KEEP="14d") as w:
        reads = []
        for many in (1, 30):
            for n in range(many):
                await w.push(f"p{n}")
            await asyncio.sleep(30)
            before = w.host.stats.copy()
            await upkeep(w)
            after = w.host.stats - before
            reads.append({k: v for k, v in after.items() if k.startswith("storage.")})
        assert [{"storage.read": 1}] * 2 == reads


@dataclass(frozen=True)
class Step:
    """Wait so many seconds, then do something."""

    wait: int
    what: str


steps = st.lists(
    st.builds(
        Step,
        st.integers(0, 9 * DAY),
        st.sampled_from(["push", "push", "dead", "replay", "upkeep", "upkeep", "repeat"]),
    ),
    max_size=16,
)
SHORT, LONG = timedelta(days=14), timedelta(days=25)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
async def test_whenever_it_runs_nothing_is_told_wrong_or_lost(played: list[Step]) -> None:
    """Pushes of one content, some of them not delivered, replays, repeats: each push is told once,
    each dead letter stays for its time and never comes back, and what is due is gone."""
    own: dict[str, Any] = {"KEEP": "14d", "KEEP_DEAD_LETTERS": "25d", "LATE_WINDOW": "0"}
    async with world(**own, **CONTENT) as w:
        number, pushed_at = 0, utcnow() - timedelta(days=1_000)
        for step in [Step(0, "push"), *played]:
            await asyncio.sleep(step.wait)
            match step.what:
                case "push" | "dead":
                    w.receivers["ops"].answers = [400] if step.what == "dead" else []
                    number, pushed_at = number + 1, utcnow()
                    for region in REGIONS:
                        await w.post(keyed(number, region), region)
                    await asyncio.sleep(60)
                case "replay":
                    for letter in await letters(w):
                        await w.call("POST", f"deadletters/{letter['id']}/replay")
                    await w.host.settle()
                case "repeat" if utcnow() - pushed_at < SHORT:
                    await w.post(keyed(number, REGIONS[0]), REGIONS[0])
                case "upkeep":
                    await _one_run(w)
        told = [body for _, body in w.receivers["ops"].requests]
        assert {"complete"} == {body["type"] for body in told}
        assert number == len({body["id"] for body in told})


async def _one_run(w: World) -> None:
    there, now = dict(w.host.storage.instances), utcnow()
    dead = {letter["id"] for letter in await letters(w)}
    await upkeep(w)
    age = {instance_id: now - row.last_updated for instance_id, row in there.items()}
    left = {letter["id"] for letter in await letters(w)}
    assert left == {letter for letter in dead if age[letter] <= LONG}
    gone = there.keys() - w.host.storage.instances.keys()
    assert all(there[one].finished and age[one] > SHORT for one in gone)
    pushes = {one for one in there if not one.startswith("_")}
    assert {one for one in pushes if age[one] > SHORT} == gone & pushes
