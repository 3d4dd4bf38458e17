"""Each hazard harms the textbook starter, or whatever else it is made for."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from devhost import Hazards, run_virtual
from devhost.clock import utcnow
from devhost.hazards import CHECKPOINTS, CrashRule, Dice
from tests.devhost.apps import Steps, http_functions, textbook, with_orchestrator
from tests.devhost.conftest import Client, serve

VISIBLE_AGAIN = 300
"""Seconds until a message in a crashed host's hand comes back."""


def Main(context: Any) -> Steps:
    """Waits for `go`, runs an activity with what it brought, returns its result."""
    brought = yield context.wait_for_external_event("go")
    result = yield context.call_activity("Echo", {"brought": brought})
    return result


def Count(context: Any) -> Steps:
    """Counts the events `tick` until 10 minutes go by without one."""
    for count in range(99):
        tick = context.wait_for_external_event("tick")
        silence = context.create_timer(context.current_utc_datetime + timedelta(minutes=10))
        if (yield context.task_any([tick, silence])) == silence:
            return count
        silence.cancel()
    return None


def Patient(context: Any) -> Steps:
    """Waits for `go`, then for `end`, and says which."""
    context.set_custom_status("here")
    yield context.wait_for_external_event("go")
    context.set_custom_status("gone")
    yield context.wait_for_external_event("end")


def Parent(context: Any) -> Steps:
    """Returns what its child returns."""
    result = yield context.call_sub_orchestrator("Child", 1)
    return result


def Child(context: Any) -> Steps:
    """Ends in its first turn."""
    return "done"
    yield


def app() -> Any:
    return with_orchestrator(Main, Count, Patient, Parent, Child)


async def push(client: Client, instance_id: str, region: str) -> int:
    """Post one webhook; 0 where the connection broke."""
    try:
        return (await client.call("POST", f"/api/push/{instance_id}?region={region}"))[0]
    except aiohttp.ClientError:
        return 0


async def test_without_hazards_nothing_is_lost() -> None:
    """The textbook starter works where nothing goes wrong."""
    async with serve(textbook()) as client:
        for number in range(20):
            assert await push(client, f"p{number}", "east") == 202
            assert await push(client, f"p{number}", "west") == 202
        await client.host.settle()
        rows = client.host.storage.instances.values()
        assert [row.runtime_status for row in rows] == ["Completed"] * 20


async def test_an_event_in_the_gap_is_deleted(caplog: pytest.LogCaptureFixture) -> None:
    """Raised before the instance has begun, it is answered 202 and deleted: a false alarm
    follows."""
    caplog.set_level("INFO", "devhost")
    async with serve(textbook(), hazards="gap=2") as client:
        assert await push(client, "p", "east") == 202
        assert await push(client, "p", "west") == 202
        row = await client.host.finished("p")
        assert row.output == "deadline"
    assert caplog.text.count("No such instance") == 2


async def test_a_crash_with_the_start_in_hand_loses_events() -> None:
    """The start comes back after the visibility timeout; the event before that is deleted."""
    async with serve(textbook(), hazards="crash=dequeued-before-episode") as client:
        await push(client, "p", "east")
        await asyncio.sleep(5)
        await client.host.settle()
        assert client.host.crashed_at == ["dequeued-before-episode"]
        assert await push(client, "p", "west") == 202
        await asyncio.sleep(60)
        assert client.host.storage.instances["p"].runtime_status == "Pending"
        await asyncio.sleep(VISIBLE_AGAIN)
        assert client.host.storage.instances["p"].runtime_status == "Running"
        assert (await client.host.finished("p")).output == "deadline"


async def test_a_start_race_has_a_silent_loser() -> None:
    """Both starts are answered as successful, and one's input is lost."""
    async with serve(app(), hazards="start-race=1") as client:
        starts = [client.start("Main", "x", {"from": name}) for name in ("a", "b")]
        answers = await asyncio.gather(*starts)
        assert [status for status, _ in answers] == [202, 202]
        await client.host.settle()
        assert client.host.storage.instances["x"].input in ('{"from": "a"}', '{"from": "b"}')
        assert client.host.stats["episodes"] == 1


async def test_without_a_race_the_second_start_is_refused() -> None:
    """It is answered 409, already exists."""
    async with serve(app()) as client:
        answers = await asyncio.gather(client.start("Main", "x"), client.start("Main", "x"))
        assert sorted(status for status, _ in answers) == [202, 409]
        refused = next(body for status, body in answers if status == 409)
        words = "An Orchestration instance with the status Pending already exists."
        assert refused == {"Message": words}


async def test_an_older_extension_refuses_the_second_start_with_500() -> None:
    """The words are the same, in another place."""
    async with serve(app(), hazards="old-conflict=1") as client:
        await client.run("Main", instance_id="x")
        status, body = await client.start("Main", "x")
        words = "An Orchestration instance with the status Running already exists."
        assert (status, body["ExceptionMessage"]) == (500, words)


async def test_a_start_can_be_refused_and_carried_out() -> None:
    """It is answered that the instance exists already."""
    async with serve(app(), hazards="already-exists=1") as client:
        status, _ = await client.start("Main", "x")
        assert status == 409
        await client.host.settle()
        assert client.host.storage.instances["x"].runtime_status == "Running"


async def test_a_start_before_its_row_waits_for_the_visibility_timeout() -> None:
    """Its message is dequeued before the row is there."""
    async with serve(app(), hazards="row-late=1") as client:
        row = await client.run("Main")
        assert row.runtime_status == "Pending"
        await asyncio.sleep(VISIBLE_AGAIN + 1)
        assert row.id in client.host.storage.histories


async def test_an_invisible_message_delays_everything() -> None:
    """It comes back after the visibility timeout."""
    async with serve(app(), hazards="invisible=1") as client:
        row = await client.run("Main")
        assert row.runtime_status == "Pending"
        await asyncio.sleep(VISIBLE_AGAIN - 10)
        assert client.host.storage.instances["it"].runtime_status == "Pending"
        await asyncio.sleep(20)
        assert client.host.storage.instances["it"].runtime_status == "Running"


async def test_an_activity_may_run_twice() -> None:
    """Its second result changes nothing."""
    async with serve(app(), hazards="activities-twice=1") as client:
        await client.run("Main")
        await client.raise_event("it", "go", 1)
        await client.host.settle()
        assert client.host.stats["activity:Echo"] == 2
        assert client.host.storage.instances["it"].output == {"echo": {"brought": "1"}}


async def test_an_event_may_arrive_twice() -> None:
    """It was raised only once."""
    async with serve(app(), hazards="events-twice=1") as client:
        await client.run("Count")
        await client.raise_event("it", "tick")
        assert (await client.host.finished("it")).output == 2


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion:UserWarning")
async def test_events_may_arrive_out_of_order() -> None:
    """Later ones overtake earlier ones."""
    async with serve(app(), hazards="events-shuffled=1") as client:
        await client.run("Main")
        for number in range(10):
            await client.raise_event("it", "other", number)
        await asyncio.sleep(3)
        await client.host.settle()
        history = client.host.storage.instances["it"].history
        came = [e["Input"] for e in history if e["EventType"] == 15]
        assert sorted(came) == [f'"{n}"' for n in range(10)]
        assert came != sorted(came)


@pytest.mark.parametrize("hazard", ["endpoint-errors=1", "management-errors=1"])
async def test_an_endpoint_may_fail(hazard: str) -> None:
    """Requests are answered 429 or 500 or reset, before or after the function was called."""
    async with serve(textbook(), hazards=hazard) as client:
        answers = set()
        for number in range(30):
            answers.add(await push(client, f"p{number}", "east"))
        expected = {429, 500, 0} if hazard.startswith("endpoint") else {500}
        assert answers == expected
        called = client.host.stats["http:Push"]
        started = len(client.host.storage.instances)
        assert called == 30
        assert 0 < started < 30 or not hazard.startswith("endpoint")


@pytest.mark.parametrize(("hazard", "calls"), [("endpoint-takes", 1), ("management-takes", 3)])
async def test_an_endpoint_may_be_slow(hazard: str, calls: int) -> None:
    """Each request waits before anything is done for it; the app makes some of its own."""
    async with serve(textbook(), hazards=f"{hazard}=4..4") as client:
        began = utcnow()
        assert 202 == await push(client, "p1", "east")
        assert timedelta(seconds=4 * calls) == utcnow() - began


@pytest.mark.parametrize("checkpoint", CHECKPOINTS[:-1])
async def test_work_survives_a_crash_at_each_checkpoint(checkpoint: str) -> None:
    """A retried start and an event after the begin bring the result, whatever was interrupted."""

    async def attempt(call: Any) -> Any:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                return await call()
            await asyncio.sleep(5)

    async with serve(app(), hazards=f"crash={checkpoint}") as client:

        async def started() -> bool:
            status, _ = await client.start("Main", "it", 1)
            return status in (202, 409)

        await attempt(started)
        await asyncio.sleep(2 * VISIBLE_AGAIN)
        assert await attempt(lambda: client.raise_event("it", "go", 1)) == 202
        row = await client.host.finished("it")
        assert row.output == {"echo": {"brought": "1"}}
        assert client.host.crashed_at == [checkpoint]


async def test_a_crash_may_come_before_the_answer() -> None:
    """The function has done its work, but its caller never hears of it."""
    async with serve(
        textbook(), hazards="gap=5,crash=http-after-handler-before-response"
    ) as client:
        assert await push(client, "p", "east") == 0
        await client.host.settle()
        assert client.host.storage.instances["p"].runtime_status == "Pending"
        assert client.host.crashed_at == ["http-after-handler-before-response"]


async def test_an_activity_repeats_after_a_crash() -> None:
    """An activity whose result was not sent runs again after the visibility timeout."""
    async with serve(app(), hazards="crash=activity-after-before-result") as client:
        await client.run("Main")
        await client.raise_event("it", "go", 1)
        await client.host.finished("it")
        assert client.host.stats["activity:Echo"] == 2
        assert asyncio.get_running_loop().time() >= VISIBLE_AGAIN


async def test_a_lost_row_write_leaves_pending_on_a_begun_instance() -> None:
    """It says Pending to its end and shows no history, while events are accepted; only the custom
    status tells that it has begun, from when the start comes again."""
    async with serve(app(), hazards="crash=after-history-before-row") as client:
        everything = "?showHistory=true&showHistoryOutput=true"
        await client.start("Patient", "it")
        await asyncio.sleep(VISIBLE_AGAIN - 10)
        assert client.host.storage.instances["it"].history
        _, shown = await client.get("it", everything)
        assert (shown["runtimeStatus"], shown["customStatus"]) == ("Pending", None)
        await asyncio.sleep(20)
        await client.host.settle()
        _, shown = await client.get("it", everything)
        assert (shown["runtimeStatus"], shown["customStatus"]) == ("Pending", "here")
        assert await client.raise_event("it", "go") == 202
        await client.host.settle()
        _, shown = await client.get("it", everything)
        assert (shown["runtimeStatus"], shown["customStatus"]) == ("Pending", "gone")
        assert "historyEvents" not in shown
        assert await client.raise_event("it", "end") == 202
        await client.host.settle()
        _, shown = await client.get("it", everything)
        assert (shown["runtimeStatus"], len(shown["historyEvents"])) == ("Completed", 4)


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion:UserWarning")
async def test_an_event_that_comes_again_is_in_the_history_twice() -> None:
    """The crash came when its turn was written and it was not deleted."""
    async with serve(app(), hazards="crash=after-history-before-row@2") as client:
        await client.run("Patient")
        assert await client.raise_event("it", "go") == 202
        await asyncio.sleep(VISIBLE_AGAIN + 10)
        _, shown = await client.get("it", "?showHistory=true")
        assert (shown["runtimeStatus"], shown["customStatus"]) == ("Running", "gone")
        kinds = [each["EventType"] for each in shown["historyEvents"]]
        assert kinds == ["ExecutionStarted", "EventRaised", "EventRaised"]


@pytest.mark.parametrize(("name", "turn", "rows"), [("Main", 3, 1), ("Parent", 2, 2)])
async def test_the_row_of_an_instance_that_has_ended_is_mended(
    name: str, turn: int, rows: int
) -> None:
    """When its message comes again; and written where there was none, of a child of one turn."""
    async with serve(app(), hazards=f"crash=after-history-before-row@{turn}") as client:
        await client.start(name, "it", None)
        await client.host.settle()
        await client.raise_event("it", "go", 1)
        await asyncio.sleep(VISIBLE_AGAIN + 10)
        await client.host.settle()
        there = client.host.storage.instances.values()
        assert [row.runtime_status for row in there] == ["Completed"] * rows
        assert client.host.crashed_at == ["after-history-before-row"]


async def test_a_crash_resets_connections_and_forgets_functions() -> None:
    """A request under way breaks; nobody listens until the restart; storage is still there."""
    async with serve(http_functions()) as client:
        host = client.host
        slow = asyncio.ensure_future(client.call("GET", "/api/slow"))
        await asyncio.sleep(1)
        await host.crash()
        with pytest.raises(aiohttp.ClientError):
            await slow
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.call("GET", "/api/nothing")
        await host.restart()
        assert (await client.call("GET", "/api/nothing"))[0] == 204


async def test_a_crash_may_strike_the_moment_a_host_is_up() -> None:
    """A message was due before; the host is started again, and goes on."""
    async with serve(app(), hazards="gap=5") as client:
        await client.start("Patient", "it")
        await client.host.crash()
        await asyncio.sleep(10)
        client.host.hazards = Hazards.parse("crash=dequeued-before-episode")
        await client.host.restart()
        await asyncio.sleep(VISIBLE_AGAIN + 10)
        assert client.host.crashed_at == ["dequeued-before-episode"]
        assert client.host.storage.instances["it"].runtime_status == "Running"
        assert await client.raise_event("it", "go") == 202
        await client.host.settle()
        assert client.host.storage.instances["it"].custom_status == "gone"


async def test_timers_survive_a_crash() -> None:
    """A timer is a message: it fires on time although the host has been away."""
    async with serve(app()) as client:
        await client.run("Count")
        await client.host.crash()
        await asyncio.sleep(7200)
        await client.host.restart()
        await client.host.settle()
        assert client.host.storage.instances["it"].output == 0


async def test_random_crashes_repeat() -> None:
    """`crash-every` crashes and restarts the host again and again."""
    async with serve(app(), hazards="crash-every=60..600") as client:
        await client.run("Count")
        await asyncio.sleep(3600)
        assert 6 <= client.host.stats["crashes"] <= 60
        assert set(client.host.crashed_at) == {"random"}


async def test_hazards_can_change_while_running() -> None:
    """A test can turn them on when it reaches the interesting place."""
    async with serve(app()) as client:
        await client.run("Main")
        client.host.hazards = Hazards.parse("crash=activity-before@1")
        await client.raise_event("it", "go")
        await client.host.finished("it")
        assert client.host.crashed_at == ["activity-before"]


def run_with_all(seed: int) -> tuple[Any, ...]:
    """The result of a busy run under all hazards."""

    async def run() -> tuple[Any, ...]:
        async with serve(textbook(), hazards=Hazards.azure_storage(), seed=seed) as client:
            for number in range(15):
                for region in ("east", "west"):
                    await push(client, f"p{number}", region)
                    await asyncio.sleep(1)
            await asyncio.sleep(2 * 3600)
            await client.host.settle()
            rows = client.host.storage.instances.values()
            outcome = [(r.id, r.runtime_status, str(r.output), r.last_updated) for r in rows]
            return sorted(outcome), dict(client.host.stats), client.host.crashed_at

    return run_virtual(run)


def test_one_seed_is_one_run() -> None:
    """In virtual time, the same seed gives the same run to the microsecond, and another seed
    another run."""
    first = run_with_all(3)
    assert first == run_with_all(3)
    assert first != run_with_all(4)


def test_all_hazards_together_harm_the_textbook() -> None:
    """With azure-storage, the textbook starter raises false alarms."""
    outcome, _, failures = run_with_all(1)
    assert failures
    assert any(output == "deadline" for _, _, output, _ in outcome)


def test_a_specification_of_hazards_is_read() -> None:
    """It has probabilities, seconds, ranges and crash rules."""
    spec = "gap=0.1..2, events-twice=0.2,crash=after-row@3,crash=*:0.5,crash=activity-before"
    assert Hazards.parse(spec) == Hazards(
        gap=(0.1, 2.0),
        events_twice=0.2,
        crash=(
            CrashRule("after-row", 3),
            CrashRule("*", None, 0.5),
            CrashRule("activity-before", 1),
        ),
    )
    assert Hazards.parse("azure-storage,gap=3").gap == (3.0, 3.0)
    assert Hazards.parse("none") == Hazards.parse("") == Hazards()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("gaps=1", "no hazard 'gaps=1'"),
        ("gap", "no hazard 'gap'"),
        ("gap=soon", "hazard gap"),
        ("crash=nowhere", "no checkpoint 'nowhere'"),
        ("crash=after-row@x", "hazard crash"),
    ],
)
def test_a_wrong_specification_is_an_error(spec: str, message: str) -> None:
    """The error names the part."""
    with pytest.raises(ValueError, match=message):
        Hazards.parse(spec)


def test_dice_of_one_subject_do_not_move_those_of_another() -> None:
    """Each purpose and subject has a stream of its own."""
    plain, busy = Dice(1), Dice(1)
    busy.chance("other", "x", 0.5)
    assert plain.between("gap", "x", (0, 1)) == busy.between("gap", "x", (0, 1))
