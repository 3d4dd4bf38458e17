"""A line of time ends at a round number, with few ticks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.ui.scale import MAX_TICKS, anchor, said, scale


@pytest.mark.parametrize(
    ("ticks", "extent"),
    [
        (["0", "0.1 s", "0.2 s"], 0.12),
        (["0", "1 s", "2 s", "3 s", "4 s", "5 s"], 4.2),
        (["0", "2 s", "4 s", "6 s"], 5.1),
        (["0", "2 min", "4 min", "6 min", "8 min", "10 min"], 600),
        (["0", "1 h", "2 h", "3 h"], 10_000),
        (["0", "2 d", "4 d", "6 d", "8 d", "10 d"], 864_000),
    ],
)
def test_an_axis_is_read_at_a_glance(ticks: list[str], extent: float) -> None:
    """Its ticks are those of a clock."""
    assert ticks == [tick.text for tick in scale(extent).ticks()]


def test_a_very_long_line_has_no_more_ticks_than_others() -> None:
    """A push that was retried after months is drawn, too."""
    assert ["0", "10 d", "20 d", "30 d", "40 d", "50 d"] == [
        t.text for t in scale(3_800_000).ticks()
    ]


@given(st.floats(0.001, 1e9))
def test_everything_has_its_place_on_the_line(extent: float) -> None:
    """The line reaches as far as it was asked to, and its ticks fit on a phone."""
    line = scale(extent)
    assert line.span >= extent * (1 - 1e-6)
    assert 1 <= len(line.ticks()) - 1 <= MAX_TICKS
    assert ("0.00%", "100.00%") == (line.ticks()[0].x, line.ticks()[-1].x)


def test_what_is_beyond_an_end_stands_at_it() -> None:
    """Clocks differ: evidence may seem older than the push."""
    line = scale(10)
    assert ("0.00%", "50.00%", "100.00%") == (line.x(-5), line.x(5), line.x(99))


def test_texts_stay_within_the_line() -> None:
    """At its ends they stand to its inside."""
    assert ("start", "middle", "end") == (anchor(1, 10), anchor(5, 10), anchor(9, 10))
    assert ["start", "middle", "end"] == [tick.anchor for tick in scale(2).ticks()][::2]


def test_a_tick_is_told_in_the_greatest_unit() -> None:
    """A minute and a half has a place, too."""
    assert ("1.5 min", "1 d", "0.5 s") == (said(90), said(86_400), said(0.5))
