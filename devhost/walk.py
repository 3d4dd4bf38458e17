"""What the host makes of an orchestrator's actions: the replay on the host's side. No I/O.

The worker answers each turn with the full list of actions since the start. The host goes through
the list again, awaiting one action after another, while the events of the history complete what
was awaited. So whatever stands behind an action that is not complete is not scheduled, although
the orchestrator has gone on: an instance that hangs in Azure hangs here, too.

- Ids 0, 1, 2… go to activities, timers and sub-orchestrations in the order of their invocation; a
  retry takes one per attempt and one per timer, and has a timer after its last attempt too.
- WhenAny (11) and WhenAll (12) nest; WhenAll waits for every child, even after one has failed.
- A cancelled timer keeps its id and is complete at once.
- The end waits for what is outstanding, awaited or not: activities, sub-orchestrations, and timers
  that are not cancelled. Waits for events do not count.
- An event goes to the newest wait of its name (case ignored), or is buffered for the next one.
- While suspended, completions are held back and come in order at the resume.

What the history says was scheduled must be what the actions schedule; otherwise the orchestrator
is not deterministic.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .protocol import Action, ActionType, Event, EventType, parse_time


class NonDeterminismError(Exception):
    """The actions are not those that scheduled what the history holds."""


class UnsupportedActionError(Exception):
    """An action that this host does not model."""


@dataclass(frozen=True)
class CallActivity:
    """Put an activity on the work-item queue."""

    id: int
    name: str
    input: Any


@dataclass(frozen=True)
class CreateTimer:
    """Send this instance a message at `fire_at` (UTC)."""

    id: int
    fire_at: datetime


@dataclass(frozen=True)
class CallSubOrchestrator:
    """Start another instance, whose end comes back to this one."""

    id: int
    name: str
    input: Any
    instance_id: str | None


Decision = CallActivity | CreateTimer | CallSubOrchestrator


@dataclass(frozen=True)
class Walked:
    """Where the walk stands after the last event."""

    decisions: tuple[Decision, ...]
    """Invoked, and not yet in the history: to be scheduled now."""
    finished: bool
    """Every action has been awaited to its end, and nothing that it invoked is outstanding."""
    continues_as_new: bool
    new_input: Any
    suspended: bool


@dataclass(eq=False)
class _Task:
    done: bool = False
    failed: bool = False
    parent: _Compound | None = None

    def complete(self, failed: bool = False) -> None:
        if not self.done:
            self.done, self.failed = True, failed
            if self.parent is not None:
                self.parent.child_done(self)


@dataclass(eq=False)
class _Compound(_Task, ABC):
    children: list[_Task] = field(default_factory=list)

    def adopt(self, children: list[_Task]) -> _Compound:
        self.children = children
        for child in children:
            child.parent = self
        self.child_done(None)
        return self

    @abstractmethod
    def child_done(self, child: _Task | None) -> None:
        """A child has completed; None: all children have been added."""


class _All(_Compound):
    def child_done(self, child: _Task | None) -> None:
        if all(task.done for task in self.children):
            self.complete(any(task.failed for task in self.children))


class _Any(_Compound):
    def child_done(self, child: _Task | None) -> None:
        if any(task.done for task in self.children):
            self.complete()


class _Retry(_Compound):
    """One attempt or one timer is under way at any time."""

    def __init__(self, walk: _Walk, action: Action) -> None:
        super().__init__()
        options = action["retryOptions"]
        self.walk, self.action = walk, action
        self.attempts_left = int(options["maxNumberOfAttempts"])
        self.interval = timedelta(milliseconds=options["firstRetryIntervalInMilliseconds"])
        self.timer: _Task | None = None
        self.attempt()

    def attempt(self) -> None:
        self.attempts_left -= 1
        self.walk.call(self.action).parent = self

    def child_done(self, child: _Task | None) -> None:
        if child is not None and child is self.timer:
            self.timer = None
            if self.attempts_left > 0:
                self.attempt()
            else:
                self.complete(failed=True)
        elif child is not None and child.failed:
            self.timer = self.walk.create_timer(self.walk.now + self.interval)
            self.timer.parent = self
        else:
            self.complete()


_SCHEDULED = {
    EventType.TASK_SCHEDULED: (CallActivity, "activity"),
    EventType.TIMER_CREATED: (CreateTimer, "timer"),
    EventType.SUB_ORCHESTRATION_CREATED: (CallSubOrchestrator, "sub-orchestration"),
}
_COMPLETIONS = {
    EventType.TASK_COMPLETED: ("TaskScheduledId", False),
    EventType.TASK_FAILED: ("TaskScheduledId", True),
    EventType.SUB_ORCHESTRATION_COMPLETED: ("TaskScheduledId", False),
    EventType.SUB_ORCHESTRATION_FAILED: ("TaskScheduledId", True),
    EventType.TIMER_FIRED: ("TimerId", False),
}


class _Walk:
    def __init__(self, actions: Sequence[Action]) -> None:
        self.actions = actions
        self.position = 0
        self.current: _Task | None = None
        self.started = False
        self.now = datetime.min
        self.next_id = 0
        self.open: dict[int, _Task] = {}
        self.undecided: dict[int, Decision] = {}
        self.waits: defaultdict[str, list[_Task]] = defaultdict(list)
        self.buffered: defaultdict[str, deque[None]] = defaultdict(deque)
        self.suspended = False
        self.held: list[Event] = []
        self.continues_as_new = False
        self.new_input: Any = None

    def process(self, event: Event) -> None:
        """Take in one event of the history, then go on with the actions as far as it lets them."""
        kind = event["EventType"]
        if kind == EventType.ORCHESTRATOR_STARTED:
            self.now = parse_time(event["Timestamp"])
        elif kind == EventType.EXECUTION_STARTED:
            self.started = True
        elif kind in _SCHEDULED:
            self.match(event)
        elif kind == EventType.EXECUTION_SUSPENDED:
            self.suspended = True
        elif kind == EventType.EXECUTION_RESUMED:
            self.suspended = False
            held, self.held = self.held, []
            for earlier in held:
                self.settle(earlier)
        elif self.suspended:
            self.held.append(event)
        else:
            self.settle(event)
        self.advance()

    def settle(self, event: Event) -> None:
        """Complete what the event completes. One for a completed id is a repeat: ignored."""
        kind = event["EventType"]
        if kind in _COMPLETIONS:
            key, failed = _COMPLETIONS[kind]
            task = self.open.pop(event[key], None)
            if task is not None:
                task.complete(failed)
        elif kind == EventType.EVENT_RAISED:
            name = event["Name"].lower()
            if self.waits[name]:
                self.waits[name].pop().complete()
            else:
                self.buffered[name].append(None)
        self.advance()

    def advance(self) -> None:
        while self.started and not self.suspended and (self.current is None or self.current.done):
            if self.position == len(self.actions):
                return
            self.position += 1
            self.current = self.invoke(self.actions[self.position - 1])

    def invoke(self, action: Action) -> _Task:
        """Invoke an action; the task that is done when the action is."""
        match action["actionType"]:
            case ActionType.CALL_ACTIVITY | ActionType.CALL_SUB_ORCHESTRATOR:
                return self.call(action)
            case ActionType.CALL_ACTIVITY_WITH_RETRY | ActionType.CALL_SUB_ORCHESTRATOR_WITH_RETRY:
                return _Retry(self, action)
            case ActionType.CREATE_TIMER:
                timer = self.create_timer(parse_time(action["fireAt"]))
                timer.done = bool(action.get("isCanceled"))
                return timer
            case ActionType.WAIT_FOR_EXTERNAL_EVENT:
                return self.wait(action["externalEventName"].lower())
            case ActionType.WHEN_ALL:
                return _All().adopt([self.invoke(child) for child in action["compoundActions"]])
            case ActionType.WHEN_ANY:
                return _Any().adopt([self.invoke(child) for child in action["compoundActions"]])
            case ActionType.CONTINUE_AS_NEW:
                self.continues_as_new, self.new_input = True, action.get("input")
                return _Task(done=True)
            case other:
                name = ActionType(other).name if other in list(ActionType) else other
                raise UnsupportedActionError(f"devhost does not model the action {name}")

    def call(self, action: Action) -> _Task:
        name, input_ = action["functionName"], action.get("input")
        if action["actionType"] in (
            ActionType.CALL_ACTIVITY,
            ActionType.CALL_ACTIVITY_WITH_RETRY,
        ):
            return self.decide(CallActivity(self.next_id, name, input_))
        instance_id = action.get("instanceId")
        return self.decide(CallSubOrchestrator(self.next_id, name, input_, instance_id))

    def create_timer(self, fire_at: datetime) -> _Task:
        return self.decide(CreateTimer(self.next_id, fire_at))

    def decide(self, decision: Decision) -> _Task:
        task = _Task()
        self.open[decision.id] = task
        self.undecided[decision.id] = decision
        self.next_id += 1
        return task

    def wait(self, name: str) -> _Task:
        task = _Task()
        if self.buffered[name]:
            self.buffered[name].popleft()
            task.done = True
        else:
            self.waits[name].append(task)
        return task

    def match(self, event: Event) -> None:
        """Check that what was scheduled is what is invoked, and take it off the list."""
        expected, word = _SCHEDULED[event["EventType"]]
        decision = self.undecided.pop(event["EventId"], None)
        before = f"{word} {event.get('Name', '')!r} with id {event['EventId']}"
        if decision is None:
            raise NonDeterminismError(f"history has {before}, the replay has not come to it")
        name = getattr(decision, "name", None)
        if not isinstance(decision, expected) or (name is not None and name != event["Name"]):
            now = f"{type(decision).__name__} {name!r}"
            raise NonDeterminismError(f"history has {before}, the replay has {now} in its place")


def walk(actions: Sequence[Action], history: Sequence[Event]) -> Walked:
    """Go through the actions under the events of the history.

    Raises:
        NonDeterminismError: the history was made by other actions.
        UnsupportedActionError: an action that is not modelled (entities, durable HTTP).
    """
    state = _Walk(actions)
    for event in history:
        state.process(event)
    return Walked(
        decisions=tuple(state.undecided.values()),
        finished=state.started
        and not state.suspended
        and state.position == len(actions)
        and (state.current is None or state.current.done)
        and all(task.done for task in state.open.values()),
        continues_as_new=state.continues_as_new,
        new_input=state.new_input,
        suspended=state.suspended,
    )
