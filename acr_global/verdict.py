"""Expected regions, arrivals, evidence and time → a verdict. Pure.

The verdicts that a push can get, in this order and no other:

    complete                     every region is accounted for before the deadline's look is over
    overdue                      some are not; then, while the late window is open,
    overdue → recovered          every region is accounted for after all (without a late window by
                                 what had been accepted when the alarm was raised)
    overdue → incomplete         the window closed first

A region is accounted for when it has reported, or when evidence says that it has the image.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter

from acr_global.model import (
    Action,
    Arrival,
    Artifact,
    Evidence,
    EvidenceKind,
    Verdict,
    VerdictType,
)


@dataclass(frozen=True, slots=True)
class Watch:
    """One push while it is being waited for."""

    push_id: str
    action: Action
    artifact: Artifact
    regions: tuple[str, ...]
    begun_at: datetime
    deadline: datetime
    arrivals: tuple[Arrival, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    birth: str | None = None
    first_at: datetime | None = None
    """When the arrival that began it was received."""

    def missing(self) -> tuple[str, ...]:
        """Regions that have neither reported nor have evidence, in the order of the setting."""
        accounted = {a.region for a in self.arrivals} | {e.region for e in self.evidence if e.found}
        return tuple(r for r in self.regions if r not in accounted)


_order = attrgetter("received_at", "region", "event_id")
"""By time; at the same moment always in the same order."""


def with_arrivals(watch: Watch, arrivals: Iterable[Arrival]) -> Watch:
    """The first arrival of each expected region counts; repeats and unexpected regions do not."""
    first = {a.region: a for a in watch.arrivals}
    for arrival in sorted(arrivals, key=_order):
        if arrival.region in watch.regions:
            first.setdefault(arrival.region, arrival)
    return replace(watch, arrivals=tuple(sorted(first.values(), key=_order)))


STALE_AFTER = timedelta(days=1)
"""A courier can hold an arrival for an hour or more, until the push has begun."""


CAUGHT_UP_TOGETHER = timedelta(minutes=1)
"""The events of one push are caught up one after another within this time."""


def waits_until(deadline: datetime, made_at: datetime | None, first_turn: datetime) -> datetime:
    """When the wait for a push ends that began so. `made_at`: the event's own time, where it was
    caught up: then the others come even after the deadline, for they were not delivered either."""
    return max(deadline, first_turn + CAUGHT_UP_TOGETHER) if made_at else deadline


def is_stale(arrival: Arrival, first_at: datetime) -> bool:
    """Whether an arrival is of an earlier push of the same id, which has been purged since: it is
    that much older than the one that the push began with (received at `first_at`)."""
    return arrival.received_at < first_at - STALE_AFTER


def with_evidence(watch: Watch, evidence: Iterable[Evidence]) -> Watch:
    """What was found stays; what was not is replaced by the newest check of the same kind."""
    by_place = {(e.region, e.kind): e for e in watch.evidence}
    for e in evidence:
        before = by_place.get((e.region, e.kind))
        if e.region in watch.regions and not (before and before.found):
            by_place[e.region, e.kind] = e
    return replace(watch, evidence=tuple(by_place.values()))


def earlier_arrivals(
    watch: Watch, earlier: Iterable[Arrival], span: timedelta
) -> tuple[Evidence, ...]:
    """Arrivals of earlier pushes of the same content, as evidence about the regions still missing.

    Two pushes of one content can interleave, and a region's second arrival may have been taken
    for a repeat of its first. So an arrival that is not older than `span` counts, unless a check
    has said that the image is not there. It says nothing about a deletion: what was deleted before
    may have come back in between.
    """
    if watch.action in (Action.DELETE, Action.CHART_DELETE):
        return ()
    denied = {e.region for e in watch.evidence if e.absent}
    return tuple(
        Evidence(
            region=a.region,
            kind=EvidenceKind.EARLIER_REPORT,
            found=True,
            detail="reported the same content before",
            at=a.received_at,
        )
        for a in earlier
        if a.region in watch.missing()
        and a.region not in denied
        and watch.begun_at - a.received_at <= span
    )


EARLIER_ARRIVAL_SLACK = timedelta(days=1)
"""An arrival counts for the next push of the same content for as long as its own push can be open,
and this much longer: the arrivals of one push can lie apart."""


def with_earlier(watch: Watch, earlier: Iterable[Arrival], late_window: timedelta) -> Watch:
    """A push with what earlier ones of its content say, as they count when it is decided."""
    span = watch.deadline - watch.begun_at + late_window + EARLIER_ARRIVAL_SLACK
    return with_evidence(watch, earlier_arrivals(watch, earlier, span))


def interrupted(watch: Watch, at: datetime) -> tuple[Evidence, ...]:
    """What to say of the regions still missing where the record of a push was broken off: an
    arrival that was accepted at that moment is in none. Nothing, where a check has denied it."""
    why = "the record of this push was interrupted; a report may have been lost"
    return doubts(watch.missing(), watch.evidence, why, at)


def doubts(
    regions: Iterable[str], evidence: Iterable[Evidence], why: str, at: datetime
) -> tuple[Evidence, ...]:
    """What to say of regions whose reports may have come, and count nowhere; nothing of those of
    which a check says how it is."""
    certain = {e.region for e in evidence if e.found or e.absent}
    return tuple(
        Evidence(region=region, kind=EvidenceKind.INTERRUPTED, found=False, detail=why, at=at)
        for region in regions
        if region not in certain
    )


def failed_checks(watch: Watch, kinds: Iterable[str]) -> tuple[Evidence, ...]:
    """What to say of each region still missing when the check itself broke down."""
    return tuple(
        Evidence(region=r, kind=EvidenceKind(k), found=False, detail="check failed: internal error")
        for r in watch.missing()
        for k in kinds
    )


def verdict_on(watch: Watch, now: datetime, *, alarmed: bool) -> Verdict:
    """The verdict that is due once every region is accounted for, or the phase is over.

    `alarmed`: overdue was said before.
    """
    missing = watch.missing()
    oldest = min((a.received_at for a in watch.arrivals), default=None)
    if missing:
        kind = VerdictType.INCOMPLETE if alarmed else VerdictType.OVERDUE
    else:
        kind = VerdictType.RECOVERED if alarmed else VerdictType.COMPLETE
    return Verdict(
        type=kind,
        push_id=watch.push_id,
        birth=watch.birth,
        first_at=None if watch.first_at == oldest else watch.first_at,
        action=watch.action,
        artifact=watch.artifact,
        regions=watch.regions,
        arrivals=watch.arrivals,
        evidence=watch.evidence,
        missing=missing,
        begun_at=watch.begun_at,
        deadline=watch.deadline,
        decided_at=now,
    )


def overtaking(state: object) -> VerdictType | None:
    """The verdict that has overtaken an alarm, from the state that its push shows.

    It can be complete as well: where a host dies just then, the alarm's activity can be in a queue
    already and not in the history, which then goes on as if it had not been called.
    """
    later = (VerdictType.COMPLETE, VerdictType.RECOVERED, VerdictType.INCOMPLETE)
    return next((v for v in later if v.value == state), None)


def is_of_same_push(verdict: Verdict, earlier: Verdict) -> bool:
    """Whether two verdicts under one id are of one push. What was decided before the push's first
    arrival came was decided of an earlier push, which has been purged."""
    first = min((a.received_at for a in verdict.arrivals), default=verdict.begun_at)
    return earlier.decided_at >= first


def timer_for(moment: datetime) -> datetime:
    """When to set a durable timer so that it does not fire before `moment`.

    Azure Storage cuts delays to whole seconds, so a timer can come up to a second early.
    """
    return moment.replace(microsecond=0) + timedelta(seconds=1 + (moment.microsecond > 0))
