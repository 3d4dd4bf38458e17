"""The ledger of pushes: one small row for each that something was said of. Pure.

What is decided is decided by the engine, and a push is shown from there, too. But the engine lists
its instances by their ids only, so "the newest" and "those of this image" would be looked for among
all that is kept. So each verdict also leaves a row (functions/records/bookkeeping.py), which can be
lost without harm, under several keys, one for each order in which rows are read:

    t!<when>!<push>           all of them
    r!<repository>!<when>…    those of a repository
    g!<image>!<when>…         those of repository:tag
    d!<digest>!<when>…        those of a digest

Names are hashed, for their length and letters; `when` counts down, so that the newest comes first.
Whatever is looked for is one range of keys. The rest of what is asked narrows that range down.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from acr_global.model import Action, Artifact, Frozen, Moment, Verdict, VerdictType
from acr_global.notify.message import region_reports
from acr_global.notify.words import well_formed

Properties = dict[str, str | bool]
"""A row as it is stored: texts and truth values by name; what is None is left out."""

MAX_NAMES = 100
"""Regions and targets that a row names: a table allows 252 properties in all. Source:
learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model."""

_LAST_MS = 9_999_999_999_999
"""Milliseconds, in the year 2286; what `when` counts down from."""

_ALL = "t!"
_MISSES = "misses_"
_TOLD = "told_"
_LISTS = ("missing", "undelivered", "ways")


class Way(Frozen):
    """One expected region's part in a push."""

    region: str
    by: Literal["webhook", "caught-up", "evidence", "missing"]
    """How it is known to have the image. caught-up: its webhook was not delivered."""
    lag: float | None = None
    """Seconds after the first region, where it has reported."""
    at: Moment | None = None
    """When its webhook was received, where it was."""
    event: str | None = None
    """That webhook's id, where it is not the push's."""


class Row(Frozen):
    """One push: the newest verdict, and who has not been told of it."""

    id: str
    state: VerdictType
    action: Action
    artifact: Artifact
    first_at: Moment
    """When the arrival that began the push was received: the same at each of its verdicts."""
    deadline: Moment
    decided_at: Moment
    missing: tuple[str, ...] = ()
    undelivered: tuple[str, ...] = ()
    """Targets whose attempts have failed so far, of this verdict."""
    ways: tuple[Way, ...] = ()
    """Of each expected region; none in a row of a release that did not write them."""


def row_of(verdict: Verdict, undelivered: Iterable[str] = ()) -> Row:
    """The row of a verdict, of which these targets have yet to be told."""
    return Row(
        id=verdict.push_id,
        state=verdict.type,
        action=verdict.action,
        artifact=verdict.artifact,
        first_at=verdict.first_at or _oldest(verdict),
        deadline=verdict.deadline,
        decided_at=verdict.decided_at,
        missing=verdict.missing,
        undelivered=tuple(undelivered),
        ways=tuple(_ways(verdict)),
    )


def _oldest(verdict: Verdict) -> datetime:
    return min((a.received_at for a in verdict.arrivals), default=verdict.begun_at)


def _ways(verdict: Verdict) -> Iterator[Way]:
    caught_up = {arrival.region for arrival in verdict.arrivals if arrival.caught_up}
    events = {
        a.region: a.event_id for a in verdict.arrivals if a.event_id.lower() != verdict.push_id
    }
    for report in region_reports(verdict):
        region, lag = report.region, report.lag_seconds
        if report.state != "arrived":
            yield Way(region=region, by=report.state)
        elif region in caught_up:
            yield Way(region=region, by="caught-up", lag=lag)
        else:
            at, event = report.received_at, events.get(region)
            yield Way(region=region, by="webhook", lag=lag, at=at, event=event)


def keys(row: Row) -> tuple[str, ...]:
    """Every key that a row stands under; the same at each of a push's verdicts."""
    artifact, place = row.artifact, f"{_when(row.first_at)}!{row.id}"
    found = [_ALL]
    if artifact.repository:
        found.append(_of("r", artifact.repository))
        if artifact.tag:
            found.append(_of("g", f"{artifact.repository}:{artifact.tag}"))
    if artifact.digest:
        found.append(_of("d", artifact.digest))
    return tuple(prefix + place for prefix in found)


def _of(kind: str, name: str) -> str:
    return f"{kind}!{hashlib.sha256(well_formed(name).encode()).hexdigest()[:32]}!"


def _when(moment: datetime) -> str:
    left = _LAST_MS - int(moment.timestamp() * 1_000)
    return f"{min(max(left, 0), _LAST_MS):013d}"  # longer ones would be out of order


def written(row: Row) -> Properties:
    """A row as it is stored."""
    plain = row.model_dump(mode="json", exclude_none=True)
    artifact: dict[str, str] = {n: well_formed(text) for n, text in plain.pop("artifact").items()}
    lists = {name: json.dumps(plain.pop(name)[:MAX_NAMES]) for name in _LISTS}
    misses = dict.fromkeys(map(_misses, row.missing[:MAX_NAMES]), True)
    return {**plain, **artifact, **lists, **misses}


def read(stored: Mapping[str, Any]) -> Row:
    """A row from what is stored. Raises ValueError."""
    verdict = str(stored.get("state"))
    lists = {name: json.loads(str(stored.get(name, "[]"))) for name in _LISTS}
    lists["undelivered"] = [
        target
        for target in lists["undelivered"]
        if told(verdict, [str(target)]).keys().isdisjoint(stored)
    ]
    return Row.model_validate({**stored, **lists, "artifact": dict(stored)})


def readable(stored: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Rows from what is stored. A broken one must not cost the others."""
    for row in stored:
        with contextlib.suppress(ValueError):
            yield read(row)


def told(verdict: str, targets: Iterable[str]) -> Properties:
    """What is merged into a row once targets have a message after all, or need it no more."""
    marks = (f"{verdict}\n{target}".encode() for target in targets)
    return {_TOLD + hashlib.sha256(mark).hexdigest()[:16]: True for mark in marks}


def _misses(region: str) -> str:
    """A region in a property's name, which takes no hyphens."""
    return _MISSES + region.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pushes are asked for. What is None makes no difference."""

    state: str | None = None
    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None
    action: str | None = None
    missing: str | None = None
    """A region, normalised."""
    since: datetime | None = None

    def equal(self) -> dict[str, str]:
        """What a push must have, by the names of a row and of the list alike."""
        named = ("state", "registry", "repository", "tag", "digest", "action")
        return {name: value for name in named if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Span:
    """One range of keys, and what a row in it must have."""

    low: str
    high: str
    """The first key behind it."""
    equal: Properties


def span(wanted: Wanted) -> Span:
    """Where the rows are, newest first."""
    if wanted.digest:
        prefix = _of("d", wanted.digest)
    elif wanted.repository and wanted.tag:
        prefix = _of("g", f"{wanted.repository}:{wanted.tag}")
    else:
        prefix = _of("r", wanted.repository) if wanted.repository else _ALL
    equal: Properties = dict(wanted.equal())
    if wanted.missing:
        equal[_misses(wanted.missing)] = True
    until = f"{_when(wanted.since)}~" if wanted.since else "~"  # the last sign of all that occur
    return Span(prefix, prefix + until, equal)


def of_push(push_id: str, artifact: Artifact, since: datetime) -> Span:
    """Where the row of one push is, if it began after a moment."""
    named = Wanted(repository=artifact.repository, tag=artifact.tag, digest=artifact.digest)
    of_image = span(replace(named, since=since))
    return replace(of_image, equal={"id": push_id})


def older(than: datetime) -> Span:
    """Where the rows of all pushes are that began before a moment, newest first, each once."""
    return Span(_ALL + _when(than), f"{_ALL}~", {})
