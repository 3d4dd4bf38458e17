"""The dispatcher: dequeues messages, and runs the turns and activities that they lead to.

One turn of an instance at a time, on whatever has become visible for it; activities side by side.
Both hold one of the host's limited places while they run, even while they only wait. An activity
without a place stays in the queue; a turn waits for one with its messages dequeued.
A batch's messages are deleted last, so what a crash interrupts comes back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine
from functools import partial
from typing import Any, NoReturn

from . import clock
from .admit import admit
from .commit import Committer
from .index import ACTIVITY, ORCHESTRATION, Index
from .injector import Injector
from .invoke import Invoker, failure
from .protocol import EventType, Status, event
from .python import PythonDiedError
from .settings import HostSettings
from .storage import Message, Storage
from .turn import Worker, take_turn
from .walk import CallActivity, CreateTimer, Decision

log = logging.getLogger("devhost.durable")


class Engine:
    """Everything of a host that a crash ends. `Storage` is what it leaves behind."""

    def __init__(
        self,
        storage: Storage,
        settings: HostSettings,
        index: Index,
        invoker: Invoker,
        injector: Injector,
        changed: asyncio.Event,
    ) -> None:
        """`changed` is set whenever something has ended, so that the host can wait for it."""
        self.storage = storage
        self.injector = injector
        self.tasks: set[asyncio.Task[Any]] = set()
        self._changed = changed
        self._settings = settings
        self._index = index
        self._invoker = invoker
        self._committer = Committer(storage, injector)
        self._loop = asyncio.get_running_loop()
        self._alive = True
        self._ready: defaultdict[str, list[Message]] = defaultdict(list)
        self._in_hand: set[int] = set()
        self._running: set[str] = set()
        self._activities = 0
        self._pump_handle: asyncio.Handle | None = None

    def begin(self) -> None:
        """Take up work: only a host that is up can crash over it."""
        self.storage.control.on_change = self.storage.work_items.on_change = self._arm
        self._arm()

    def kill(self) -> None:
        """End at once: nothing more is dequeued, and all that runs is cancelled."""
        self._alive = False
        self.storage.control.on_change = self.storage.work_items.on_change = lambda: None
        if self._pump_handle is not None:
            self._pump_handle.cancel()
        current = asyncio.current_task()
        for task in self.tasks - ({current} if current else set()):
            task.cancel()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something that a crash cancels and that `settle` waits for."""
        if not self._alive:  # a request that was on its way in when the host crashed
            work.close()
            raise asyncio.CancelledError("the host has crashed")
        task = self._loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    @property
    def idle(self) -> bool:
        """Nothing is running and nothing could run before the clock moves."""
        queues = (self.storage.control, self.storage.work_items)
        due = [queue.next_due for queue in queues if queue.next_due is not None]
        return not self.tasks and all(when > self._loop.time() for when in due)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        self._changed.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("devhost itself failed", exc_info=task.exception())

    def _arm(self) -> None:
        """Schedule `_pump` for when the next message becomes visible."""
        if not self._alive:
            return
        if self._pump_handle is not None:
            self._pump_handle.cancel()
        queues = [self.storage.control]
        if self._has_activity_place:  # else the next activity that ends calls this again
            queues.append(self.storage.work_items)
        due = min((q.next_due for q in queues if q.next_due is not None), default=None)
        self._pump_handle = None if due is None else self._loop.call_at(due, self._pump)

    def _pump(self) -> None:
        """Take what has become visible: messages of instances into their batches, activities to
        places."""
        now = self._loop.time()
        for message in self.storage.control.take_due(now, self._settings.control_visibility):
            if self._takes(message):
                self._ready[message.instance_id].append(message)
        self._run_ready()
        items = self.storage.work_items.take_due(now, self._settings.work_item_visibility)
        while self._has_activity_place and (item := next(items, None)) is not None:
            if self._takes(item):
                twice = self.injector.hazards.activities_twice
                repeats = self.injector.chance("activities-twice", _label(item), twice)
                for _ in range(2 if repeats else 1):
                    self._activities += 1
                    self.spawn(self._activity(item))
        self._arm()

    @property
    def _has_activity_place(self) -> bool:
        return self._activities < self._settings.activity_places

    def _takes(self, message: Message) -> bool:
        """Whether to work on a dequeued message. One that is in work already stays hidden."""
        if message.id in self._in_hand:
            return False
        invisible = self.injector.hazards.invisible
        if message.dequeue_count == 1 and self.injector.chance(
            "invisible", _label(message), invisible
        ):
            log.warning("message went invisible instance=%s", message.instance_id)
            return False
        self._in_hand.add(message.id)
        return True

    def _run_ready(self) -> None:
        """Give places to instances that have messages, those that have waited longest first."""
        for instance_id in [each for each in self._ready if each not in self._running]:
            if self._alive and len(self._running) < self._settings.orchestrator_places:
                self._running.add(instance_id)
                self.spawn(self._episode(instance_id))

    async def _episode(self, instance_id: str) -> None:
        batch = self._ready.pop(instance_id)
        try:
            await self._run_episode(instance_id, batch)
        finally:
            self._in_hand -= {message.id for message in batch}
            self._running.discard(instance_id)
            self._run_ready()

    async def _run_episode(self, instance_id: str, batch: list[Message]) -> None:
        """One turn of an instance on its batch: what is admitted plays, and is committed before the
        messages are deleted."""
        self.injector.checkpoint("dequeued-before-episode")
        admitted = admit(
            batch, self.storage.find(instance_id), self.storage.read_history(instance_id)
        )
        for dropped, reason in admitted.dropped:
            log.info("message deleted instance=%s reason=%r", instance_id, reason)
            self._terminate_unbegun(dropped)
        if admitted.dropped and admitted.history.finished:
            self._committer.mend_row(instance_id, admitted.history)
        if admitted.plays:
            self.storage.stats["episodes"] += 1
            began = clock.utcnow()
            work = await self._python_at_work(instance_id)
            turn = take_turn(
                work,
                self._knows,
                instance_id,
                admitted.history,
                admitted.events,
                began,
                lambda: self.injector.dice.hex_id("execution", instance_id),
            )
            self._committer.commit(instance_id, turn)
        for message in batch:
            if message not in admitted.deferred:
                self.storage.control.delete(message)

    def _terminate_unbegun(self, message: Message) -> None:
        """A termination that finds no history ends the instance that is still Pending."""
        row = self.storage.instances.get(message.instance_id)
        if (
            message.event["EventType"] == EventType.EXECUTION_TERMINATED
            and row is not None
            and row.runtime_status == Status.PENDING
        ):
            row.runtime_status, row.output = Status.TERMINATED, message.event["Input"]
            row.last_updated = clock.utcnow()

    async def _activity(self, item: Message) -> None:
        """Run an activity and send its result. Its message is deleted last, so a crash has it run
        again."""
        name = item.event["Name"]
        try:
            self.injector.checkpoint("activity-before")
            self.storage.stats[f"activity:{name}"] += 1
            function = self._index.find(ACTIVITY, name)
            try:
                if function is None:
                    raise LookupError(f"no activity {name}")
                result = await self._invoker.call_activity(function, item.event["Input"])
                log.info("activity name=%s instance=%s status=ok", name, item.instance_id)
                kind, fields = EventType.TASK_COMPLETED, {"Result": result}
            except Exception as problem:  # an activity's exception is its result
                log.warning(
                    "activity name=%s instance=%s status=failed error=%r",
                    *(name, item.instance_id, problem),
                )
                kind, fields = EventType.TASK_FAILED, failure("Activity", name, problem)
            self.injector.checkpoint("activity-after-before-result")
            done = event(kind, clock.utcnow(), TaskScheduledId=item.event["EventId"], **fields)
            self._committer.enqueue(item.instance_id, done, item.execution_id)
            self.storage.work_items.delete(item)
        finally:
            self._in_hand.discard(item.id)
            self._activities -= 1
            self._arm()

    async def _python_at_work(self, instance_id: str) -> Worker:
        """Let the time of a turn pass. If Python dies meanwhile, what it works on fails."""
        takes = self.injector.hazards.turn_takes
        seconds = self.injector.dice.between("turn-takes", instance_id, takes)
        try:
            await self._invoker.python.take_turn(seconds)
        except PythonDiedError as death:
            raised = RuntimeError(f"One or more errors occurred. ({death})")
            return partial(_raise, raised)
        return self._work

    def _work(self, name: str, body: str) -> str:
        function = self._index.find(ORCHESTRATION, name)
        if function is None:
            known = ", ".join(f"'{each.name}'" for each in self._index.of(ORCHESTRATION))
            raise LookupError(
                f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator"
                " function. Additional info: The following are the known orchestrator functions:"
                f" {known}."
            )
        return str(function.call(body))

    def _knows(self, decision: Decision) -> bool:
        if isinstance(decision, CreateTimer):
            return True
        kind = ACTIVITY if isinstance(decision, CallActivity) else ORCHESTRATION
        return self._index.find(kind, decision.name) is not None


def _raise(problem: Exception, name: str, body: str) -> NoReturn:
    raise problem


def _label(message: Message) -> str:
    """What the dice draw for, the same in each run with the same seed."""
    kind = message.event["EventType"]
    return f"{message.instance_id}|{kind}|{message.event.get('Name', message.event['EventId'])}"
