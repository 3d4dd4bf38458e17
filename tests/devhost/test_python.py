"""The death of the Python process alone, as seen on the Durable extension 3.19."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import azure.functions as func
import pytest

from devhost import Hazards, run_virtual
from devhost.hazards import PYTHON_CHECKPOINTS, CrashRule
from tests.devhost.apps import Steps, http_functions, new_app, with_orchestrator
from tests.devhost.conftest import serve

DIED = "python exited with code 137"


def Main(context: Any) -> Steps:
    """Waits for `go`, then for an activity that takes as long as `go` says, or fails."""
    context.set_custom_status("waiting")
    seconds = yield context.wait_for_external_event("go")
    context.set_custom_status("working")
    try:
        result = yield context.call_activity("Sleep", int(seconds))
    except Exception as problem:
        return str(problem).partition(" \n")[0]
    return result


def Timed(context: Any) -> Steps:
    """Waits a minute, and then for `go`."""
    yield context.create_timer(context.current_utc_datetime + timedelta(minutes=1))
    result = yield context.wait_for_external_event("go")
    return result


def app() -> Any:
    return with_orchestrator(Main, Timed)


async def test_what_is_in_flight_fails_and_the_host_lives() -> None:
    """A call under way is answered 500; calls that come meanwhile wait and are served."""
    async with serve(http_functions()) as client:
        slow = asyncio.ensure_future(client.call("GET", "/api/slow"))
        await asyncio.sleep(1)
        client.host.kill_python()
        died = asyncio.get_running_loop().time()
        assert await client.call("GET", "/api/nothing") == (204, None)
        assert asyncio.get_running_loop().time() == pytest.approx(died + 1.0)
        assert await slow == (500, None)
        assert client.host.crashed_at == []
        assert client.host.stats["python-deaths"] == 1


async def test_the_management_api_needs_no_python() -> None:
    """The extension answers by itself; a turn waits for the next process."""
    async with serve(app()) as client:
        client.host.kill_python()
        assert (await client.start("Main", "it"))[0] == 202
        assert (await client.get("it"))[1]["runtimeStatus"] == "Pending"
        await client.host.settle()
        assert client.host.storage.instances["it"].runtime_status == "Running"


async def test_an_activitys_failure_reaches_its_orchestrator() -> None:
    """The activity is not repeated: it has failed like any other."""
    async with serve(app()) as client:
        await client.run("Main")
        await client.raise_event("it", "go", 60)
        await asyncio.sleep(5)
        client.host.kill_python()
        row = await client.host.finished("it")
        assert f"Activity function 'Sleep' failed: {DIED}" == row.output
        assert (row.runtime_status, client.host.stats["activity:Sleep"]) == ("Completed", 1)


async def test_a_turn_in_flight_fails_its_instance() -> None:
    """It has failed for good: the custom status is gone, the history stays, and later events are
    refused."""
    async with serve(app(), hazards="turn-takes=2") as client:
        await client.run("Main", {"a": 1})
        await client.raise_event("it", "go", 60)
        await asyncio.sleep(1)
        client.host.kill_python()
        row = await client.host.finished("it")
        failed = "Orchestrator function 'Main' failed: One or more errors occurred."
        assert (row.runtime_status, row.output) == ("Failed", f"{failed} ({DIED})")
        assert (row.custom_status, row.input) == (None, '{"a": 1}')
        _, shown = await client.get("it", "?showHistory=true")
        kinds = [each["EventType"] for each in shown["historyEvents"]]
        assert kinds == ["ExecutionStarted", "EventRaised", "ExecutionCompleted"]
        assert await client.raise_event("it", "go") == 410
        assert await client.post("it", "terminate") == 410


async def test_a_death_in_a_later_turn_looks_like_non_determinism() -> None:
    """The engine says so where something was scheduled in the history."""
    async with serve(app(), hazards="python-dies=turn-after@3,python-dies=turn-after@5") as client:
        await client.run("Main")
        await client.raise_event("it", "go", 0)
        row = await client.host.finished("it")
        scheduled = "scheduled an activity task with sequence ID 0 and name 'Sleep' (version '')"
        assert row.output.startswith("Non-Deterministic workflow detected")
        assert scheduled in row.output
        await client.start("Timed", "timed")
        timed = await client.host.finished("timed")
        assert "scheduled a timer task with sequence number 0 but the current" in timed.output


async def test_events_under_way_are_discarded_with_the_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An event that was accepted while the failing turn ran is in no history."""
    caplog.set_level("INFO", "devhost")
    async with serve(app(), hazards="turn-takes=2") as client:
        await client.run("Main")
        await client.raise_event("it", "go", 60)
        await asyncio.sleep(1)
        assert await client.raise_event("it", "later") == 202
        client.host.kill_python()
        await client.host.settle()
        raised = [e for e in client.host.storage.instances["it"].history if e["EventType"] == 15]
        assert [each["Name"] for each in raised] == ["go"]
        assert not client.host.storage.control.messages
    assert "the instance has finished" in caplog.text


async def test_other_instances_go_on() -> None:
    """A death of Python fails only the instances that it was running."""
    async with serve(app(), hazards="turn-takes=2") as client:
        for instance_id in ("a", "b"):
            await client.run("Main", instance_id=instance_id)
        await client.raise_event("a", "go", 1)
        await asyncio.sleep(1)
        client.host.kill_python()
        await client.host.settle()
        await client.raise_event("b", "go", 1)
        assert (await client.host.finished("b")).output == "slept 1"
        assert client.host.storage.instances["a"].runtime_status == "Failed"


@pytest.mark.parametrize("checkpoint", ["activity-before", "activity-after"])
async def test_an_activity_that_dies_has_done_its_work_or_not(checkpoint: str) -> None:
    """The failure does not tell which."""
    done: list[str] = []
    app = with_orchestrator(Once)

    @app.activity_trigger(input_name="payload")
    def Note(payload: str) -> None:
        done.append(payload)

    async with serve(app, hazards=f"python-dies={checkpoint}") as client:
        row = await client.run("Once", "x")
        assert DIED in row.output
        assert done == ([] if checkpoint == "activity-before" else ["x"])


def Once(context: Any) -> Steps:
    """Calls Note, and returns how it failed."""
    try:
        yield context.call_activity("Note", "x")
    except Exception as problem:
        return str(problem)
    return "noted"


@pytest.mark.parametrize("checkpoint", ["http-before", "http-after"])
async def test_an_http_function_that_dies_is_answered_500(checkpoint: str) -> None:
    """Its work may be done or not."""
    done: list[str] = []
    app = new_app()

    @app.route(route="note")
    def Note(req: func.HttpRequest) -> None:
        done.append("x")

    async with serve(app, hazards=f"python-dies={checkpoint}") as client:
        assert await client.call("GET", "/api/note") == (500, None)
        assert done == ([] if checkpoint == "http-before" else ["x"])


async def test_the_fourth_death_in_five_minutes_ends_the_host() -> None:
    """Each restart takes longer; then the host itself crashes, and the count begins anew."""
    async with serve(http_functions()) as client:
        host, loop = client.host, asyncio.get_running_loop()
        for waits in (1.0, 3.0, 5.0):
            host.kill_python()
            died = loop.time()
            await client.call("GET", "/api/nothing")
            assert loop.time() == pytest.approx(died + waits)
        assert host.crashed_at == []
        host.kill_python()
        assert host.crashed_at == ["python"]
        await host.settle()
        host.kill_python()
        assert (await client.call("GET", "/api/nothing"))[0] == 204
        assert (host.crashed_at, host.stats["python-deaths"]) == (["python"], 5)


async def test_deaths_long_apart_do_not_end_the_host() -> None:
    """A death is forgotten after five minutes."""
    async with serve(http_functions()) as client:
        for _ in range(6):
            client.host.kill_python()
            await asyncio.sleep(101)
            assert (await client.call("GET", "/api/nothing"))[0] == 204
        assert client.host.crashed_at == []


async def test_a_hazard_that_ends_the_host_leaves_what_was_in_hand() -> None:
    """An activity during the last death has no result, and runs again after the restart."""
    async with serve(app()) as client:
        await client.run("Main")
        for _ in range(3):
            client.host.kill_python()
            await client.host.settle()
            await asyncio.sleep(20)
        client.host.hazards = Hazards.parse("python-dies=activity-after")
        await client.raise_event("it", "go", 1)
        row = await client.host.finished("it")
        assert client.host.crashed_at == ["python"]
        assert (row.output, client.host.stats["activity:Sleep"]) == ("slept 1", 2)


def test_one_seed_is_one_run() -> None:
    """Deaths of Python are drawn from the seed like every hazard."""

    async def run() -> list[tuple[Any, ...]]:
        spec = "python-dies=*:0.1,turn-takes=0.01..0.2"
        async with serve(app(), hazards=spec, seed=5) as client:
            for number in range(10):
                await client.start("Main", f"i{number}", number)
                await asyncio.sleep(30)
                await client.raise_event(f"i{number}", "go", 3)
            await asyncio.sleep(3600)
            rows = client.host.storage.instances.values()
            return [(r.id, r.runtime_status, r.output, r.last_updated) for r in rows]

    first = run_virtual(run)
    assert first == run_virtual(run)
    assert {"Failed", "Completed"} <= {status for _, status, _, _ in first}
    assert DIED in json.dumps([output for _, _, output, _ in first])


def test_a_specification_of_deaths_is_read() -> None:
    """Its form is that of crashes, with checkpoints of its own."""
    spec = "python-dies=turn-before@2,python-dies=*:0.5,turn-takes=0.1..2"
    rules = (CrashRule("turn-before", 2), CrashRule("*", None, 0.5))
    assert Hazards.parse(spec) == Hazards(python_dies=rules, turn_takes=(0.1, 2.0))
    with pytest.raises(ValueError, match=f"there are \\*, {PYTHON_CHECKPOINTS[0]}"):
        Hazards.parse("python-dies=after-row")
