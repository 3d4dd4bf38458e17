"""The durable operations that a client can ask for. No HTTP: each returns status and body."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import clock
from .injector import Injector
from .protocol import Event, EventType, Status, event, execution_started
from .rewind import rewound
from .status import PAGE, Filter, page, status_json
from .storage import Instance, Storage

log = logging.getLogger("devhost.durable")

MAX_ID_CHARS = 512
"""Characters of an instance id: as many as a table's key can have. Nothing else is refused: the
engine escapes what a key cannot hold."""

SHUFFLE = (0.0, 2.0)
"""Seconds by which a shuffled or repeated event comes later."""

Result = tuple[int, Any]
"""HTTP status and JSON body; None is an empty body."""


@dataclass
class Operations:
    """What the SDK's client asks for, against one task hub."""

    storage: Storage
    injector: Injector

    async def start(self, name: str, instance_id: str, input_: Any) -> Result:
        """Start an instance: look, enqueue the start, insert the row.

        A name that is no orchestrator's is not refused: the instance fails in its first turn.

        Two starts that both find nothing both answer success; the row, and so the input, is
        the first one's to insert it, and the other's message is dropped when it is dequeued.
        """
        if "/" in instance_id:  # the extension takes it for a part of the path
            return 404, None
        if len(instance_id) > MAX_ID_CHARS:
            return 500, _error("An error occurred while communicating with Azure Storage")
        hazards, dice = self.injector.hazards, self.injector.dice
        before = self.storage.find(instance_id)
        if before is not None and not before.finished:
            return self._already_exists(instance_id, before.runtime_status)
        await self.injector.linger("start-race", instance_id, hazards.start_race)
        now = clock.utcnow()
        execution_id = dice.hex_id("execution", instance_id)
        generation = (before.generation or 0) + 1 if before else 0
        pending = Status.PENDING
        row = Instance(
            instance_id, name, execution_id, pending, now, now, input_, generation=generation
        )
        gap = dice.between("gap", instance_id, hazards.gap)
        self._enqueue(instance_id, _start_message(row), gap, execution_id)
        self.injector.checkpoint("after-enqueue-start-before-row")
        await self.injector.linger("row-late", instance_id, hazards.row_late)
        self._insert_row(before, row)
        self.injector.checkpoint("after-row")
        if self.injector.chance("already-exists", instance_id, hazards.already_exists):
            return self._already_exists(instance_id, Status.PENDING)
        return 202, {"id": instance_id}

    def _insert_row(self, before: Instance | None, row: Instance) -> None:
        there = self.storage.instances.get(row.id)
        if (there.execution_id if there else None) == (before.execution_id if before else None):
            self.storage.insert(row)
            log.info("orchestration accepted name=%s instance=%s", row.name, row.id)
        else:
            log.warning("start lost a race name=%s instance=%s", row.name, row.id)

    async def raise_event(self, instance_id: str, name: str, data: Any) -> Result:
        """Enqueue an event: 404 no such instance, 410 finished, else 202, begun or not."""
        refused = self._refuse(instance_id)
        self.storage.find(instance_id)  # the extension reads the row a second time
        if refused:
            return refused
        hazards, dice = self.injector.hazards, self.injector.dice
        raised = event(EventType.EVENT_RAISED, clock.utcnow(), Name=name, Input=json.dumps(data))
        subject = f"{instance_id}|{name}"
        shuffled = self.injector.chance("shuffled", subject, hazards.events_shuffled)
        self._enqueue(instance_id, raised, dice.between("late", subject, SHUFFLE) * shuffled)
        if self.injector.chance("twice", subject, hazards.events_twice):
            self._enqueue(instance_id, raised, dice.between("late", subject, SHUFFLE))
        return 202, None

    async def send(self, instance_id: str, operation: str, reason: str) -> Result:
        """Enqueue terminate, suspend or resume."""
        refused = self._refuse(instance_id)
        if refused:
            return refused
        kind = {
            "terminate": EventType.EXECUTION_TERMINATED,
            "suspend": EventType.EXECUTION_SUSPENDED,
            "resume": EventType.EXECUTION_RESUMED,
        }[operation]
        told = "Input" if operation == "terminate" else "Reason"
        self._enqueue(instance_id, event(kind, clock.utcnow(), **{told: reason}), 0.0)
        return 202, None

    def get(self, instance_id: str, query: Mapping[str, str]) -> Result:
        """One instance: 200 finished, 202 not yet, 404 (with an empty body) none."""
        row = self.storage.find(instance_id)
        if row is None:
            return 404, None
        return (200 if row.finished else 202), status_json(row, query)

    def query(self, query: Mapping[str, str], token: str | None) -> tuple[int, Any, str | None]:
        """A page of instances in the order of their ids, and the next page's token."""
        self.storage.stats["storage.read"] += 1
        try:
            top = int(query.get("top", PAGE))
            if top < 1:
                raise ValueError("top must be at least 1")
            found, more = page(
                self.storage.instances.values(), Filter.from_query(query), top, token
            )
        except ValueError as problem:
            return 400, _error(str(problem)), None
        return 200, [status_json(row, query) for row in found], more

    def purge(self, instance_id: str) -> Result:
        """Delete one instance that has ended."""
        row = self.storage.find(instance_id)
        if row is None:
            return 404, None
        if not row.finished:
            return 412, (
                "Only orchestrations in a terminal state can be purged, but the orchestration with"
                f" instance ID {instance_id} has status {row.runtime_status}"
            )
        self.storage.purge(instance_id)
        return 200, {"instancesDeleted": 1}

    def purge_by(self, query: Mapping[str, str]) -> Result:
        """Delete the instances that a filter wants: by time, and by status. A filter that names
        no final status in the engine's exact spelling takes those that run, too."""
        try:
            wanted = Filter.for_purge(query)
        except ValueError as problem:
            return 400, str(problem)
        rows = [r for r in self.storage.instances.values() if wanted.wants(r)]
        for row in rows:
            self.storage.purge(row.id)
        return (200, {"instancesDeleted": len(rows)}) if rows else (404, None)

    async def restart(self, instance_id: str, new_id: bool) -> Result:
        """Start an instance again, with its name and its input."""
        row = self.storage.find(instance_id)
        if row is None:
            return 404, None
        target = self.injector.dice.hex_id("instance", instance_id) if new_id else instance_id
        return await self.start(row.name, target, row.input)

    async def rewind(self, instance_id: str, reason: str) -> Result:
        """Let a failed instance go on from its history, as if its last turn had not happened.

        What came while it was Failed is gone for good: timers that fell due, results. Activities
        that had failed run again. The row says Pending until the instance ends.
        """
        row, history = self.storage.find(instance_id), self.storage.read_history(instance_id)
        if row is None or history is None:
            return 404, f'No orchestration with instance ID "${instance_id}" found.'
        if row.runtime_status != Status.FAILED:
            return 412, (
                f"This orchestration has status {row.runtime_status}, but only orchestrations in"
                ' the "Failed" state can be rewound.'
            )
        self.storage.write_history(instance_id, rewound(history))
        row.runtime_status, row.last_updated = Status.PENDING, clock.utcnow()
        self.storage.insert(row)
        self._enqueue(instance_id, event(EventType.GENERIC, clock.utcnow(), Data=reason), 0.0)
        log.warning("orchestration rewound name=%s instance=%s", row.name, instance_id)
        return 202, None

    def _already_exists(self, instance_id: str, status: str) -> Result:
        """409 from the extension 3.19 on; 500 before, for a start that has found an instance."""
        text = f"An Orchestration instance with the status {status} already exists."
        old = self.injector.hazards.old_conflict
        if self.injector.chance("old-conflict", instance_id, old):
            return 500, _error(text)
        return 409, {"Message": text}

    def _refuse(self, instance_id: str) -> Result | None:
        row = self.storage.find(instance_id)
        if row is None:
            return 404, None
        return (410, None) if row.finished else None

    def _enqueue(
        self, instance_id: str, what: dict[str, Any], delay: float, execution_id: str | None = None
    ) -> None:
        due = asyncio.get_running_loop().time() + delay
        message = self.storage.message(instance_id, what, due, execution_id)
        self.storage.control.put(message)


def _start_message(row: Instance) -> Event:
    return execution_started(
        row.created,
        name=row.name,
        instance_id=row.id,
        execution_id=row.execution_id,
        input_=row.input,
        generation=row.generation,
    )


def _error(message: str) -> dict[str, str]:
    general = "Something went wrong while processing your request"
    return {"Message": general, "ExceptionMessage": message}
