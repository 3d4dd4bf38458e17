"""The timer looks after what is noted as open, without journal or webhook; in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from acr_global.correlation import NOTES
from acr_global.functions.app import build_app
from acr_global.functions.arrivals import searching
from acr_global.functions.durable import engine, names
from acr_global.functions.durable.engine import Engine, EngineError, Snapshot
from acr_global.functions.durable.journal import OPEN_SECONDS, Journal, OpenList
from acr_global.functions.durable.sdk import instance_in
from acr_global.functions.recovery import noting
from acr_global.functions.timers import revive_interrupted
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from devhost.protocol import EventType
from devhost.storage import Message
from tests.e2e.test_corners import durable
from tests.e2e.test_couriers import lines, lose_the_start
from tests.e2e.test_reviving import break_off, dying, engine_of, insist

LAST = REGIONS[2]
RUN = 240
"""Seconds between two runs of the timer."""


@contextlib.asynccontextmanager
async def noted_world(
    *, timers: bool = True, **settings: Any
) -> AsyncIterator[tuple[World, Journal]]:
    """An app whose process knows what is open, on a host whose timer runs."""
    journal = Journal()
    journal.open = OpenList(lambda: utcnow().timestamp())

    def app(environ: dict[str, str]) -> Any:
        return build_app(environ, journal=journal)

    async with world(app=app, timers=timers, **settings) as w:
        yield w, journal


async def note(w: World, journal: Journal) -> None:
    """Note what is open, as the process does every few seconds."""
    await noting.note(journal, engine_of(w))
    await w.host.settle()


def notes(w: World) -> list[list[str]]:
    """The instances that each stored note names."""
    found = [i for n, i in w.host.storage.instances.items() if n.startswith(NOTES)]
    return [json.loads(i.input)["instances"] for i in found if i.input]


def break_turns(w: World, orchestrator: str, instance_id: str, times: int = 1_000) -> None:
    """Make this many of an instance's next turns fail."""
    function = w.host.index.find("orchestrationTrigger", orchestrator)
    assert function is not None
    take_turn, left = function.call, [None] * times

    def turn(context: str) -> str:
        if left and instance_in(context) == instance_id:
            left.pop()
            raise RuntimeError("this turn breaks")
        return str(take_turn(context))

    object.__setattr__(function, "call", turn)


async def note_while_open(w: World, journal: Journal) -> None:
    """Let some time pass with a push open, and note it."""
    await asyncio.sleep(OPEN_SECONDS)
    await note(w, journal)


async def test_a_push_that_is_decided_soon_is_not_noted() -> None:
    """It costs no request."""
    async with noted_world() as (w, journal):
        await w.push("p1")
        await asyncio.sleep(60)
        await note(w, journal)
        assert ["complete"] == w.verdicts()
        assert [] == notes(w)


async def test_a_push_that_broke_off_goes_on_within_five_minutes() -> None:
    """No webhook comes, and no process finds a journal, because the machine is gone."""
    async with noted_world(TIMEOUT="1h", LATE_WINDOW="0") as (w, journal):
        begun = utcnow()
        await insist(w, *REGIONS[:2])
        await note_while_open(w, journal)
        assert [["p1"]] == notes(w)
        await break_off(w)
        await asyncio.sleep(300)
        assert "Running" == w.host.storage.instances["p1"].runtime_status
        await w.until(lambda: w.messages)
        assert ("overdue", [LAST]) == (w.messages[0]["type"], w.messages[0]["missing"])
        assert 3_600 == pytest.approx((utcnow() - begun).total_seconds(), abs=30)
        await asyncio.sleep(2 * RUN)
        assert [] == notes(w)


@pytest.mark.parametrize("webhook", [False, True])
async def test_two_timers_at_once_give_one_verdict(webhook: bool) -> None:
    """Two timers, and a webhook at the same moment, revive the push once."""
    async with noted_world() as (w, journal):
        await insist(w, *REGIONS[:2])
        await note_while_open(w, journal)
        await break_off(w)
        for _ in range(2):
            await w.host.run_timer(names.REVIVE_INTERRUPTED)
        if webhook:
            await insist(w, LAST)
        await asyncio.sleep(60)
        assert "Failed" != w.host.storage.instances["p1"].runtime_status
        await insist(w, LAST)
        await asyncio.sleep(300)
        assert ["complete"] == w.verdicts()
        assert 1 == len(w.receivers["ops"].requests)


async def test_a_note_stays_until_all_that_it_names_is_over() -> None:
    """A note is removed when all its pushes are over; other notes stay."""
    async with noted_world(TIMEOUT="1h", LATE_WINDOW="0") as (w, journal):
        await w.push("p1", REGIONS[:2])
        await w.push("p2", REGIONS[:2])
        await note_while_open(w, journal)
        await w.push("p3", REGIONS[:1])
        await note_while_open(w, journal)
        await w.push("p1", REGIONS[2:])
        await asyncio.sleep(2 * RUN)
        assert [["p1", "p2"], ["p3"]] == notes(w)
        await w.push("p2", REGIONS[2:])
        await asyncio.sleep(2 * RUN)
        assert [["p3"]] == notes(w)
        assert {"p1", "p2", "p3"} <= set(w.host.storage.instances)


async def test_what_is_purged_or_ended_by_hand_is_over() -> None:
    """Its note is removed."""
    async with noted_world() as (w, journal):
        for push in ("p1", "p2"):
            await w.push(push, REGIONS[:1])
        await note_while_open(w, journal)
        for push in ("p1", "p2"):
            await engine_of(w).terminate(push, "enough")
        await w.host.settle()
        await engine_of(w).purge("p1")
        await asyncio.sleep(2 * RUN)
        assert [] == notes(w)
        assert [] == w.verdicts()


async def test_what_is_suspended_by_hand_is_said_until_it_is_resumed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Also where no webhook comes any more, and its deadline passes."""
    async with noted_world(TIMEOUT="10m") as (w, journal):
        await w.push("p1", REGIONS[:2])
        await note_while_open(w, journal)
        await durable(w, "instances/p1/suspend?reason=why", {})
        await asyncio.sleep(4 * RUN)
        assert [] == w.verdicts()
        assert ["p1"] * 4 == [line["instance"] for line in lines(caplog, "instance-suspended")]
        await durable(w, "instances/p1/resume?reason=why", {})
        await asyncio.sleep(RUN)
        assert ["overdue"] == w.verdicts()
        assert 4 == len(lines(caplog, "instance-suspended"))


async def test_a_push_that_is_given_up_is_not_tried_for_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The timer begins five lives with growing pauses; then an operator must act."""
    async with noted_world(TIMEOUT="6h") as (w, journal):
        await insist(w, *REGIONS[:2])
        await note_while_open(w, journal)
        break_turns(w, names.WAIT_FOR_ALL_REGIONS, "p1")
        await insist(w, LAST)
        await asyncio.sleep(10_000)
        assert 5 == len(lines(caplog, "push-begun-anew"))
        assert 1 == len(lines(caplog, "push-given-up"))
        assert 1 == len((await w.call("GET", "deadletters"))[1]["deadletters"])
        assert [] == notes(w)


async def test_a_courier_that_broke_off_goes_on() -> None:
    """Nothing else holds its arrival."""
    async with noted_world() as (w, journal):
        await lose_the_start(w)
        await w.push("p1", REGIONS[2:])
        await note_while_open(w, journal)
        courier = f"_courier.{LAST}.p1"
        assert courier in notes(w)[0]
        break_turns(w, names.COURIER, courier, times=1)
        await asyncio.sleep(16)
        assert "Failed" == w.host.storage.instances[courier].runtime_status
        await asyncio.sleep(900)
        await w.push("p1", REGIONS[1:2])
        await asyncio.sleep(60)
        assert ["complete"] == w.verdicts()


async def test_a_courier_that_breaks_again_and_again_is_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What it carries stands among the dead letters."""
    async with noted_world() as (w, journal):
        await lose_the_start(w)
        await w.push("p1", REGIONS[2:])
        await note_while_open(w, journal)
        courier = f"_courier.{LAST}.p1"
        break_turns(w, names.COURIER, courier)
        await asyncio.sleep(3_600)
        ours = [x for x in lines(caplog, "instance-begun-anew") if x["instance"] == courier]
        assert [2, 3, 4, 5, 6] == [line["life"] for line in ours]
        assert 1 == len(lines(caplog, "push-given-up"))
        ((arrival,),) = [line["arrivals"] for line in lines(caplog, "push-given-up")]
        assert LAST == arrival["region"]


async def test_a_delivery_that_broke_off_goes_on_and_is_a_dead_letter_in_the_end() -> None:
    """It goes on with its attempts, and after five more lives it is a dead letter."""
    async with noted_world() as (w, journal):
        ops, delivery = w.receivers["ops"], "_delivery.complete.p1"
        ops.answers = [503] * 3
        await w.push("p1")
        await w.until(lambda: len(ops.requests) == 2)
        await note_while_open(w, journal)
        assert [[delivery]] == notes(w)
        w.host.hazards = dying("turn-before@1")
        await asyncio.sleep(2 * 3_600)
        output: Any = w.host.storage.instances[delivery].output
        assert ("delivered", 4) == (output["state"], len(output["delivery"]["attempts"]))
        assert [] == notes(w)
        ops.answers = [503] * 3
        await w.push("p2")
        await w.until(lambda: len(ops.requests) == 6)
        await note_while_open(w, journal)
        w.host.hazards = dying(*(f"turn-before@{n}" for n in range(1, 7)))
        await asyncio.sleep(2 * 3_600)
        assert [] == notes(w)
        (letter,) = (await w.call("GET", "deadletters"))[1]["deadletters"]
        assert "_delivery.complete.p2" == letter["id"]


async def test_a_start_that_is_lost_in_a_later_life_is_seen_to() -> None:
    """The row stays Pending, and the process that started it is gone."""
    async with noted_world(TIMEOUT="1h") as (w, journal):
        await insist(w, *REGIONS[:2])
        await note_while_open(w, journal)
        await break_off(w)
        w.host.hazards = Hazards(invisible=1.0)
        await w.push("p1", (LAST,))
        for message in list(w.host.storage.control.messages.values()):
            w.host.storage.control.delete(message)
        w.host.hazards = Hazards()
        assert "Pending" == w.host.storage.instances["p1"].runtime_status
        for watch in searching._watching:
            watch.cancel()
        await asyncio.sleep(1_200)
        assert ["complete"] == w.verdicts()


@pytest.fixture
def _turns_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process only receives webhooks, as on Flex Consumption."""
    monkeypatch.setattr(Journal, "turn", lambda *_: contextlib.nullcontext())


@pytest.mark.usefixtures("_turns_elsewhere")
async def test_a_push_that_stays_open_elsewhere_is_noted_where_it_was_started() -> None:
    """A process that only runs turns may not know how to reach the engine. Nothing is asked about a
    push of which all regions have reported here."""
    async with noted_world() as (w, journal):
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(5)
        await w.push("p2")
        await asyncio.sleep(14)
        before = w.host.stats["storage.read"]
        await asyncio.sleep(2)
        assert before + 1 == w.host.stats["storage.read"]
        await asyncio.sleep(5)
        assert before + 1 == w.host.stats["storage.read"]
        await note(w, journal)
        assert [["p1"]] == notes(w)


@pytest.mark.usefixtures("_turns_elsewhere")
async def test_a_push_that_broke_off_elsewhere_at_once_goes_on() -> None:
    """It was not noted yet; the process that started it asks about it once."""
    async with noted_world() as (w, _):
        await insist(w, *REGIONS[:2])
        await break_off(w)
        await asyncio.sleep(20)
        assert "Running" == w.host.storage.instances["p1"].runtime_status


async def test_a_note_that_did_not_run_counts_and_is_removed_too() -> None:
    """Only its input matters. An instance that has not ended cannot be purged, and is ended
    first."""
    async with noted_world() as (w, journal):
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(OPEN_SECONDS)
        w.host.hazards = Hazards(invisible=1.0)
        await noting.note(journal, engine_of(w))
        await w.host.settle()
        for message in list(w.host.storage.control.messages.values()):
            if str(message.instance_id).startswith(NOTES):
                w.host.storage.control.delete(message)
        w.host.hazards = Hazards()
        assert [["p1"]] == notes(w)
        await w.push("p1", REGIONS[2:])
        await asyncio.sleep(4 * RUN)
        assert [] == notes(w)


async def test_an_engine_that_does_not_answer_costs_one_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The next run does the work."""
    async with noted_world(TIMEOUT="1h") as (w, journal):
        await insist(w, *REGIONS[:2])
        await note_while_open(w, journal)
        await break_off(w)
        w.host.hazards = Hazards(management_errors=1.0)
        await w.host.run_timer(names.REVIVE_INTERRUPTED)
        await w.host.settle()
        assert lines(caplog, "open-not-read")
        w.host.hazards = Hazards()
        await asyncio.sleep(RUN + 30)
        assert "Running" == w.host.storage.instances["p1"].runtime_status


async def test_an_instance_that_cannot_be_asked_about_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The others are revived, and the note that names it stays."""
    async with noted_world(TIMEOUT="1h") as (w, journal):
        await w.push("p0", REGIONS[:1])
        await insist(w, *REGIONS[:2])
        await note_while_open(w, journal)
        await break_off(w)
        look = Engine.look

        async def failing(self: Engine, instance_id: str, **shown: bool) -> Snapshot:
            if instance_id == "p0":
                raise EngineError("status: answered 500")
            return await look(self, instance_id, **shown)

        monkeypatch.setattr(Engine, "look", failing)
        await asyncio.sleep(RUN + 30)
        assert "Running" == w.host.storage.instances["p1"].runtime_status
        await w.push("p1", REGIONS[2:])
        await asyncio.sleep(2 * RUN)
        assert [["p0", "p1"]] == [sorted(note) for note in notes(w)]


async def test_what_one_run_has_no_time_for_the_next_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes on where the last one was cut off."""
    monkeypatch.setattr(revive_interrupted, "RUN_SECONDS", 3.0)
    monkeypatch.setattr(engine, "PAGE_ROWS", 1)
    seen: list[str] = []

    async def slow(_: Engine, instance_id: str, __: Snapshot) -> bool:
        await asyncio.sleep(1)
        seen.append(instance_id)
        return True

    monkeypatch.setattr(revive_interrupted, "is_open", slow)
    async with noted_world() as (w, journal):
        for n in range(6):
            await w.push(f"p{n}", REGIONS[:1])
            await note_while_open(w, journal)
        await asyncio.sleep(3 * RUN)
        assert {f"p{n}" for n in range(6)} == set(seen)


async def test_a_run_costs_one_read_however_much_is_kept() -> None:
    """Where nothing is noted, it reads one range by the notes' prefix."""
    async with noted_world() as (w, _):
        reads = []
        for kept in (0, 30):
            for n in range(kept):
                await w.push(f"p{n}", REGIONS)
            await asyncio.sleep(30)
            before = w.host.stats.copy()
            await w.host.run_timer(names.REVIVE_INTERRUPTED)
            await w.host.settle()
            after = w.host.stats - before
            reads.append({k: v for k, v in after.items() if k.startswith("storage.")})
        assert [{"storage.read": 1}] * 2 == reads


def lose(w: World, kind: EventType, nth: int = 1) -> None:
    """Lose the push's nth message of this kind from here on, as the engine may."""
    queue, left = w.host.storage.control, [None] * nth
    put = queue.put

    def lossy(message: Message) -> None:
        if left and (message.instance_id, message.event["EventType"]) == ("p1", kind):
            left.pop()
            if not left:
                return
        put(message)

    queue.put = lossy  # type: ignore[method-assign]


@pytest.mark.parametrize("kind", [EventType.TIMER_FIRED, EventType.TASK_COMPLETED])
async def test_a_push_whose_message_is_lost_is_decided(
    kind: EventType, caplog: pytest.LogCaptureFixture
) -> None:
    """That of its timer, or that of the look before the alarm: nothing would wake it, and nobody
    hear of it. Source: Azure/azure-functions-durable-extension#460."""
    async with noted_world(TIMEOUT="10m", LATE_WINDOW="0") as (w, journal):
        lose(w, kind)
        await w.push("p1", REGIONS[:2])
        await note_while_open(w, journal)
        await asyncio.sleep(4_800)
        assert [] == w.messages
        await asyncio.sleep(5 * RUN)
        assert [("overdue", [LAST])] == [(m["type"], m["missing"]) for m in w.messages]
        assert ["p1"] == [line["push"] for line in lines(caplog, "push-stood-still")]
        await asyncio.sleep(4 * RUN)
        assert ["overdue"] == w.verdicts()
        assert [] == notes(w)


async def test_an_alarm_is_not_told_again_where_the_late_window_s_end_is_lost() -> None:
    """The next life knows that it was told."""
    async with noted_world(TIMEOUT="10m", LATE_WINDOW="20m") as (w, journal):
        lose(w, EventType.TIMER_FIRED, 2)
        await w.push("p1", REGIONS[:2])
        await note_while_open(w, journal)
        await asyncio.sleep(7_200)
        ended = w.host.storage.instances["p1"].output
        assert ["overdue", "incomplete"] == [v["type"] for v in ended["verdicts"]]
        assert ["overdue"] == w.verdicts()


async def test_a_push_that_was_ended_for_standing_still_takes_a_report() -> None:
    """A webhook that comes before its next life has begun counts in it."""
    async with noted_world(TIMEOUT="10m", LATE_WINDOW="0") as (w, journal):
        lose(w, EventType.TIMER_FIRED)
        await w.push("p1", REGIONS[:2])
        await note_while_open(w, journal)
        push = w.host.storage.instances["p1"]
        async with asyncio.timeout(7_200):
            while push.runtime_status == "Running":  # noqa: ASYNC110 - it cannot tell us
                await asyncio.sleep(1)
        assert "Terminated" == push.runtime_status
        await insist(w, LAST)
        await asyncio.sleep(60)
        assert ["complete"] == w.verdicts()


async def test_a_push_is_left_alone_by_a_host_that_is_just_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its timer was due while no host was up, and comes now."""
    async with noted_world(TIMEOUT="10m", LATE_WINDOW="0") as (w, journal):
        await w.push("p1", REGIONS[:2])
        await note_while_open(w, journal)
        await w.host.crash()
        await asyncio.sleep(4_860)  # a run that is about to wake it
        w.host.hazards = Hazards(turn_takes=(30, 30))
        await w.host.restart()
        for _ in range(4):  # before, in and after the check before the alarm
            await w.host.run_timer(names.REVIVE_INTERRUPTED)
            await asyncio.sleep(20)
        await asyncio.sleep(4 * RUN)
        assert ["overdue"] == w.verdicts()
        assert lines(caplog, "push-stands-still")
        assert [] == lines(caplog, "push-stood-still")


async def test_a_report_after_an_alarm_is_told_though_the_engine_lost_that_it_was(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing woke the push any more, though its webhooks were answered 202; the next life knows
    who was told, a day later."""
    async with noted_world(TIMEOUT="10m", LATE_WINDOW="1h") as (w, journal):
        lose(w, EventType.TASK_COMPLETED, 2)
        await w.push("p1", REGIONS[:2])
        await note_while_open(w, journal)
        await asyncio.sleep(1_200)
        assert ["overdue"] == w.verdicts()
        await insist(w, LAST)
        await asyncio.sleep(86_400 + 5 * RUN)
        assert ["overdue", "recovered"] == w.verdicts()
        assert ["p1"] == [line["push"] for line in lines(caplog, "push-stood-still")]


async def test_a_push_that_somebody_has_suspended_is_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It waits for its operator."""
    async with noted_world(TIMEOUT="10m", LATE_WINDOW="0") as (w, journal):
        await w.push("p1", REGIONS[:2])
        await note_while_open(w, journal)
        await durable(w, "instances/p1/suspend?reason=x", {})
        await asyncio.sleep(7_200)
        assert [] == w.messages
        assert [] == lines(caplog, "push-stood-still")


def leave_unread(w: World, seconds: float) -> None:
    """Let nobody read the push's messages for so long."""
    queue, again = w.host.storage.control, asyncio.get_running_loop().time() + seconds
    put = queue.put

    def later(message: Message) -> None:
        if message.instance_id == "p1":
            message.visible_at = max(message.visible_at, again)
        put(message)

    queue.put = later  # type: ignore[method-assign]
    for message in filter(lambda m: m.instance_id == "p1", list(queue.messages.values())):
        queue.hide(message, max(message.visible_at, again))


def said_to_stand_still(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The level of each line about it: the first is a warning, for a host may just be back."""
    said = [r for r in caplog.records if r.getMessage().startswith("push-stands-still")]
    return [record.levelname for record in said]


async def test_a_push_whose_partition_is_not_read_is_woken_once_an_hour(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is not ended: what ends it would lie there, too, and end its next life. Source:
    Azure/durabletask#1389, #1398."""
    async with noted_world(TIMEOUT="10m", LATE_WINDOW="0") as (w, journal):
        await w.push("p1", REGIONS[:2])
        await note_while_open(w, journal)
        leave_unread(w, 3 * 3_600)
        await asyncio.sleep(2.9 * 3_600)
        assert ["WARNING", "ERROR", "ERROR"] == said_to_stand_still(caplog)
        assert [] == w.messages
        await w.until(lambda: w.messages)
        await asyncio.sleep(10 * RUN)
        assert ["overdue"] == w.verdicts()
        assert [] == lines(caplog, "push-stood-still")


def leave_unread_from(w: World, kind: EventType, nth: int, seconds: float) -> None:
    """Let nobody read the push's messages from the nth of this kind on, for so long."""
    queue, left = w.host.storage.control, [None] * nth
    put = queue.put

    def watched(message: Message) -> None:
        if (message.instance_id, message.event["EventType"]) == ("p1", kind):
            left.pop()
        if left:
            put(message)
            return
        queue.put = put  # type: ignore[method-assign]
        leave_unread(w, seconds)
        queue.put(message)

    queue.put = watched  # type: ignore[method-assign]


async def test_a_push_whose_alarm_is_not_seen_to_be_told_is_woken_once_an_hour(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is not ended either: the alarm's result is there, and nobody reads it for a day."""
    async with noted_world(TIMEOUT="10m", LATE_WINDOW="2d") as (w, journal):
        leave_unread_from(w, EventType.TASK_COMPLETED, 2, 15 * 3_600)
        await w.push("p1", REGIONS[:2])
        await note_while_open(w, journal)
        await asyncio.sleep(15 * 3_600)
        assert ["WARNING", "ERROR", "ERROR"] == said_to_stand_still(caplog)
        await w.post(event("p1"), LAST)
        await asyncio.sleep(86_400)
        assert ["overdue", "recovered"] == w.verdicts()
        assert [] == lines(caplog, "push-stood-still")


async def test_a_push_that_stands_still_is_seen_to_however_long_a_round_takes() -> None:
    """A round through thousands of notes takes several runs; here each look is 12 minutes after the
    one before, and none within four of the time to wake it."""
    async with noted_world(timers=False, TIMEOUT="10m", LATE_WINDOW="0") as (w, journal):
        lose(w, EventType.TIMER_FIRED)
        await w.push("p1", REGIONS[:2])
        begun_at = utcnow()
        await note_while_open(w, journal)
        await asyncio.sleep((begun_at + timedelta(minutes=28) - utcnow()).total_seconds())
        patrol = revive_interrupted.Patrol()
        async with asyncio.timeout(6 * 3_600):
            while not w.messages:
                await patrol.run(engine_of(w))
                await asyncio.sleep(720)
        assert ["overdue"] == w.verdicts()
