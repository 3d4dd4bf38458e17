"""What is read from the SDK 1.x. What is read from 2.x is in tests/next."""

from __future__ import annotations

import json
from datetime import UTC
from types import SimpleNamespace
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest
from azure.durable_functions.models.history import HistoryEvent
from azure.durable_functions.models.TaskOrchestrationExecutor import TaskOrchestrationExecutor

from acr_global.functions.durable import sdk


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
        (None, {"isDone": False, "customStatus": '"isDone": true'}),
        (None, {"isDone": False, "customStatus": {"isDone": True}}),
    ],
)
def test_the_end_of_an_instance_is_found(end: sdk.End | None, state: dict[str, object]) -> None:
    """With its output, if it has one."""
    assert end == sdk.end_in(json.dumps(state))


@pytest.mark.parametrize(("generation", "took"), [(None, False), (0, False), (1, True)])
def test_an_instance_that_took_a_place_is_known(generation: int | None, took: bool) -> None:
    """By the number of its start, where the engine counts."""
    begun, other = SimpleNamespace(Generation=generation), SimpleNamespace()
    assert took is sdk.took_a_place(SimpleNamespace(histories=[other, begun, other]))


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


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-27T09:04:44.123456+00:00", "2026-11-27T09:04:44.1234567Z"),
        ("2026-11-27T09:04:44.120000+00:00", "2026-11-27T09:04:44.12Z"),
        ("2026-11-27T09:04:44+00:00", "2026-11-27T09:04:44Z"),
        ("2026-11-27T09:04:44.123456+02:00", "2026-11-27T09:04:44.123456+02:00"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00"),
        ("2026-11-27T09:04:44+00:00", "Fri, 27 Nov 2026 09:04:44 GMT"),
    ],
)
def test_the_time_of_an_event_is_read_as_the_sdk_would(moment: str, text: str) -> None:
    """To the microsecond, with its zone; and also where it is written in a way of its own."""
    sdk.quicken()
    assert moment == HistoryEvent(1, 0, False, text).timestamp.isoformat()


def test_the_usual_time_of_an_event_is_not_read_by_the_sdks_parser() -> None:
    """That one makes zones of its own, and tries any way of writing a time, for each event."""
    sdk.quicken()
    assert UTC is HistoryEvent(1, 0, False, "2026-11-27T09:04:44.1234567Z").timestamp.tzinfo


def test_a_turn_makes_no_class() -> None:
    """The SDK's executor takes the one of the turn before."""
    sdk.quicken()
    first, second = (TaskOrchestrationExecutor().event_to_SetTaskValuePayload for _ in range(2))
    assert [type(kind) for kind in first.values()] == [type(kind) for kind in second.values()]
