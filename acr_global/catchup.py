"""Which entries of the webhooks' event logs are to be taken in: what was not delivered. Pure.

The registry posts each event once and waits 5 s. Its log has each post and its
answer, so events that found no app, no storage or no key can be taken in later by ImagePush, too.

What has been taken in is marked: by webhook, up to when all is settled (`until`), and what is
settled around that moment, one by one. Losing the mark costs repeats, which ImagePush
recognises: by id like any repeat, by content by the event's time (functions/arrivals/instances.py).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qs

from pydantic import Field

from acr_global.model import Arrival, Frozen, Moment
from acr_global.patterns import normalize_region
from acr_global.registry.firings import accepted, concerns, host_and_path, parse_firing
from acr_global.registry.question import Question
from acr_global.urls import split_url

REACH = timedelta(days=3)
"""How far the timer looks back: over a weekend. How long the registry keeps its log is not
documented."""

SETTLES = timedelta(minutes=1)
"""Younger events are left to their webhooks: the registry waits 5 s, and its log may lag."""

OVERLAP = timedelta(hours=1)
"""How much later than a younger entry another may appear in a log, and still be seen."""

_QUERY = ("region", "registry")
"""The parameters of a webhook's URL that the app reads; it may hold a key, too."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry of a webhook's event log."""

    webhook: str
    """`registry/webhook`, which is unique."""
    at: datetime | None
    """The event's own time, aware; None where it is absent or cannot be read."""
    status: int | None
    """What the receiver answered; 504 where the registry gave up."""
    ours: bool
    """It was posted to this app."""
    query: Mapping[str, str]
    """With the region, and the registry where the webhook's URL names it."""
    body: Mapping[str, Any] | None
    """The event; None where it is missing or cut."""

    @property
    def delivered(self) -> bool:
        """The receiver said 2xx."""
        return accepted(self.status)

    @property
    def key(self) -> str:
        """Identifies an event among those of one webhook."""
        text = f"{(self.body or {}).get('id')}\n{self.at}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def content(self) -> tuple[str, ...]:
        """What the events of one push have in common, whatever correlates them."""
        event = self.body or {}
        target = event.get("target")
        about = target if isinstance(target, Mapping) else {}
        return (str(event.get("action")), *(str(about.get(k)) for k in _ABOUT))


_ABOUT = ("repository", "digest", "tag", "name", "version")


def logged(
    webhook: str,
    region: str,
    uri: str | None,
    body: object,
    at: datetime | None,
    status: int | None,
    posted_to: str | None = None,
) -> Logged:
    """An entry of the log of a webhook in `region`, which posted it to `uri`.

    `posted_to`: host and path of the app; None where all that the webhook posts is the app's.
    """
    event = body if isinstance(body, Mapping) and body.get("action") else None
    ours = posted_to is None or host_and_path(uri) == posted_to
    return Logged(webhook, at, status, ours, _query(uri, region), event)


def _query(uri: str | None, region: str) -> dict[str, str]:
    try:
        said = parse_qs(split_url(uri or "").query)
    except ValueError:
        said = {}
    return {"region": region} | {name: said[name][0] for name in _QUERY if said.get(name)}


def report_of(entry: Logged, question: Question, now: datetime) -> Arrival | None:
    """The arrival that an entry would have been for the push in question, had it been delivered.
    None where it is about another push, or was delivered."""
    firing = parse_firing({"eventRequestMessage": {"content": entry.body}})
    region = normalize_region(entry.query["region"])
    concerned = entry.ours and concerns(firing, question) and region in question.missing
    if entry.delivered or not concerned or firing.event_id is None:
        return None
    return Arrival(
        region=region,
        event_id=firing.event_id,
        received_at=now,
        timestamp=firing.at and min(firing.at, now),
        digest=firing.digest,
        caught_up=True,
    )


class Settled(Frozen):
    """The part of one webhook's log that is settled."""

    until: Moment
    """Everything older than this by OVERLAP is settled."""
    events: dict[str, Moment] = Field(default_factory=dict)
    """Keys and times of those after that."""


class Mark(Frozen):
    """What is settled."""

    v: Literal[1] = 1
    webhooks: dict[str, Settled] = Field(default_factory=dict)

    def covers(self, entry: Logged) -> bool:
        """Whether an entry is settled. One without a time never is."""
        known = self.webhooks.get(entry.webhook)
        if known is None or entry.at is None:
            return False
        return entry.at <= known.until - OVERLAP or entry.key in known.events


def merged(marks: Iterable[Mark]) -> Mark:
    """What is settled by any of them."""
    webhooks: dict[str, Settled] = {}
    for mark in marks:
        for name, settled in mark.webhooks.items():
            other = webhooks.get(name, settled)
            webhooks[name] = _pruned(
                max(settled.until, other.until), {**other.events, **settled.events}
            )
    return Mark(webhooks=webhooks)


def with_settled(mark: Mark, settled: Iterable[Logged], open_: Iterable[Logged]) -> Mark:
    """The mark after these entries are settled; `until` does not pass the oldest of `open_`."""
    webhooks = dict(mark.webhooks)
    still = list(open_)
    for entry in settled:
        if entry.at is None:
            continue
        until = min([entry.at, *(e.at for e in still if e.webhook == entry.webhook and e.at)])
        known = webhooks.get(entry.webhook) or Settled(until=until)
        events = {**known.events, entry.key: entry.at}
        webhooks[entry.webhook] = _pruned(max(known.until, until), events)
    return Mark(webhooks=webhooks)


def _pruned(until: datetime, events: Mapping[str, datetime]) -> Settled:
    return Settled(until=until, events={k: at for k, at in events.items() if at > until - OVERLAP})


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of a log's entries."""

    due: tuple[Logged, ...]
    """To be taken in, in this order: the oldest push first, the events of one push together."""
    left: Mapping[str, int]
    """How many are left alone, by a slug that says why; `settled` have been taken in before."""


def plan(entries: Iterable[Logged], mark: Mark, *, now: datetime, since: datetime) -> Plan:
    """What is to be taken in of the entries of all webhooks. Events older than `since` are not."""
    due, left = [], Counter[str]()
    for entry in entries:
        if entry.delivered:
            continue
        if why := left_alone(entry, mark, now, since):
            left[why] += 1
        else:
            due.append(entry)
    return Plan(_by_push(due), dict(left))


def left_alone(entry: Logged, mark: Mark, now: datetime, since: datetime) -> str | None:
    """Why nothing is to be done about an entry that was not delivered; None where it is due."""
    if not entry.ours:
        return "not-ours"
    if entry.body is None:
        return "unreadable"
    if entry.body.get("action") == "ping":
        return "ping"
    if entry.at is None:
        return "undated"
    if mark.covers(entry):
        return "settled"
    if entry.at < since:
        return "too-old"
    return "settling" if entry.at > now - SETTLES else None


def _by_push(due: Iterable[Logged]) -> tuple[Logged, ...]:
    pushes: dict[tuple[str, ...], list[Logged]] = {}
    for entry in sorted(due, key=_time):
        pushes.setdefault(entry.content, []).append(entry)
    return tuple(entry for events in pushes.values() for entry in events)


def _time(entry: Logged) -> tuple[datetime, str]:
    return entry.at or datetime.max.replace(tzinfo=UTC), entry.webhook


class Backwards:
    """Ends the reading of a log that comes newest first, at the first entry that is old enough.

    The order of a log is not documented. One in another order is read to its end.
    """

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._last: datetime | None = None
        self._falls = self._rises = False

    def ends_at(self, at: datetime | None) -> bool:
        """Whether entries after one of this time need not be read."""
        if at is None:
            return False
        if self._last is not None:
            self._falls |= at < self._last
            self._rises |= at > self._last + SETTLES
        self._last = at
        return self._falls and not self._rises and at < self._since
