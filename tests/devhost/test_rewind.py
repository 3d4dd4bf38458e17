"""Rewinding a failed instance, as seen on the Durable extension 3.19."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from devhost import Hazards
from tests.devhost.apps import Steps, with_orchestrator
from tests.devhost.conftest import Client, serve


def Waits(context: Any) -> Steps:
    """Waits for `bang`, sets a status, and waits for `end`."""
    context.set_custom_status("waiting")
    yield context.wait_for_external_event("bang")
    context.set_custom_status("banged")
    yield context.wait_for_external_event("end")
    return "over"


def Race(context: Any) -> Steps:
    """Waits for `bang` and `end`, beside a timer of a minute."""
    events = [context.wait_for_external_event(name) for name in ("bang", "end")]
    timer = context.create_timer(context.current_utc_datetime + timedelta(minutes=1))
    winner = yield context.task_any([context.task_all(events), timer])
    return "timer" if winner == timer else "events"


def Work(context: Any) -> Steps:
    """Waits for `bang` and for an activity of 30 s."""
    bang = context.wait_for_external_event("bang")
    yield context.task_all([bang, context.call_activity("Sleep", 30)])
    return "worked"


def Retrying(context: Any) -> Steps:
    """Calls an activity that fails twice."""
    result = yield context.call_activity("FailTwice", "key")
    return result


def app() -> Any:
    return with_orchestrator(Waits, Race, Work, Retrying)


async def fail(client: Client, name: str) -> None:
    """An instance whose turn after `bang` dies with Python."""
    await client.start(name, "it")
    await asyncio.sleep(1)
    client.host.hazards = Hazards.parse("python-dies=turn-after")
    await client.raise_event("it", "bang")
    await asyncio.sleep(1)
    assert client.host.storage.instances["it"].runtime_status == "Failed"


async def test_a_rewound_instance_goes_on_from_its_history() -> None:
    """It says Pending to its end, with the status of its next turn; the event of the failing turn
    is there."""
    async with serve(app()) as client:
        await fail(client, "Waits")
        assert await client.post("it", "rewind", "?reason=why") == 202
        await client.host.settle()
        _, shown = await client.get("it")
        assert (shown["runtimeStatus"], shown["customStatus"]) == ("Pending", "banged")
        assert "python exited" in shown["output"]
        await client.raise_event("it", "end")
        row = await client.host.finished("it")
        assert (row.runtime_status, row.output) == ("Completed", "over")
        _, shown = await client.get("it", "?showHistory=true")
        told = [each.get("Data", each.get("Name")) for each in shown["historyEvents"]]
        assert [None, "bang", None, "why", "end", None] == told


@pytest.mark.parametrize("name", ["Race", "Work"])
async def test_what_came_while_an_instance_was_failed_is_lost(name: str) -> None:
    """A timer that fell due and an activity's result never come, so it waits for ever."""
    async with serve(app()) as client:
        await fail(client, name)
        assert await client.raise_event("it", "end") == 410
        await asyncio.sleep(120)
        await client.post("it", "rewind")
        await asyncio.sleep(3600)
        assert client.host.storage.instances["it"].runtime_status == "Pending"


async def test_what_comes_after_a_rewind_counts() -> None:
    """A timer that falls due then is like any other."""
    async with serve(app()) as client:
        await fail(client, "Race")
        await client.post("it", "rewind")
        assert (await client.host.finished("it")).output == "timer"


async def test_failed_activities_run_again() -> None:
    """An instance that failed with its activity calls it once more."""
    async with serve(app()) as client:
        for tries in (1, 2):
            await (client.run("Retrying") if tries == 1 else client.host.settle())
            assert client.host.storage.instances["it"].runtime_status == "Failed"
            assert client.host.stats["activity:FailTwice"] == tries
            assert await client.post("it", "rewind") == 202
        row = await client.host.finished("it")
        assert (row.runtime_status, row.output) == ("Completed", "try 3")


async def test_only_a_failed_instance_can_be_rewound() -> None:
    """Others are refused in the extension's words."""
    async with serve(app()) as client:
        path = "/durabletask/instances/it/rewind"
        status, body = await client.call("POST", path)
        assert (404, 'No orchestration with instance ID "$it" found.') == (status, body)
        await client.start("Race", "it")
        await asyncio.sleep(1)
        status, body = await client.call("POST", path)
        words = "This orchestration has status Running, but only orchestrations in the"
        assert (412, f'{words} "Failed" state can be rewound.') == (status, body)
