"""The durable management API, as the SDK's client and as people see it."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import azure.durable_functions as df
import azure.functions as func
import pytest
from yarl import URL

from devhost import DevHost
from devhost.management import SYSTEM_KEY, client_binding
from tests.devhost.apps import Steps, new_app, with_orchestrator
from tests.devhost.conftest import Client, serve


def Wait(context: Any) -> Steps:
    """Waits for the event `go`, and returns what it brought."""
    context.set_custom_status("waiting")
    result = yield context.wait_for_external_event("go")
    context.set_custom_status("got it")
    return result


def Quick(context: Any) -> Steps:
    """Ends at once."""
    return "quick"
    yield


def waiting_app() -> Any:
    return with_orchestrator(Wait, Quick)


def sdk_client(client: Client) -> df.DurableOrchestrationClient:
    return df.DurableOrchestrationClient(client_binding(client.host.url, "hub"))


async def test_sdk_client_sees_an_instance_through_its_life() -> None:
    """None, then pending, running, completed: as the SDK's own client reports them."""
    async with serve(waiting_app()) as client:
        sdk = sdk_client(client)
        assert not await sdk.get_status("x")
        assert await sdk.start_new("Wait", "x", {"a": 1}) == "x"
        await client.host.settle()
        running = await sdk.get_status("x", show_input=True, show_history=True)
        assert running.runtime_status == df.OrchestrationRuntimeStatus.Running
        assert json.loads(running.input_) == {"a": 1}
        assert running.custom_status == "waiting"
        assert len(running.historyEvents) == 1
        await sdk.raise_event("x", "go", [1])
        done = await client.host.finished("x")
        assert done.output == "[1]"
        assert (await sdk.get_status("x")).runtime_status.name == "Completed"


async def test_sdk_client_gets_the_extensions_refusals() -> None:
    """Starting twice, and raising to a missing or finished instance, fail with the known texts."""
    async with serve(waiting_app()) as client:
        sdk = sdk_client(client)
        await sdk.start_new("Wait", "x")
        with pytest.raises(Exception, match="already exists"):
            await sdk.start_new("Wait", "x")
        with pytest.raises(Exception, match="No instance with ID"):
            await sdk.raise_event("nobody", "go")
        await client.run("Quick", instance_id="q")
        with pytest.raises(Exception, match="is gone"):
            await sdk.raise_event("q", "go")


async def test_an_unknown_orchestrator_is_accepted_and_fails() -> None:
    """The extension looks only when the instance begins."""
    async with serve(waiting_app()) as client:
        row = await client.run("Nowhere")
        words = "Orchestrator function 'Nowhere' failed: The function 'Nowhere' doesn't exist, is"
        words += " disabled, or is not an orchestrator function."
        assert (row.runtime_status, row.output[: len(words)]) == ("Failed", words)


async def test_a_start_replaces_a_finished_instance() -> None:
    """The old row and history are gone."""
    async with serve(waiting_app()) as client:
        first = await client.run("Quick", "old")
        again = await client.run("Wait", "new")
        assert first.execution_id != again.execution_id
        assert (again.runtime_status, again.input, again.output) == ("Running", '"new"', None)


async def test_get_tells_by_its_status_how_far_an_instance_is() -> None:
    """404 with an empty body is none, 202 running, 200 finished."""
    async with serve(waiting_app()) as client:
        assert await client.get("it") == (404, None)
        await client.run("Wait")
        assert (await client.get("it"))[0] == 202
        await client.raise_event("it", "go")
        await client.host.settle()
        assert (await client.get("it"))[0] == 200


async def test_status_shows_what_is_asked_for() -> None:
    """The input is shown unless asked not to be; the history and its outputs only when asked
    for."""
    async with serve(waiting_app()) as client:
        await client.run("Wait", 7)
        await client.raise_event("it", "go", {"news": 1})
        await client.host.settle()
        _, plain = await client.get("it")
        assert plain["input"] == "7"
        assert "historyEvents" not in plain
        assert plain["createdTime"] == "2026-01-01T00:00:00Z"
        _, bare = await client.get("it", "?showInput=false&showHistory=True")
        assert bare["input"] is None
        kinds = [e["EventType"] for e in bare["historyEvents"]]
        assert kinds == ["ExecutionStarted", "EventRaised", "ExecutionCompleted"]
        assert "Input" not in bare["historyEvents"][0]
        assert "Result" not in bare["historyEvents"][-1]
        _, full = await client.get("it", "?showHistory=true&showHistoryOutput=true")
        started, raised, completed = full["historyEvents"]
        assert (started["FunctionName"], started["Input"]) == ("Wait", '"7"')
        assert (raised["Name"], raised["Input"]) == ("go", json.dumps(json.dumps({"news": 1})))
        assert completed["Result"] == '{"news": 1}'


async def test_no_history_events_before_the_beginning() -> None:
    """A pending instance has no `historyEvents`, and no custom status."""
    async with serve(waiting_app(), hazards="gap=5") as client:
        await client.start("Wait", "it")
        _, shown = await client.get("it", "?showHistory=true")
        assert (shown["runtimeStatus"], shown["customStatus"]) == ("Pending", None)
        assert "historyEvents" not in shown


async def test_a_terminated_instance_has_the_reason_as_output() -> None:
    """A second termination finds it finished."""
    async with serve(waiting_app()) as client:
        assert await client.post("it", "terminate") == 404
        await client.run("Wait")
        await sdk_client(client).terminate("it", "enough, really")
        await client.host.settle()
        row = client.host.storage.instances["it"]
        assert (row.runtime_status, row.output) == ("Terminated", "enough, really")
        assert await client.post("it", "terminate", "?reason=x") == 410


async def test_a_pending_instance_can_be_terminated() -> None:
    """It does not begin afterwards."""
    async with serve(waiting_app(), hazards="gap=10") as client:
        await client.start("Wait", "it")
        await client.post("it", "terminate", "?reason=early")
        await asyncio.sleep(20)
        row = client.host.storage.instances["it"]
        assert (row.runtime_status, row.output, row.history) == ("Terminated", "early", [])


async def test_a_suspended_instance_keeps_its_events() -> None:
    """They count at the resume; its custom status may change before that."""
    async with serve(waiting_app()) as client:
        sdk, rows = sdk_client(client), client.host.storage.instances
        await client.run("Wait")
        await sdk.suspend("it", "pause")
        await client.host.settle()
        assert (rows["it"].runtime_status, rows["it"].custom_status) == ("Suspended", "waiting")
        assert rows["it"].output == "pause"
        assert (await client.get("it"))[0] == 202
        await client.raise_event("it", "go", 1)
        await client.host.settle()
        assert (rows["it"].runtime_status, rows["it"].custom_status) == ("Suspended", "got it")
        await sdk.resume("it", "go on")
        await client.host.settle()
        assert (rows["it"].runtime_status, rows["it"].output) == ("Completed", "1")


async def test_a_list_comes_in_pages() -> None:
    """They are in the order of ids, each with the token of the next."""
    async with serve(waiting_app()) as client:
        for number in (3, 1, 2, 5, 4):
            await client.run("Quick", instance_id=f"a{number}")
        await client.run("Quick", instance_id="b1")
        seen, token = [], ""
        while True:
            url = f"{client.host.url}/durabletask/instances/?top=2&instanceIdPrefix=a"
            headers = {"x-ms-continuation-token": token} if token else {}
            async with client.session.get(url, headers=headers) as response:
                seen.append([row["instanceId"] for row in await response.json()])
                token = response.headers.get("x-ms-continuation-token", "")
            if not token:
                break
        assert seen == [["a1", "a2"], ["a3", "a4"], ["a5"]]


async def test_the_sdk_sees_only_the_first_hundred() -> None:
    """Without `top` a page has 100 instances, and the SDK's client does not mention the others."""
    async with serve(waiting_app()) as client:
        for number in range(101):
            await client.run("Quick", instance_id=f"{number:03}")
        assert len(await sdk_client(client).get_status_all()) == 100


async def test_a_list_can_be_filtered() -> None:
    """Status and time of creation count, alone or together."""
    async with serve(waiting_app()) as client:
        await client.run("Quick", instance_id="early")
        await asyncio.sleep(3600)
        await client.run("Quick", instance_id="late")
        await client.run("Wait", instance_id="open")

        async def ids(query: str) -> list[str]:
            _, rows = await client.call("GET", f"/durabletask/instances{query}")
            return [row["instanceId"] for row in rows]

        assert await ids("?runtimeStatus=completed,Failed") == ["early", "late"]
        assert await ids("?createdTimeFrom=2026-01-01T00:30:00Z") == ["late", "open"]
        assert await ids("?createdTimeTo=2026-01-01T00:30:00.000000Z") == ["early"]
        later = "?createdTimeFrom=2026-01-01T00:30:00Z&runtimeStatus=Running"
        assert await ids(later) == ["open"]
        status, _ = await client.call("GET", "/durabletask/instances?createdTimeFrom=soon")
        assert status == 400
        headers = {"x-ms-continuation-token": "nonsense"}
        status, _ = await client.call("GET", "/durabletask/instances", headers=headers)
        assert status == 400


async def test_instances_can_be_purged() -> None:
    """One goes by its id, or all finished ones that a filter matches."""
    async with serve(waiting_app()) as client:
        sdk = sdk_client(client)
        for name, instance_id in (("Quick", "a"), ("Quick", "b"), ("Wait", "c")):
            await client.run(name, instance_id=instance_id)
        assert (await sdk.purge_instance_history("a")).instances_deleted == 1
        assert (await sdk.purge_instance_history("a")).instances_deleted == 0
        from_start, done = (
            client.host.storage.instances["b"].created,
            [df.OrchestrationRuntimeStatus.Completed],
        )
        purged = await sdk.purge_instance_history_by(from_start, runtime_status=done)
        assert purged.instances_deleted == 1
        assert list(client.host.storage.instances) == ["c"]
        status, _ = await client.call("DELETE", "/durabletask/instances/c")
        assert status == 412


async def test_two_hosts_can_run_side_by_side() -> None:
    """Each has its own instances, and when one ends, the other can still use the SDK's client."""
    async with serve(waiting_app()) as client:
        other = await DevHost.start(waiting_app())
        await sdk_client(Client(other, client.session)).start_new("Wait", "x")
        await other.settle()
        await other.stop()
        assert not await sdk_client(client).get_status("x")
        assert list(other.storage.instances) == ["x"]


async def test_restart_uses_the_old_input() -> None:
    """It starts the same orchestrator under a new id."""
    async with serve(waiting_app()) as client:
        await client.run("Wait", [1])
        path = "/durabletask/instances/it/restart"
        status, body = await client.call("POST", path)
        assert status == 202
        assert client.host.storage.instances[body["id"]].input == "[1]"


@pytest.mark.parametrize(
    ("quoted", "status", "instance_id"),
    [
        *((quote(each), 202, each) for each in ("@x", "a#b", "a?b", "a\\b", "a%b", "a b", "ü")),
        *((quote(each), 202, each) for each in ("a\x01b", "a\x7fb", "'q'", "a&b", "x" * 512)),
        ("a%2Bb", 202, "a b"),
        ("a%2Fb", 404, None),
        ("x" * 513, 500, None),
    ],
)
async def test_nearly_any_id_is_accepted(quoted: str, status: int, instance_id: str | None) -> None:
    """It may have up to 512 characters; one that is quoted twice is decoded twice."""
    async with serve(waiting_app()) as client:
        url = f"{client.host.url}/durabletask/orchestrators/Wait/{quoted}"
        async with client.session.post(URL(url, encoded=True)) as response:
            assert response.status == status
        await client.host.settle()
        url = f"{client.host.url}/durabletask/instances/{quoted}"
        async with client.session.get(URL(url, encoded=True)) as response:
            shown = await response.json() if status == 202 else None
        assert (shown and shown["instanceId"]) == instance_id
        assert list(client.host.storage.instances) == ([instance_id] if instance_id else [])


async def test_an_unquoted_id_reaches_another_operation() -> None:
    """The SDK does not quote ids, so one with a path in it terminates another instance."""
    async with serve(waiting_app()) as client:
        await client.run("Wait", instance_id="victim")
        await sdk_client(client).raise_event("victim/terminate?reason=", "go")
        await client.host.settle()
        assert client.host.storage.instances["victim"].runtime_status == "Terminated"


async def test_what_is_not_modelled_says_so() -> None:
    """Entities are answered 501."""
    async with serve(waiting_app()) as client:
        status, _ = await client.call("GET", "/durabletask/entities/counter/1")
        assert status == 501


async def test_webhook_urls_want_the_system_key() -> None:
    """Where keys are required, the public management URLs ask for theirs; the worker's do not."""
    async with serve(waiting_app(), require_key="k") as client:
        await client.run("Wait")
        path = "/runtime/webhooks/durabletask/instances/it"
        assert (await client.call("GET", path))[0] == 401
        assert (await client.call("GET", f"{path}?code={SYSTEM_KEY}"))[0] == 202
        assert (await client.get("it"))[0] == 202


async def test_check_status_response_has_urls_that_work() -> None:
    """The SDK's check-status response points at this host's management API."""
    app = new_app()

    @app.route(route="go")
    @app.durable_client_input(client_name="client")
    async def Go(req: func.HttpRequest, client: Any) -> func.HttpResponse:
        instance_id = await client.start_new("Hold", None, 1)
        answer: func.HttpResponse = client.create_check_status_response(req, instance_id)
        return answer

    @app.orchestration_trigger(context_name="context")
    def Hold(context: Any) -> Steps:
        yield context.wait_for_external_event("go")

    async with serve(app) as client:
        status, urls = await client.call("POST", "/api/go")
        assert status == 202
        await client.host.settle()
        async with client.session.get(urls["statusQueryGetUri"]) as response:
            assert (await response.json())["instanceId"] == urls["id"]
        async with client.session.post(urls["terminatePostUri"]) as response:
            assert response.status == 202
