"""Events → spans of the push's trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global import api, spans
from acr_global.model import Action, Artifact, Attempt, Outcome, PushEvent
from acr_global.model import VerdictType as Said
from tests.notify.samples import artifact, verdict

AT = datetime(2026, 5, 4, 10, tzinfo=UTC)
LATER = AT + timedelta(seconds=3)


def attempt(outcome: Outcome, reason: str, status: int | None) -> spans.Span:
    """The span of an attempt."""
    made = Attempt(target="ops", at=LATER, outcome=outcome, reason=reason, status=status)
    return spans.of_attempt("overdue", made, "slack", AT, push="p1")


@given(st.text())
def test_a_trace_is_found_by_the_push_alone(push_id: str) -> None:
    """Whoever asks, and whenever; 0 would be no id."""
    trace_id, parent_id = spans.trace_of(push_id)
    assert (trace_id, parent_id) == spans.trace_of(push_id)
    assert 0 < trace_id < 2**128
    assert 0 < parent_id < 2**64


def test_two_pushes_have_two_traces() -> None:
    """A trace's id stays what it is: a push can be open during a deployment."""
    assert spans.trace_of("p1") != spans.trace_of("p2")
    assert "041479b50f81e2cff62000d6d7868ae9" == f"{spans.trace_of('p1')[0]:032x}"


def test_an_arrival_says_of_what_and_where() -> None:
    """What the event does not name is left out."""
    event = PushEvent(
        id="p1", region="eastus", action=Action.PUSH, artifact=Artifact(repository="team/app")
    )
    found = spans.of_arrival(api.Accepted(push="p1", region="eastus"), event, AT, LATER)
    assert ("arrival", AT, LATER) == (found.kind.name, found.start, found.end)
    assert {
        "acr_global.push.id": "p1",
        "acr_global.region": "eastus",
        "container.image.name": "team/app",
    } == found.attributes


def test_a_wait_has_its_arrivals_as_events() -> None:
    """From the begin of the push to the verdict."""
    said = verdict(Said.OVERDUE)
    found = spans.of_wait(said)
    assert (said.begun_at, said.decided_at) == (found.start, found.end)
    assert {a.region: a.received_at for a in said.arrivals} == found.arrivals
    assert ("eastus",) == found.attributes["acr_global.regions.missing"]
    assert ("v2",) == found.attributes["container.image.tags"]


def test_an_attempt_that_delivers_is_fine() -> None:
    """With the status of the answer."""
    found = attempt(Outcome.DELIVERED, "delivered", 204)
    assert found.failed is None
    assert 204 == found.attributes["http.response.status_code"]
    assert "error.type" not in found.attributes


def test_an_attempt_that_fails_is_an_error() -> None:
    """With its reason, though there was no answer."""
    found = attempt(Outcome.RETRY, "timeout", None)
    assert ("timeout", "timeout") == (found.failed, found.attributes["error.type"])
    assert "http.response.status_code" not in found.attributes


def test_an_attempt_to_tell_of_a_group_is_in_the_group_s_trace() -> None:
    """Its pushes have their own."""
    made = Attempt(target="ops", at=LATER, outcome=Outcome.DELIVERED, reason="delivered")
    found = spans.of_attempt("group", made, "slack", AT, group="g1")
    assert ("g1", "g1") == (found.of, found.attributes["acr_global.group.id"])
    assert "acr_global.push.id" not in found.attributes


def test_a_look_says_what_it_found() -> None:
    """It names what is missing still."""
    found = spans.of_look("p1", artifact(), ("eastus", "westus"), ("eastus",), AT, LATER)
    assert ("eastus",) == found.attributes["acr_global.regions.reported"]
    assert ("westus",) == found.attributes["acr_global.regions.missing"]


def test_no_span_ends_before_it_begins() -> None:
    """A clock may be set back meanwhile."""
    found = spans.of_look("p1", artifact(), (), (), LATER, AT)
    assert LATER == found.end


@pytest.mark.parametrize("found", [spans.of_wait(verdict(push_id="\ud800"))])
def test_a_lone_surrogate_is_replaced(found: spans.Span) -> None:
    """JSON can carry it, an export cannot."""
    assert "\ufffd" == found.attributes["acr_global.push.id"]


def test_each_kind_says_which_attributes_it_has() -> None:
    """Each attribute is described."""
    assert set(spans.ATTRIBUTES) == {name for kind in spans.KINDS for name in kind.attributes}
    event = PushEvent(id="p1", region="eastus", action=Action.PUSH, artifact=artifact())
    accepted = api.Accepted(push="p1", region="eastus")
    for found in (
        spans.of_arrival(accepted, event, AT, LATER),
        spans.of_wait(verdict()),
        spans.of_look("p1", artifact(), (), (), AT, LATER),
        attempt(Outcome.DEAD, "gone", 410),
    ):
        assert set(found.kind.attributes) - {spans.GROUP} == set(found.attributes)
