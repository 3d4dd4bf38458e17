"""Commit a turn: what it sends, its history, its row, in this order.

The order is that of DurableTask.AzureStorage. A crash between two steps leaves what a crash there
leaves on Azure: activities that run again, a row that still says Pending.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from datetime import datetime, timedelta
from typing import Any

from . import clock
from .injector import Injector
from .protocol import (
    Event,
    EventType,
    Status,
    event,
    execution_started,
    parse_time,
    stamp,
    started_of,
)
from .storage import History, Instance, Storage
from .turn import Turn, sub_instance_id
from .walk import CallActivity, CallSubOrchestrator, CreateTimer

log = logging.getLogger("devhost.durable")

TIMER_LATENESS = timedelta(milliseconds=1)
"""Some time always passes between the orchestrator's clock and the sending of its timer. As delays
are cut to whole seconds, this is why a timer of 30 s fires after 29."""


def timer_delay(fire_at: datetime, now: datetime) -> int:
    """Whole seconds until a timer's message becomes visible."""
    return max(0, math.floor((fire_at - now - TIMER_LATENESS).total_seconds()))


class Committer:
    """Writes what turns change into storage."""

    def __init__(self, storage: Storage, injector: Injector) -> None:
        self._storage = storage
        self._injector = injector
        self._loop = asyncio.get_running_loop()

    def commit(self, instance_id: str, turn: Turn) -> None:
        """Write the turn, in one step unless a hazard puts a crash between two of its parts."""
        for execution_id, decision in turn.outbox:
            if isinstance(decision, CallActivity):
                self._send_activity(instance_id, execution_id, decision)
            elif isinstance(decision, CreateTimer):
                self._send_timer(instance_id, execution_id, decision)
            else:
                self._send_start(instance_id, execution_id, decision)
        if turn.status in Status.FINISHED:
            self._report_to_parent(turn)
        self._injector.checkpoint("after-outbox-before-history")
        self._storage.write_history(instance_id, turn.history)
        self._injector.checkpoint("after-history-before-row")
        self._write_row(instance_id, turn)
        _log(instance_id, turn)
        self._injector.checkpoint("after-history-before-delete")

    def mend_row(self, instance_id: str, history: History) -> None:
        """Write the end of an instance into its row, where a crash has prevented that: all but the
        custom status, which no history holds.

        Source: DurableTask.AzureStorage, UpdateInstanceStatusForCompletedOrchestrationAsync.
        """
        row, end = self._storage.find(instance_id), history.end
        if end is None or (row and row.execution_id != history.execution_id):
            return
        status = end["OrchestrationStatus"]
        if row is None:
            row = _new_row(instance_id, history.execution_id, started_of(history.events), status)
        elif row.runtime_status == status:
            return
        row.runtime_status, row.custom_status, row.output = status, None, _loads(end["Result"])
        row.last_updated = parse_time(history.events[-1]["Timestamp"])
        self._storage.insert(row)

    def enqueue(
        self, instance_id: str, what: Event, execution_id: str | None, delay: float = 0.0
    ) -> None:
        """Put a message for an instance on the control queue, visible after `delay` seconds."""
        due = self._loop.time() + delay
        self._storage.control.put(self._storage.message(instance_id, what, due, execution_id))

    def _send_activity(self, instance_id: str, execution_id: str, call: CallActivity) -> None:
        task = event(
            EventType.TASK_SCHEDULED, clock.utcnow(), call.id, Name=call.name, Input=call.input
        )
        item = self._storage.message(instance_id, task, self._loop.time(), execution_id)
        self._storage.work_items.put(item)

    def _send_timer(self, instance_id: str, execution_id: str, timer: CreateTimer) -> None:
        now, fire_at = clock.utcnow(), stamp(timer.fire_at)
        fired = event(EventType.TIMER_FIRED, now, TimerId=timer.id, FireAt=fire_at)
        self.enqueue(instance_id, fired, execution_id, timer_delay(timer.fire_at, now))

    def _send_start(
        self, parent_id: str, parent_execution_id: str, call: CallSubOrchestrator
    ) -> None:
        instance_id = sub_instance_id(call, parent_execution_id)
        execution_id = self._injector.dice.hex_id("execution", instance_id)
        parent = {"InstanceId": parent_id, "ExecutionId": parent_execution_id}
        started = execution_started(
            clock.utcnow(),
            name=call.name,
            instance_id=instance_id,
            execution_id=execution_id,
            input_=call.input,
            parent={"OrchestrationInstance": parent, "TaskScheduleId": call.id},
        )
        self.enqueue(instance_id, started, execution_id)

    def _report_to_parent(self, turn: Turn) -> None:
        """Send a sub-orchestration's end to who started it."""
        parent = turn.started["ParentInstance"]
        if not parent:
            return
        if turn.status == Status.COMPLETED:
            kind = EventType.SUB_ORCHESTRATION_COMPLETED
            fields = {"Result": json.dumps(turn.output)}
        else:
            kind, text = EventType.SUB_ORCHESTRATION_FAILED, str(turn.output)
            fields = {"Reason": text, "Details": text}
        done = event(kind, clock.utcnow(), TaskScheduledId=parent["TaskScheduleId"], **fields)
        instance = parent["OrchestrationInstance"]
        self.enqueue(instance["InstanceId"], done, instance["ExecutionId"])

    def _write_row(self, instance_id: str, turn: Turn) -> None:
        started = turn.started
        row = self._storage.instances.get(instance_id)
        if row is None or turn.began:
            row = _new_row(instance_id, turn.history.execution_id, started, Status.RUNNING)
        row.last_updated = clock.utcnow()
        if turn.replayed:
            row.custom_status = turn.custom_status
        # Only a turn that changes the status writes it. So where a crash has prevented an earlier
        # write, the row stays Pending although the instance runs, as on Azure.
        if turn.status is not None:
            row.runtime_status = turn.status
        if turn.status in Status.FINISHED or turn.output is not None:
            row.output = turn.output
        self._storage.insert(row)


def _new_row(instance_id: str, execution_id: str, started: Event, status: str) -> Instance:
    return Instance(
        id=instance_id,
        name=started["Name"],
        execution_id=execution_id,
        runtime_status=status,
        created=parse_time(started["Timestamp"]),
        last_updated=clock.utcnow(),
        input=_loads(started["Input"]),
        generation=started["Generation"],
    )


def _log(instance_id: str, turn: Turn) -> None:
    name = turn.started["Name"]
    if turn.began:
        log.info("orchestration began name=%s instance=%s", name, instance_id)
    if turn.error is not None:
        log.error(
            "orchestration failed name=%s instance=%s error=%r", name, instance_id, turn.error
        )
    elif turn.status in Status.FINISHED:
        log.info("orchestration %s name=%s instance=%s", turn.status.lower(), name, instance_id)


def _loads(text: str | None) -> Any:
    return None if text is None else json.loads(text)
