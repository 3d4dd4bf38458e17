"""How each region does, as its page shows it: how long it takes, and what it does not report. Pure.

All regions stand on one scale, which ends where 95 of 100 pushes of the slowest one have; what took
longer would press all else to the left, so an arrow at the end stands for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from acr_global.api import Region, Regions
from acr_global.lags import unreported
from acr_global.ui import pushes, scale, texts

WITHIN = {**pushes.WITHIN, "30d": ("the last 30 days", timedelta(days=30))}
"""What the form offers."""

DEFAULT = "24h"

ROW_HEIGHT, AXIS_HEIGHT = 46, 30
"""Pixels."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How long one region takes: places and words."""

    half: str
    most: str
    longest: str
    beyond: bool
    """Whether the longest is not on the scale."""
    said: str
    """Short enough for a phone."""
    told: str


@dataclass(frozen=True, slots=True)
class Share:
    """Some of a region's pushes: a part of its bar."""

    x: str
    width: str
    tone: str


@dataclass(frozen=True, slots=True)
class Line:
    """One region."""

    name: str
    y: int
    """Of its line, in both drawings."""
    lag: Lag | None
    shares: tuple[Share, ...]
    said: str
    """What it reported, in words."""
    numbers: tuple[str | None, ...]
    """The cells of the table, from the number of pushes to the longest lag."""
    last_seen: datetime | None
    missing: int
    missing_href: str


@dataclass(frozen=True, slots=True)
class RegionPage:
    """The page."""

    lines: tuple[Line, ...]
    ticks: tuple[scale.Tick, ...]
    bottom: int
    """Where the drawings' lines end."""
    height: int
    since: datetime
    counted: int
    """Pushes."""
    cut: bool
    """There were too many pushes: older ones are not counted."""
    spans: tuple[pushes.Option, ...]
    registries: tuple[pushes.Option, ...]


COLUMNS = (
    *("Pushes", "Reported", "Caught up", "By evidence", "Missing"),
    *("Half", "95 of 100", "Longest"),
)
"""Of the table's numbers."""


def query_of(asked: Mapping[str, str], now: datetime) -> dict[str, str]:
    """What is asked for, of what the page was."""
    within = asked.get("within", "")
    query = pushes.query_of({"within": within if within in WITHIN else DEFAULT}, now, WITHIN)
    return query | ({"registry": asked["registry"]} if asked.get("registry") else {})


def page(found: Regions, asked: Mapping[str, str], registries: tuple[str, ...]) -> RegionPage:
    """The page. `registries`: those that have settings of their own."""
    most = [lag for r in found.regions if (lag := r.lag_p95) is not None]
    axis = scale.scale(max([*most, 1.0]))
    lines = tuple(_line(one, ROW_HEIGHT * n + 30, axis) for n, one in enumerate(found.regions))
    bottom = ROW_HEIGHT * len(lines)
    within = asked.get("within", "")
    return RegionPage(
        lines=lines,
        ticks=axis.ticks() if most else (),
        bottom=bottom,
        height=bottom + AXIS_HEIGHT,
        since=found.since,
        counted=found.pushes,
        cut=found.cut,
        spans=pushes.options(
            within if within in WITHIN else DEFAULT,
            {name: text for name, (text, _) in WITHIN.items()},
        ),
        registries=pushes.options(asked.get("registry"), {name: name for name in registries}),
    )


def _line(region: Region, y: int, axis: scale.Scale) -> Line:
    by = (region.reported, region.caught_up, region.evidence, region.missing)
    lags = (region.lag_p50, region.lag_p95, region.lag_max)
    return Line(
        name=region.region,
        y=y,
        lag=_lag(region, axis),
        shares=tuple(_shares(by)),
        said=_said(region),
        numbers=(
            *(str(number) for number in (region.pushes, *by)),
            *(None if lag is None else texts.seconds(lag) for lag in lags),
        ),
        last_seen=region.last_seen,
        missing=region.missing,
        missing_href=texts.path(missing=region.region),
    )


def _lag(region: Region, axis: scale.Scale) -> Lag | None:
    half, most, longest = region.lag_p50, region.lag_p95, region.lag_max
    if half is None or most is None or longest is None:
        return None
    said = f"half {texts.seconds(half)}, 95 % {texts.seconds(most)}"
    return Lag(
        half=axis.x(half),
        most=axis.x(most),
        longest=axis.x(longest),
        beyond=longest > axis.span,
        said=said,
        told=f"{said}, longest {texts.seconds(longest)}",
    )


def _shares(by: tuple[int, ...]) -> Iterator[Share]:
    whole, before = sum(by), 0
    for number, tone in zip(by, ("good", "back", "part", "bad"), strict=True):
        if number:
            x, width = before / whole * 100, number / whole * 100
            yield Share(f"{x:.2f}%", f"{width:.2f}%", tone)
        before += number


def _said(region: Region) -> str:
    if not region.pushes:
        return "no pushes"
    return ", ".join((f"{region.reported} of {region.pushes} reported", *unreported(region)))
