"""What is read from the SDK 2.x."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from typing import Any

import pytest
from aiohttp import web
from durabletask import task
from durabletask.internal import orchestrator_service_pb2 as pb

from acr_global.functions.durable import sdk
from acr_global.functions.durable.engine import Engine, Phase, close_session
from acr_global.functions.pages import guard

BINDING = {
    "taskHubName": "Hub",
    "rpcBaseUrl": "http://127.0.0.1:4001/",
    "httpBaseUrl": "https://app.example/runtime/webhooks/durabletask",
    "requiredQueryStringParameters": "taskHub=Hub&connection=Storage&code=hush",
}
"""A durable client's, as the extension sends it where its protocol is gRPC. Source:
azure-functions-durable-extension, Bindings/BindingHelper.cs."""


def client(**changes: str) -> str:
    """It, as a function is given it."""
    return json.dumps(BINDING | changes)


def test_a_client_says_where_its_host_is() -> None:
    """HTTP is spoken only at the address for everybody, with the key."""
    found = sdk.host_of(client())
    assert "https://app.example/runtime/webhooks/durabletask/" == found.url
    assert ("Hub", "?taskHub=Hub&connection=Storage&code=hush") == (found.task_hub, found.query)


def test_the_engine_is_asked_with_the_key() -> None:
    """A call's own parameters come after it."""
    seen: list[Any] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append((request.path, dict(request.query)))
        return web.json_response({"runtimeStatus": "Running"})

    async def main() -> Phase:
        app = web.Application()
        app.router.add_get("/{tail:.*}", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/runtime/webhooks/durabletask"
        host = sdk.host_of(client(httpBaseUrl=url))
        try:
            return (await Engine(host.url, query=host.query).look("p1")).phase
        finally:
            await close_session()
            await runner.cleanup()

    assert Phase.BEGUN is asyncio.run(main())
    keyed = {"taskHub": "Hub", "connection": "Storage", "code": "hush", "showInput": "false"}
    assert [("/runtime/webhooks/durabletask/instances/p1", keyed)] == seen


def test_sessions_are_signed_with_what_is_made_of_the_key() -> None:
    """There is none without a key."""
    assert guard.key_of(client())
    assert guard.key_of(client(requiredQueryStringParameters="taskHub=Hub")) is None


def answer(status: int, result: str = "") -> str:
    """A turn's answer that ends its instance, or this history of it."""
    response = pb.OrchestratorResponse(instanceId="p1")
    end = response.actions.add(id=1).completeOrchestration
    end.orchestrationStatus = status
    end.result.value = result
    return b64encode(response.SerializeToString()).decode()


@pytest.mark.parametrize(
    ("end", "answered"),
    [
        (sdk.End("raised"), answer(pb.ORCHESTRATION_STATUS_COMPLETED, '"raised"')),
        (sdk.End(None), answer(pb.ORCHESTRATION_STATUS_COMPLETED)),
        (None, answer(pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW, '"input"')),
        (None, answer(pb.ORCHESTRATION_STATUS_FAILED)),
        (None, ""),
    ],
)
def test_the_end_of_an_instance_is_found(end: sdk.End | None, answered: str) -> None:
    """One that has failed is resumed, and one that continues as new goes on."""
    assert end == sdk.end_in(answered)


def test_the_instance_of_a_turn_is_found() -> None:
    """It is a field of the request."""
    request = pb.OrchestratorRequest(instanceId="p1")
    assert "p1" == sdk.instance_in(b64encode(request.SerializeToString()).decode())


def test_a_task_that_failed_ends_with_its_exception() -> None:
    """It is not raised where it is looked at."""
    failed: task.CompletableTask[str] = task.CompletableTask()
    assert not sdk.is_completed(failed)
    failed.fail("no", ValueError("no"))
    assert sdk.is_completed(failed)
    assert isinstance(sdk.outcome(failed), Exception)


def test_every_trigger_of_ours_asks_for_the_protocol() -> None:
    """The extension would send JSON to one that does not."""
    from acr_global.functions.app import build_app

    functions: list[Any] = build_app({}).get_functions()
    triggers = [f.get_trigger().get_dict_repr() for f in functions]
    durable = [t for t in triggers if t["type"] in ("orchestrationTrigger", "activityTrigger")]
    assert durable
    assert {True} == {t["durableRequiresGrpc"] for t in durable}
