"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.durations import MAX_DURATION, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("1h30m", 5_400),
        (" 2 D ", 172_800),
        ("PT1M", 60),
        ("P1DT2H3M4S", 93_784),
        ("0", 0),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_in_each_form(text: str, seconds: int) -> None:
    """Plain and ISO forms are accepted, whatever the case and the blanks."""
    assert timedelta(seconds=seconds) == parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "10", "-5s", "1.5h", "p", "pt", "5 minutes", "m10", "9" * 5_000 + "s"]
)
def test_other_forms_name_the_accepted_ones(text: str) -> None:
    """The error says how to write a duration."""
    with pytest.raises(ValueError, match="write it like 90s"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["6d", "121h", "99999999999999999999s"])
def test_a_duration_beyond_a_durable_timer_is_refused(text: str) -> None:
    """One durable timer can be set for at most six days."""
    with pytest.raises(ValueError, match="longer than 5 days"):
        parse_duration(text)


@given(st.integers(0, int(MAX_DURATION.total_seconds())))
def test_a_formatted_duration_reads_back(seconds: int) -> None:
    """Parsing is the inverse of formatting."""
    duration = timedelta(seconds=seconds)
    assert duration == parse_duration(format_duration(duration))
