"""The input that begins an instance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from acr_global.functions.arrivals.instances import (
    _awaited,
    _heard_if_over,
    _is_of_the_past,
    new_input,
)
from acr_global.functions.durable import wire
from acr_global.functions.durable.engine import Phase, Snapshot
from acr_global.model import Action, Arrival
from tests.notify.samples import artifact

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TERMS = wire.PushTerms(
    action=Action.PUSH,
    artifact=artifact(),
    regions=("eastus",),
    timeout=timedelta(minutes=10),
    arrival=Arrival(region="eastus", event_id="e", received_at=NOW),
    targets=("ops",),
)


def test_no_two_starts_have_one_nonce() -> None:
    """Of two starts at once, the nonce tells whose won."""
    one, other = new_input("p1", TERMS), new_input("p1", TERMS)
    assert one.nonce != other.nonce
    assert one == other.model_copy(update={"nonce": one.nonce})


def test_a_start_made_of_another_keeps_its_terms_only() -> None:
    """This includes a courier's, which an earlier release has stored without a nonce."""
    stored = wire.dump(new_input("p1", TERMS)) | {"nonce": ""}
    again = new_input("p2", wire.load(wire.PushInput, stored))
    assert "p2" == again.push_id
    assert "" != again.nonce
    assert TERMS == wire.PushTerms.model_validate(dict(again))


@pytest.mark.parametrize(
    ("past", "made", "caught_up"),
    [(True, -1, True), (True, 0, True), (False, 1, True), (False, -1, None)],
)
def test_what_was_caught_up_is_of_a_push_that_ended_after_it(
    past: bool, made: int, caught_up: Literal[True] | None
) -> None:
    """It begins no new one; an event that came by itself does."""
    arrival = Arrival(
        region="eastus",
        event_id="e",
        received_at=NOW + timedelta(hours=1),
        timestamp=NOW + timedelta(seconds=made),
        caught_up=caught_up,
    )
    assert past == _is_of_the_past(arrival, Snapshot(Phase.FINISHED, updated=NOW))


STATUS = {
    "state": "waiting",
    "decided": False,
    "until": (NOW + timedelta(hours=24)).isoformat(),
    "missing": ["eastus"],
}


@pytest.mark.parametrize(
    ("awaited", "after", "phase", "status"),
    [
        (True, 10, Phase.TERMINATED, STATUS),
        (False, 11, Phase.TERMINATED, STATUS),
        (False, 5, Phase.TERMINATED, STATUS | {"missing": ["westus"]}),
        (False, 5, Phase.TERMINATED, None),
        (False, 5, Phase.FINISHED, STATUS),
    ],
)
def test_what_a_terminated_push_waited_for_is_of_that_push(
    awaited: bool, after: int, phase: Phase, status: object
) -> None:
    """Until its own deadline, after ten minutes here, whatever phase it was in."""
    arrival = TERMS.arrival.model_copy(update={"received_at": NOW + timedelta(minutes=after)})
    begun = wire.dump(new_input("p1", TERMS))
    assert awaited == _awaited(arrival, Snapshot(phase, input=begun, custom_status=status))


def test_a_terminated_push_whose_status_was_too_long_is_over() -> None:
    """Else its content would be swallowed for ever."""
    begun = wire.dump(new_input("p1", TERMS))
    over = Snapshot(Phase.TERMINATED, input=begun, custom_status=STATUS)
    assert () == _heard_if_over(over)
