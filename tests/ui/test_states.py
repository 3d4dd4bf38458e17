"""Each state is told by a word and a symbol, not by a colour alone."""

from __future__ import annotations

import re

import pytest

from acr_global.api import PushState
from acr_global.model import Outcome
from acr_global.ui import assets, render, states

LOOKS = [
    *map(states.of_push, PushState),
    *map(states.of_outcome, Outcome),
    *(states.of_delivery(state) for state in ("retrying", "delivered", "superseded", "dead", None)),
    *(states.of_region(state, awaited=False) for state in ("arrived", "evidence", "missing")),
    states.AWAITED,
]


def test_no_two_states_of_a_push_look_alike_without_colours() -> None:
    """Neither by word nor by symbol."""
    pushes = [states.of_push(state) for state in PushState]
    assert len(pushes) == len({look.word for look in pushes}) == len({p.symbol for p in pushes})


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.word)
def test_every_symbol_and_colour_is_there(look: states.Look) -> None:
    """The templates draw it, the stylesheet has it."""
    drawn = (render.TEMPLATES / "parts.html").read_text()
    assert f'name == "{look.symbol}"' in drawn
    style = (assets.FOLDER / "style.css").read_text()
    assert re.search(rf"^\.{look.tone} {{", style, re.MULTILINE)


def test_a_region_is_awaited_until_something_is_said() -> None:
    """From then on it is missing."""
    assert states.AWAITED == states.of_region("missing", awaited=True)
    assert "missing" == states.of_region("missing", awaited=False).word
    assert "arrived" == states.of_region("arrived", awaited=True).word


def test_a_delivery_that_broke_off_says_so() -> None:
    """It has none of the states that a delivery ends in."""
    assert {"broken off"} == {states.of_delivery(one).word for one in (None, "failed", "Odd")}


def test_a_verdict_looks_as_its_push() -> None:
    """What is no verdict is not shown."""
    assert states.of_push(PushState.OVERDUE) == states.of_verdict("overdue")
    assert None is states.of_verdict("odd")
    assert None is states.of_verdict(None)
