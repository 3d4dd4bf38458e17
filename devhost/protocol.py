"""The JSON protocol between host and worker: numbers, and the events of a history.

Source: azure-functions-durable 1.7 (`models/history`, `models/actions`) and the Durable Task
extension 3.x. An event is a dict with `EventType`, `EventId` (-1 where it schedules nothing),
`IsPlayed`, `Timestamp` and the fields of its type. Timestamps are UTC with a trailing Z.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

Event = dict[str, Any]
Action = dict[str, Any]


class EventType(IntEnum):
    """What happened to an instance. TaskScheduled means an activity."""

    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    SUB_ORCHESTRATION_CREATED = 7
    SUB_ORCHESTRATION_COMPLETED = 8
    SUB_ORCHESTRATION_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_RAISED = 15
    GENERIC = 17
    EXECUTION_SUSPENDED = 19
    EXECUTION_RESUMED = 20


EVENT_NAMES: dict[int, str] = {
    EventType.EXECUTION_STARTED: "ExecutionStarted",
    EventType.EXECUTION_COMPLETED: "ExecutionCompleted",
    EventType.EXECUTION_TERMINATED: "ExecutionTerminated",
    EventType.TASK_SCHEDULED: "TaskScheduled",
    EventType.TASK_COMPLETED: "TaskCompleted",
    EventType.TASK_FAILED: "TaskFailed",
    EventType.SUB_ORCHESTRATION_CREATED: "SubOrchestrationInstanceCreated",
    EventType.SUB_ORCHESTRATION_COMPLETED: "SubOrchestrationInstanceCompleted",
    EventType.SUB_ORCHESTRATION_FAILED: "SubOrchestrationInstanceFailed",
    EventType.TIMER_CREATED: "TimerCreated",
    EventType.TIMER_FIRED: "TimerFired",
    EventType.ORCHESTRATOR_STARTED: "OrchestratorStarted",
    EventType.ORCHESTRATOR_COMPLETED: "OrchestratorCompleted",
    EventType.EVENT_RAISED: "EventRaised",
    EventType.GENERIC: "GenericEvent",
    EventType.EXECUTION_SUSPENDED: "ExecutionSuspended",
    EventType.EXECUTION_RESUMED: "ExecutionResumed",
}
"""The names under which the management API shows events."""


class ActionType(IntEnum):
    """What an orchestrator asks the host to do."""

    CALL_ACTIVITY = 0
    CALL_ACTIVITY_WITH_RETRY = 1
    CALL_SUB_ORCHESTRATOR = 2
    CALL_SUB_ORCHESTRATOR_WITH_RETRY = 3
    CONTINUE_AS_NEW = 4
    CREATE_TIMER = 5
    WAIT_FOR_EXTERNAL_EVENT = 6
    CALL_ENTITY = 7
    CALL_HTTP = 8
    SIGNAL_ENTITY = 9
    WHEN_ANY = 11
    WHEN_ALL = 12


class Status:
    """Runtime statuses of an instance, as the management API spells them."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TERMINATED = "Terminated"
    CANCELED = "Canceled"
    FINISHED = frozenset({COMPLETED, FAILED, TERMINATED, CANCELED})


def stamp(moment: datetime) -> str:
    """UTC with microseconds and Z, the form the SDK parses and writes."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """An aware UTC time; without an offset the text is taken as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:  # beyond the first or the last year
        raise ValueError(f"no time in UTC: {text}") from None


def event(kind: EventType, at: datetime, event_id: int = -1, /, **fields: Any) -> Event:
    """One event of a history."""
    common = {"EventType": int(kind), "EventId": event_id, "IsPlayed": False}
    return common | {"Timestamp": stamp(at)} | fields


def execution_started(
    at: datetime,
    *,
    name: str,
    instance_id: str,
    execution_id: str,
    input_: Any,
    parent: Event | None = None,
    generation: int | None = None,
) -> Event:
    """The first event of an execution. `parent` says where a sub-orchestration reports back;
    `generation` counts the starts of one id, since it was last purged."""
    return event(
        EventType.EXECUTION_STARTED,
        at,
        Name=name,
        Version=None,
        Input=None if input_ is None else json.dumps(input_),
        Tags=None,
        OrchestrationInstance={"InstanceId": instance_id, "ExecutionId": execution_id},
        ParentInstance=parent,
        Generation=generation,
    )


def started_of(history: list[Event]) -> Event:
    """The ExecutionStarted of a history."""
    return next(e for e in history if e["EventType"] == EventType.EXECUTION_STARTED)
