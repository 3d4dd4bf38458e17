"""Histories that 1.x has left, replayed by 2.x: after each turn the app asks for the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from acr_global.functions.app import build_app
from devhost.index import ORCHESTRATION, index_app
from devhost.protocol import ActionType, Event, EventType
from devhost.walk import Decision, walk
from tests.next import turns

HERE = Path(__file__).parents[1] / "replay"
RECORDED = sorted(path for path in HERE.glob("*/*/*.json") if path.stem != "begun_again")
"""All but a push that took an earlier one's place: that it did is known in 1.x only."""
INDEX = index_app(build_app({"ACR_GLOBAL_REGIONS": "elsewhere"}))
ARRIVALS = (EventType.TASK_SCHEDULED, EventType.TIMER_CREATED, EventType.ORCHESTRATOR_COMPLETED)


def name(path: Path) -> str:
    """A recorded history's name, in a test's id."""
    return str(path.relative_to(HERE).with_suffix(""))


def take_turn(
    recorded: Any, history: list[Event], numbers: Mapping[int, int]
) -> pb.OrchestratorResponse:
    """The answer to a history, or to its beginning."""
    function = INDEX.find(ORCHESTRATION, recorded["orchestrator"])
    assert function is not None
    request = turns.request(recorded["sent"]["instanceId"], history, numbers)
    return turns.answer(function.call(context=request))


def beginnings(history: list[Event]) -> Iterator[list[Event]]:
    """The history as it stood when each of its turns was taken."""
    for i, event in enumerate(history):
        follows = i + 1 == len(history) or history[i + 1]["EventType"] in ARRIVALS
        if event["EventType"] not in ARRIVALS and follows:
            yield history[: i + 1]


def without_cancels(actions: Any) -> Any:
    """The actions of 1.x without cancellations, which came later than what they cancel."""
    if isinstance(actions, list):
        return [without_cancels(a) for a in actions]
    if isinstance(actions, dict):
        return {k: without_cancels(v) for k, v in actions.items() if k != "isCanceled"}
    return actions


def over_at_once(actions: list[Any], decisions: tuple[Decision, ...]) -> set[int]:
    """The numbers of the timers that were cancelled in the turn that made them. 1.x has the host
    make them all the same; 2.x does not ask for them."""
    places = [place for place, action in enumerate(actions) for _ in numbered(action)]
    cancelled = [a.get("isCanceled", False) for action in actions for a in numbered(action)]
    reached = max((places[d.id] for d in decisions), default=0)
    return {d.id for d in decisions if cancelled[d.id] and places[d.id] < reached}


def numbered(action: Any) -> Iterator[Any]:
    """The actions in an action that have numbers: activities, sub-orchestrations and timers."""
    if action["actionType"] in (ActionType.WHEN_ANY, ActionType.WHEN_ALL):
        for child in action["compoundActions"]:
            yield from numbered(child)
    elif action["actionType"] not in (
        ActionType.WAIT_FOR_EXTERNAL_EVENT,
        ActionType.CONTINUE_AS_NEW,
    ):
        yield action


def content(decision: Decision) -> Decision:
    """A decision without its number, and with its input as a value."""
    given = getattr(decision, "input", None)
    changes = {"input": json.loads(given)} if isinstance(given, str) else {}
    return replace(decision, id=0, **changes)


@pytest.mark.parametrize("path", RECORDED, ids=name)
def test_each_turn_of_a_recorded_history_asks_for_the_same(path: Path) -> None:
    """The same activities and timers, with the same inputs and times; and at the end, the same
    output and custom status. Only numbers differ: 1.x counts what is asked for in the order in
    which it is awaited, from 0, and 2.x in the order of the calls, from 1."""
    recorded = json.loads(path.read_text())
    said = recorded["answered"]
    actions = without_cancels((said["actions"] or [[]])[0])
    numbers: dict[int, int] = {}
    for history in beginnings(recorded["sent"]["history"]):
        answered = take_turn(recorded, history, numbers)
        decided = walk(actions, history).decisions
        passed = over_at_once((said["actions"] or [[]])[0], decided)
        expected = sorted((d for d in decided if d.id not in passed), key=str_content)
        asked = sorted(turns.asked(answered), key=str_content)
        assert list(map(content, expected)) == list(map(content, asked))
        numbers |= {one.id: other.id for one, other in zip(expected, asked, strict=True)}
    end = turns.ended(answered)
    assert end
    assert pb.ORCHESTRATION_STATUS_COMPLETED == end.orchestrationStatus, end.failureDetails
    assert said.get("output") == json.loads(end.result.value or "null")
    assert shown(said.get("customStatus")) == shown(
        json.loads(answered.customStatus.value or "null")
    )


def shown(status: Any) -> Any:
    """A custom status but for what 0.1.0 did not say: whether a push is decided whose alarm is the
    last word, and what was told before. No replay depends on it."""
    if not isinstance(status, dict):
        return status
    return {name: value for name, value in status.items() if name not in ("decided", "said")}


def str_content(decision: Decision) -> str:
    """What decisions of one turn are ordered by."""
    return repr(content(decision))


@pytest.mark.parametrize("path", [p for p in RECORDED if p.stem == "complete"], ids=name)
def test_an_instance_that_1_has_begun_fails_under_2(path: Path) -> None:
    """Its numbers are others: such instances must end before the SDK is changed."""
    recorded = json.loads(path.read_text())
    history = recorded["sent"]["history"]
    kept = {event["EventId"]: event["EventId"] for event in history}
    end = turns.ended(take_turn(recorded, history, kept))
    assert end
    assert pb.ORCHESTRATION_STATUS_FAILED == end.orchestrationStatus
    assert "NonDeterminismError" in end.failureDetails.errorType
