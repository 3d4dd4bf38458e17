"""How deliveries and couriers end, and which ends need an operator."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from acr_global.ends import COURIER_ENDS, NOT_CHOSEN, SUPERSEDED, final_state, is_good, undelivered
from acr_global.model import Attempt, Outcome
from acr_global.retry import Delivery

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def delivery(**ends: str) -> Delivery:
    """A finished delivery; by target, how it went: delivered, refused, superseded
    or not chosen."""
    attempts = tuple(
        Attempt(
            target=name,
            at=NOW,
            outcome=Outcome.DELIVERED if end == "delivered" else Outcome.DEAD,
            reason=end,
        )
        for name, end in ends.items()
    )
    return Delivery(push_id="p", targets=tuple(ends), begun_at=NOW, schedule=(), attempts=attempts)


@pytest.mark.parametrize(
    ("ends", "state", "without"),
    [
        ({"a": "delivered", "b": "delivered"}, "delivered", ()),
        ({"a": "delivered", "b": "refused"}, "dead", ("b",)),
        ({"a": "delivered", "b": SUPERSEDED}, "superseded", ()),
        ({"a": "refused", "b": SUPERSEDED}, "dead", ("a",)),
        ({"a": "refused", "b": NOT_CHOSEN}, "dead", ("a",)),
        ({"a": "delivered", "b": NOT_CHOSEN}, "superseded", ()),
    ],
)
def test_a_delivery_is_dead_where_somebody_is_without_its_message(
    ends: dict[str, str], state: str, without: tuple[str, ...]
) -> None:
    """A target that a later verdict has spared the message does not count."""
    over = delivery(**ends)
    assert without == undelivered(over)
    assert state == final_state(over)
    assert (state != "dead") is is_good(state)


@pytest.mark.parametrize("state", ["dead", "lost", "given-up", "failed", "retrying", None, {}])
def test_every_other_end_needs_an_operator(state: object) -> None:
    """Any unknown value in place of a state counts as such, too."""
    assert not is_good(state)


def test_a_courier_ends_well_where_all_is_told_or_over() -> None:
    """A lost or given-up arrival is not a good end."""
    assert {"raised", "finished"} == {end for end in COURIER_ENDS if is_good(end)}
