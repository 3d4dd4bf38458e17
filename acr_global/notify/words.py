"""Texts for people in any channel: the headline, the regions, and cutting to length.

Strings that come from a push are never trusted here: control characters and the marks that
turn the writing direction are taken out, so that no tag can dress up as another.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from string import Template
from typing import assert_never

from acr_global.durations import format_duration
from acr_global.model import Action, EvidenceKind, Message, RegionReport, as_utc
from acr_global.notify.notice import Notice

_DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_MISSING_FIRST = {"missing": 0, "evidence": 1, "arrived": 2}

TEST_MARK = "[test] "

MAX_NAMES = 5
"""In one sentence; the others are counted."""


def well_formed(text: str) -> str:
    """`text` without lone surrogates, which JSON can carry and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def plain(text: str) -> str:
    """One line of visible text: control characters become blanks, direction marks vanish."""
    kept = (c for c in well_formed(text) if c not in _DIRECTION_MARKS)
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in kept)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def fit(text: str, limit: int, escape: Callable[[str], str]) -> str:
    """`text` escaped and at most `limit` characters long, never cut within an escape."""
    size = limit
    while len(escaped := escape(shorten(text, size))) > limit:
        size -= 1
    return escaped


def fit_lines(lines: Sequence[str], limit: int, beyond: int = 0) -> str:
    """As many lines as fit into `limit` characters, then how many do not; `beyond` more are not
    among them."""
    for count in range(len(lines), 0, -1):
        text = "\n".join([*lines[:count], *_and_more(len(lines) - count + beyond)])
        if len(text) <= limit:
            return text
    return "".join(_and_more(len(lines) + beyond))


def _and_more(count: int) -> list[str]:
    return [f"and {count} more"] if count else []


def join_names(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c, d, e and 7 more`."""
    shown = [plain(name) for name in names[:MAX_NAMES]]
    if len(names) > MAX_NAMES:
        shown.append(f"{len(names) - MAX_NAMES} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def reference(message: Message) -> str:
    """`repository:tag`, or `repository@digest`, of what was pushed."""
    push = message.push
    repository = push.repository or "(unknown repository)"
    if push.tag:
        return plain(f"{repository}:{push.tag}")
    return plain(f"{repository}@{push.digest}" if push.digest else repository)


def subject(action: Action, name: str) -> str:
    """What is spoken of: an image, or what has happened to it."""
    match action:
        case Action.PUSH | Action.CHART_PUSH:
            return name
        case Action.DELETE | Action.CHART_DELETE:
            return f"deletion of {name}"
        case Action.QUARANTINE:
            return f"quarantine of {name}"
        case _:
            assert_never(action)


def headline(message: Notice, template: str | None) -> str:
    """The message's own sentence, or the target's template filled in, which speaks of one push; one
    line, never empty."""
    if template is None or not isinstance(message, Message):
        return plain(message.text)
    push = message.push
    filled = Template(template).safe_substitute(
        verdict=message.type.value,
        repository=push.repository or "",
        tag=push.tag or "",
        digest=push.digest or "",
        registry=push.registry or "",
        reference=reference(message),
        missing=", ".join(message.missing),
        regions=", ".join(r.region for r in message.regions),
        push=push.id,
    )
    filled = plain(TEST_MARK + filled if message.test else filled)
    return filled if filled.strip() else plain(message.text)


def facts(message: Message) -> tuple[tuple[str, str], ...]:
    """What is known about the push, as label and value; what is not known is left out."""
    push = message.push
    named: tuple[tuple[str, str | None], ...] = (
        ("Image", reference(message)),
        ("Digest", push.digest),
        ("Registry", push.registry),
        ("Event", None if push.action is Action.PUSH else push.action.value),
        ("Pushed", moment(push.pushed_at) if push.pushed_at else None),
        ("Deadline", moment(message.deadline)),
        ("Push id", push.id),
    )
    return tuple((label, plain(value)) for label, value in named if value)


def missing_first(regions: Sequence[RegionReport]) -> list[RegionReport]:
    """The missing regions, then those known by evidence, then those that reported."""
    return sorted(regions, key=lambda r: _MISSING_FIRST[r.state])


def describe(region: RegionReport) -> str:
    """What is known about one region, in a phrase."""
    seen = "; ".join(plain(e.detail) for e in region.evidence if e.detail)
    if region.state == "missing":
        return f"missing ({seen})" if seen else "missing"
    if region.state == "evidence":
        return f"has it, without a report ({seen})" if seen else "has it, without a report"
    lag = region.lag_seconds
    when = f"reported {duration(lag)} after the first" if lag else "reported first"
    if any(e.kind is EvidenceKind.CAUGHT_UP for e in region.evidence):
        when += "; caught up"
    return f"{when}; another digest" if region.digest_differs else when


def duration(seconds: float) -> str:
    """`0.4s`, `12s`, `3m20s`."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    return format_duration(timedelta(seconds=round(seconds)))


def moment(at: datetime) -> str:
    """A time to the second, in UTC."""
    try:
        return as_utc(at).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return "at a time that cannot be read"


def clock(at: datetime, now: datetime) -> str:
    """A time of day, as one reads it at `now`: with the date where that is another."""
    text = moment(at)
    day, hours = text[:11], f"{text[11:16]} UTC"
    return hours if day == moment(now)[:11] else day + hours
