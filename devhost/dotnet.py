"""How the extension reads host.json: .NET's configuration, in which every value is first a text.

The error texts are .NET's own, as seen on the Durable extension 3.19.
"""

from __future__ import annotations

import re
from typing import Any

_TIME_SPAN = re.compile(
    r"(?P<sign>-?)(?:(?P<only_days>\d{1,8})|(?:(?P<days>\d{1,8})\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2})"
    r"(?::(?P<seconds>\d{1,2}(?:\.\d{1,7})?))?)"
)


def as_text(value: Any) -> str | None:
    """A JSON value as configuration holds it; None for null, which counts as not set."""
    return None if value is None else str(value).strip()


def read_time_span(value: Any) -> float:
    """`[d.]hh:mm[:ss[.f]]` in seconds. A number alone is days.

    Raises:
        ValueError: it cannot be read, in Newtonsoft.Json's words.
    """
    found = _TIME_SPAN.fullmatch(as_text(value) or "")
    if found is not None:
        days, hours, minutes = (int(found[name] or 0) for name in ("days", "hours", "minutes"))
        seconds = float(found["seconds"] or 0)
        if hours < 24 and minutes < 60 and seconds < 60:
            days += int(found["only_days"] or 0)
            whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
            return -whole if found["sign"] else whole
    raise ValueError("Could not cast or convert from System.String to System.TimeSpan.")


def read_provider_int(key: str, value: Any) -> int:
    """A whole number below `storageProvider`, which Newtonsoft.Json reads.

    Raises:
        ValueError: it is none, in its words.
    """
    try:
        return int(as_text(value) or "")
    except ValueError:
        text = as_text(value)
        raise ValueError(f"Could not convert string to integer: {text}. Path '{key}'") from None


def read_int(value: Any) -> int:
    """A whole number elsewhere, which .NET's configuration binder reads.

    Raises:
        ValueError: it is none, in its words.
    """
    try:
        number = int(as_text(value) or "")
    except ValueError:
        number = 1 << 31
    if not -(1 << 31) <= number < 1 << 31:
        raise ValueError(f"{as_text(value)} is not a valid value for Int32.")
    return number
