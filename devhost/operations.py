"""The durable operations that a client can ask for. No HTTP: each returns status and body."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import clock
from .index import ORCHESTRATION, Index
from .injector import Injector
from .protocol import EventType, Status, event, execution_started
from .status import PAGE, Filter, page, status_json
from .storage import Instance, Storage

log = logging.getLogger("devhost.durable")

INVALID_ID = re.compile(r"[/\\#?\x00-\x1f\x7f]|^@|^$|^.{101,}", re.DOTALL)
"""What Azure Storage cannot take as an instance id. Those with @ in front are entities."""

SHUFFLE = (0.0, 2.0)
"""Seconds by which a shuffled or repeated event comes later."""

Result = tuple[int, Any]
"""HTTP status and JSON body; None is an empty body."""


@dataclass
class Operations:
    """What the SDK's client asks for, against one task hub."""

    storage: Storage
    index: Index
    injector: Injector

    async def start(self, name: str, instance_id: str, input_: Any) -> Result:
        """Start an instance: look, enqueue the start, insert the row.

        Two starts that both find nothing both answer success; the row, and so the input, is
        that of the first to insert it, and the other's message is dropped when it is dequeued.
        """
        if self.index.find(ORCHESTRATION, name) is None:
            return 400, _error(
                f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator"
                " function."
            )
        if INVALID_ID.search(instance_id):
            return 400, _error(f"The instance id {instance_id!r} is not valid")
        before = self.storage.find(instance_id)
        if before is not None and not before.finished:
            return 500, _already_exists(before.runtime_status)
        hazards, dice = self.injector.hazards, self.injector.dice
        await self.injector.linger("start-race", instance_id, hazards.start_race)
        now = clock.utcnow()
        execution_id = dice.hex_id("execution", instance_id)
        started = execution_started(
            now, name=name, instance_id=instance_id, execution_id=execution_id, input_=input_
        )
        gap = dice.between("gap", instance_id, hazards.gap)
        self._enqueue(instance_id, started, gap, execution_id)
        self.injector.checkpoint("after-enqueue-start-before-row")
        await self.injector.linger("row-late", instance_id, hazards.row_late)
        self._insert_row(
            before, Instance(instance_id, name, execution_id, Status.PENDING, now, now, input_)
        )
        self.injector.checkpoint("after-row")
        if self.injector.chance("already-exists", instance_id, hazards.already_exists):
            return 500, _already_exists(Status.PENDING)
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
        self._enqueue(instance_id, event(kind, clock.utcnow(), Input=reason), 0.0)
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
        no final status, in the very spelling of the engine, takes those that run, too."""
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


def _error(message: str) -> dict[str, str]:
    general = "Something went wrong while processing your request"
    return {"Message": general, "ExceptionMessage": message}


def _already_exists(status: str) -> dict[str, str]:
    return _error(f"An Orchestration instance with the status {status} already exists.")
