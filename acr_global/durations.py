"""Durations as people write them in settings: `90s`, `10m`, `1h30m`, `2d`, `PT1M`, `0`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PLAIN = re.compile(r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+)s)?")
_ISO = re.compile(
    r"p(?:(?P<d>\d+)d)?(?:t(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+)s)?)?", re.IGNORECASE
)
MAX_CHARS = 60
"""Of one duration; a limit of our own. Python itself refuses numbers of thousands of digits."""
MAX_DURATION = timedelta(days=5)
"""The engine makes several timers of one over 6 days (maximumShortTimerDuration); waits for
regions, whose timers are cancelled, stay under it."""


def parse_duration(text: str, most: timedelta = MAX_DURATION) -> timedelta:
    """Whole seconds from `text`; no more than `most`, which is in whole days.

    Raises ValueError with a sentence that shows the accepted forms.
    """
    compact = text.strip().lower().replace(" ", "")
    if compact == "0":
        return timedelta(0)
    short = compact if len(compact) <= MAX_CHARS else ""
    match = _PLAIN.fullmatch(short) or _ISO.fullmatch(short)
    parts = {u: int(n) for u, n in match.groupdict().items() if n} if match else {}
    if not parts:
        raise ValueError("not a duration: write it like 90s, 10m, 1h30m, 2d or PT10M")
    if any(n > 10_000_000 for n in parts.values()):
        raise ValueError(f"longer than {most.days} days")
    total = timedelta(seconds=sum(_UNITS[u] * n for u, n in parts.items()))
    if total > most:
        raise ValueError(f"longer than {most.days} days")
    return total


def format_duration(value: timedelta) -> str:
    """The shortest plain form, such as `1h30m`; `0s` for none."""
    left, parts = int(value.total_seconds()), []
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
