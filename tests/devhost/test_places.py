"""How much a host does at once: its places for activities and for turns."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest

from tests.devhost.apps import Steps
from tests.devhost.conftest import serve


def Many(context: Any) -> Steps:
    """Runs as many activities at once as its input says; returns the time at which each began."""
    calls = [context.call_activity("Hold", 10) for _ in range(context.get_input())]
    began = yield context.task_all(calls)
    return began


def Wait(context: Any) -> Steps:
    """Waits for `go`."""
    yield context.wait_for_external_event("go")


def app() -> Any:
    made = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for each in (Many, Wait):
        made.orchestration_trigger(context_name="context")(each)

    @made.activity_trigger(input_name="seconds")
    async def Hold(seconds: int) -> float:
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(seconds)
        return began

    return made


def durable(**settings: int) -> dict[str, Any]:
    """A host.json with these settings of the extension."""
    return {"extensions": {"durableTask": settings}}


@pytest.mark.parametrize(
    ("host_json", "expected"),
    [
        ({}, [0] * 20 + [10] * 3),
        (durable(maxConcurrentActivityFunctions=10), [0] * 10 + [10] * 10 + [20] * 3),
        (durable(maxConcurrentActivityFunctions=23), [0] * 23),
    ],
)
async def test_activities_wait_for_a_place(host_json: Any, expected: list[int]) -> None:
    """An activity holds its place even while it only waits; there are 20 places, or as many as
    host.json says."""
    async with serve(app(), host_json=host_json) as client:
        row = await client.run("Many", 23)
        began = [int(each) for each in row.output]
        assert expected == sorted(began)


async def test_waiting_activities_stay_in_the_queue() -> None:
    """A crash hides only those with a place, for the visibility timeout."""
    async with serve(app()) as client:
        host = client.host
        await client.start("Many", "it", 23)
        await asyncio.sleep(1)
        assert host.stats["activity:Hold"] == 20
        await host.crash()
        await host.restart()
        await asyncio.sleep(1)
        assert host.stats["activity:Hold"] == 23
        row = await host.finished("it")
        assert [1, 300] == sorted({int(each) for each in row.output})


async def test_turns_wait_for_a_place() -> None:
    """With turns of a second and two places, four instances begin in two seconds."""
    settings = durable(maxConcurrentOrchestratorFunctions=2)
    async with serve(app(), host_json=settings, hazards="turn-takes=1") as client:
        for number in range(4):
            await client.start("Wait", f"i{number}", json.dumps(number))
        rows = client.host.storage.instances
        seen = []
        for _ in range(3):
            seen.append(sum(row.runtime_status == "Running" for row in rows.values()))
            await asyncio.sleep(1.01)
        assert [0, 2, 4] == seen
