"""One push as a drawing: a line of time for each region, all to one scale. Pure.

The line begins with the first report. It ends behind the last thing that is known, or, while the
push waits, somewhat behind the present, which the page's script marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from acr_global.api import PushDetails, PushState
from acr_global.model import RegionReport
from acr_global.ui import scale, states, texts

MARK_HEIGHT, ROW_HEIGHT, AXIS_HEIGHT = 20, 46, 30
"""Pixels, from the top down: each mark's text, each region, the axis."""


AHEAD = 1.25
"""How much longer than what has passed a line is, while time goes on."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One region's way."""

    region: str
    look: states.Look
    said: str
    y: int
    """Of the line; its text stands above it."""
    x: str | None
    """Where the region has it; None where that is not known."""
    shape: str
    """`dot`: reported; `ring`: read in the registry's log afterwards; `diamond`: by evidence;
    `open`: not there."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was so for the whole push: a deadline, a verdict."""

    text: str
    tone: str
    x: str
    y: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing. Widths are in percent, so that it fits any screen with its texts unscaled."""

    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[scale.Tick, ...]
    top: int
    """Where the regions begin."""
    bottom: int
    """Where they end, and the axis begins."""
    height: int
    begins_at: datetime
    ends_at: datetime
    runs: bool
    """Whether the present is to be marked."""
    told: str
    """All of it in words."""


def draw(push: PushDetails) -> Timeline:
    """The drawing of a push."""
    waits = push.state is PushState.WAITING and push.seconds_left is not None
    awaited = not push.verdicts and push.state is not PushState.GIVEN_UP
    line = scale.scale(max([*_known(push), 1.0]))
    found = [(at, text, tone) for at, text, tone in _marks(push) if at <= line.span]
    top = MARK_HEIGHT * (len(found) + waits)
    bars = tuple(
        _bar(region, line, top + ROW_HEIGHT * n + 32, push, awaited)
        for n, region in enumerate(push.regions)
    )
    bottom = top + ROW_HEIGHT * len(bars)
    return Timeline(
        bars=bars,
        marks=tuple(
            Mark(text, tone, line.x(at), MARK_HEIGHT * n + 13, scale.anchor(at, line.span))
            for n, (at, text, tone) in enumerate(found)
        ),
        ticks=line.ticks(),
        top=top,
        bottom=bottom,
        height=bottom + AXIS_HEIGHT,
        begins_at=push.first_at,
        ends_at=push.first_at + timedelta(seconds=line.span),
        runs=waits,
        told="; ".join(f"{bar.region}: {bar.said}" for bar in bars),
    )


def _after(push: PushDetails, moment: datetime) -> float:
    return (moment - push.first_at).total_seconds()


def _known(push: PushDetails) -> Iterator[float]:
    """Seconds from the first report to each thing that is known."""
    for region in push.regions:
        seen = _seen_at(region)
        yield from (region.lag_seconds or 0.0, _after(push, seen) if seen else 0.0)
    yield from (_after(push, verdict.at) for verdict in push.verdicts)
    if push.deadline and push.seconds_left is not None:
        whole = _after(push, push.deadline)
        elapsed = whole - push.seconds_left
        yield whole if elapsed * 2 > whole else elapsed * AHEAD


def _marks(push: PushDetails) -> list[tuple[float, str, str]]:
    """Seconds, text and tone of each, in the order of time."""
    found = [
        (_after(push, said.at), look.word, look.tone)
        for said in push.verdicts
        for look in [states.of_push(PushState(said.type))]
    ]
    if push.deadline:
        found.append((_after(push, push.deadline), "deadline", "off"))
    return sorted(found)


def _seen_at(region: RegionReport) -> datetime | None:
    """When evidence said that the region has it."""
    return next((e.at for e in region.evidence if e.found and e.at), None)


def _bar(region: RegionReport, line: scale.Scale, y: int, push: PushDetails, awaited: bool) -> Bar:
    look = states.of_region(region.state, awaited=awaited)
    if region.lag_seconds is not None:
        caught_up = any(e.kind == "caught-up" for e in region.evidence)
        said = texts.lag(region.lag_seconds)
        said += ", another digest" if region.digest_differs else ""
        said += ", from the registry's log" if caught_up else ""
        at, shape = line.x(region.lag_seconds), "ring" if caught_up else "dot"
        return Bar(region.region, look, said, y, at, shape)
    if region.state == "missing":
        return Bar(region.region, look, look.word, y, None, "open")
    seen = _seen_at(region)
    at = line.x(_after(push, seen) if seen else line.span)
    return Bar(region.region, look, look.word, y, at, "diamond")
