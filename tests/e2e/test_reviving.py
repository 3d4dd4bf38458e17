"""A push that breaks off goes on with what it knew; Python dies, in virtual time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acr_global.correlation import event_name
from acr_global.functions import clock
from acr_global.functions.app import build_app
from acr_global.functions.durable import names
from acr_global.functions.durable.engine import Engine, EngineError, Phase, Snapshot
from acr_global.functions.durable.journal import Journal
from acr_global.functions.recovery import awaking, mending
from acr_global.functions.recovery.orphans import Orphan, orphans
from acr_global.model import Arrival
from acr_global_rig.receivers import every_verdict
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from tests.e2e.test_couriers import lines

LAST = REGIONS[2]


def dying(*where: str) -> Hazards:
    """Hazards by which Python dies at these places."""
    return Hazards.parse(",".join(f"python-dies={place}" for place in where))


async def insist(w: World, *regions: str, push: str = "p1") -> None:
    """Post each region's webhook until it is answered that it is kept."""
    for region in regions or REGIONS:
        await w.insist(push, region)


def arrival(region: str) -> Arrival:
    """An arrival as the starter would have kept it."""
    return Arrival(region=region, event_id="p1", received_at=utcnow())


def engine_of(w: World) -> Engine:
    """The engine, as a process of the app asks it."""
    return Engine(f"{w.host.url}/durabletask/")


async def next_process(w: World, *broken: str, arrivals: tuple[Arrival, ...] = ()) -> None:
    """Do what a new process does that finds its predecessor's journal."""
    orphan = Orphan((), turns=set(broken), arrivals={"p1": list(arrivals)})
    await awaking.see_to(orphan, engine_of(w))


async def break_off(w: World) -> None:
    """Let Python die in a turn of the push, caused by an event that is no region's."""
    await asyncio.sleep(1)
    w.host.hazards = dying("turn-before@1")
    async with w.session.post(
        f"{w.host.url}/durabletask/instances/p1/raiseEvent/hello", json={}
    ) as answer:
        assert 202 == answer.status
    await asyncio.sleep(3)
    assert "Failed" == w.host.storage.instances["p1"].runtime_status


@pytest.mark.parametrize("turn", range(1, 6))
@pytest.mark.parametrize("side", ["before", "after"])
async def test_a_push_whose_turn_breaks_off_goes_on_with_the_next_webhook(
    side: str, turn: int
) -> None:
    """Whichever turn it was, everything that the push had heard counts."""
    async with world(hazards=dying(f"turn-{side}@{turn}")) as w:
        await insist(w)
        await insist(w)  # the registry repeats nothing; somebody who reads the log does
        await asyncio.sleep(300)
        assert ["complete"] == w.verdicts()


async def test_a_verdict_before_its_time_was_up_had_all_regions() -> None:
    """Whatever the clocks say: the one who takes webhooks is ahead of the one who decides. An alarm
    would come at the first minute of ten."""
    async with world() as w:
        clock.utcnow = lambda: utcnow() + timedelta(seconds=0.2)
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(5)
        w.host.hazards = dying("activity-before@1", "turn-before@2")
        await w.push("p1", REGIONS[2:])
        await asyncio.sleep(2)
        assert "Failed" == w.host.storage.instances["p1"].runtime_status
        w.host.hazards = Hazards()
        await next_process(w, "p1")
        await asyncio.sleep(3_000)
        assert ["complete"] == w.verdicts()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    deaths=st.lists(
        st.tuples(
            st.sampled_from(["turn-before", "turn-after", "activity-before", "activity-after"]),
            st.integers(1, 9),
        ),
        min_size=1,
        max_size=3,
    ),
    order=st.permutations(REGIONS),
    late=st.sampled_from([0, 0, 45, 90, 300]),
    seed=st.integers(0, 1_000),
    ahead=st.sampled_from([0.0, 0.0, 0.2, 30.0, -30.0]),
)
async def test_wherever_python_dies_a_push_has_one_true_outcome(
    deaths: list[tuple[str, int]], order: list[str], late: int, seed: int, ahead: float
) -> None:
    """It is complete; or, where the last region came after the deadline, overdue and then
    recovered. `ahead`: seconds by which the clock of who takes webhooks is."""
    hazards = dying(*(f"{place}@{nth}" for place, nth in deaths))
    async with world(hazards=hazards, seed=seed, TIMEOUT="1m", LATE_WINDOW="1h") as w:
        clock.utcnow = lambda: utcnow() + timedelta(seconds=ahead)
        await insist(w, *order[:2])
        await asyncio.sleep(late)
        await insist(w, *order[2:])
        await asyncio.sleep(100)
        await insist(w)
        await asyncio.sleep(2 * 3_600)
        stories = (["complete"], ["overdue", "recovered"])
        assert w.verdicts() in stories
        if not late:
            assert ["complete"] == w.verdicts()


async def test_a_turn_that_no_journal_shows_as_under_way_is_seen_to() -> None:
    """Python had not read it, or its answer was not read: something else was noted just now."""
    async with world() as w:
        await insist(w, *REGIONS[:2])
        await break_off(w)
        orphan = Orphan((), just_now={"p1"}, arrivals={"p1": [arrival(LAST)]})
        await awaking.see_to(orphan, engine_of(w))
        await asyncio.sleep(30)
        assert ["complete"] == w.verdicts()


async def test_an_instance_that_cannot_be_looked_at_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was left of it is tried again."""
    look = Engine.look

    async def failing(self: Engine, instance_id: str, **options: Any) -> Snapshot:
        if instance_id == "odd":
            raise EngineError("an answer of another kind")
        return await look(self, instance_id, **options)

    async with world() as w:
        await insist(w, *REGIONS[:2])
        await break_off(w)
        monkeypatch.setattr(Engine, "look", failing)
        orphan = Orphan((), turns={"odd", "p1"}, arrivals={"p1": [arrival(LAST)]})
        with pytest.raises(EngineError):
            await awaking.see_to(orphan, engine_of(w))
        await asyncio.sleep(30)
        assert ["complete"] == w.verdicts()


async def test_a_push_whose_first_turn_was_not_read_is_seen_to() -> None:
    """Only its start was noted, and some time before."""
    async with world(hazards=dying("turn-before@1"), TIMEOUT="1m", LATE_WINDOW="0") as w:
        await w.push("p1", REGIONS[:1])
        await asyncio.sleep(3)
        assert "Failed" == w.host.storage.instances["p1"].runtime_status
        await awaking.see_to(Orphan((), starts={"p1"}), engine_of(w))
        await asyncio.sleep(300)
        assert ["overdue"] == w.verdicts()


async def test_a_push_that_was_begun_as_python_died_is_decided_though_none_was_told(
    tmp_path: Path,
) -> None:
    """The engine had the start; the process did not come to know, and had not read its turn."""
    dying_one = Journal(tmp_path)

    def app(environ: dict[str, str]) -> Any:
        return build_app(environ, journal=dying_one)

    hazards = dying("turn-before@1")
    async with world(app=app, hazards=hazards, TIMEOUT="1m", LATE_WINDOW="0") as w:
        assert [500] == await w.push("p1", REGIONS[:1])
        await asyncio.sleep(3)
        assert "Failed" == w.host.storage.instances["p1"].runtime_status
        dying_one.close()
        for orphan in orphans(tmp_path):
            await awaking.see_to(orphan, engine_of(w))
        await asyncio.sleep(300)
        assert ["overdue"] == w.verdicts()


async def test_the_next_process_sees_to_what_the_last_one_died_in() -> None:
    """It needs no further webhook, and what had just been accepted is not lost."""
    async with world() as w:
        await insist(w, *REGIONS[:2])
        await break_off(w)
        await next_process(w, "p1", arrivals=(arrival(LAST),))
        await asyncio.sleep(30)
        assert ["complete"] == w.verdicts()


async def test_an_alarm_after_a_break_says_that_the_record_was_interrupted() -> None:
    """It claims no more than is known, and keeps the first life's deadline."""
    async with world(TIMEOUT="10m", LATE_WINDOW="0") as w:
        begun = utcnow()
        await insist(w, *REGIONS[:2])
        await break_off(w)
        await asyncio.sleep(240)
        await next_process(w, "p1")
        await asyncio.sleep(340)
        assert [] == w.verdicts()
        await asyncio.sleep(40)
        (message,) = w.messages
        assert ("overdue", [LAST]) == (message["type"], message["missing"])
        (evidence,) = message["regions"][2]["evidence"]
        assert "interrupted" == evidence["kind"]
        assert 600 == pytest.approx((utcnow() - begun).total_seconds(), abs=30)


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_verdict_that_was_said_is_not_said_again(arrives: bool) -> None:
    """Python dies in the turn after the alarm; the next life goes on waiting for the late
    region."""
    async with world(targets=every_verdict, TIMEOUT="1m", LATE_WINDOW="1h") as w:
        await insist(w, *REGIONS[:2])
        await w.until(lambda: w.messages)
        await break_off(w)
        await next_process(w, "p1", arrivals=(arrival(LAST),) if arrives else ())
        await asyncio.sleep(2 * 3_600)
        after = "recovered" if arrives else "incomplete"
        assert ["overdue", after] == w.verdicts()
        assert 2 == len(w.receivers["ops"].requests)


async def test_a_verdict_that_was_being_said_is_said_by_the_next_life() -> None:
    """It has the same id and meaning, although the missing region has come since."""
    async with world(TIMEOUT="1m", LATE_WINDOW="1h") as w:
        ops = w.receivers["ops"]
        ops.gate = asyncio.Event()
        await insist(w, *REGIONS[:2])
        await w.until(lambda: ops.requests)
        await break_off(w)
        ops.gate.set()
        await next_process(w, "p1", arrivals=(arrival(LAST),))
        await asyncio.sleep(600)
        assert ["overdue", "overdue", "recovered"] == [b["type"] for _, b in ops.requests]
        assert ["overdue", "recovered"] == w.verdicts()


async def revived_after(w: World, last: str) -> None:
    """A push that lacks one region, in the life after the one that has said its last verdict."""
    await insist(w, *REGIONS[:2])
    await w.until(lambda: last in w.verdicts())
    await break_off(w)
    await next_process(w, "p1")
    await asyncio.sleep(1)


@pytest.mark.parametrize(
    ("window", "said"), [("0", ["overdue"]), ("1m", ["overdue", "incomplete"])]
)
async def test_a_life_that_begins_after_the_last_verdict_is_decided(
    window: str, said: list[str]
) -> None:
    """A webhook that would change nothing any more is not answered as one that is kept."""
    async with world(targets=every_verdict, TIMEOUT="1m", LATE_WINDOW=window) as w:
        await revived_after(w, said[-1])
        assert [200] == await w.push("p1", [LAST])
        await asyncio.sleep(300)
        assert said == w.verdicts()


async def test_what_was_on_its_way_to_a_life_after_the_last_verdict_counts() -> None:
    """A courier brings it, which does not ask whether the push is decided."""
    async with world(TIMEOUT="1m", LATE_WINDOW="0") as w:
        await revived_after(w, "overdue")
        await engine_of(w).raise_event("p1", event_name(LAST), arrival(LAST))
        await asyncio.sleep(300)
        assert ["overdue", "recovered"] == w.verdicts()


async def test_two_who_revive_at_once_give_one_verdict() -> None:
    """A webhook, and two processes that found the same journal, revive the push."""
    async with world() as w:
        await insist(w, *REGIONS[:2])
        await break_off(w)
        at_once = (next_process(w, "p1"), next_process(w, "p1"), insist(w, LAST))
        await asyncio.gather(*at_once)
        await asyncio.sleep(300)
        assert ["complete"] == w.verdicts()
        assert 1 == len(w.receivers["ops"].requests)


@pytest.mark.parametrize("breaks", [1, 3])
async def test_what_a_dead_process_had_accepted_is_told_though_others_revive(breaks: int) -> None:
    """A courier that knows nothing of it is under way, and may have to wait a minute itself."""
    async with world() as w:
        await insist(w, *REGIONS[:2])
        for _ in range(breaks - 1):
            await break_off(w)
            await next_process(w, "p1")
            await asyncio.sleep(20)
        await break_off(w)
        await mending.send_courier(engine_of(w), "p1")
        await next_process(w, "p1", arrivals=(arrival(LAST),))
        await asyncio.sleep(100)
        assert ["complete"] == w.verdicts()


async def give_up(w: World) -> None:
    """A push of which two regions have reported, and every turn breaks off."""
    await insist(w, *REGIONS[:1])
    await w.host.settle()
    function = w.host.index.find("orchestrationTrigger", names.WAIT_FOR_ALL_REGIONS)
    assert function is not None
    take_turn = function.call

    def broken(context: str) -> str:
        raise RuntimeError("this turn breaks")

    object.__setattr__(function, "call", broken)
    await insist(w, REGIONS[1])
    for _ in range(100):
        await asyncio.sleep(60)
        await next_process(w, "p1")
    object.__setattr__(function, "call", take_turn)


async def test_what_breaks_again_and_again_is_given_up_and_can_be_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After five lives with growing pauses come an error line and a dead letter."""
    async with world(TIMEOUT="2h") as w:
        await give_up(w)
        assert 5 == len(lines(caplog, "push-begun-anew"))
        assert lines(caplog, "push-given-up")
        _, answer = await w.call("GET", "deadletters")
        (letter,) = answer["deadletters"]
        assert ("given-up", "p1") == (letter["state"], letter["push"])
        assert 202 == (await w.call("POST", f"deadletters/{letter['id']}/replay"))[0]
        await asyncio.sleep(60)
        await insist(w, LAST)
        await w.host.settle()
        assert ["complete"] == w.verdicts()
        assert [] == (await w.call("GET", "deadletters"))[1]["deadletters"]


async def test_a_courier_that_breaks_off_goes_on() -> None:
    """Nothing else holds its arrival."""
    async with world(hazards=Hazards(invisible=1.0)) as w:
        await w.push("p1", REGIONS[:1])
        await w.host.settle()
        w.host.hazards = Hazards()
        await w.push("p1", REGIONS[2:])
        w.host.hazards = dying("turn-before@1")
        await asyncio.sleep(10)
        courier = f"_courier.{LAST}.p1"
        assert "Failed" == w.host.storage.instances[courier].runtime_status
        await next_process(w, courier)
        await asyncio.sleep(60)
        await w.push("p1", REGIONS[1:2])
        await w.host.settle()
        assert ["complete"] == w.verdicts()


async def test_a_delivery_that_breaks_off_goes_on_where_it_was() -> None:
    """The attempts that were made stay."""
    async with world() as w:
        ops = w.receivers["ops"]
        ops.answers = [503] * 3
        await w.push("p1")
        await w.until(lambda: len(ops.requests) == 2)
        await asyncio.sleep(20)  # the push itself has ended
        w.host.hazards = dying("turn-before@1")
        await asyncio.sleep(400)
        delivery = "_delivery.complete.p1"
        assert "Failed" == w.host.storage.instances[delivery].runtime_status
        await next_process(w, delivery)
        await asyncio.sleep(2 * 3_600)
        output: Any = w.host.storage.instances[delivery].output
        assert ("delivered", 4) == (output["state"], len(output["delivery"]["attempts"]))


async def test_a_turn_that_was_only_interrupted_needs_nothing() -> None:
    """Where the whole host died, the engine repeats the turn, and nothing is started."""
    async with world() as w:
        await w.push("p1", REGIONS[:2])
        await w.host.settle()
        await next_process(w, "p1", "p2", arrivals=(arrival(REGIONS[0]),))
        assert {"p1"} == set(w.host.storage.instances)
        assert Phase.BEGUN is (await engine_of(w).look("p1")).phase
