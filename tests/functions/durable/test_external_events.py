"""Whatever an external event holds, its region has reported and the push is decided."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from acr_global.functions.app import build_app
from acr_global.functions.durable import external_events, notifications, wire
from acr_global.functions.durable.sdk import NEXT
from acr_global.model import Arrival, VerdictType
from acr_global.notify.message import message_of
from devhost.index import ORCHESTRATION, index_app
from devhost.protocol import EventType
from devhost.turn import ask
from devhost.walk import CallActivity
from tests.notify.samples import SECRETS, every_target

INDEX = index_app(build_app({"ACR_GLOBAL_REGIONS": "elsewhere"}))
COMPLETE = Path(__file__).parents[2] / "replay/0.1.0/devhost/complete.json"
HISTORY = json.loads(COMPLETE.read_text())["sent"]["history"]
EVENTS = [e for e in HISTORY if e["EventType"] == EventType.EVENT_RAISED]
BEFORE = HISTORY[: HISTORY.index(EVENTS[0])]
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = BEGUN + timedelta(minutes=3)

WHEN = [
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00",
    "2026-01-01",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59.999999999Z",
    1e300,
    -1,
]
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)
whens = st.sampled_from(WHEN) | values
texts = st.text(max_size=20) | st.builds(lambda c: c * 20_000, st.characters())
likely = st.fixed_dictionaries(
    {"event_id": texts | values, "received_at": whens},
    optional={"region": texts, "timestamp": whens, "digest": texts, "other": values},
)
classes = st.fixed_dictionaries({"__class__": texts, "__module__": texts, "__data__": values})
nested = st.recursive(
    values | likely | classes, lambda inner: inner.map(json.dumps), max_leaves=4
).map(json.dumps)
examples = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


def worker(name: str, body: str) -> str:
    """The registered orchestrator, as the worker calls it."""
    function = INDEX.find(ORCHESTRATION, name)
    assert function is not None
    return str(function.call(context=body))


def last_call(history: list[dict[str, Any]]) -> tuple[str, str]:
    """The activity that is asked for in the end, and its input."""
    if NEXT:
        from tests.next import turns

        request = turns.request("p1", history, numbers={0: 1})
        (call,) = turns.asked(turns.answer(worker("WaitForAllRegions", request)))
        assert isinstance(call, CallActivity)
        return call.name, call.input
    answer = ask(worker, "p1", history, len(BEFORE))
    assert answer.error is None
    return answer.actions[-1]["functionName"], answer.actions[-1]["input"]


def decide(raw: str, name: str = "pushevent-eastus") -> dict[str, Any]:
    """The input of the notification where one region's event was raised with this content and
    name."""
    odd = EVENTS[0] | {"Input": raw, "Name": name}
    history = [*BEFORE, odd, EVENTS[0]]
    function, given = last_call(history)
    assert "FirePushNotification" == function
    found: dict[str, Any] = json.loads(given)
    return found


@examples
@example("")
@example("/*x*/")
@example("not JSON")
@example("[" * 100_000)
@example(json.dumps("[" * 100_000))
@example(json.dumps({"__class__": "A", "__module__": "os", "__data__": "{}"}))
@example(json.dumps({"event_id": "e", "received_at": "2026-01-01T00:00:00"}))
@example(json.dumps({"event_id": "e", "received_at": WHEN[0], "timestamp": WHEN[1]}))
@given(nested | st.text())
def test_any_content_counts_as_the_regions_arrival(raw: str) -> None:
    """The push is complete, and the message stays small enough for every kind of target."""
    verdict = wire.load(notifications.NotifyInput, decide(raw)).verdict
    assert VerdictType.COMPLETE is verdict.type
    assert set(verdict.regions) == {a.region for a in verdict.arrivals}
    message = message_of(verdict)
    assert 20_000 > len(message.model_dump_json().encode())
    for target in every_target():
        assert target.render(message, SECRETS, NOW)


@pytest.mark.parametrize("name", ["PushEvent-EastUS", "PUSHEVENT-EASTUS"])
def test_an_events_name_may_be_written_in_capitals(name: str) -> None:
    """The engine ignores the case of names, too."""
    assert decide(EVENTS[0]["Input"], name)


def test_a_starters_event_is_taken_as_it_is() -> None:
    """It keeps its id and times; the region is that of the event's name."""
    said = Arrival(region="x", event_id="e", received_at=BEGUN, timestamp=BEGUN, digest="d")
    expected = said.model_copy(update={"region": "eastus"})
    assert expected == external_events.arrival_of("eastus", wire.dump(said), "p1", BEGUN, NOW)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (BEGUN, "2026-01-01T00:00:00"),
        (BEGUN, "2026-01-01T02:00:00+02:00"),
        (BEGUN - timedelta(hours=20), "2025-12-31T04:00:00Z"),
        (NOW, "2025-12-30T00:00:00Z"),
        (NOW, "2026-01-03T00:00:00Z"),
        (NOW, "0001-01-01T00:00:00"),
        (NOW, "9999-12-31T23:59:59-14:00"),
        (NOW, "soon"),
    ],
)
def test_a_time_of_receipt_is_in_utc_and_credible(expected: datetime, said: str) -> None:
    """A time without a zone is UTC; an incredible one is replaced by the present."""
    event = {"region": "eastus", "event_id": "e", "received_at": said}
    assert expected == external_events.arrival_of("eastus", event, "p1", BEGUN, NOW).received_at


def test_long_texts_are_cut() -> None:
    """They are bounded like those of a webhook."""
    event = {"region": "x", "event_id": "e" * 9_999, "digest": "d" * 9_999, "received_at": NOW}
    found = external_events.arrival_of("eastus", event, "p1", BEGUN, NOW)
    assert ("e" * 1_024, "d" * 1_024) == (found.event_id, found.digest)
