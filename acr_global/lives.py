"""How often an interrupted instance begins anew, and when. Pure.

An instance that fails again and again may be what kills the process, so each next life waits
longer, and there is a last one. The limit is the same for a push, a courier and a delivery.
"""

from __future__ import annotations

from datetime import datetime, timedelta

PAUSES = tuple(timedelta(seconds=s) for s in (0, 10, 60, 300, 900))
"""Between the end of a life and the beginning of the next, in order."""

MAX_LIVES = len(PAUSES)
"""Lives after the first."""


def is_spent(lives: int) -> bool:
    """Whether an instance that was broken off so often has had all its lives."""
    return lives > MAX_LIVES


def may_begin_at(lives: int, interrupted_at: datetime) -> datetime | None:
    """When a push that was broken off so often, and last then, may begin anew; None: at once."""
    pause = PAUSES[min(lives, MAX_LIVES) - 1]
    return interrupted_at + pause if pause else None
