"""One region down is one alarm; in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acr_global import gathering
from acr_global.correlation import report_delivery_id
from acr_global.functions.activities import tell_group
from acr_global.functions.durable import names
from acr_global.functions.durable.engine import Engine, EngineError
from acr_global.functions.orchestrators import gather_alarms
from acr_global.functions.timers.revive_interrupted import is_open
from acr_global.functions.verdicts import joining
from acr_global.lives import MAX_LIVES
from acr_global_rig.receivers import ALL_VERDICTS, Receiver, every_verdict, webhook_targets
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost import Hazards
from tests.e2e.test_couriers import lines
from tests.e2e.test_patrol import break_turns
from tests.e2e.test_purging import letters
from tests.e2e.test_reviving import dying, engine_of, next_process
from tests.e2e.test_wrong_settings import redeploy

LAST = REGIONS[2]
HOUR = 3_600.0


def told(receiver: Receiver) -> Counter[str]:
    """How many messages of each kind a receiver was told, repeats left out."""
    return Counter(m["state"] if m["type"] == "group" else m["type"] for m in receiver.messages())


def told_singly(receiver: Receiver, kind: str) -> set[str]:
    """The pushes of which this was told by itself."""
    return {m["push"]["id"] for m in receiver.messages() if m["type"] == kind}


def reports(receiver: Receiver) -> list[Any]:
    """What a receiver was told of groups."""
    return [m for m in receiver.messages() if m["type"] == "group"]


def counts(report: Any) -> tuple[int, int, int]:
    """Waiting, recovered, incomplete."""
    return report["waiting"], report["recovered"], report["incomplete"]


def pushes(count: int, of: str = "p") -> list[str]:
    """Ids."""
    return [f"{of}{n}" for n in range(count)]


async def without(
    w: World, silent: str, names: Iterable[str], every: float = 5, **about: Any
) -> None:
    """Push, while a region does not report."""
    for name in names:
        await w.push(name, [region for region in REGIONS if region != silent], **about)
        await asyncio.sleep(every)


async def comes_back(w: World, region: str, names: Iterable[str]) -> None:
    """The region reports these pushes after all."""
    for name in names:
        await w.push(name, [region])


def groups(w: World) -> list[Any]:
    """The instances of groups, oldest first."""
    found = [i for i in w.host.storage.instances.values() if i.id.startswith("_group.")]
    return sorted(found, key=lambda i: i.id, reverse=True)


@pytest.mark.parametrize(("setting", "singly", "messages"), [("5 in 10m", 4, 11), ("0", 200, 400)])
async def test_two_hundred_pushes_without_a_region_are_one_alarm(
    setting: str, singly: int, messages: int
) -> None:
    """It comes back within the hour: 11 messages in the place of 400."""
    async with world(ALARM_GROUP=setting) as w:
        await without(w, LAST, pushes(200), every=1)
        await asyncio.sleep(1_800)
        await comes_back(w, LAST, pushes(200))
        await asyncio.sleep(1_800)
        ops = w.receivers["ops"]
        assert messages == len(ops.requests) == sum(told(ops).values())
        assert singly == told(ops)["overdue"] == told(ops)["recovered"]
        for last in reports(ops)[-1:]:
            assert ("over", (0, 200, 0)) == (last["state"], counts(last))


async def test_deletions_of_a_group_are_called_so() -> None:
    """What is told of has happened to an image, and is not always a push."""
    async with world(ALARM_GROUP="2 in 10m", ACTIONS="push,delete") as w:
        for name, action in (("p0", "delete"), ("p1", "delete"), ("p2", "push")):
            for region in REGIONS[:2]:
                await w.post(event(name) | {"action": action}, region)
            await asyncio.sleep(5)
        await asyncio.sleep(HOUR)
        last = reports(w.receivers["ops"])[-1]
        found = {push["id"]: push["action"] for push in last["pushes"]}
        assert {"p0": "delete", "p1": "delete", "p2": "push"} == found


async def test_alarms_that_come_at_once_have_one_answer_each() -> None:
    """Four of forty are told singly, as if they had come one after another."""
    async with world() as w:
        await asyncio.gather(*(w.push(name, REGIONS[:2]) for name in pushes(40)))
        await asyncio.sleep(HOUR / 2)
        assert {"overdue": 4, "behind": 2} == told(w.receivers["ops"])
        assert (40, 0, 0) == counts(reports(w.receivers["ops"])[-1])


async def test_two_regions_that_are_down_alternately_are_two_alarms() -> None:
    """Each names its own."""
    async with world() as w:
        for n in range(8):
            await without(w, REGIONS[n % 2], [f"p{n}a", f"p{n}b"])
        await asyncio.sleep(HOUR / 2)
        ops = w.receivers["ops"]
        assert 8 == told(ops)["overdue"]
        newest = {m["group"]: (m["missing"], m["waiting"]) for m in reports(ops)}
        assert [([REGIONS[1]], 8), ([REGIONS[0]], 8)] == sorted(newest.values())


async def test_a_region_that_flaps_is_one_alarm() -> None:
    """It misses each deadline and reports minutes later, for an hour: 13 messages in
    the place of 60."""
    async with world() as w:

        async def late(name: str) -> None:
            await without(w, LAST, [name], every=780)
            await comes_back(w, LAST, [name])

        async with asyncio.TaskGroup() as pushed:
            for name in pushes(30):
                pushed.create_task(late(name))
                await asyncio.sleep(120)
        await asyncio.sleep(HOUR)
        ops = w.receivers["ops"]
        assert 1 == len(groups(w))
        assert 4 == told(ops)["overdue"] == told(ops)["recovered"]
        assert 13 >= len(ops.requests)
        assert ("over", (0, 30, 0)) == (reports(ops)[-1]["state"], counts(reports(ops)[-1]))


async def test_a_few_alarms_are_told_by_themselves() -> None:
    """Their group ends without a word."""
    async with world() as w:
        await without(w, LAST, pushes(4))
        await asyncio.sleep(HOUR)
        await comes_back(w, LAST, pushes(4))
        await asyncio.sleep(HOUR)
        assert {"overdue": 4, "recovered": 4} == told(w.receivers["ops"])
        assert ["Completed"] == [g.runtime_status for g in groups(w)]


async def test_a_push_that_is_complete_has_nothing_to_do_with_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither has one that is incomplete in the end, where nobody leaves alarms to groups."""
    asked: list[Any] = []
    monkeypatch.setattr(Engine, "first_by_prefix", asked.append)
    async with world(targets=lambda there: webhook_targets(there.values(), group=False)) as w:
        await w.push("p1")
        await w.push("p2", REGIONS[:2])
        await asyncio.sleep(2 * 86_400)
        assert {"complete": 1, "overdue": 1} == told(w.receivers["ops"])
        assert [] == asked
        assert [] == groups(w)


def some(there: dict[str, Receiver]) -> list[dict[str, Any]]:
    """One target for all, one that wants each push, and one for a team's images."""
    return [
        *webhook_targets([there["ops"]]),
        *webhook_targets([there["apart"]], group=False, on=ALL_VERDICTS),
        *webhook_targets([there["team"]], match=["team/*"]),
    ]


async def test_each_target_hears_of_its_own_pushes() -> None:
    """As without groups, which one of them does without."""
    async with world("ops", "apart", "team", targets=some) as w:
        await without(w, LAST, pushes(9, "o"), repository="other/app")
        await without(w, LAST, pushes(3, "t"), repository="team/app")
        await asyncio.sleep(HOUR / 2)
        await comes_back(w, LAST, pushes(9, "o"))
        await comes_back(w, LAST, pushes(3, "t"))
        await asyncio.sleep(HOUR)
        ops, apart, team = w.receivers.values()
        assert (12, 12) == (told(apart)["overdue"], told(apart)["recovered"])
        assert [] == reports(apart)
        assert (0, 12, 0) == counts(reports(ops)[-1])
        assert [(1, 0, 0), (3, 0, 0), (0, 3, 0)] == list(map(counts, reports(team)))
        assert {"t0", "t1", "t2"} == {p["id"] for p in reports(team)[-1]["pushes"]}
        assert set() == told(team).keys() & set(ALL_VERDICTS)


async def test_a_target_that_asks_for_each_push_hears_the_end_of_an_open_group() -> None:
    """Of what it has left to the group it is told nothing else; later alarms come to it singly."""
    regions, two = ",".join(REGIONS), "2 in 10m"
    async with world(ALARM_GROUP=two) as w:
        await without(w, LAST, pushes(4))
        await asyncio.sleep(900)
        ops = w.receivers["ops"]
        await w.host.settle()
        each = json.dumps(webhook_targets([ops], group=False))
        await redeploy(w, REGIONS=regions, ALARM_GROUP=two, TARGETS=each)
        await asyncio.sleep(120)
        await without(w, LAST, ["p4"])
        await asyncio.sleep(900)
        await comes_back(w, LAST, pushes(5))
        await asyncio.sleep(HOUR)
        assert {"p0", "p4"} == told_singly(ops, "overdue") == told_singly(ops, "recovered")
        assert ("over", (0, 4, 0)) == (reports(ops)[-1]["state"], counts(reports(ops)[-1]))


async def test_a_push_shows_which_targets_its_group_tells() -> None:
    """Its own verdicts are there like any other's."""
    async with world(targets=every_verdict) as w:
        await without(w, LAST, pushes(6))
        await asyncio.sleep(HOUR / 2)
        await comes_back(w, LAST, pushes(5))
        await asyncio.sleep(HOUR)
        (group,) = groups(w)
        _, first = await w.call("GET", "pushes/p0")
        assert (group.id, []) == (first["verdicts"][0]["group"], first["verdicts"][0]["grouped"])
        _, shown = await w.call("GET", "pushes/p5")
        assert (group.id, ["ops"]) == (
            shown["verdicts"][0]["group"],
            shown["verdicts"][0]["grouped"],
        )
        assert ("overdue", [LAST]) == (shown["state"], shown["missing"])
        _, listed = await w.call("GET", "pushes?state=recovered")
        assert 5 == len(listed["pushes"])


async def test_a_region_that_does_not_answer_for_a_day_is_said_to_be_silent() -> None:
    """Once, though pushes go on for two days; its end says that they were never reported."""
    async with world(LATE_WINDOW="36h") as w:
        await without(w, LAST, pushes(5), every=60)
        await without(w, LAST, pushes(24, "later"), every=2 * HOUR)
        ops = w.receivers["ops"]
        assert 1 == told(ops)["silent"]
        at = [m["state"] for m in reports(ops)].index("silent")
        assert ["silent"] == [m["state"] for m in reports(ops)[at:]]
        await asyncio.sleep(60 * HOUR)
        assert 10 >= told(ops)["behind"]
        assert ("over", (0, 0, 29)) == (reports(ops)[-1]["state"], counts(reports(ops)[-1]))


async def test_a_push_without_a_late_window_is_counted_as_never_reported() -> None:
    """Nobody listens for it."""
    async with world(LATE_WINDOW="0") as w:
        await without(w, LAST, pushes(8))
        await asyncio.sleep(HOUR)
        ops = w.receivers["ops"]
        assert {"overdue": 4, "behind": 2, "over": 1} == told(ops)
        assert (0, 0, 8) == counts(reports(ops)[-1])


@pytest.mark.parametrize(
    ("began_with", "now", "first", "last"),
    [("1d", "0", (2, 0, 0), (0, 4, 0)), ("0", "1d", (0, 0, 2), (0, 0, 4))],
)
async def test_a_push_counts_by_the_late_window_that_it_began_with(
    began_with: str, now: str, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    """Whatever the settings say when its alarm comes."""
    regions, two = ",".join(REGIONS), "2 in 10m"
    async with world(ALARM_GROUP=two, LATE_WINDOW=began_with) as w:
        await without(w, LAST, pushes(4))
        await w.host.settle()
        await redeploy(w, REGIONS=regions, ALARM_GROUP=two, LATE_WINDOW=now)
        await asyncio.sleep(HOUR)
        ops = w.receivers["ops"]
        assert first == counts(reports(ops)[0])
        if began_with != "0":
            await comes_back(w, LAST, pushes(4))
        await asyncio.sleep(HOUR)
        assert ("over", last) == (reports(ops)[-1]["state"], counts(reports(ops)[-1]))


@pytest.mark.parametrize(
    ("over", "singly", "end"), [(False, {"p0"}, (0, 4, 0)), (True, {"p0", "p3"}, (0, 3, 1))]
)
async def test_a_push_that_was_given_up_and_recovers_is_told_of(
    over: bool, singly: set[str], end: tuple[int, int, int]
) -> None:
    """By its group, which had counted it as never reported; by itself, where that is over."""
    async with world(ALARM_GROUP="2 in 10m", LATE_WINDOW="4d") as w:
        await without(w, LAST, pushes(4))
        await asyncio.sleep(900)
        break_turns(w, names.WAIT_FOR_ALL_REGIONS, "p3", MAX_LIVES + 1)
        await w.push("p3", REGIONS[:1])
        for _ in range(MAX_LIVES + 1):
            await asyncio.sleep(1_000)
            await next_process(w, "p3")
        await asyncio.sleep(30 * HOUR)
        ops = w.receivers["ops"]
        assert (3, 0, 1) == counts(reports(ops)[-1]) or "silent" == reports(ops)[-1]["state"]
        await comes_back(w, LAST, pushes(3) if over else ())
        await asyncio.sleep(HOUR)
        assert 202 == (await w.call("POST", "pushes/p3/retry"))[0]
        await asyncio.sleep(100)
        await comes_back(w, LAST, pushes(4))
        await asyncio.sleep(HOUR)
        assert singly == told_singly(ops, "recovered")
        assert ("over", end) == (reports(ops)[-1]["state"], counts(reports(ops)[-1]))


async def test_a_push_that_takes_the_place_of_one_that_was_purged_is_told_singly() -> None:
    """The group has its id, as one that was never reported; it corrects that all the same."""
    async with world(ALARM_GROUP="2 in 10m") as w:
        await without(w, LAST, pushes(4))
        await asyncio.sleep(900)
        await engine_of(w).terminate("p3", "by hand")
        await asyncio.sleep(HOUR)
        ops = w.receivers["ops"]
        assert (3, 0, 1) == counts(reports(ops)[-1])
        del w.host.storage.instances["p3"]
        await without(w, LAST, ["p3"])
        await asyncio.sleep(900)
        await comes_back(w, LAST, ["p3"])
        await asyncio.sleep(60)
        await comes_back(w, LAST, pushes(3))
        await asyncio.sleep(HOUR)
        assert {"p0", "p3"} == told_singly(ops, "overdue") == told_singly(ops, "recovered")
        assert ("over", (0, 4, 0)) == (reports(ops)[-1]["state"], counts(reports(ops)[-1]))


async def test_a_target_that_is_down_meanwhile_hears_the_newest_only() -> None:
    """What it missed is left out, and is no dead letter."""
    async with world("ops", "second") as w:
        second = w.receivers["second"]
        second.answers = [200] * 4 + [503] * 1_000
        await without(w, LAST, pushes(5), every=10)
        for number in range(8):
            await without(w, LAST, [f"more{number}"], every=600)
        second.answers, refused = [], len(second.requests)
        await comes_back(w, LAST, [*pushes(5), *pushes(8, "more")])
        await asyncio.sleep(12 * HOUR)
        after = [body for _, body in second.requests[refused:]]
        assert 1 <= len(after)
        assert "over" == [b["state"] for b in after if b["type"] == "group"][-1]
        numbers = [b["number"] for b in after if b["type"] == "group"]
        assert numbers == sorted(numbers)
        assert len(numbers) <= 2
        assert [] == await letters(w)


async def test_a_report_that_nobody_takes_is_a_dead_letter_and_is_replayed() -> None:
    """It shows what was to be said."""
    async with world() as w:
        ops = w.receivers["ops"]
        ops.answers = [200] * 4 + [400]
        await without(w, LAST, pushes(5))
        await asyncio.sleep(700)
        (letter,) = await letters(w)
        (group,) = groups(w)
        assert (group.id, "behind") == (letter["group"], letter["report"])
        _, shown = await w.call("GET", f"deadletters/{letter['id']}")
        assert (5, ["ops"]) == (shown["group_message"]["waiting"], shown["dead"])
        assert 202 == (await w.call("POST", f"deadletters/{letter['id']}/replay"))[0]
        await w.until(lambda: 6 == len(ops.requests))
        assert (5, 0, 0) == counts(ops.requests[-1][1])
        await w.host.settle()
        assert [] == await letters(w)


@pytest.mark.parametrize("at", [0.0, 0.5, 2.0, 30.0, 700.0])
async def test_a_group_outlives_the_hosts_death(at: float) -> None:
    """Whenever it comes, each alarm is told once, and the end is true."""
    async with world() as w:
        await without(w, LAST, pushes(12), every=0.2)
        await asyncio.sleep(597 + at)
        await w.host.crash()
        await w.host.restart()
        await asyncio.sleep(HOUR)
        await comes_back(w, LAST, pushes(12))
        await asyncio.sleep(HOUR)
        check(w, set(pushes(12)), set(pushes(12)))


def check(w: World, names: set[str], recovered: set[str], target: str = "ops") -> None:
    """Each push was told singly or by groups, of which all are over, and what they said is so. (One
    that was broken off at its deadline may be complete by the time it goes on.)"""
    receiver = w.receivers[target]
    complete = {m["push"]["id"] for m in receiver.messages() if m["type"] == "complete"}
    names, recovered = names - complete, recovered - complete
    singly = {m["push"]["id"] for m in receiver.messages() if m["type"] == "overdue"}
    back = {m["push"]["id"] for m in receiver.messages() if m["type"] == "recovered"}
    newest = {m["group"]: m for m in reports(receiver)}
    listed = {p["id"]: p["state"] for m in newest.values() for p in m["pushes"]}
    assert names == singly | listed.keys()
    assert recovered & singly <= back | {i for i, state in listed.items() if state == "recovered"}
    assert back <= recovered
    assert {"over"} >= {m["state"] for m in newest.values()}
    states = {name: "recovered" if name in recovered else "incomplete" for name in listed}
    assert states == listed
    assert {"Completed"} >= {g.runtime_status for g in groups(w)}


def break_group(w: World, times: int = 1) -> str:
    """Make turns of the one group fail from here on."""
    (group,) = groups(w)
    break_turns(w, names.GATHER_ALARMS, group.id, times)
    return str(group.id)


async def test_a_group_that_broke_off_goes_on_with_the_next_alarm() -> None:
    """With all that it knew; nothing is told twice."""
    async with world(targets=every_verdict) as w:
        await without(w, LAST, pushes(6))
        await asyncio.sleep(660)
        broken = break_group(w)
        await without(w, LAST, ["p6"], every=0)
        await asyncio.sleep(610)
        assert broken == groups(w)[-1].id
        await comes_back(w, LAST, pushes(7))
        await asyncio.sleep(HOUR)
        check(w, set(pushes(7)), set(pushes(7)))
        assert 1 == told(w.receivers["ops"])["over"]


async def test_a_report_that_was_on_its_way_when_a_group_broke_off_keeps_its_number() -> None:
    """The next one says more, and no receiver takes it for a repeat."""
    async with world(ALARM_GROUP="2 in 10m") as w:
        ops = w.receivers["ops"]
        await without(w, LAST, pushes(3), every=1)
        await w.until(lambda: told(ops)["overdue"])
        ops.gate = asyncio.Event()
        await w.until(lambda: reports(ops))
        await next_process(w, break_group(w))
        await asyncio.sleep(20)
        ops.gate.set()
        await asyncio.sleep(HOUR)
        await comes_back(w, LAST, pushes(3))
        await asyncio.sleep(HOUR)
        first, second, *_ = [m for _, m in ops.requests if m["type"] == "group"]
        assert [(1, (2, 0, 0)), (2, (3, 0, 0))] == [
            (m["number"], counts(m)) for m in (first, second)
        ]
        bodies = {(m["id"], str(m)) for _, m in ops.requests}
        assert len(bodies) == len({id for id, _ in bodies})
        check(w, set(pushes(3)), set(pushes(3)))


START = Engine.start


async def start_no_delivery(self: Engine, orchestrator: str, instance_id: str, data: Any) -> None:
    """Start an instance, as `Engine.start` does; but a delivery the endpoint does not take."""
    if orchestrator == names.DELIVER_NOTIFICATION:
        raise EngineError("the endpoint failed")
    await START(self, orchestrator, instance_id, data)


@pytest.mark.parametrize("deaths", [1, 2])
async def test_a_report_that_could_not_be_handed_over_outlives_its_group_breaking_off(
    monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    """The end was refused, and no delivery of it could be started before Python died."""
    async with world(ALARM_GROUP="2 in 10m", RETRY_SCHEDULE="5s,5m") as w:
        ops = w.receivers["ops"]
        await without(w, LAST, pushes(3))
        await asyncio.sleep(900)
        with monkeypatch.context() as broken:
            broken.setattr(Engine, "start", start_no_delivery)
            ops.answers = [200, 503]  # of p0 by itself, and of the end
            await comes_back(w, LAST, pushes(3))
            await w.until(lambda: "over" == reports(ops)[-1]["state"])
            for _ in range(deaths):
                await asyncio.sleep(2)
                await next_process(w, break_group(w))
                await asyncio.sleep(15)
                await next_process(w, groups(w)[0].id)
        await asyncio.sleep(HOUR)
        ends = [m for _, m in ops.requests if m.get("state") == "over"]
        assert [ends[0]] * 2 == ends
        check(w, set(pushes(3)), set(pushes(3)))


@pytest.mark.parametrize("who", ["next-process", "timer"])
async def test_a_group_that_broke_off_goes_on_without_an_alarm(who: str) -> None:
    """The next process finds it in the journal, and the timer among what is noted as open."""
    async with world(targets=every_verdict) as w:
        await without(w, LAST, pushes(6))
        await asyncio.sleep(660)
        broken = break_group(w)
        await comes_back(w, LAST, ["p5"])
        await asyncio.sleep(20)
        if who == "next-process":
            await next_process(w, broken)
        else:
            engine = engine_of(w)
            assert await is_open(engine, broken, await engine.look(broken))
        await asyncio.sleep(60)
        await comes_back(w, LAST, pushes(5))
        await asyncio.sleep(26 * HOUR)
        check(w, set(pushes(6)), set(pushes(6)))


async def test_a_group_that_breaks_off_again_and_again_is_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """From there on another takes the alarms, and what becomes of those before is told singly. What
    it had not told yet is a dead letter, one however often it is looked at."""
    async with world(targets=every_verdict) as w:
        await without(w, LAST, pushes(6))
        await asyncio.sleep(660)
        broken = break_group(w, 100)
        await comes_back(w, LAST, ["p4"])
        for _ in range(8):
            await next_process(w, broken)
        await comes_back(w, LAST, ["p5"])
        await asyncio.sleep(60)
        assert lines(caplog, "group-given-up")
        (letter,) = await letters(w)
        assert (broken, "behind") == (letter["group"], letter["report"])
        _, shown = await w.call("GET", f"deadletters/{letter['id']}")
        assert 6 == sum(counts(shown["group_message"]))
        assert 202 == (await w.call("POST", f"deadletters/{letter['id']}/replay"))[0]
        await asyncio.sleep(60)
        assert letter["id"].split(".")[-2] == str(reports(w.receivers["ops"])[-1]["number"])
        assert "p5" in [m["push"]["id"] for m in w.messages if m["type"] == "recovered"]
        await without(w, LAST, ["q0"])
        await asyncio.sleep(660)
        assert 2 == len(groups(w))
        assert "q0" in [m["push"]["id"] for m in w.messages if m["type"] == "overdue"]


@pytest.mark.parametrize("activity", [names.TELL_GROUP, names.HAND_OVER_DELIVERY])
async def test_a_report_that_could_not_be_told_is_a_dead_letter(
    activity: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried for as long as a delivery would be; its replay tells what was to be told."""

    async def stands(*_: Any) -> None:
        raise RuntimeError("a bug")

    async with world(ALARM_GROUP="2 in 10m", LATE_WINDOW="5d") as w:
        ops = w.receivers["ops"]
        ops.answers = [200, 503]  # of p0 by itself, and of the group
        with monkeypatch.context() as broken:
            if activity == names.TELL_GROUP:
                broken.setattr(tell_group, "report_stands", stands)
            broken.setattr(Engine, "start", start_no_delivery)
            await without(w, LAST, pushes(3))
            await asyncio.sleep(20 * HOUR)
            assert [] == lines(caplog, "report-given-up")
            await asyncio.sleep(10 * HOUR)
        (given_up,) = lines(caplog, "report-given-up")
        (letter,) = await letters(w)
        (group,) = groups(w)
        assert (group.id, group.id, "behind") == (
            given_up["group"],
            letter["group"],
            letter["report"],
        )
        before = len(ops.requests)
        assert 202 == (await w.call("POST", f"deadletters/{letter['id']}/replay"))[0]
        await w.until(lambda: len(ops.requests) > before)
        assert (1, "behind") == (ops.requests[-1][1]["number"], ops.requests[-1][1]["state"])
        await comes_back(w, LAST, pushes(3))
        await asyncio.sleep(6 * HOUR)
        check(w, set(pushes(3)), set(pushes(3)))
        assert "over" == reports(ops)[-1]["state"]


async def test_the_end_of_a_group_is_told_to_nobody_who_does_not_choose_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The replay of its dead letter looks, for it was given up before anybody had."""

    async def stands(*_: Any) -> None:
        raise RuntimeError("a bug")

    def on(there: dict[str, Receiver]) -> list[dict[str, Any]]:
        every, alarms = webhook_targets(there.values(), on=ALL_VERDICTS)
        return [every, alarms | {"on": ["overdue"]}]

    async with world("ops", "alarms", ALARM_GROUP="2 in 10m", LATE_WINDOW="5d", targets=on) as w:
        await without(w, LAST, pushes(3))
        await asyncio.sleep(HOUR)
        monkeypatch.setattr(tell_group, "report_stands", stands)
        await comes_back(w, LAST, pushes(3))
        await asyncio.sleep(30 * HOUR)
        (letter,) = await letters(w)
        assert "over" == letter["report"]
        assert 202 == (await w.call("POST", f"deadletters/{letter['id']}/replay"))[0]
        await asyncio.sleep(HOUR)
        ops, alarms = (reports(receiver) for receiver in w.receivers.values())
        assert ("behind", "over") == (alarms[-1]["state"], ops[-1]["state"])
        assert [] == await letters(w)
        replayed = json.dumps(w.host.storage.instances[f"{letter['id']}~1"].output)
        assert ("superseded", 1) == (json.loads(replayed)["state"], replayed.count("not-chosen"))


async def test_a_dead_letter_of_a_report_that_breaks_off_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is listed all the same, and can be replayed; and its group goes on."""

    async def stands(*_: Any) -> None:
        raise RuntimeError("a bug")

    async with world(ALARM_GROUP="2 in 10m", LATE_WINDOW="5d") as w:
        with monkeypatch.context() as broken:
            broken.setattr(tell_group, "report_stands", stands)
            await without(w, LAST, pushes(3))
            await asyncio.sleep(HOUR)
            (group,) = groups(w)
            break_turns(w, names.DELIVER_NOTIFICATION, report_delivery_id(group.id, 1, 0))
            await asyncio.sleep(30 * HOUR)
        causes = [line["cause"] for line in lines(caplog, "report-given-up")]
        assert [False, True] == ["its dead letter broke off" in cause for cause in causes]
        (letter,) = await letters(w)
        assert 202 == (await w.call("POST", f"deadletters/{letter['id']}/replay"))[0]
        await asyncio.sleep(60)
        assert [(1, "behind")] == [(r["number"], r["state"]) for r in reports(w.receivers["ops"])]
        await comes_back(w, LAST, pushes(3))
        await asyncio.sleep(6 * HOUR)
        assert "over" == reports(w.receivers["ops"])[-1]["state"]


async def test_a_group_that_gave_up_by_other_steps_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where an earlier build had left no dead letter: its history cannot be replayed, and so it
    is begun anew. What it had given up is told with all else."""

    async def stands(*_: Any) -> None:
        raise RuntimeError("a bug")

    def no_letter(self: Any, *_: Any) -> Any:
        return
        yield

    async with world(ALARM_GROUP="2 in 10m", LATE_WINDOW="5d") as w:
        with monkeypatch.context() as before:
            before.setattr(tell_group, "report_stands", stands)
            before.setattr(gather_alarms.Gathering, "_give_up", no_letter)
            await without(w, LAST, pushes(3))
            await asyncio.sleep(30 * HOUR)
        (group,) = groups(w)
        await comes_back(w, LAST, pushes(3))
        await asyncio.sleep(60)
        assert "Failed" == group.runtime_status
        assert "NonDeterminismError" in str(group.output)
        await next_process(w, group.id)
        await asyncio.sleep(6 * HOUR)
        check(w, set(pushes(3)), set(pushes(3)))


async def test_what_becomes_of_a_push_whose_group_was_purged_is_told_singly() -> None:
    """To those who did not hear of its alarm, too."""
    async with world(targets=every_verdict) as w:
        await without(w, LAST, pushes(6))
        await asyncio.sleep(630)  # it does not ask just now
        (group,) = groups(w)
        del w.host.storage.instances[group.id]
        await comes_back(w, LAST, pushes(6))
        await asyncio.sleep(60)
        assert 6 == told(w.receivers["ops"])["recovered"]


async def test_an_alarm_that_reaches_no_group_is_told_by_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """So is what becomes of its push."""

    async def fails(*args: Any, **options: Any) -> Any:
        raise EngineError("the endpoint failed")

    async with world() as w:
        with monkeypatch.context() as broken:
            broken.setattr(Engine, "first_by_prefix", fails)
            await without(w, LAST, pushes(6))
            await asyncio.sleep(660)
        assert 6 == told(w.receivers["ops"])["overdue"] == len(lines(caplog, "group-not-reached"))
        await comes_back(w, LAST, pushes(6))
        await asyncio.sleep(60)
        assert {"overdue": 6, "recovered": 6} == told(w.receivers["ops"])


def cannot_look_at_groups(broken: pytest.MonkeyPatch) -> None:
    """Let the engine answer nothing about a group by its id."""
    look = Engine.look

    async def fails(self: Engine, instance_id: str, **options: Any) -> Any:
        if instance_id.startswith("_group."):
            raise EngineError("the endpoint failed")
        return await look(self, instance_id, **options)

    broken.setattr(Engine, "look", fails)


@pytest.mark.parametrize("answers", [True, False])
async def test_a_group_that_takes_alarms_too_late_hears_what_becomes_of_their_pushes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, answers: bool
) -> None:
    """Its host was dead, say: they were told singly, and it is over with the last of them. So it is
    with the alarm that began it, where that could not be seen."""
    async with world() as w:
        with monkeypatch.context() as hurried:
            hurried.setattr(joining, "PAUSES", ())
            if not answers:
                cannot_look_at_groups(hurried)
            await without(w, LAST, pushes(6))
            await asyncio.sleep(660)
        assert (5 if answers else 6) == len(lines(caplog, "group-not-reached"))
        await comes_back(w, LAST, pushes(6))
        await asyncio.sleep(HOUR)
        ops = w.receivers["ops"]
        assert (6, 6) == (told(ops)["overdue"], told(ops)["recovered"])
        assert ("over", (0, 6, 0)) == (reports(ops)[-1]["state"], counts(reports(ops)[-1]))


async def test_a_group_asks_what_has_become_of_a_push_that_could_not_tell_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The push was told singly; at the end the group knows it all the same."""
    async with world(LATE_WINDOW="2h") as w:
        await without(w, LAST, pushes(6))
        await asyncio.sleep(660)
        with monkeypatch.context() as broken:
            cannot_look_at_groups(broken)
            await comes_back(w, LAST, ["p4", "p5"])
            await asyncio.sleep(60)
        ops = w.receivers["ops"]
        assert 2 == told(ops)["recovered"]
        await asyncio.sleep(4 * HOUR)
        assert ("over", (0, 2, 4)) == (reports(ops)[-1]["state"], counts(reports(ops)[-1]))


async def test_a_group_that_is_full_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is told of and ends by itself."""
    monkeypatch.setattr(gathering, "MAX_MEMBERS", 8)
    async with world() as w:
        await without(w, LAST, pushes(20))
        await asyncio.sleep(660)
        await comes_back(w, LAST, pushes(20))
        await asyncio.sleep(HOUR)
        assert 3 == len(groups(w))
        assert 12 == told(w.receivers["ops"])["overdue"]
        check(w, set(pushes(20)), set(pushes(20)))


examples = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


@examples
@given(
    back=st.lists(st.sampled_from([None, None, 30, 650, 900, 2_000]), min_size=8, max_size=8),
    every=st.sampled_from([0, 1, 40]),
    crashes=st.lists(st.sampled_from([598, 600, 601, 640, 900, 1_300, 2_100]), max_size=2),
    deaths=st.lists(st.tuples(st.sampled_from(["turn-before", "turn-after"]), st.integers(9, 60))),
    seed=st.integers(0, 1_000),
)
async def test_whatever_happens_each_push_is_told_of_and_truly(
    back: list[int | None],
    every: int,
    crashes: list[int],
    deaths: list[tuple[str, int]],
    seed: int,
) -> None:
    """The region reports some pushes, some late and some never; hosts and processes die."""
    hazards = dying(*(f"{place}@{nth}" for place, nth in deaths[:2])) if deaths else Hazards()
    async with world(
        hazards=hazards, seed=seed, targets=every_verdict, ALARM_GROUP="3 in 10m", LATE_WINDOW="2h"
    ) as w:

        async def one(number: int, late: int | None) -> None:
            await asyncio.sleep(number * every)
            for region in REGIONS[:2]:
                await w.insist(f"p{number}", region)
            if late is not None:
                await asyncio.sleep(late)
                await w.insist(f"p{number}", LAST)

        async def crash(at: int) -> None:
            await asyncio.sleep(at)
            await w.host.crash()
            await w.host.restart()

        async with asyncio.TaskGroup() as play:
            for number, late in enumerate(back):
                play.create_task(one(number, late))
            for at in sorted(set(crashes)):
                play.create_task(crash(at))
        for _ in range(13):
            await next_process(w, *w.host.storage.instances)
            await asyncio.sleep(1_400)
        overdue = {f"p{n}" for n, late in enumerate(back) if late != 30}
        check(w, overdue, {f"p{n}" for n, late in enumerate(back) if (late or 0) > 30})
