"""How long a receiver asks us to wait: the header Retry-After, as receivers write it. Pure.

RFC 9110 10.2.3 allows whole seconds and a date in one of three forms. In the field there are also
fractions, units, quotes, signs, exponents, moments in epoch seconds, several values in one line and
several lines. What can
be understood is kept, rounded up, because ignoring a wait ends in the next refusal.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from acr_global.retry import MAX_RETRY_AFTER

MAX_VALUE_CHARS = 1_000
"""Characters that are read of a header; ours. A date has 33 at most."""

_NUMBER = re.compile(r"\+?((?:\d+\.?\d*|\.\d+)(?:e\+?\d+)?) ?([a-z]*)", re.IGNORECASE)
_UNITS = {
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    "ms": 0.001,
}
"""In seconds. Without one it is seconds."""
_EPOCH = 1e9
"""Seconds that can only be a moment, after 1970: no receiver asks for 31 years."""
_VALUE = re.compile(r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]* *, *)?[^,;]+", re.IGNORECASE)
"""One value of a list. The comma behind a weekday is part of a date."""


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Whole seconds from now, from 0 to the cap; the longest of several values.

    None where the header is absent or nothing in it makes sense.
    """
    values = _VALUE.findall((text or "")[:MAX_VALUE_CHARS])
    found = [wait for value in values if (wait := _read(value, now)) is not None]
    return max(found, default=None)


def join_headers(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name; what stands on several lines is one list (RFC 9110 5.3)."""
    joined: dict[str, str] = {}
    for name, value in lines:
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


def _read(value: str, now: datetime) -> float | None:
    text = value.strip(" \t\"'")
    if not text.isascii():
        return None
    number = _NUMBER.fullmatch(text)
    if number and (unit := _UNITS.get(number[2].lower())):
        seconds = float(number[1]) * unit
        return capped(seconds - now.timestamp() if seconds >= _EPOCH else seconds)
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            at = read(text)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            return capped((at - now).total_seconds())
        except (ValueError, OverflowError):
            continue
    return None


def capped(seconds: float) -> float:
    """Whole seconds, rounded up, from 0 to the cap."""
    return float(math.ceil(min(max(seconds, 0.0), MAX_RETRY_AFTER.total_seconds())))
