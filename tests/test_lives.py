"""How often an interrupted instance is begun anew, and how soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from acr_global.lives import MAX_LIVES, is_spent, may_begin_at

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_the_first_break_is_followed_at_once() -> None:
    """One crash may be an accident."""
    assert may_begin_at(1, NOW) is None


def test_each_next_life_waits_longer() -> None:
    """The waits are 10 s, then 1, 5 and 15 min; further lives, which an operator asks for, wait no
    longer."""
    times = [may_begin_at(lives, NOW) for lives in range(2, MAX_LIVES + 1)]
    assert [NOW + timedelta(seconds=s) for s in (10, 60, 300, 900)] == times
    assert times[-1] == may_begin_at(MAX_LIVES + 7, NOW)


def test_there_is_a_last_life() -> None:
    """It is the sixth, counting the first."""
    assert [False, True] == [is_spent(lives) for lives in (5, 6)]
