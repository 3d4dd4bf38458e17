"""One turn (episode) of an orchestrator: history + new events → new history + what to send.

No I/O and no clock: the worker's half is the SDK's own replay, called as a function on the JSON
body; the host's half is `walk`. Commit and delivery are the engine's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from .protocol import Event, EventType, Status, event, execution_started, stamp, started_of
from .storage import History
from .walk import (
    CallActivity,
    CallSubOrchestrator,
    Decision,
    NonDeterminismError,
    UnsupportedActionError,
    Walked,
    walk,
)

GENERATIONS = 1000
"""How often an instance may continue as new without waiting for anything."""

STATUS_KB = 16
"""The longest custom status, as JSON in UTF-16. Only whole KB count, so 17,407 bytes pass."""

STATE_MARK = "\n\n$OutOfProcData$:"

Worker = Callable[[str, str], str]
"""(orchestrator name, JSON body) → JSON state. Raises as the worker does."""


@dataclass(frozen=True)
class Answer:
    """What the worker made of one turn."""

    actions: list[dict[str, Any]]
    is_done: bool
    output: Any = None
    error: str | None = None
    custom_status: Any = None
    has_state: bool = True
    """False when the turn broke off before the SDK could answer, for example because the process
    died. The custom status is then gone, as on the engine."""


@dataclass(frozen=True)
class Turn:
    """What a turn changes. `status` is None where the row's status stays as it is."""

    history: History
    started: Event
    outbox: tuple[tuple[str, Decision], ...]
    """(execution id, decision) in the order of invocation."""
    began: bool
    status: str | None
    output: Any
    custom_status: Any
    replayed: bool
    """False where the worker was not called: the row keeps its custom status."""
    error: str | None = None


def take_turn(
    worker: Worker,
    known: Callable[[Decision], bool],
    instance_id: str,
    history: History,
    arrivals: Sequence[Event],
    now: datetime,
    new_execution_id: Callable[[], str],
) -> Turn:
    """Run the orchestrator on its history and the events that have arrived.

    Args:
        worker: calls the registered orchestrator.
        known: whether a called activity or sub-orchestrator exists.
        history: what was committed before (empty events at the first turn).
        new_execution_id: called for each continue-as-new.
    """
    events = [*history.events, event(EventType.ORCHESTRATOR_STARTED, now), *arrivals]
    played = len(history.events)
    turn = _OpenTurn(
        worker, known, instance_id, arrivals, now, history.execution_id, events, played
    )
    for terminated in arrivals:
        if terminated["EventType"] == EventType.EXECUTION_TERMINATED:
            return turn.close(Status.TERMINATED, None, terminated["Input"])
    if _is_suspended(events):
        return turn.play_suspended()
    for _ in range(GENERATIONS):
        played_to = turn.play()
        if isinstance(played_to, Turn):
            return played_to
        turn.continue_as_new(new_execution_id(), played_to.new_input)
    return turn.fail(None, f"continued as new {GENERATIONS} times without waiting for anything")


@dataclass
class _OpenTurn:
    """A turn while it is taken: one generation, or several where it continues as new."""

    worker: Worker
    known: Callable[[Decision], bool]
    instance_id: str
    arrivals: Sequence[Event]
    now: datetime
    execution_id: str
    events: list[Event]
    """Of the present generation: its history, to which the turn adds."""
    played: int
    """How many of these earlier turns have replayed."""
    outbox: list[tuple[str, Decision]] = field(default_factory=list)

    def play(self) -> Turn | Walked:
        """One generation: the turn, closed; or what continues as new."""
        answer = self._ask()
        if not answer.has_state:
            return self._break_off(answer, answer.error or "no state")
        if too_long := _too_long(answer.custom_status):
            return self._break_off(replace(answer, custom_status=None), too_long)
        try:
            walked = walk(answer.actions, self.events)
        except (NonDeterminismError, UnsupportedActionError) as problem:
            return self.fail(answer, f"{type(problem).__name__}: {problem}")
        unknown = [d for d in walked.decisions if not self.known(d)]
        if unknown:
            return self.fail(answer, f"The function '{_name(unknown[0])}' doesn't exist")
        self.outbox += [(self.execution_id, decision) for decision in walked.decisions]
        self.events += [_scheduled(d, self.execution_id, self.now) for d in walked.decisions]
        if not walked.finished or not (answer.is_done or answer.error is not None):
            return self.close(self._running, answer, _reason(self.arrivals))
        if answer.error is not None:
            return self.fail(answer, answer.error)
        if not walked.continues_as_new:
            return self.close(Status.COMPLETED, answer, answer.output)
        return walked

    def play_suspended(self) -> Turn:
        """A suspended instance is replayed all the same; only its new actions wait."""
        answer = self._ask()
        if not answer.has_state:
            return self._break_off(answer, answer.error or "no state")
        return self.close(Status.SUSPENDED, answer, _reason(self.arrivals))

    def continue_as_new(self, execution_id: str, new_input: Any) -> None:
        """Begin the next generation, with a history of its own."""
        before = started_of(self.events)
        again = execution_started(
            self.now,
            name=before["Name"],
            instance_id=self.instance_id,
            execution_id=execution_id,
            input_=new_input,
            parent=before["ParentInstance"],
        )
        self.execution_id, self.played = execution_id, 0
        self.events = [event(EventType.ORCHESTRATOR_STARTED, self.now), again]

    def close(
        self, status: str | None, answer: Answer | None, output: Any, error: str | None = None
    ) -> Turn:
        """The turn, with the events that end it."""
        if status in Status.FINISHED:
            done = {"OrchestrationStatus": status, "Result": _dump(output)}
            self.events.append(event(EventType.EXECUTION_COMPLETED, self.now, **done))
        self.events.append(event(EventType.ORCHESTRATOR_COMPLETED, self.now))
        return Turn(
            history=History(self.execution_id, self.events),
            started=started_of(self.events),
            outbox=tuple(self.outbox),
            began=self._began,
            status=status,
            output=output,
            custom_status=answer.custom_status if answer else None,
            replayed=answer is not None,
            error=error,
        )

    def fail(self, answer: Answer | None, error: str) -> Turn:
        """The turn, with which the instance fails."""
        message = f"Orchestrator function '{started_of(self.events)['Name']}' failed: {error}"
        return self.close(Status.FAILED, answer, message, error)

    def _break_off(self, answer: Answer, error: str) -> Turn:
        """Fail a turn that broke off; in the engine's words, where it notices what is missing."""
        missed = _not_invoked_again(self.events)
        if missed:
            return self.close(Status.FAILED, answer, missed, error)
        return self.fail(answer, error)

    def _ask(self) -> Answer:
        return ask(self.worker, self.instance_id, self.events, self.played)

    @property
    def _began(self) -> bool:
        return self.played == 0

    @property
    def _running(self) -> str | None:
        resumed = _mentions(self.arrivals, EventType.EXECUTION_RESUMED)
        return Status.RUNNING if self._began or resumed else None


def ask(worker: Worker, instance_id: str, events: Sequence[Event], played: int) -> Answer:
    """One call of the worker: the body out, the state (or what it raised) in."""
    started = started_of(list(events))
    raw_input = None if started["Input"] is None else json.loads(started["Input"])
    parent = started["ParentInstance"]
    body = {
        "history": [e | {"IsPlayed": i < played} for i, e in enumerate(events)],
        # A number arrives as a number, which the SDK cannot read; its own client sends text.
        "input": json.dumps(raw_input) if isinstance(raw_input, dict | list) else raw_input,
        "instanceId": instance_id,
        "isReplaying": played > 0,
        "parentInstanceId": parent["OrchestrationInstance"]["InstanceId"] if parent else None,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "maximumShortTimerDuration": "6.00:00:00",
        "longRunningTimerIntervalDuration": "3.00:00:00",
    }  # fmt: skip
    try:
        return _answer(json.loads(worker(started["Name"], json.dumps(body))), None)
    except Exception as problem:  # whatever user code raises is the worker's answer
        text, mark, state = str(problem).partition(STATE_MARK)
        if not mark:
            error = text or type(problem).__name__
            return Answer([], is_done=False, error=error, has_state=False)
        return _answer(json.loads(state), text)


def _answer(state: dict[str, Any], raised: str | None) -> Answer:
    return Answer(
        actions=state["actions"][0] if state["actions"] else [],
        is_done=state["isDone"],
        output=state.get("output"),
        error=raised if raised is None else state.get("error", raised),
        custom_status=state.get("customStatus"),
    )


def sub_instance_id(decision: CallSubOrchestrator, execution_id: str) -> str:
    """The id of a sub-orchestration: as asked for, or made of the parent's execution id."""
    return decision.instance_id or f"{execution_id}:{decision.id:X}"


def _scheduled(decision: Decision, execution_id: str, now: datetime) -> Event:
    if isinstance(decision, CallActivity):
        fields: dict[str, Any] = {"Name": decision.name, "Version": None, "Input": decision.input}
        return event(EventType.TASK_SCHEDULED, now, decision.id, **fields)
    if isinstance(decision, CallSubOrchestrator):
        fields = {"Name": decision.name, "Version": None, "Input": decision.input}
        fields["InstanceId"] = sub_instance_id(decision, execution_id)
        return event(EventType.SUB_ORCHESTRATION_CREATED, now, decision.id, **fields)
    return event(EventType.TIMER_CREATED, now, decision.id, FireAt=stamp(decision.fire_at))


def _too_long(status: Any) -> str | None:
    """The engine's words for a custom status that it refuses."""
    text = json.dumps(status, ensure_ascii=False, separators=(",", ":"))
    kilobytes = len(text.encode("utf-16-le", "surrogatepass")) // 1024
    if kilobytes <= STATUS_KB:
        return None
    return (
        "The UTF-16 size of the JSON-serialized payload must not exceed"
        f" {STATUS_KB} KB. The current payload size is {kilobytes} KB."
    )


def _not_invoked_again(events: Sequence[Event]) -> str | None:
    """The engine's words for a replay that ended before it reached what is in the history."""
    for each in events:
        if each["EventType"] == EventType.TASK_SCHEDULED:
            what = f"an activity task with sequence ID {each['EventId']} and name '{each['Name']}'"
            what += " (version ''), but"
        elif each["EventType"] == EventType.TIMER_CREATED:
            what = f"a timer task with sequence number {each['EventId']} but"
        else:
            continue
        return (
            f"Non-Deterministic workflow detected: A previous execution of this orchestration"
            f" scheduled {what} the current replay execution hasn't (yet?) scheduled this task."
            " Was a change made to the orchestrator code after this instance had already started"
            " running?"
        )
    return None


def _is_suspended(events: Sequence[Event]) -> bool:
    kinds = (EventType.EXECUTION_SUSPENDED, EventType.EXECUTION_RESUMED)
    last = [e["EventType"] for e in events if e["EventType"] in kinds][-1:]
    return last == [EventType.EXECUTION_SUSPENDED]


def _reason(arrivals: Sequence[Event]) -> str | None:
    """The reason given for a suspend or resume: the instance's output until it ends."""
    kinds = (EventType.EXECUTION_SUSPENDED, EventType.EXECUTION_RESUMED)
    return next((e["Reason"] for e in reversed(arrivals) if e["EventType"] in kinds), None)


def _mentions(events: Sequence[Event], kind: EventType) -> bool:
    return any(e["EventType"] == kind for e in events)


def _name(decision: Decision) -> str:
    return getattr(decision, "name", "")


def _dump(value: Any) -> str | None:
    return None if value is None else json.dumps(value)
