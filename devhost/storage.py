"""What survives a crash: the instance table, the histories and the two queues, all in memory.

A message is invisible until `visible_at` (seconds of the loop's clock). Taking it hides it for the
visibility timeout; only deleting it takes it away. So what a crashed host had in hand comes back.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .protocol import Event, EventType, Status


@dataclass
class History:
    """The history table's rows of one instance, all of one execution."""

    execution_id: str
    events: list[Event]

    @property
    def finished(self) -> bool:
        return self.end is not None

    @property
    def end(self) -> Event | None:
        """Its ExecutionCompleted, if it has come to that."""
        ends = (e for e in self.events if e["EventType"] == EventType.EXECUTION_COMPLETED)
        return next(ends, None)


@dataclass
class Instance:
    """A row of the instance table. `history` is what the history table holds for its execution."""

    id: str
    name: str
    execution_id: str
    runtime_status: str
    created: datetime
    last_updated: datetime
    input: Any = None
    """As decoded from the start's body: from the SDK's client a string that holds JSON."""
    output: Any = None
    custom_status: Any = None
    generation: int | None = None
    """How many started before it under this id, since the last purge; None: a sub-orchestration, or
    one that has continued as new. Source: DurableTask.AzureStorage,
    AzureStorageOrchestrationService.CreateTaskOrchestrationAsync."""
    histories: dict[str, History] = field(default_factory=dict, repr=False)

    @property
    def history(self) -> list[Event]:
        """The events as the worker gets them; empty before the instance has begun."""
        found = self.histories.get(self.id)
        return found.events if found and found.execution_id == self.execution_id else []

    @property
    def finished(self) -> bool:
        return self.runtime_status in Status.FINISHED


@dataclass(eq=False)
class Message:
    """One message: an event for an instance, or (on the work-item queue) an activity to run."""

    id: int
    instance_id: str
    event: Event
    execution_id: str | None
    """The execution it is meant for; None (external events, operations) means any."""
    visible_at: float
    dequeue_count: int = 0


class Queue:
    """Messages in order of visibility; those of one moment in order of arrival."""

    def __init__(self, name: str, stats: Counter[str]) -> None:
        self.name = name
        self.messages: dict[int, Message] = {}
        self.on_change: Callable[[], None] = lambda: None
        self._stats = stats
        self._heap: list[tuple[float, int]] = []

    def put(self, message: Message) -> None:
        self._stats["storage.enqueue"] += 1
        self.messages[message.id] = message
        self._push(message)

    def hide(self, message: Message, until: float) -> None:
        """Make a message invisible until a moment of the loop's clock."""
        if message.id in self.messages:
            message.visible_at = until
            self._push(message)

    def delete(self, message: Message) -> None:
        self._stats["storage.delete"] += 1
        self.messages.pop(message.id, None)

    def take_due(self, now: float, hide_for: float) -> Iterator[Message]:
        """Dequeue what is visible, hiding each for `hide_for` seconds."""
        while (head := self._head()) is not None and head.visible_at <= now:
            heapq.heappop(self._heap)
            head.dequeue_count += 1
            self.hide(head, now + hide_for)
            yield head

    @property
    def next_due(self) -> float | None:
        """When the next message becomes visible, in seconds of the loop's clock."""
        head = self._head()
        return None if head is None else head.visible_at

    def _push(self, message: Message) -> None:
        heapq.heappush(self._heap, (message.visible_at, message.id))
        self.on_change()

    def _head(self) -> Message | None:
        while self._heap:
            visible_at, message_id = self._heap[0]
            message = self.messages.get(message_id)
            if message is not None and message.visible_at == visible_at:
                return message
            heapq.heappop(self._heap)
        return None


class Storage:
    """One task hub's tables and queues."""

    def __init__(self) -> None:
        self.stats: Counter[str] = Counter()
        self.instances: dict[str, Instance] = {}
        self.histories: dict[str, History] = {}
        self.control = Queue("control", self.stats)
        self.work_items = Queue("work-items", self.stats)
        self._next_message_id = 0

    def message(
        self, instance_id: str, event: Event, visible_at: float, execution_id: str | None = None
    ) -> Message:
        """A new message, not yet on any queue."""
        self._next_message_id += 1
        return Message(self._next_message_id, instance_id, event, execution_id, visible_at)

    def find(self, instance_id: str) -> Instance | None:
        """Read one row."""
        self.stats["storage.read"] += 1
        return self.instances.get(instance_id)

    def insert(self, row: Instance) -> None:
        """Insert or replace a row."""
        self.stats["storage.write"] += 1
        row.histories = self.histories
        self.instances[row.id] = row

    def read_history(self, instance_id: str) -> History | None:
        self.stats["storage.read"] += 1
        return self.histories.get(instance_id)

    def write_history(self, instance_id: str, history: History) -> None:
        self.stats["storage.write"] += 1
        self.histories[instance_id] = history

    def purge(self, instance_id: str) -> None:
        """Forget an instance: its row and its history."""
        self.stats["storage.write"] += 2
        self.instances.pop(instance_id, None)
        self.histories.pop(instance_id, None)
