"""Replay compatibility: this release goes on with what earlier releases have left in flight."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from acr_global.functions.app import build_app
from acr_global.functions.durable.sdk import silence_repeats
from acr_global.functions.verdicts.notifying import Steps
from acr_global.functions.verdicts.waiting import Waiting
from devhost.index import ORCHESTRATION, index_app
from devhost.protocol import EventType
from devhost.walk import walk

HERE = Path(__file__).parent
RECORDED = sorted(HERE.glob("*/*/*.json"))
"""By release and host; a file is an orchestrator's last turn, as sent and as answered."""
COMPLETE = [path for path in RECORDED if path.stem == "complete"]
OVERDUE = [path for path in RECORDED if path.stem == "overdue"]

INDEX = index_app(build_app({"ACR_GLOBAL_REGIONS": "elsewhere"}))
"""This release, with other settings than those at the time: they must not matter."""


@pytest.fixture(autouse=True)
def _as_where_the_app_is_loaded() -> None:
    """Set the filters of warnings in each test, because pytest resets them."""
    silence_repeats()


def worker(name: str, body: str) -> str:
    """The registered orchestrator, as the worker calls it."""
    function = INDEX.find(ORCHESTRATION, name)
    assert function is not None
    return str(function.call(context=body))


def without_cancels(actions: Any) -> Any:
    """The actions without cancellations: a timer's action changes when it is cancelled, and is
    still the same action."""
    if isinstance(actions, list):
        return [without_cancels(a) for a in actions]
    if isinstance(actions, dict):
        return {k: without_cancels(v) for k, v in actions.items() if k != "isCanceled"}
    return actions


def replay(recorded: Any, history: list[Any]) -> Any:
    """The answer to a history, or to its beginning. Raises where the orchestrator fails."""
    sent = recorded["sent"] | {"history": history}
    return json.loads(worker(recorded["orchestrator"], json.dumps(sent)))


def actions(state: Any) -> list[Any]:
    """Everything that an answer asks the host for, since the start."""
    return list(state["actions"][0]) if state["actions"] else []


def name(path: Path) -> str:
    """A recorded history's name, in a test's id."""
    return str(path.relative_to(HERE).with_suffix(""))


@pytest.mark.parametrize("path", RECORDED, ids=name)
def test_a_recorded_history_replays_to_its_end(path: Path) -> None:
    """Its actions, their order and its output are the same, and nothing is left to be done."""
    check(json.loads(path.read_text()))


def check(recorded: Any) -> None:
    """Raises AssertionError, or what the orchestrator does, where a replay comes to another end."""
    history, answered = recorded["sent"]["history"], recorded["answered"]
    state = replay(recorded, history)
    assert state["isDone"]
    assert actions(answered) == actions(state)
    assert answered.get("output") == state.get("output")
    assert () == walk(actions(state), history).decisions


@pytest.mark.parametrize("path", RECORDED, ids=name)
def test_every_beginning_of_a_history_gives_the_beginning_of_its_actions(path: Path) -> None:
    """Replays are deterministic whichever event they stop at."""
    recorded = json.loads(path.read_text())
    history = recorded["sent"]["history"]
    whole = without_cancels(actions(replay(recorded, history)))
    for length in range(2, len(history)):
        part = without_cancels(actions(replay(recorded, history[:length])))
        assert whole[: len(part)] == part
        assert part == without_cancels(actions(replay(recorded, history[:length])))


@pytest.mark.parametrize("path", COMPLETE, ids=name)
def test_a_timer_that_has_lost_its_race_is_cancelled(path: Path) -> None:
    """The engine does not let an orchestration end while a timer is open."""
    recorded = json.loads(path.read_text())
    (race, *_) = actions(replay(recorded, recorded["sent"]["history"]))
    (timer,) = (a for a in race["compoundActions"] if "fireAt" in a)
    assert timer["isCanceled"] is True


@pytest.mark.parametrize("host", ["devhost", "engine"])
def test_every_orchestrator_has_recorded_histories(host: str) -> None:
    """A new one is recorded with its first release."""
    ours = (path for path in RECORDED if path.parent.name == host)
    names = {json.loads(path.read_text())["orchestrator"] for path in ours}
    assert names == {f.name for f in INDEX.of(ORCHESTRATION)}


@pytest.mark.parametrize("path", OVERDUE, ids=name)
def test_an_orchestrator_in_another_order_fails(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here a push looks for evidence before it waits, and not after."""
    recorded = json.loads(path.read_text())
    check(recorded)
    monkeypatch.setattr(Waiting, "until", look_first)
    with pytest.raises(AssertionError):
        check(recorded)


def look_first(waiting: Waiting, end: datetime, **_: Any) -> Steps:
    """The phases of a push up to its deadline, in the wrong order."""
    yield from waiting._check()
    yield from waiting._phase(end)


@pytest.mark.parametrize("path", COMPLETE, ids=name)
def test_a_changed_name_is_noticed(path: Path) -> None:
    """An activity of another name at the same place fails the check."""
    recorded = json.loads(path.read_text())
    history = recorded["sent"]["history"]
    for event in history:
        if event["EventType"] == EventType.TASK_SCHEDULED:
            event["Name"] = "SomethingElse"
    with pytest.raises(Exception, match="SomethingElse"):
        walk(actions(replay(recorded, history)), history)
