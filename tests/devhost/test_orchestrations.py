"""Each feature of orchestrators, through the SDK's own replay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from devhost import clock
from devhost.clock import EPOCH
from tests.devhost.apps import Steps, with_orchestrator
from tests.devhost.conftest import Client, serve


def seconds_since_start() -> float:
    return (clock.utcnow() - EPOCH).total_seconds()


async def test_activity_gets_and_returns_json() -> None:
    """An activity's input and result pass through JSON, as with the worker."""

    def Main(context: Any) -> Steps:
        result = yield context.call_activity("Echo", {"n": [1, None]})
        return result

    async with serve(with_orchestrator(Main)) as client:
        row = await client.run("Main")
        assert row.runtime_status == "Completed"
        assert row.output == {"echo": {"n": [1, None]}}
        assert client.host.stats["activity:Echo"] == 1


async def test_input_is_a_string_that_holds_json() -> None:
    """The row keeps the input as the SDK's client sends it; the orchestrator gets it decoded."""

    def Main(context: Any) -> Steps:
        return context.get_input()
        yield

    async with serve(with_orchestrator(Main)) as client:
        row = await client.run("Main", {"a": 1})
        assert row.input == '{"a": 1}'
        assert row.output == {"a": 1}


async def test_failed_activity_is_an_exception() -> None:
    """An uncaught activity failure fails the orchestration, a caught one does not."""

    def Main(context: Any) -> Steps:
        try:
            yield context.call_activity("Fail", "luck")
        except Exception as problem:
            if context.get_input() == "catch":
                return str(problem)
            raise

    async with serve(with_orchestrator(Main)) as client:
        caught = await client.run("Main", "catch", "a")
        assert caught.runtime_status == "Completed"
        assert "ValueError: no luck" in caught.output
        failed = await client.run("Main", "raise", "b")
        assert failed.runtime_status == "Failed"
        assert "Orchestrator function 'Main' failed" in failed.output


async def test_a_retry_goes_on_until_it_works() -> None:
    """Here it takes two failures and two timers of the interval."""

    def Main(context: Any) -> Steps:
        result = yield context.call_activity_with_retry(
            "FailTwice", df.RetryOptions(60_000, 5), "k"
        )
        return result

    async with serve(with_orchestrator(Main)) as client:
        await client.run("Main")
        await until(client, "it")
        assert client.host.storage.instances["it"].output == "try 3"
        assert client.host.stats["activity:FailTwice"] == 3
        assert 117 <= seconds_since_start() <= 121


async def test_retry_that_gives_up_waits_once_more() -> None:
    """After the last attempt there is one more timer before the failure."""

    def Main(context: Any) -> Steps:
        yield context.call_activity_with_retry("Fail", df.RetryOptions(60_000, 2), "luck")

    async with serve(with_orchestrator(Main)) as client:
        await client.run("Main")
        await until(client, "it")
        assert client.host.storage.instances["it"].runtime_status == "Failed"
        assert client.host.stats["activity:Fail"] == 2
        assert 117 <= seconds_since_start() <= 121


@pytest.mark.parametrize(
    ("asked", "taken"), [(30, 29), (30.5, 30), (1, 0), (0.9, 0), (86_400, 86_399)]
)
async def test_timers_are_whole_seconds(asked: float, taken: float) -> None:
    """A timer's delay is cut to whole seconds, so it comes up to 1 s early."""

    def Main(context: Any) -> Steps:
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=asked))

    async with serve(with_orchestrator(Main)) as client:
        await client.run("Main")
        await until(client, "it")
        assert seconds_since_start() == pytest.approx(taken, abs=0.01)


async def test_cancelled_timer_is_dropped_when_it_comes() -> None:
    """A cancelled timer's message comes back to a finished instance and changes nothing."""

    def Main(context: Any) -> Steps:
        timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=60))
        wait = context.wait_for_external_event("go")
        winner = yield context.task_any([wait, timer])
        timer.cancel()
        return winner == wait

    async with serve(with_orchestrator(Main)) as client:
        await client.run("Main")
        assert await client.raise_event("it", "go") == 202
        await client.host.settle()
        assert client.host.storage.instances["it"].output is True
        assert len(client.host.storage.control.messages) == 1
        await pass_seconds(client, 61)
        assert len(client.host.storage.control.messages) == 0
        assert client.host.stats["episodes"] == 2


async def test_event_data_is_a_string() -> None:
    """Data raised by the SDK's client arrives as a string that holds JSON."""

    def Main(context: Any) -> Steps:
        first = yield context.wait_for_external_event("go")
        second = yield context.wait_for_external_event("on")
        return [first, second]

    async with serve(with_orchestrator(Main)) as client:
        await client.run("Main")
        await client.raise_event("it", "go", {"b": 2})
        await client.raise_event("it", "on")
        await client.host.settle()
        assert client.host.storage.instances["it"].output == ['{"b": 2}', "null"]


async def test_task_yielded_again_hangs_until_the_timer() -> None:
    """A second task_any leaves the wait out of its action, so the host does not go on."""

    def Main(context: Any) -> Steps:
        wait = context.wait_for_external_event("go")
        yield context.task_any([wait, _in(context, 10)])
        yield context.task_any([wait, _in(context, 3600)])
        result = yield context.call_activity("Echo", {})
        return result

    async with serve(with_orchestrator(Main)) as client:
        await client.run("Main")
        await pass_seconds(client, 20)
        await client.raise_event("it", "go")
        await client.host.settle()
        assert client.host.stats["activity:Echo"] == 0
        await pass_seconds(client, 3600)
        assert client.host.storage.instances["it"].runtime_status == "Completed"


async def test_the_end_waits_for_a_timer_that_was_left() -> None:
    """An orchestrator that has returned stays Running until its timer has fired or was
    cancelled."""

    def Main(context: Any) -> Steps:
        timer = _in(context, 60)
        yield context.task_any([context.wait_for_external_event("go"), timer])
        if context.get_input() == "cancel":
            timer.cancel()
        return "went"

    async with serve(with_orchestrator(Main)) as client:
        for instance_id, left in (("leave", True), ("cancel", False)):
            await client.run("Main", instance_id, instance_id)
            began = asyncio.get_running_loop().time()
            await client.raise_event(instance_id, "go")
            assert (await client.host.finished(instance_id)).output == "went"
            assert (asyncio.get_running_loop().time() - began > 50) == left


async def test_fan_out_runs_side_by_side() -> None:
    """Activities of one task_all sleep at the same time."""

    def Main(context: Any) -> Steps:
        results = yield context.task_all([context.call_activity("Sleep", 60) for _ in range(5)])
        return results

    async with serve(with_orchestrator(Main)) as client:
        row = await client.run("Main")
        assert row.output == ["slept 60"] * 5
        assert seconds_since_start() == pytest.approx(60, abs=0.1)


async def test_a_sub_orchestration_returns_to_its_parent() -> None:
    """It gets its input and knows its parent."""

    def Parent(context: Any) -> Steps:
        result = yield context.call_sub_orchestrator("Child", {"n": 1}, "child-1")
        other = yield context.call_sub_orchestrator("Child", None)
        return [result, other[1]]

    def Child(context: Any) -> Steps:
        yield context.call_activity("Echo", {})
        return [context.get_input(), context.parent_instance_id]

    async with serve(with_orchestrator(Parent, Child)) as client:
        row = await client.run("Parent")
        assert row.output == [[{"n": 1}, "it"], "it"]
        assert client.host.storage.instances["child-1"].runtime_status == "Completed"
        assert len(client.host.storage.instances) == 3


async def test_failed_sub_orchestration_is_retried() -> None:
    """With retry options a failed sub-orchestration is started again."""

    def Parent(context: Any) -> Steps:
        options = df.RetryOptions(5000, 3)
        result = yield context.call_sub_orchestrator_with_retry("Child", options, "x")
        return result

    def Child(context: Any) -> Steps:
        result = yield context.call_activity("FailTwice", "sub")
        return result

    async with serve(with_orchestrator(Parent, Child)) as client:
        await client.run("Parent")
        await until(client, "it")
        assert client.host.storage.instances["it"].output == "try 3"


async def test_continue_as_new_starts_over() -> None:
    """Each generation has the new input and a history of its own."""

    def Main(context: Any) -> Steps:
        count = context.get_input()
        context.set_custom_status(f"at {count}")
        yield _in(context, 10)
        if count < 3:
            context.continue_as_new(count + 1)
            return None
        return f"done {count}"

    async with serve(with_orchestrator(Main)) as client:
        row = await client.run("Main", 1)
        assert row.custom_status == "at 1"
        await until(client, "it")
        row = client.host.storage.instances["it"]
        assert (row.output, row.input, row.custom_status) == ("done 3", "3", "at 3")
        started = [e for e in row.history if e["EventType"] == 0]
        assert len(started) == 1


async def test_continue_as_new_without_waiting_is_stopped() -> None:
    """An orchestrator that spins fails instead of hanging the host."""

    def Main(context: Any) -> Steps:
        context.continue_as_new(None)
        return None
        yield

    async with serve(with_orchestrator(Main)) as client:
        row = await client.run("Main")
        assert row.runtime_status == "Failed"
        assert "without waiting" in row.output


async def test_custom_status_shows_while_running() -> None:
    """A custom status is in the row after the turn that set it."""

    def Main(context: Any) -> Steps:
        context.set_custom_status({"phase": 1})
        yield context.wait_for_external_event("go")
        context.set_custom_status({"phase": 2})

    async with serve(with_orchestrator(Main)) as client:
        row = await client.run("Main")
        assert (row.runtime_status, row.custom_status) == ("Running", {"phase": 1})
        await client.raise_event("it", "go")
        await client.host.settle()
        row = client.host.storage.instances["it"]
        assert (row.runtime_status, row.custom_status) == ("Completed", {"phase": 2})


@pytest.mark.parametrize(
    ("status", "fits"),
    [("x" * 8701, True), ("x" * 8702, False), ("é" * 8701, True), ("😀" * 4351, False)],
)
async def test_a_custom_status_over_16_kb_fails_the_turn(status: str, fits: bool) -> None:
    """Its size is counted in whole KB of UTF-16 JSON; the earlier custom status is gone as well."""

    def Main(context: Any) -> Steps:
        context.set_custom_status("short")
        yield context.wait_for_external_event("go")
        context.set_custom_status(status)
        yield context.wait_for_external_event("go")

    async with serve(with_orchestrator(Main)) as client:
        await client.run("Main")
        await client.raise_event("it", "go")
        await client.host.settle()
        row = client.host.storage.instances["it"]
        if fits:
            assert (row.runtime_status, row.custom_status) == ("Running", status)
        else:
            words = "The UTF-16 size of the JSON-serialized payload must not exceed 16 KB."
            words = f"Orchestrator function 'Main' failed: {words} The current payload size is"
            assert (row.runtime_status, row.custom_status) == ("Failed", None)
            assert row.output == f"{words} 17 KB."


async def test_other_actions_than_before_fail_the_instance() -> None:
    """An orchestrator that calls something else at replay fails with a clear error."""
    turns: list[int] = []

    def Main(context: Any) -> Steps:
        turns.append(1)
        yield context.call_activity("Echo" if len(turns) == 1 else "Fail", {})

    async with serve(with_orchestrator(Main)) as client:
        row = await client.run("Main")
        assert row.runtime_status == "Failed"
        assert "NonDeterminismError" in row.output


async def test_unknown_activity_fails_the_instance() -> None:
    """The extension does the same."""

    def Main(context: Any) -> Steps:
        yield context.call_activity("Nowhere", {})

    async with serve(with_orchestrator(Main)) as client:
        row = await client.run("Main")
        assert "The function 'Nowhere' doesn't exist" in row.output


def raise_at_once(context: Any) -> Any:
    raise KeyError("early")


def yield_nonsense(context: Any) -> Steps:
    yield 42


def return_what_is_no_json(context: Any) -> Steps:
    return {1, 2}
    yield


@pytest.mark.parametrize("broken", [raise_at_once, yield_nonsense, return_what_is_no_json])
async def test_broken_orchestrators_fail(broken: Callable[[Any], Any]) -> None:
    """Whatever an orchestrator does wrong, its instance ends as Failed."""
    async with serve(with_orchestrator(broken)) as client:
        row = await client.run(broken.__name__)
        assert row.runtime_status == "Failed"


async def test_activity_with_a_client_starts_another_instance() -> None:
    """Its durable client works like that of an HTTP function."""

    def Main(context: Any) -> Steps:
        started = {"name": "Other", "id": "other", "input": [7]}
        result = yield context.call_activity("StartOther", started)
        return result

    def Other(context: Any) -> Steps:
        return context.get_input()
        yield

    async with serve(with_orchestrator(Main, Other)) as client:
        row = await client.run("Main")
        assert row.output == "other"
        assert client.host.storage.instances["other"].output == [7]


async def test_engine_time_only_moves_between_turns() -> None:
    """`current_utc_datetime` is engine time, in steps, and never goes back."""

    def Main(context: Any) -> Steps:
        seen = [context.current_utc_datetime.isoformat()]
        for _ in range(3):
            yield _in(context, 3600)
            seen.append(context.current_utc_datetime.isoformat())
        return seen

    async with serve(with_orchestrator(Main)) as client:
        await client.run("Main")
        await until(client, "it")
        seen = client.host.storage.instances["it"].output
        assert seen == sorted(set(seen))
        assert seen[0].startswith("2026-01-01T00:00:00")
        assert seen[3].startswith("2026-01-01T02:59:5")


async def test_history_is_that_of_the_protocol() -> None:
    """Each turn's events follow its OrchestratorStarted; numbers are the protocol's."""

    def Main(context: Any) -> Steps:
        yield context.call_activity("Echo", {"a": 1})

    async with serve(with_orchestrator(Main)) as client:
        row = await client.run("Main")
        assert [e["EventType"] for e in row.history] == [12, 0, 4, 13, 12, 5, 1, 13]
        assert json.loads(row.history[5]["Result"]) == {"echo": {"a": 1}}


def _in(context: Any, seconds: int) -> Any:
    return context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))


async def pass_seconds(client: Client, seconds: float) -> None:
    """Let virtual time pass."""
    await asyncio.sleep(seconds)
    await client.host.settle()


async def until(client: Client, instance_id: str) -> None:
    """Let virtual time pass until an instance has finished."""
    await client.host.finished(instance_id)
