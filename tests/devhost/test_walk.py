"""The host's side of the replay, on actions and events made by hand and at random."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.protocol import Action, Event, EventType, event, stamp
from devhost.walk import (
    CallActivity,
    CallSubOrchestrator,
    CreateTimer,
    Decision,
    NonDeterminismError,
    UnsupportedActionError,
    Walked,
    walk,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def activity(name: str = "A") -> Action:
    return {"actionType": 0, "functionName": name, "input": "1"}


def retried(attempts: int = 2, name: str = "A") -> Action:
    options = {"firstRetryIntervalInMilliseconds": 5000, "maxNumberOfAttempts": attempts}
    return {"actionType": 1, "functionName": name, "input": "1", "retryOptions": options}


def sub(name: str = "S", instance_id: str | None = None) -> Action:
    return {"actionType": 2, "functionName": name, "input": "1", "instanceId": instance_id}


def timer(seconds: int = 10, cancelled: bool = False) -> Action:
    fire_at = stamp(NOW + timedelta(seconds=seconds))
    return {"actionType": 5, "fireAt": fire_at, "isCanceled": cancelled}


def wait(name: str = "e") -> Action:
    return {"actionType": 6, "externalEventName": name, "reason": "ExternalEvent"}


def any_of(*actions: Action) -> Action:
    return {"actionType": 11, "compoundActions": list(actions)}


def all_of(*actions: Action) -> Action:
    return {"actionType": 12, "compoundActions": list(actions)}


def begun(*more: Event) -> list[Event]:
    started = event(EventType.EXECUTION_STARTED, NOW, Name="O")
    return [event(EventType.ORCHESTRATOR_STARTED, NOW), started, *more]


def scheduled(id_: int, name: str = "A") -> Event:
    return event(EventType.TASK_SCHEDULED, NOW, id_, Name=name)


def created(id_: int) -> Event:
    return event(EventType.TIMER_CREATED, NOW, id_)


def completed(id_: int) -> Event:
    return event(EventType.TASK_COMPLETED, NOW, TaskScheduledId=id_)


def failed(id_: int) -> Event:
    return event(EventType.TASK_FAILED, NOW, TaskScheduledId=id_)


def fired(id_: int) -> Event:
    return event(EventType.TIMER_FIRED, NOW, TimerId=id_)


def raised(name: str = "e") -> Event:
    return event(EventType.EVENT_RAISED, NOW, Name=name)


def ids(walked: Walked) -> list[int]:
    return [decision.id for decision in walked.decisions]


def test_actions_are_scheduled_one_after_another() -> None:
    """Nothing behind an action that is not complete is scheduled."""
    actions = [activity("A"), activity("B")]
    assert walk(actions, begun()).decisions == (CallActivity(0, "A", "1"),)
    after = walk(actions, begun(scheduled(0, "A"), completed(0)))
    assert after.decisions == (CallActivity(1, "B", "1"),)
    assert not after.finished


def test_a_walk_has_finished_when_everything_is_awaited() -> None:
    """Its last action is then complete."""
    assert walk([], begun()).finished
    assert walk([activity()], begun(scheduled(0), completed(0))).finished


def test_each_kind_of_action_becomes_a_decision() -> None:
    """Activities, timers and sub-orchestrations do; waits do not."""
    walked = walk([all_of(activity(), timer(10), wait(), sub("S", "x"))], begun())
    assert walked.decisions == (
        CallActivity(0, "A", "1"),
        CreateTimer(1, NOW + timedelta(seconds=10)),
        CallSubOrchestrator(2, "S", "1", "x"),
    )


def test_when_any_goes_on_at_the_first() -> None:
    """The other children stay open."""
    actions = [any_of(wait(), timer()), activity()]
    assert ids(walk(actions, begun(created(0), raised()))) == [1]


def test_when_all_waits_for_every_child_after_a_failure() -> None:
    """The SDK itself goes on at the first failure."""
    actions = [all_of(activity("A"), activity("B")), activity("C")]
    history = begun(scheduled(0, "A"), scheduled(1, "B"), failed(0))
    assert ids(walk(actions, history)) == []
    assert ids(walk(actions, [*history, completed(1)])) == [2]


def test_a_task_left_out_of_an_action_is_not_awaited() -> None:
    """The second task_any lacks the old wait, so its event does not let the host go on."""
    actions = [any_of(wait("a"), timer(1)), any_of(timer(99)), activity()]
    history = begun(created(0), fired(0), created(1), raised("a"))
    assert ids(walk(actions, history)) == []
    assert ids(walk(actions, [*history, fired(1)])) == [2]


def test_cancelled_timer_keeps_its_id_and_completes_at_once() -> None:
    """A cancelled timer takes an id, and nothing waits for it."""
    walked = walk([any_of(wait(), timer(cancelled=True)), activity()], begun())
    assert ids(walked) == [0, 1]


def test_retry_takes_an_id_per_attempt_and_per_timer() -> None:
    """There is a timer after the last attempt, too."""
    actions, history = [retried(2), activity("B")], begun()
    assert walk(actions, history).decisions == (CallActivity(0, "A", "1"),)
    history += [scheduled(0), failed(0)]
    assert walk(actions, history).decisions == (CreateTimer(1, NOW + timedelta(seconds=5)),)
    history += [created(1), fired(1)]
    assert walk(actions, history).decisions == (CallActivity(2, "A", "1"),)
    history += [scheduled(2), failed(2)]
    assert ids(walk(actions, history)) == [3]
    history += [created(3), fired(3)]
    assert walk(actions, history).decisions == (CallActivity(4, "B", "1"),)


def test_retry_that_succeeds_ends() -> None:
    """No further attempt follows a success."""
    history = begun(scheduled(0), failed(0), created(1), fired(1), scheduled(2), completed(2))
    assert walk([retried(5)], history).finished


def test_two_retries_side_by_side_number_in_the_order_of_events() -> None:
    """Ids of later attempts follow the order of what happened."""
    history = begun(scheduled(0, "A"), scheduled(1, "B"), failed(1), created(2), failed(0))
    assert ids(walk([all_of(retried(2, "A"), retried(2, "B"))], history)) == [3]
    history += [created(3), fired(3), fired(2)]
    names = [getattr(d, "name", "") for d in walk([all_of(retried(2), retried(2, "B"))], history)
             .decisions]  # fmt: skip
    assert names == ["A", "B"]


def test_an_event_goes_to_the_newest_wait() -> None:
    """An older wait of the same name gets nothing."""
    actions = [any_of(wait(), timer(1)), any_of(wait(), timer(2)), activity()]
    history = begun(created(0), fired(0), created(1), raised())
    assert ids(walk(actions, history)) == [2]


def test_an_early_event_is_buffered_for_the_wait_to_come() -> None:
    """The case of its name does not matter."""
    history = begun(scheduled(0), raised("E"), completed(0))
    assert walk([activity(), wait("e")], history).finished


def test_suspended_walk_holds_completions_back() -> None:
    """They come at the resume, in order."""
    history = begun(scheduled(0), event(EventType.EXECUTION_SUSPENDED, NOW), completed(0))
    held = walk([activity(), activity("B")], history)
    assert held.suspended
    assert held.decisions == ()
    history.append(event(EventType.EXECUTION_RESUMED, NOW))
    assert ids(walk([activity(), activity("B")], history)) == [1]


def test_continue_as_new_is_complete_at_once() -> None:
    """It carries its input."""
    walked = walk([{"actionType": 4, "input": "[1]"}], begun())
    assert (walked.finished, walked.continues_as_new, walked.new_input) == (True, True, "[1]")


@pytest.mark.parametrize(
    ("actions", "past"),
    [
        ([activity("B")], scheduled(0, "A")),
        ([timer()], scheduled(0, "A")),
        ([activity()], created(0)),
        ([wait()], scheduled(0, "A")),
        ([activity()], scheduled(1, "A")),
        ([activity(), activity()], scheduled(1, "A")),
    ],
)
def test_history_of_other_actions_is_non_determinism(actions: list[Action], past: Event) -> None:
    """What was scheduled under an id must be what is invoked under it."""
    with pytest.raises(NonDeterminismError, match="history has"):
        walk(actions, begun(past))


@pytest.mark.parametrize(
    ("number", "name"), [(7, "CALL_ENTITY"), (8, "CALL_HTTP"), (9, "SIGNAL_ENTITY")]
)
def test_unsupported_actions_say_so(number: int, name: str) -> None:
    """Entities and durable HTTP are refused by name."""
    with pytest.raises(UnsupportedActionError, match=name):
        walk([{"actionType": number}], begun())


atoms = st.one_of(
    st.builds(activity, st.sampled_from("AB")),
    st.builds(retried, st.integers(1, 3), st.sampled_from("AB")),
    st.builds(timer, st.integers(0, 9), st.booleans()),
    st.builds(wait, st.sampled_from("xy")),
    st.builds(sub),
)
trees = st.recursive(
    atoms,
    lambda children: st.lists(children, min_size=1, max_size=3).flatmap(
        lambda some: st.sampled_from([any_of(*some), all_of(*some)])
    ),
    max_leaves=6,
)


def record(decision: Decision) -> Event:
    """The event that schedules a decision."""
    if isinstance(decision, CreateTimer):
        return created(decision.id)
    if isinstance(decision, CallActivity):
        return scheduled(decision.id, decision.name)
    return event(EventType.SUB_ORCHESTRATION_CREATED, NOW, decision.id, Name=decision.name)


def end(draw: Any, decision: Decision) -> Event:
    """An event that completes a decision."""
    if isinstance(decision, CreateTimer):
        return fired(decision.id)
    succeeds = draw(st.booleans())
    if isinstance(decision, CallActivity):
        return completed(decision.id) if succeeds else failed(decision.id)
    kind = EventType.SUB_ORCHESTRATION_COMPLETED
    return event(kind, NOW, TaskScheduledId=decision.id)


@given(st.data(), st.lists(trees, max_size=4))
def test_any_run_is_deterministic_and_ends(data: st.DataObject, actions: list[Action]) -> None:
    """In whatever order completions come, ids are dense, nothing is decided twice and repeats
    change nothing. Once all that is open has ended and every event has come, the walk has
    finished."""
    history = begun()
    running: list[Decision] = []
    decided = 0
    for _ in range(200):
        walked = walk(actions, history)
        assert ids(walked) == list(range(decided, decided + len(walked.decisions)))
        decided += len(walked.decisions)
        history += [record(decision) for decision in walked.decisions]
        running += walked.decisions
        if walked.finished:
            return
        if running:
            ended = end(data.draw, running.pop(data.draw(st.integers(0, len(running) - 1))))
            history += [ended, ended] if data.draw(st.booleans()) else [ended]
        else:
            history += [raised("x"), raised("Y")]
    raise AssertionError("the walk has not finished")
