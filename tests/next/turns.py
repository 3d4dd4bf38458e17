"""A recorded turn in the words of the SDK 2.x: the request as the extension sends it over gRPC, and
what an answer asks for. Activities and timers have other numbers there, which are given here."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb

from devhost.protocol import Event, EventType, parse_time
from devhost.walk import CallActivity, CallSubOrchestrator, CreateTimer, Decision


def request(instance_id: str, history: list[Event], numbers: Mapping[int, int]) -> str:
    """The request of the turn that a history's last batch makes. `numbers`: those of 2.x, by those
    of 1.x; what has none is left out."""
    kinds = [event["EventType"] for event in history]
    new = max(i for i, kind in enumerate(kinds) if kind == EventType.ORCHESTRATOR_STARTED)
    sent = pb.OrchestratorRequest(instanceId=instance_id)
    sent.pastEvents.extend(_events(history[:new], numbers))
    sent.newEvents.extend(_events(history[new:], numbers))
    return b64encode(sent.SerializeToString()).decode()


def answer(body: str) -> pb.OrchestratorResponse:
    """What an orchestrator has answered."""
    return pb.OrchestratorResponse.FromString(b64decode(body))


def asked(answered: pb.OrchestratorResponse) -> tuple[Decision, ...]:
    """What an answer asks for, as the host's walk through the actions of 1.x has it."""
    return tuple(_decisions(answered.actions))


def _decisions(actions: Iterable[pb.OrchestratorAction]) -> Iterable[Decision]:
    for action in actions:
        number = action.id
        match action.WhichOneof("orchestratorActionType"):
            case "scheduleTask":
                call = action.scheduleTask
                yield CallActivity(number, call.name, call.input.value or None)
            case "createTimer":
                yield CreateTimer(number, action.createTimer.fireAt.ToDatetime(UTC))
            case "createSubOrchestration":
                child = action.createSubOrchestration
                input_ = child.input.value or None
                yield CallSubOrchestrator(number, child.name, input_, child.instanceId or None)
            case "completeOrchestration":
                pass
            case other:
                raise ValueError(f"an action of another kind: {other}")


def ended(answered: pb.OrchestratorResponse) -> pb.CompleteOrchestrationAction | None:
    """How an answer ends its instance, if it does."""
    ends = [
        a.completeOrchestration for a in answered.actions if a.HasField("completeOrchestration")
    ]
    return ends[0] if ends else None


_NUMBERS = ("TaskScheduledId", "TimerId", "EventId")


def _events(history: list[Event], numbers: Mapping[int, int]) -> Iterator[pb.HistoryEvent]:
    for event in history:
        of: int = next(event[key] for key in _NUMBERS if key in event)
        if of < 0 or of in numbers:
            yield _event(event, numbers.get(of, of))


def _event(event: Event, number: int) -> pb.HistoryEvent:
    """`number`: its own, or that of what it ends."""
    made = pb.HistoryEvent(eventId=number if event["EventId"] >= 0 else -1)
    made.timestamp.FromDatetime(parse_time(event["Timestamp"]))
    match EventType(event["EventType"]):
        case EventType.ORCHESTRATOR_STARTED:
            made.orchestratorStarted.SetInParent()
        case EventType.ORCHESTRATOR_COMPLETED:
            made.orchestratorCompleted.SetInParent()
        case EventType.EXECUTION_STARTED:
            made.executionStarted.name = event["Name"]
            made.executionStarted.input.value = _text(event["Input"])
        case EventType.TASK_SCHEDULED:
            made.taskScheduled.name = event["Name"]
        case EventType.TIMER_CREATED:
            made.timerCreated.SetInParent()
        case EventType.TASK_COMPLETED:
            made.taskCompleted.taskScheduledId = number
            made.taskCompleted.result.value = _text(event["Result"])
        case EventType.TIMER_FIRED:
            made.timerFired.timerId = number
            made.timerFired.fireAt.FromDatetime(parse_time(event["FireAt"]))
        case EventType.EVENT_RAISED:
            made.eventRaised.name = event["Name"]
            made.eventRaised.input.value = _text(event["Input"])
        case kind:
            raise ValueError(f"an event of another kind: {kind.name}")
    return made


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
