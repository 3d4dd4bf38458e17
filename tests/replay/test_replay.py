"""Replay compatibility: what earlier releases have left in flight, this one goes on with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from acr_global.functions.app import build_app, silence_repeats
from devhost.index import ORCHESTRATION, index_app
from devhost.protocol import EventType
from devhost.turn import Answer, ask
from devhost.walk import walk

HERE = Path(__file__).parent
RECORDED = sorted(HERE.glob("*/*.json"))
ENDS = (EventType.EXECUTION_COMPLETED, EventType.ORCHESTRATOR_COMPLETED)

INDEX = index_app(build_app({"ACR_GLOBAL_REGIONS": "elsewhere"}))
"""This release, with other settings than those at the time: they must not matter."""


@pytest.fixture(autouse=True)
def _as_where_the_app_is_loaded() -> None:
    """In each test, for pytest sets the filters of warnings anew."""
    silence_repeats()


def worker(name: str, body: str) -> str:
    """The registered orchestrator, as the worker calls it."""
    function = INDEX.find(ORCHESTRATION, name)
    assert function is not None
    return str(function.call(context=body))


def without_cancels(actions: Any) -> Any:
    """A timer's action says afterwards that it was cancelled; it is the same action."""
    if isinstance(actions, list):
        return [without_cancels(a) for a in actions]
    if isinstance(actions, dict):
        return {k: without_cancels(v) for k, v in actions.items() if k != "isCanceled"}
    return actions


def replay(recorded: Any, history: list[Any]) -> Answer:
    """One replay of a history, or of its beginning."""
    return ask(worker, recorded["instance"], history, len(history))


def open_history(recorded: Any) -> list[Any]:
    """The history up to its last turn, as it came to the worker."""
    history = recorded["history"]
    while history[-1]["EventType"] in ENDS:
        history = history[:-1]
    return list(history)


@pytest.mark.parametrize("path", RECORDED, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_recorded_history_replays_to_its_end(path: Path) -> None:
    """The same actions in the same order, and the same output."""
    recorded = json.loads(path.read_text())
    history = open_history(recorded)
    answer = replay(recorded, history)
    assert answer.error is None
    assert answer.is_done
    assert recorded["output"] == answer.output
    assert () == walk(answer.actions, history).decisions


@pytest.mark.parametrize("path", RECORDED, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_beginning_of_a_history_gives_the_beginning_of_its_actions(path: Path) -> None:
    """Replays are deterministic at whatever event they stop."""
    recorded = json.loads(path.read_text())
    history = open_history(recorded)
    whole = without_cancels(replay(recorded, history).actions)
    for length in range(2, len(history)):
        answer = replay(recorded, history[:length])
        assert answer.error is None
        part = without_cancels(answer.actions)
        assert whole[: len(part)] == part
        assert part == without_cancels(replay(recorded, history[:length]).actions)


def test_a_timer_that_has_lost_its_race_is_cancelled() -> None:
    """The engine does not let an orchestration end while a timer is open."""
    recorded = json.loads((HERE / "0.1.0" / "complete.json").read_text())
    (race, *_) = replay(recorded, open_history(recorded)).actions
    (timer,) = (a for a in race["compoundActions"] if "fireAt" in a)
    assert timer["isCanceled"] is True


def test_every_orchestrator_has_recorded_histories() -> None:
    """A new one is recorded with its first release."""
    names = {json.loads(path.read_text())["orchestrator"] for path in RECORDED}
    assert names == {f.name for f in INDEX.of(ORCHESTRATION)}


def test_a_changed_order_would_be_noticed() -> None:
    """The check can fail: an activity of another name at the same place is refused."""
    recorded = json.loads((HERE / "0.1.0" / "complete.json").read_text())
    history = open_history(recorded)
    for event in history:
        if event["EventType"] == EventType.TASK_SCHEDULED:
            event["Name"] = "SomethingElse"
    with pytest.raises(Exception, match="SomethingElse"):
        walk(replay(recorded, history).actions, history)
