"""Webhooks of one push that are in one process at the same moment; in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from acr_global.functions.arrivals import searching
from acr_global.functions.arrivals.searching import Search
from acr_global.functions.durable.engine import AlreadyExistsError, Engine, EngineError
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.storage import Instance
from tests.e2e.test_couriers import lines, lose_the_start
from tests.e2e.test_reviving import break_off, insist
from tests.e2e.test_scenes_truth import reports

CALLS = ("look", "look_back", "start", "raise_event")


def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each webhook look for its place alone, as if it were in a process of its own."""
    monkeypatch.setattr(Search, "takes", lambda *_: False)


@pytest.fixture(name="asked")
def calls_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What the engine has been asked, by call. A call takes a while, so that others come."""
    return count_calls(monkeypatch, seconds=0.05)


def count_calls(monkeypatch: pytest.MonkeyPatch, seconds: float) -> Counter[str]:
    """What the engine is asked from now on, by call; each takes so long."""
    asked = Counter[str]()

    def counting(name: str) -> Any:
        call = getattr(Engine, name)

        async def counted(self: Engine, *args: Any, **more: Any) -> Any:
            asked[name] += 1
            await asyncio.sleep(seconds)
            return await call(self, *args, **more)

        return counted

    for name in CALLS:
        monkeypatch.setattr(Engine, name, counting(name))
    return asked


async def together(w: World, *regions: str, push: str = "p1", **query: str) -> list[Any]:
    """Post a push from these regions at the same moment; status and reason of each answer."""
    posts = (w.post(event(push), region, **query) for region in regions or REGIONS)
    return [(status, body.get("reason")) for status, body in await asyncio.gather(*posts)]


def row(w: World) -> Instance:
    """The push's instance."""
    return w.host.storage.instances["p1"]


async def heard(w: World) -> set[str]:
    """The regions that had reported when the push was decided."""
    await w.until(lambda: w.messages)
    await w.host.settle()
    return set(reports(row(w).output))


async def test_regions_that_report_at_once_begin_their_push_together(
    asked: Counter[str], caplog: pytest.LogCaptureFixture
) -> None:
    """One look, one start that holds all of them, and one to see that it won; no event."""
    caplog.set_level("INFO")
    async with world() as w:
        assert [(202, None)] * 3 == await together(w)
        assert set(REGIONS) == await heard(w)
        assert {"look": 2, "start": 1} == asked
        assert ["start"] * 3 == [line["kept"] for line in lines(caplog, "webhook")]
        assert "EventRaised" not in {e["EventType"] for e in row(w).history}
        assert ["complete"] == w.verdicts()


async def test_who_comes_a_moment_later_is_in_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first has waited for others, and does so once."""
    asked = count_calls(monkeypatch, seconds=0.001)
    async with world() as w:
        began = asyncio.get_running_loop().time()
        first = asyncio.create_task(together(w, REGIONS[0]))
        await asyncio.sleep(0.03)
        assert [(202, None)] * 2 == await together(w, *REGIONS[1:])
        assert [(202, None)] == await first
        assert asyncio.get_running_loop().time() - began < 0.1
        assert {"look": 2, "start": 1} == asked
        assert set(REGIONS) == await heard(w)


async def test_no_look_is_wasted_on_a_start_that_has_just_been_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever comes after it looks when the push has mostly begun, and all of them together."""
    asked = count_calls(monkeypatch, seconds=0.001)
    async with world(hazards=Hazards(gap=(0.08, 0.08))) as w:
        first = asyncio.create_task(together(w, REGIONS[0]))
        await asyncio.sleep(0.06)
        second = asyncio.create_task(together(w, REGIONS[1]))
        await asyncio.sleep(0.03)
        assert [(202, None)] == await together(w, REGIONS[2])
        assert [(202, None)] * 2 == [*await first, *await second]
        assert {"look": 3, "start": 1, "raise_event": 2} == asked
        assert set(REGIONS) == await heard(w)


@pytest.mark.parametrize("correlation", ["id", "content"])
async def test_a_push_that_has_begun_waits_for_nobody(correlation: str) -> None:
    """Its later regions are answered at once."""
    async with world(CORRELATION=correlation) as w:
        await w.push("p1", REGIONS[:1])
        await asyncio.sleep(10)
        began = asyncio.get_running_loop().time()
        await w.push("p1", REGIONS[1:])
        assert asyncio.get_running_loop().time() - began < 0.01


@pytest.mark.parametrize(("correlation", "query"), [("content", {}), ("id", {"caught_up": "true"})])
async def test_the_first_waits_for_nobody_where_none_will_come(
    correlation: str, query: dict[str, str]
) -> None:
    """By content nobody can join it; and what is caught up comes one after another."""
    async with world(CORRELATION=correlation) as w:
        began = asyncio.get_running_loop().time()
        assert [(202, None)] == await together(w, REGIONS[0], **query)
        assert asyncio.get_running_loop().time() - began < 0.01


async def test_to_wait_for_others_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the start then hangs, that is what the operator is told."""

    async def hangs(*_: Any) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(Engine, "start", hangs)
    async with world() as w:
        assert [(503, "engine-unavailable")] == await together(w, REGIONS[0])
    (line,) = lines(caplog, "arrival-not-kept")
    assert "the engine took too long to answer" == line["cause"]


async def test_those_that_wait_for_the_beginning_look_together(asked: Counter[str]) -> None:
    """Each is raised as an event of its own."""
    async with world(hazards=Hazards(gap=(1.0, 1.0))) as w:
        first = asyncio.create_task(together(w, REGIONS[0]))
        await asyncio.sleep(0.12)
        second = asyncio.create_task(together(w, REGIONS[1]))
        await asyncio.sleep(0.2)
        assert [(202, None)] == await together(w, REGIONS[2])
        assert [(202, None)] * 2 == [*await first, *await second]
        assert {"look": 2 + 5, "start": 1, "raise_event": 2} == asked
        assert set(REGIONS) == await heard(w)


async def test_a_start_that_another_process_wins_costs_none_of_them(
    monkeypatch: pytest.MonkeyPatch, asked: Counter[str]
) -> None:
    """All that were in it are raised as events."""
    start, others = Engine.start, list[str]()

    async def overtaken(self: Engine, name: str, push: str, data: Any) -> None:
        if not others:
            others.append(push)
            alone = data.model_copy(update={"nonce": "another", "more": ()})
            await start(self, name, push, alone)
            raise AlreadyExistsError("start: answered 409")
        await start(self, name, push, data)

    monkeypatch.setattr(Engine, "start", overtaken)
    async with world() as w:
        assert [(202, None)] * 3 == await together(w)
        assert set(REGIONS) == await heard(w)
        assert 3 == asked["raise_event"]
        assert not [n for n in w.host.storage.instances if n.startswith("_courier")]
        assert ["complete"] == w.verdicts()


async def test_who_joins_has_all_of_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine answers again when the first has used up its 4.2 s, and the second has not."""
    look = Engine.look

    async def away(self: Engine, *args: Any, **more: Any) -> Any:
        if asyncio.get_running_loop().time() < back:
            raise EngineError("away")
        return await look(self, *args, **more)

    async def no_courier(*_: Any) -> None:
        raise EngineError("away")

    monkeypatch.setattr(Engine, "look", away)
    monkeypatch.setattr(Search, "send_couriers", no_courier)
    async with world() as w:
        back = asyncio.get_running_loop().time() + 4.5
        first = asyncio.create_task(together(w, REGIONS[0]))
        await asyncio.sleep(0.8)
        second = asyncio.create_task(together(w, REGIONS[1]))
        assert [(503, "engine-unavailable")] == await first
        assert [(202, None)] == await second
        assert {REGIONS[1]} == set(row(w).custom_status["reports"])


async def test_who_comes_while_the_start_is_on_its_way_is_not_in_it(asked: Counter[str]) -> None:
    """It looks for a place of its own."""
    async with world() as w:
        first = asyncio.create_task(together(w, REGIONS[0]))
        await asyncio.sleep(0.07)
        assert {"look": 1, "start": 1} == asked
        assert [(202, None)] * 2 == await together(w, *REGIONS[1:])
        assert [(202, None)] == await first
        assert set(REGIONS) == await heard(w)


async def test_each_of_them_has_a_courier_where_the_push_does_not_begin() -> None:
    """By its region's name, for the look before an alarm asks for it by that; and at once."""
    async with world() as w:
        await lose_the_start(w)
        began = asyncio.get_running_loop().time()
        assert [(202, None)] * 2 == await together(w, *REGIONS[1:])
        assert asyncio.get_running_loop().time() - began < 2.5
        for region in REGIONS[1:]:
            given = json.loads(w.host.storage.instances[f"_courier.{region}.p1"].input)
            assert [region] == [arrival["region"] for arrival in given["arrivals"]]
            assert region == given["start"]["arrival"]["region"]
        await asyncio.sleep(1_200)
        assert ["complete"] == w.verdicts()


async def test_who_comes_late_has_no_courier_too_early() -> None:
    """The push begins before it has waited for 2 s, as the first has."""
    async with world(hazards=Hazards(gap=(2.5, 2.5))) as w:
        await together(w, REGIONS[0])
        first = asyncio.create_task(together(w, REGIONS[1]))
        await asyncio.sleep(1.2)
        assert [(202, None)] == await together(w, REGIONS[2])
        assert [(202, None)] == await first
        couriers = [n for n in w.host.storage.instances if n.startswith("_courier")]
        assert [f"_courier.{REGIONS[1]}.p1"] == couriers


async def test_the_next_life_holds_all_of_them() -> None:
    """They find the push broken off."""
    async with world() as w:
        await insist(w, REGIONS[0])
        await break_off(w)
        assert [(202, None)] * 2 == await together(w, *REGIONS[1:])
        assert set(REGIONS) == await heard(w)
        assert ["complete"] == w.verdicts()


async def test_a_push_that_is_over_is_over_for_each(caplog: pytest.LogCaptureFixture) -> None:
    """Decided, or ended by somebody: then each is logged."""
    async with world() as w:
        await w.push("p1")
        await w.until(lambda: w.messages)
        assert [(200, "already-decided")] * 3 == await together(w)
        await together(w, REGIONS[0], push="p2")
        await asyncio.sleep(1)
        w.host.storage.instances["p2"].runtime_status = "Terminated"
        await asyncio.sleep(10)
        assert [(200, "terminated")] * 2 == await together(w, *REGIONS[1:], push="p2")
        assert set(REGIONS[1:]) == {line["region"] for line in lines(caplog, "push-terminated")}


async def test_what_was_caught_up_begins_no_push_with_what_comes_by_itself(
    asked: Counter[str],
) -> None:
    """The deadline of such a push counts from the event's own time."""
    async with world() as w:
        late = asyncio.create_task(together(w, REGIONS[0], caught_up="true"))
        assert [(202, None)] * 2 == await together(w, *REGIONS[1:])
        assert [(202, None)] == await late
        await w.until(lambda: w.messages)
        assert 2 <= asked["start"] + asked["raise_event"]
        assert ["complete"] == w.verdicts()


async def test_by_content_each_looks_alone(asked: Counter[str]) -> None:
    """Which push an event is of, its look tells."""
    async with world(CORRELATION="content") as w:
        assert [(202, None)] * 3 == await together(w)
        await w.until(lambda: w.messages)
        assert 1 <= asked["raise_event"]
        assert ["complete"] == w.verdicts()


async def test_a_start_holds_so_many_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever repeats one webhook over and over makes no input without end."""
    monkeypatch.setattr(searching, "MAX_TOGETHER", 4)
    async with world() as w:
        assert {(202, None)} == set(await together(w, *[REGIONS[0]] * 30, *REGIONS[1:]))
        await w.until(lambda: w.messages)
        assert len(json.loads(row(w).input)["more"]) < 4
        assert ["complete"] == w.verdicts()
