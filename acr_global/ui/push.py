"""One push, as its page shows it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from acr_global.api import PushDetails, PushState, PushVerdict
from acr_global.model import Attempt, RegionReport
from acr_global.ui import pushes, states, texts, timeline


@dataclass(frozen=True, slots=True)
class Region:
    """One line of the table of regions."""

    name: str
    look: states.Look
    at: datetime | None
    lag: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One attempt to tell a target."""

    at: datetime
    target: str
    look: states.Look
    reason: str
    status: int | None
    location: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """One verdict, and who was told of it."""

    look: states.Look
    at: datetime
    missing: tuple[str, ...]
    error: str | None
    group: str | None
    grouped: str | None
    """The targets that the group tells, in its place."""
    attempts: tuple[Told, ...]
    deliveries: tuple[tuple[states.Look, str], ...]
    """What could not be delivered at once: its newest state, and a sentence."""


@dataclass(frozen=True, slots=True)
class PushPage:
    """The page."""

    id: str
    row: pushes.Row
    said: str
    """One sentence that says how far it is."""
    digest: str | None
    others: str | None
    """Where the list shows this repository's pushes."""
    deadline: datetime | None
    runs: bool
    """Whether the deadline is still to come."""
    decided_at: datetime | None
    listens_until: datetime | None
    cause: str | None
    timeline: timeline.Timeline
    regions: tuple[Region, ...]
    verdicts: tuple[Said, ...]
    retry: str | None
    """Where it can be tried again: what that would do, in one sentence."""
    retry_href: str


def page(push: PushDetails) -> PushPage:
    """The page of a push."""
    awaited = not push.verdicts and push.state is not PushState.GIVEN_UP
    return PushPage(
        id=push.id,
        row=pushes.row(push),
        said=sentence(push),
        digest=push.digest,
        others=texts.path(image=push.repository) if push.repository else None,
        deadline=push.deadline,
        runs=push.seconds_left is not None,
        decided_at=push.decided_at,
        listens_until=push.listens_until,
        cause=push.cause,
        timeline=timeline.draw(push),
        regions=tuple(_region(region, awaited) for region in push.regions),
        verdicts=tuple(_said(push, verdict) for verdict in push.verdicts),
        retry=retry(push),
        retry_href=texts.path("pushes", push.id, "retry"),
    )


def sentence(push: PushDetails) -> str:
    """How far it is."""
    missing = texts.names(push.missing)
    have = "has" if len(push.missing) == 1 else "have"
    lags = [region.lag_seconds for region in push.regions if region.lag_seconds is not None]
    last = texts.seconds(max(lags, default=0.0))
    every = f"all {len(push.regions)} regions" if len(push.regions) > 1 else "its one region"
    sentences = {
        PushState.WAITING: f"Waiting for {missing or 'its verdict'}.",
        PushState.COMPLETE: f"In {every}, the last report {last} after the first.",
        PushState.OVERDUE: f"The deadline has passed: {missing} {have} not reported.",
        PushState.RECOVERED: f"Late, but in {every}, the last report {last} after the first.",
        PushState.INCOMPLETE: f"No longer waited for: {missing} {have} not reported.",
        PushState.INTERRUPTED: "It was broken off, and goes on by itself in some minutes.",
        PushState.GIVEN_UP: "It was broken off again and again, and was given up.",
        PushState.TERMINATED: "Somebody has ended it by hand; nothing more is said of it.",
    }
    by_hand = " Somebody has suspended it by hand: nothing is said of it until it is resumed."
    return sentences[push.state] + by_hand * push.suspended


def retry(push: PushDetails) -> str | None:
    """What a retry would do; None where nothing was given up."""
    if push.state is PushState.GIVEN_UP:
        return "The push goes on with all that was known of it."
    dead = [d for d in push.deliveries if d.state in ("dead", "failed")]
    if not dead:
        return None
    targets = tuple(dict.fromkeys(target for delivery in dead for target in delivery.dead))
    whom = texts.names(targets) or "those who did not get it"
    return f"The message is sent again to {whom}; its id stays the same."


def _region(region: RegionReport, awaited: bool) -> Region:
    differs = ("reported another digest than the first region",) if region.digest_differs else ()
    return Region(
        name=region.region,
        look=states.of_region(region.state, awaited=awaited),
        at=region.received_at,
        lag=None if region.lag_seconds is None else texts.lag(region.lag_seconds),
        notes=(*differs, *(f"{e.kind.value}: {e.detail}" for e in region.evidence)),
    )


def _said(push: PushDetails, verdict: PushVerdict) -> Said:
    followed = [d for d in push.deliveries if d.verdict == verdict.type]
    attempts = dict.fromkeys(
        [*verdict.attempts, *(attempt for d in followed for attempt in d.attempts)]
    )
    return Said(
        look=states.of_push(PushState(verdict.type)),
        at=verdict.at,
        missing=verdict.missing,
        error=verdict.error,
        group=verdict.group,
        grouped=texts.names(verdict.grouped) or None,
        attempts=tuple(told(attempt) for attempt in sorted(attempts, key=lambda a: a.at)),
        deliveries=tuple(
            (states.of_delivery(d.state), ". ".join(_left(d.owed, d.dead))) for d in followed
        ),
    )


def _left(owed: tuple[str, ...], dead: tuple[str, ...]) -> Iterator[str]:
    if owed:
        yield f"Still tried for {texts.names(owed)}"
    if dead:
        yield f"Not told: {texts.names(dead)}"
    if not owed and not dead:
        yield "Nobody is left to be told"


def told(attempt: Attempt) -> Told:
    """One attempt."""
    return Told(
        at=attempt.at,
        target=attempt.target,
        look=states.of_outcome(attempt.outcome),
        reason=attempt.reason,
        status=attempt.status,
        location=attempt.location,
    )
