"""Seconds → places on a line, in percent of its length, with the ticks of its axis. Pure.

The line ends at a round number, so that it stays the same while time passes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_TICKS = 5
"""Beside that at zero: more would not fit on a phone."""

STEPS = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1_800),
    *(3_600, 7_200, 10_800, 21_600, 43_200),
    *(86_400, 172_800, 432_000),
)
"""Seconds between two ticks."""

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@dataclass(frozen=True, slots=True)
class Tick:
    """One place on an axis."""

    x: str
    text: str
    anchor: str
    """How the text stands to the place: start, middle or end."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A line of time that begins at zero."""

    step: float
    span: float
    """Seconds from one end to the other."""

    def x(self, value: float) -> str:
        """The place of a number of seconds; what is beyond an end stands at it."""
        return f"{min(max(value / self.span, 0.0), 1.0) * 100:.2f}%"

    def ticks(self) -> tuple[Tick, ...]:
        """From zero to the end."""
        last = round(self.span / self.step)
        anchors = {0: "start", last: "end"}
        return tuple(
            Tick(self.x(n * self.step), said(n * self.step), anchors.get(n, "middle"))
            for n in range(last + 1)
        )


def scale(extent: float) -> Scale:
    """The smallest line with so many seconds on it."""
    step = next((one for one in STEPS if extent <= one * MAX_TICKS), STEPS[-1])
    if extent > step * MAX_TICKS:
        step *= math.ceil(extent / (step * MAX_TICKS))
    return Scale(step, max(math.ceil(round(extent / step, 6)), 1) * step)


def said(value: float) -> str:
    """A tick's text, in the greatest unit that fits it."""
    for size, unit in _UNITS:
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{round(value, 1):g} s" if value else "0"


def anchor(value: float, span: float) -> str:
    """How a text stands to a place so that it stays within the line."""
    share = value / span
    return "start" if share < 0.25 else "end" if share > 0.75 else "middle"
