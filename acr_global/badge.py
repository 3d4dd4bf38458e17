"""A badge for a README: where the newest push of an image is, as a small picture. Pure.

It is shown to everybody, so it says how many regions there are and how many lack the image, and
no region's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from acr_global.ledger import Row
from acr_global.model import PUSHED, VerdictType

LABEL = "replicated"

_CHAR = 6.1
"""Pixels that a letter takes at 11 pixels, about; the picture makes the text fit."""
_EDGE = 6.0
"""Pixels beside a text."""


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says, and in which colour; each is dark enough for white letters."""

    said: str
    colour: str


UNKNOWN = Badge("not known now", "#57606a")
NEVER = Badge("no push yet", "#57606a")
_DONE, _LATE, _LACKING = "#1a7f37", "#9a6700", "#cf222e"


def badge_of(newest_first: Iterable[Row]) -> Badge:
    """The badge of the newest of these that is a push, and no deletion."""
    row = next((row for row in newest_first if row.action in PUSHED), None)
    if row is None:
        return NEVER
    count, missing = max(len(row.ways), len(row.missing)), len(row.missing)
    if row.state is VerdictType.OVERDUE:
        return Badge(f"late in {missing} of {count} regions", _LATE)
    if row.state is VerdictType.INCOMPLETE:
        return Badge(f"missing in {missing} of {count} regions", _LACKING)
    return Badge(f"in all {count} regions" if count > 1 else "in its region", _DONE)


def svg(badge: Badge, image: str) -> str:
    """The picture; `image` is the name that is read out with it."""
    left, right = _width(LABEL), _width(badge.said)
    whole = escape(f"{image}: {LABEL} {badge.said}", {'"': "&quot;"})
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{whole}"><title>{whole}</title>'
        f'<rect width="{left + right}" height="20" rx="3" fill="{badge.colour}"/>'
        f'<path d="M3 0h{left - 3}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#24292f"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(LABEL, 0)}{_text(badge.said, left)}</g></svg>\n"
    )


def _width(text: str) -> int:
    return round(len(text) * _CHAR + 2 * _EDGE)


def _text(text: str, begin: int) -> str:
    length = _width(text) - 2 * _EDGE
    return f'<text x="{begin + _EDGE}" y="14" textLength="{length}">{escape(text)}</text>'
