"""Regions are shown side by side."""

from __future__ import annotations

from typing import Any

from acr_global.api import Region, Regions
from acr_global.ui.regions import COLUMNS, page, query_of
from tests.ui.samples import AT


def region(name: str, reported: int = 10, **about: Any) -> Region:
    """One that has reported so much."""
    known: dict[str, Any] = {"caught_up": 0, "evidence": 0, "missing": 0}
    lags: dict[str, Any] = {"lag_p50": 1.0, "lag_p95": 4.0, "lag_max": 4.0} if reported else {}
    numbers = known | {"reported": reported} | about
    pushes = sum(numbers[part] for part in (*known, "reported"))
    return Region(region=name, pushes=pushes, **lags | numbers)


def shown(*regions: Region, **asked: str) -> Any:
    """The page."""
    return page(Regions(since=AT, pushes=10, regions=regions), asked, ("contoso.azurecr.io",))


def test_all_regions_stand_on_one_scale() -> None:
    """It ends where 95 of 100 pushes of the slowest one have."""
    fast, slow = shown(region("a"), region("b", lag_p50=2.0, lag_p95=10.0, lag_max=90.0)).lines
    assert (("10.00%", "40.00%", "40.00%"), ("20.00%", "100.00%", "100.00%")) == (
        (fast.lag.half, fast.lag.most, fast.lag.longest),
        (slow.lag.half, slow.lag.most, slow.lag.longest),
    )
    assert (False, True) == (fast.lag.beyond, slow.lag.beyond)
    assert "half 2.0 s, 95 % 10.0 s, longest 1 min 30 s" == slow.lag.told


def test_a_region_without_a_report_has_no_lag() -> None:
    """Where none has, there is no scale either."""
    view = shown(region("a", 0, missing=3), region("b", 0))
    assert [None, None] == [line.lag for line in view.lines]
    assert () == view.ticks
    assert ["0 of 3 reported, 3 missing", "no pushes"] == [line.said for line in view.lines]
    assert [] == list(view.lines[1].shares)


def test_a_region_s_bar_is_as_long_as_its_pushes() -> None:
    """Its parts stand side by side, each as long as its share; what is none has no part."""
    (line,) = shown(region("a", 5, caught_up=2, evidence=0, missing=3)).lines
    assert [("0.00%", "50.00%"), ("50.00%", "20.00%"), ("70.00%", "30.00%")] == [
        (share.x, share.width) for share in line.shares
    ]
    assert "5 of 10 reported, 2 caught up, 3 missing" == line.said
    assert "/api/ui?missing=a" == line.missing_href


def test_the_table_has_a_cell_for_each_column() -> None:
    """Of a lag that is not known it has none."""
    one, other = shown(region("a", 9, evidence=1), region("b", 0, missing=1)).lines
    assert ("10", "9", "0", "1", "0", "1.0 s", "4.0 s", "4.0 s") == one.numbers
    assert (None, None, None) == other.numbers[5:]
    assert len(COLUMNS) == len(one.numbers)


def test_without_a_wish_a_day_is_counted() -> None:
    """So is it where the wish is none of those offered."""
    day = {"since": "2026-05-03T10:00:00.000Z"}
    assert day == query_of({}, AT) == query_of({"within": "ever"}, AT)
    assert {"since": "2026-04-04T10:00:00.000Z", "registry": "x.io"} == query_of(
        {"within": "30d", "registry": "x.io"}, AT
    )
    assert ["24h"] == [option.value for option in shown().spans if option.chosen]
    week = shown(within="7d", registry="contoso.azurecr.io")
    assert ["7d", "contoso.azurecr.io"] == [
        option.value for option in (*week.spans, *week.registries) if option.chosen
    ]
