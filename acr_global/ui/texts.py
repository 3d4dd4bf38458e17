"""Durations, moments, digests and paths, as pages write them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

ROOT = "/api/ui"
"""Where the pages are. Their links hold it, for they work from any page alike."""

DIGEST_CHARS = 12
"""Of a digest's hexadecimal digits, where the whole would not be read anyway."""

MAX_NAMES = 6
"""Of regions or targets, where they stand in a sentence or in one cell: there may be sixty."""


def seconds(value: float) -> str:
    """A duration as people say it: `40 ms`, `1.3 s`, `2 min 5 s`, `1 h 3 min`, `2 d 4 h`."""
    if value < 0.9995:
        return f"{value * 1_000:.0f} ms"
    if value < 59.95:
        return f"{value:.1f} s"
    whole = round(value)
    for name, size, small, part in _SIZES:
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {name}" + (f" {rest} {small}" if rest else "")
    raise AssertionError("a minute is the smallest size")  # pragma: no cover


_SIZES = (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1))


def lag(value: float) -> str:
    """How long after the first region one has reported."""
    return seconds(value) if value else "first"


def iso(moment: datetime) -> str:
    """For machines, in UTC, to the millisecond."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1_000:03d}Z"


def utc(moment: datetime) -> str:
    """For people, in UTC, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def short_digest(digest: str) -> str:
    """A digest's beginning, with its algorithm."""
    algorithm, colon, value = digest.partition(":")
    if not colon or len(value) <= DIGEST_CHARS:
        return digest
    return f"{algorithm}:{value[:DIGEST_CHARS]}…"


def path(*parts: str, **query: str) -> str:
    """A page's address; empty values of the query are left out."""
    where = "/".join([ROOT, *(quote(part, safe="", errors="replace") for part in parts)])
    return f"{where}?{text}" if (text := query_text(query)) else where


def query_text(query: Mapping[str, str]) -> str:
    """A query string of what is not empty."""
    given = [(name, value) for name, value in query.items() if value]
    return urlencode(given, errors="replace")


def count(number: int, thing: str) -> str:
    """`1 push`, `2 pushes`."""
    if number == 1:
        return f"1 {thing}"
    return f"{number} {thing}{'es' if thing.endswith('sh') else 's'}"


def names(some: tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`; of many the first, and how many more."""
    if len(some) > MAX_NAMES:
        return f"{', '.join(some[: MAX_NAMES - 1])} and {len(some) - MAX_NAMES + 1} more"
    if len(some) < 2:
        return "".join(some)
    return f"{', '.join(some[:-1])} and {some[-1]}"
