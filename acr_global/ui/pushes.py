"""The list of pushes, as its page shows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from acr_global.api import Push, Pushes, PushState, WrongSetting
from acr_global.model import Action, Artifact
from acr_global.ui import states, texts

FILTERS = ("state", "image", "missing", "within")
"""What the page's form asks for, in its order."""

WITHIN = {
    "1h": ("the last hour", timedelta(hours=1)),
    "24h": ("the last 24 hours", timedelta(hours=24)),
    "7d": ("the last 7 days", timedelta(days=7)),
}
"""What the form offers as a span of time; to the list it says since when."""

_LISTED = (*(state for state in PushState if state not in ("given-up", "terminated")),)
"""The states that the list can be asked for."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a filter."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One push."""

    href: str
    look: states.Look
    name: str
    action: str | None
    """What happened, where it was not a push."""
    registry: str | None
    digest: str | None
    first_at: datetime
    took: str | None
    """From the first report to the newest verdict."""
    until: datetime | None
    """While it waits: its deadline."""
    missing: tuple[str, ...]
    undelivered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PushList:
    """The page."""

    rows: tuple[Row, ...]
    said: str
    """One sentence on what is listed."""
    image: str
    """What the form was filled with."""
    states: tuple[Option, ...]
    regions: tuple[Option, ...]
    spans: tuple[Option, ...]
    filtered: bool
    older: str | None
    newest: str | None
    """The first page, where this is another."""
    problems: tuple[WrongSetting, ...]
    error: str | None = None
    """Why nothing is listed: what was asked for is wrong."""


def query_of(
    asked: Mapping[str, str], now: datetime, spans: Mapping[str, tuple[str, timedelta]] = WITHIN
) -> dict[str, str]:
    """What the list is asked for, of what the page was. A span of time begins at a full minute, so
    that the page stays the same for so long."""
    known = ("state", "image", "missing", "since", "after")
    query = {name: asked[name] for name in known if asked.get(name)}
    _, span = spans.get(asked.get("within", ""), ("", None))
    if span and "since" not in query:
        query["since"] = texts.iso((now - span).replace(second=0, microsecond=0))
    return query


def page(
    pushes: Pushes,
    asked: Mapping[str, str],
    query: Mapping[str, str],
    regions: tuple[str, ...],
    problems: tuple[WrongSetting, ...] = (),
    error: str | None = None,
) -> PushList:
    """The page.

    Args:
        pushes: What was found.
        asked: The page's own query.
        query: What the list was asked for, as `query_of` made it.
        regions: All that the settings name.
        problems: Wrong settings.
        error: Why nothing could be looked for.
    """
    filters = {name: asked[name].strip() for name in FILTERS if asked.get(name, "").strip()}
    more = {"since": query["since"], "after": pushes.next} if "since" in query else {}
    older = {**filters, "after": pushes.next or ""} | {k: v or "" for k, v in more.items()}
    return PushList(
        rows=tuple(map(row, pushes.pushes)),
        said=_said(pushes),
        image=filters.get("image", ""),
        states=options(filters.get("state"), {s.value: states.of_push(s).word for s in _LISTED}),
        regions=options(filters.get("missing"), {region: region for region in regions}),
        spans=options(filters.get("within"), {name: text for name, (text, _) in WITHIN.items()}),
        filtered=bool(filters),
        older=texts.path(**older) if pushes.next else None,
        newest=texts.path(**filters) if asked.get("after") else None,
        problems=problems,
        error=error,
    )


def row(push: Push) -> Row:
    """One line of the list."""
    waits = push.state is PushState.WAITING
    took = (push.decided_at - push.first_at).total_seconds() if push.decided_at else None
    return Row(
        href=texts.path("pushes", push.id),
        look=states.of_push(push.state),
        name=name(push),
        action=None if push.action is Action.PUSH else push.action.value.replace("_", " "),
        registry=push.registry,
        digest=texts.short_digest(push.digest) if push.digest and push.tag else None,
        first_at=push.first_at,
        took=None if took is None else texts.seconds(max(took, 0.0)),
        until=push.deadline if waits else None,
        missing=push.missing,
        undelivered=push.undelivered,
    )


def name(push: Push) -> str:
    """What was pushed: `repository:tag`, or `repository@` and a digest's beginning."""
    digest = texts.short_digest(push.digest) if push.digest else None
    return Artifact(repository=push.repository, tag=push.tag, digest=digest).reference


def _said(pushes: Pushes) -> str:
    """How much is listed, and what of it is open."""
    waiting = sum(push.state is PushState.WAITING for push in pushes.pushes)
    open_more = f"; {pushes.open_more} more may be waiting" if pushes.open_more else ""
    return f"{texts.count(len(pushes.pushes), 'push')}, {waiting} waiting{open_more}"


def options(chosen: str | None, offered: Mapping[str, str]) -> tuple[Option, ...]:
    """The choices of a filter; what was chosen stands among them also where it is not offered."""
    all_of_them = dict(offered)
    if chosen:
        all_of_them.setdefault(chosen, chosen)
    return tuple(Option(value, text, value == chosen) for value, text in all_of_them.items())
