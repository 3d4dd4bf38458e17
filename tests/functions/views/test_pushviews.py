"""A push is read as far as it is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from acr_global.api import PushState
from acr_global.functions.durable import wire
from acr_global.functions.durable.engine import Phase, Snapshot
from acr_global.functions.views import pushviews
from acr_global.model import Action, Arrival, Artifact, VerdictType

AT = datetime(2026, 5, 4, 10, tzinfo=UTC)
PUSH = wire.PushInput(
    nonce="n",
    push_id="p1",
    action=Action.PUSH,
    artifact=Artifact(repository="team/app", tag="v2"),
    regions=("westeurope", "eastus"),
    timeout=timedelta(minutes=10),
    arrival=Arrival(region="westeurope", event_id="e", received_at=AT),
)
STATUS = wire.PushStatus(
    state="waiting",
    decided=False,
    until=AT,
    missing=(),
    reports={"westeurope": ("e", AT), "eastus": ("e", AT)},
)


def test_a_push_that_has_not_begun_waits() -> None:
    """It has the arrival that it is to begin with; no deadline counts yet."""
    seen = pushviews.view(Snapshot(Phase.PENDING, input=wire.dump(PUSH)))
    assert (PushState.WAITING, False, ("eastus",)) == (seen.state, seen.begun, seen.watch.missing())
    assert pushviews.details(seen, (), AT).seconds_left is None


def test_where_no_history_is_shown_the_status_tells() -> None:
    """A crash can leave Pending on what has begun; its history is not shown then."""
    seen = pushviews.view(
        Snapshot(Phase.BEGUN, input=wire.dump(PUSH), custom_status=wire.dump(STATUS))
    )
    assert (True, ()) == (seen.begun, seen.watch.missing())
    assert 600.0 == pushviews.details(seen, (), AT).seconds_left


def test_where_no_history_is_shown_the_deadline_counts_from_the_event_that_was_caught_up() -> None:
    """As it does in the instance, and in its notifications."""
    caught_up = PUSH.model_copy(update={"begun_at": AT - timedelta(minutes=5)})
    seen = pushviews.view(
        Snapshot(Phase.BEGUN, input=wire.dump(caught_up), custom_status=wire.dump(STATUS))
    )
    assert AT + timedelta(minutes=5) == seen.watch.deadline


def test_what_is_no_push_is_not_read() -> None:
    """An instance that was started by hand, or is not there."""
    for given in (None, {"hello": 1}, "text"):
        with pytest.raises(ValueError, match=r"PushInput|Expecting value"):
            pushviews.view(Snapshot(Phase.BEGUN, input=given))


def test_what_the_status_holds_of_an_arrival_takes_nothing_from_it() -> None:
    """The digest and the registry's own time are in the output, and not in a status."""
    whole = Arrival(
        region="eastus", event_id="e", received_at=AT, timestamp=AT, digest="d", caught_up=True
    )
    output = wire.PushOutput(verdicts=(), arrivals=(PUSH.arrival, whole))
    seen = pushviews.view(
        Snapshot(
            Phase.FINISHED,
            input=wire.dump(PUSH),
            output=wire.dump(output),
            custom_status=wire.dump(STATUS),
        )
    )
    assert {whole, PUSH.arrival} == set(seen.watch.arrivals)


def test_of_a_region_s_repeats_the_one_that_counted_is_shown() -> None:
    """One that was received before may have come later, as after a crash."""
    counted = Arrival(region="eastus", event_id="b", received_at=AT + timedelta(seconds=5))
    held_up = wire.dump(Arrival(region="eastus", event_id="a", received_at=AT))
    raised = {"EventType": "EventRaised", "Name": "pushevent-eastus", "Input": json.dumps(held_up)}
    output = wire.PushOutput(verdicts=(), arrivals=(PUSH.arrival, counted))
    seen = pushviews.view(
        Snapshot(Phase.FINISHED, input=wire.dump(PUSH), output=wire.dump(output), history=(raised,))
    )
    assert {PUSH.arrival, counted} == set(seen.watch.arrivals)


def test_a_life_that_an_older_release_has_started_has_its_first_arrival() -> None:
    """Such a release did not write when that came."""
    known = wire.Known(lives=1, begun_at=AT, interrupted_at=AT)
    push = PUSH.model_copy(update={"known": known})
    seen = pushviews.view(Snapshot(Phase.PENDING, input=wire.dump(push)))
    assert AT == pushviews.listed(seen).first_at


def test_where_no_history_is_shown_an_alarm_is_not_forgotten() -> None:
    """It was told, and the push listens on."""
    alarm = wire.VerdictRecord(type=VerdictType.OVERDUE, at=AT + timedelta(minutes=10))
    told = STATUS.model_copy(update={"said": alarm, "missing": ("eastus",), "reports": {}})
    push = PUSH.model_copy(update={"late_window": timedelta(hours=1)})
    seen = pushviews.view(
        Snapshot(Phase.BEGUN, input=wire.dump(push), custom_status=wire.dump(told))
    )
    shown = pushviews.details(seen, (), AT)
    assert (PushState.OVERDUE, alarm.at, ("eastus",)) == (
        shown.state,
        shown.decided_at,
        shown.missing,
    )
    assert shown.listens_until is not None
    assert shown.seconds_left is None
