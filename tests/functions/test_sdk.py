"""What is read from the SDK 1.x. What is read from 2.x is in tests/next."""

from __future__ import annotations

import json
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest

from acr_global.functions import sdk


@pytest.mark.parametrize(
    ("body", "instance"),
    [
        ('{"history": [], "instanceId": "p1", "parentInstanceId": null}', "p1"),
        (r'{"history": [{"Input": "{\"instanceId\": \"x\"}"}],"instanceId":"p1"}', "p1"),
        ("{}", ""),
    ],
)
def test_the_instance_of_a_turn_is_found(body: str, instance: str) -> None:
    """The content of an event is not mistaken for it."""
    assert instance == sdk.instance_in(body)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (sdk.End("raised"), {"isDone": True, "output": "raised"}),
        (sdk.End(None), {"isDone": True}),
        (None, {"isDone": False, "output": None}),
    ],
)
def test_the_end_of_an_instance_is_found(end: sdk.End | None, state: dict[str, object]) -> None:
    """With its output, if it has one."""
    assert end == sdk.end_in(json.dumps(state))


def test_a_client_says_where_its_host_is() -> None:
    """Calls to it need no key."""
    client = {"rpcBaseUrl": "http://127.0.0.1:1/durabletask/", "taskHubName": "Hub"}
    assert sdk.Host("http://127.0.0.1:1/durabletask/", "Hub", "") == sdk.host_of(json.dumps(client))


def test_the_bindings_are_those_that_the_sdk_makes() -> None:
    """The app makes them without it."""

    def described(app: Any, orchestrator: Any, activity: Any, client: Any) -> list[Any]:
        def decide(context: func.OrchestrationContext) -> str:
            return ""

        async def notify(work: str, client: str) -> str:
            return work

        app.function_name("Decide")(orchestrator(decide))
        app.function_name("Notify")(activity(client(notify)))
        return [[b.get_dict_repr() for b in f.get_bindings()] for f in app.get_functions()]

    ours, theirs = sdk.App(), df.DFApp()
    assert described(
        theirs,
        theirs.orchestration_trigger(context_name="context", orchestration="Decide"),
        theirs.activity_trigger(input_name="work", activity="Notify"),
        theirs.durable_client_input(client_name="client"),
    ) == described(
        ours, ours.orchestrator("Decide"), ours.activity("Notify"), ours.durable_client()
    )
