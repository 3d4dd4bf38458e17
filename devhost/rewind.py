"""The history of a failed instance as if it had not failed. Pure.

Source: DurableTask.AzureStorage 2.11, and what the engine's histories look like after a rewind.
Events are not removed but made generic, which replays ignore. Unlike on the engine, failed
sub-orchestrations are not rewound with it.
"""

from __future__ import annotations

from dataclasses import replace

from .protocol import Event, EventType
from .storage import History


def rewound(history: History) -> History:
    """Without the completion, and without activities that failed: those will be called again."""
    failed = {
        each["TaskScheduledId"]
        for each in history.events
        if each["EventType"] == EventType.TASK_FAILED
    }

    def undone(each: Event) -> bool:
        kind = each["EventType"]
        if kind == EventType.TASK_SCHEDULED:
            return each["EventId"] in failed
        return kind in (EventType.TASK_FAILED, EventType.EXECUTION_COMPLETED)

    events = [_generic(each) if undone(each) else each for each in history.events]
    return replace(history, events=events)


def _generic(each: Event) -> Event:
    kept = {key: each[key] for key in ("IsPlayed", "Timestamp")}
    return {"EventType": int(EventType.GENERIC), "EventId": -1, **kept, "Data": None}
