"""The durable SDK, as far as its releases differ: 1.x, with which the app is deployed, and the
candidate of 2.x, with which `make test-next` runs the same app (docs/next-sdk.md).

1.x and the host exchange JSON, and an answer holds all that was ever asked for. 2.x goes by
durabletask, whose requests and answers are protobuf in base64, and an answer holds what is new.
Nothing of the one is imported where the other is installed.
Source: azure-functions-durable 1.7 and 2.0.0rc3, durabletask 1.12 (worker.py).
"""

from __future__ import annotations

import functools
import json
import re
import sys
import warnings
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import azure.functions as func

from acr_global.functions.durable import external_events


def _is_next() -> bool:
    """Looked up without importing it."""
    found = find_spec("azure.durable_functions")
    places = found.submodule_search_locations if found else None
    return not any(Path(place, "models").is_dir() for place in places or ())


NEXT = _is_next()
"""Whether it is 2.x, which has no `models`."""

PROTOCOL: dict[str, Any] = {"durable_requires_grpc": True} if NEXT else {}
"""What each durable binding says besides. By this field the extension chooses the protocol.
Source: azure-functions-durable 2.0.0rc3, decorators/metadata.py."""


class App(func.FunctionApp):
    """The app that functions are registered with. Its decorators for what is durable make the
    bindings that the SDK's make, without the SDK: to import that is half of a cold start, and what
    a webhook does needs nothing of it (docs/benchmarks.md). The first turn imports it."""

    def orchestrator(self, name: str) -> Callable[..., Any]:
        """Register what takes an orchestrator's turns (`turns_of`), from `context`."""
        kind = "orchestrationTrigger"
        return self.generic_trigger(arg_name="context", type=kind, orchestration=name, **PROTOCOL)

    def activity(self, name: str) -> Callable[..., Any]:
        """Register an activity, which is given its input as `work`."""
        kind = "activityTrigger"
        return self.generic_trigger(arg_name="work", type=kind, activity=name, **PROTOCOL)

    def durable_client(self) -> Callable[..., Any]:
        """Give a function, as `client`, the JSON that a client of the engine would be made of: all
        that we need is in it (`host_of`)."""
        return self.generic_input_binding(arg_name="client", type="durableClient", **PROTOCOL)


class Host(NamedTuple):
    """What a durable client knows of its host, and keeps to itself."""

    url: str
    """Of the engine's API over HTTP."""
    task_hub: str
    query: str = ""
    """What the URL of each call needs besides, with its question mark."""


def host_of(client: str) -> Host:
    """The host of a durable client binding. In 1.x that is an endpoint for this machine only. In
    2.x that one speaks gRPC, and HTTP only the API for everybody, which asks for the system key."""
    given = json.loads(client)
    if NEXT:
        base = (given.get("httpBaseUrl") or given["baseUrl"]).rstrip("/")
        query = f"?{given['requiredQueryStringParameters']}"
        return Host(f"{base}/", given["taskHubName"], query)
    return Host(given["rpcBaseUrl"], given["taskHubName"])


def keyed_url(client: str) -> str:
    """A URL of the engine's API whose query holds the system key; empty where there is none."""
    if NEXT:
        host = host_of(client)
        return host.url + host.query
    return str(json.loads(client).get("managementUrls", {}).get("statusQueryGetUri", ""))


def turns_of(orchestrator: Callable[..., Any]) -> Callable[[Any], str]:
    """What takes an orchestrator's turns, as the SDK makes it; imported with the first of them."""

    @functools.cache
    def made() -> Callable[[Any], str]:
        import azure.durable_functions as df

        quicken()
        take_turn: Callable[[Any], str] = df.Orchestrator.create(orchestrator)
        return _with_readable_events(take_turn) if NEXT else take_turn

    def turn(context: func.OrchestrationContext) -> str:
        return made()(context)

    return turn


def history_of(context: Any) -> Iterable[Any]:
    """The events of the history, which may be changed before they are replayed. In 2.x none: they
    have been seen to before the turn."""
    return () if NEXT else context.histories


def took_a_place(context: Any) -> bool:
    """Whether an instance has taken the place of another one, which had ended. Azure Storage's
    engine counts the starts of one id; whether other engines do is not known, and 2.x does not
    tell: False. Source: DurableTask.AzureStorage,
    AzureStorageOrchestrationService.CreateTaskOrchestrationAsync."""
    events = () if NEXT else context.histories
    return any(getattr(event, "Generation", None) for event in events)


def _with_readable_events(take_turn: Callable[[Any], str]) -> Callable[[Any], str]:
    """In 2.x, too, an event that cannot be decoded fails the instance. Names need no change: their
    case is ignored."""

    def turn(context: func.OrchestrationContext) -> str:
        request = _request(body_of(context))
        for event in (*request.pastEvents, *request.newEvents):
            if event.HasField("eventRaised"):
                given = event.eventRaised.input
                if given.value and not external_events.is_plain(given.value):
                    given.value = "null"
        return take_turn(b64encode(request.SerializeToString()).decode())

    return turn


def body_of(context: Any) -> str:
    """What the host has sent for a turn."""
    return str(context.body if isinstance(context, func.OrchestrationContext) else context)


def _request(body: str) -> Any:
    from durabletask.internal.orchestrator_service_pb2 import OrchestratorRequest

    return OrchestratorRequest.FromString(b64decode(body))


def instance_in(body: str) -> str:
    """The instance whose turn a request is for. In 1.x: the last field of that name; in the history
    such names are escaped, or spelt differently."""
    if NEXT:
        return str(_request(body).instanceId)
    found: list[str] = re.findall(r'"instanceId": ?"([^"\\]*)"', body)
    return found[-1] if found else ""


class End(NamedTuple):
    """That an orchestrator has come to its end."""

    output: Any


def end_in(answer: str) -> End | None:
    """The end, if the answer to a turn says it. None where the instance goes on, be it in a history
    of its own. (In 1.x a turn that fails raises, and has no answer.)"""
    if not NEXT:
        # Most turns are no end, and their answers are long: they hold all that was ever asked for.
        if not re.search('"isDone": ?true', answer):
            return None
        state = json.loads(answer)
        return End(state.get("output")) if state["isDone"] else None
    from durabletask.internal import orchestrator_service_pb2 as pb

    for action in pb.OrchestratorResponse.FromString(b64decode(answer)).actions:
        end = action.completeOrchestration
        if end.orchestrationStatus == pb.ORCHESTRATION_STATUS_COMPLETED and action.HasField(
            "completeOrchestration"
        ):
            return End(json.loads(end.result.value) if end.result.value else None)
    return None


def wait_for(context: Any, name: str, earlier: Iterable[Any]) -> Any:
    """A wait for an event, for the next race. In 1.x always a new one: a task that was yielded is
    left out of later races, and the newest wait gets an event. In 2.x the oldest wait gets it, and
    any race may hold it: so one of the `earlier` waits of that name that is still open."""
    if NEXT:
        for wait in earlier:
            if not wait.is_complete:
                return wait
    return context.wait_for_external_event(name)


def is_completed(task: Any) -> bool:
    """Whether a task has ended."""
    return bool(task.is_complete if NEXT else task.is_completed)


def outcome(task: Any) -> Any:
    """The result of a task that has ended, or the exception that it ended with."""
    if NEXT and task.is_failed:
        return task.get_exception()
    return task.result


def silence_repeats() -> None:
    """Keep the SDK from warning of duplicates: a region that has reported again, or the result of
    an activity that a crash has repeated. Both are normal here, but 1.x warns again for each
    region and process; 2.x logs it. Source: azure-functions-durable 1.7, models/
    TaskOrchestrationExecutor.py; the Functions worker leaves the filters as they are."""
    warnings.filterwarnings(
        "ignore",
        message="Potential duplicate Task completion for TaskId: ",
        category=UserWarning,
        module=r"azure\.durable_functions\.models\.TaskOrchestrationExecutor$",
    )


@functools.cache
def quicken() -> None:
    """Spare 1.x two pieces of work that it does anew in each turn, and that were most of a turn:
    reading the time of each event in the history with a parser for any way of writing one, and
    making a class. Where a release does neither any more, nothing is changed.
    Source: azure-functions-durable 1.7, models/history/HistoryEvent.py and models/
    TaskOrchestrationExecutor.py.
    """
    events = sys.modules.get("azure.durable_functions.models.history.HistoryEvent")
    if read := getattr(events, "dt_parse", None):
        vars(events)["dt_parse"] = functools.partial(_moment, otherwise=read)
    executor = sys.modules.get("azure.durable_functions.models.TaskOrchestrationExecutor")
    if make := getattr(executor, "namedtuple", None):
        vars(executor)["namedtuple"] = functools.cache(make)


def _moment(text: str, otherwise: Callable[[str], datetime]) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return otherwise(text)
