"""What must hold of every round, whatever went wrong in it. Pure: a record in, sentences out.

one-final-verdict   a push ends complete; or overdue, and then recovered or incomplete
true                what is said to have arrived was sent, and what was kept is not missing
either-or           no region is both reported and missing; each expected one is either
terms               what a push began with stays: regions and deadline
one-id              one message id per verdict, one delivery id per target, over all repeats
nothing-lost        each push of which a webhook was kept, or is in a log that is read, has its
                    final verdict, at each target, by itself or in the report of a group
in-time             within a bound after the last thing that it waited for
nothing-left        no instance stays open

Of groups (group_invariants.py):

group-adds-up       counts are of the pushes that are listed, and all lacked the group's regions
group-ends          a later report says all that an earlier one did; the last says that it is over
told-once           a push whose alarm a group told has its end told by the group
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from acr_global.model import EvidenceKind, Message, RegionReport, VerdictType
from acr_global.notify.message import delivery_id, message_id
from acr_global.verdict import CAUGHT_UP_TOGETHER
from acr_global_rig import registry
from benchmarks.chaos import group_invariants
from benchmarks.chaos.record import Heard, Record

COMPLETE, OVERDUE = VerdictType.COMPLETE, VerdictType.OVERDUE
RECOVERED, INCOMPLETE = VerdictType.RECOVERED, VerdictType.INCOMPLETE
FINAL = frozenset({COMPLETE, RECOVERED, INCOMPLETE})

GIVES_UP = timedelta(seconds=registry.GIVES_UP)
"""From an event to its entry in a log at most."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is not as it must be."""

    invariant: str
    push: str
    """Its id, or that of an instance."""
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.push}: {self.what}"


Check = Callable[[Record], Iterator[tuple[str, str]]]
"""Yields pushes, and what is wrong with each."""


def one_final_verdict(record: Record) -> Iterator[tuple[str, str]]:
    """No push is said to have ended in two ways, and none is spoken of that nobody pushed."""
    pushes = record.instances()
    for instance, types in verdicts(record).items():
        if pushes[instance] not in record.pushes():
            yield pushes[instance], "nobody pushed it"
        if len(types & FINAL) > 1 or (COMPLETE in types and OVERDUE in types):
            yield pushes[instance], f"was said to be {_names(types)}"


def true(record: Record) -> Iterator[tuple[str, str]]:
    """Complete means everywhere, and nothing that was kept in time is missing."""
    for heard in record.heard:
        message, push = heard.message, heard.push
        if (message.type in (COMPLETE, RECOVERED)) is bool(message.missing):
            yield push, f"{message.type.value} with {len(message.missing)} missing"
        sent = {p.region for p in record.posts_of(push) if p.sent_at <= heard.at}
        for region in message.regions:
            if region.state == "arrived" and region.region not in sent:
                yield push, f"{region.region} is said to have arrived, and was not sent"
            if region.state == "evidence" and not _is_proved(record, heard, region):
                yield push, f"{region.region} counts by evidence, and there was none"
        known = record.taken_in(push)
        for name in set(message.missing) & known.keys() - _doubted(message):
            if record.settled(known[name]) < message.decided_at:
                late = (message.decided_at - known[name]).total_seconds()
                yield push, f"{message.type.value} lacks {name}, which was known {late:.0f} s ago"
        for name in message.missing:
            since = record.replicas.get((push, name))
            if since and record.settled(since) < message.decided_at and _can_ask(record, message):
                yield push, f"{message.type.value} lacks {name}, and the registry has it"


def _can_ask(record: Record, message: Message) -> bool:
    """Whether nothing is troubled at the moment of the verdict, which is when the app asks."""
    at = message.decided_at
    return not any(t.begins <= at and t.ends + record.prompt >= at for t in record.troubles)


def _is_proved(record: Record, heard: Heard, region: RegionReport) -> bool:
    """Whether a region that has not reported is there all the same."""
    found = {e.kind for e in region.evidence if e.found}
    since = record.replicas.get((heard.push, region.region))
    if EvidenceKind.MANIFEST in found:
        return since is not None and since <= heard.at
    sent = {p.region for p in record.posts_of(heard.push) if p.sent_at <= heard.at}
    return record.by_content and found == {EvidenceKind.EARLIER_REPORT} and region.region in sent


def _doubted(message: Message) -> set[str]:
    """Regions of which an alarm itself says that a report may have been lost."""
    if message.type is not OVERDUE:
        return set()
    doubt = EvidenceKind.INTERRUPTED
    return {r.region for r in message.regions if any(e.kind is doubt for e in r.evidence)}


def either_or(record: Record) -> Iterator[tuple[str, str]]:
    """The list of the missing and the states of the regions agree."""
    for heard in record.heard:
        message = heard.message
        there = {r.region for r in message.regions if r.state != "missing"}
        if both := there & set(message.missing):
            yield heard.push, f"{_names(both)} both reported and missing"
        if len({r.region for r in message.regions}) < len(message.regions):
            yield heard.push, "a region is named twice"
        if there | set(message.missing) != {r.region for r in message.regions}:
            yield heard.push, "a region is neither reported nor missing"


def terms(record: Record) -> Iterator[tuple[str, str]]:
    """A change of the settings does not reach a push that has begun."""
    known = {t.regions for t in record.terms}
    for instance, push in record.instances().items():
        messages = [h.message for h in record.heard_of(instance)]
        regions = {tuple(r.region for r in m.regions) for m in messages}
        if strange := regions - known:
            yield push, f"waits for {_names(next(iter(strange)))}, as no setting says"
        if len(regions) > 1 or len({m.deadline for m in messages}) > 1:
            yield push, "its regions or its deadline changed from one verdict to the next"


def one_id(record: Record) -> Iterator[tuple[str, str]]:
    """A receiver can drop repeats by the id, and loses nothing by it."""
    said: dict[str, set[tuple[str, VerdictType, tuple[str, ...]]]] = defaultdict(set)
    for heard in record.heard:
        message, push = heard.message, heard.push
        # Content that is pushed again after a purge has ids of its own.
        if message.id != message_id(message.push.id, message.type) and not record.by_content:
            yield push, f"{message.type.value} has an id that is not made of push and verdict"
        if heard.delivery_id != delivery_id(message, heard.target):
            yield push, f"{heard.target} was told under an id that is not made of it"
        said[message.id].add((push, message.type, message.missing))
    for different in said.values():
        if len(different) > 1:
            yield next(iter(different))[0], "one message id, and different things said under it"


def nothing_lost(record: Record) -> Iterator[tuple[str, str]]:
    """Kept means decided, and told to everybody who hears of it."""
    said, pushes, taken = verdicts(record), record.instances(), _taken(record)
    for push in record.pushes():
        if record.taken_in(push) and push not in pushes.values():
            yield push, "nothing was said of it"
    for instance, types in said.items():
        if not types & FINAL:
            yield pushes[instance], f"has no final verdict; what was said: {_names(types)}"
        for target, wanted in record.targets.items():
            for verdict in types & FINAL & wanted:
                if (target, instance, verdict) not in taken:
                    yield pushes[instance], f"{target} was not told that it is {verdict.value}"


def _taken(record: Record) -> set[tuple[str, str, VerdictType]]:
    """What each target has taken of each instance, by itself or in the report of a group."""
    alone = {(h.target, h.message.push.id, h.message.type) for h in record.heard if h.status == 200}
    counted = {
        (report.target, instance, verdict)
        for report in record.reports
        if report.status == 200
        for instance, types in report.verdicts().items()
        for verdict in types
    }
    return alone | counted


def in_time(record: Record) -> Iterator[tuple[str, str]]:
    """A bound after the last thing that it waited for, and after the last trouble."""
    for first in _first_finals(record):
        by = record.settled(_waited_for(record, first), told=True)
        late = (first.at - by).total_seconds()
        if late > 0:
            yield first.push, f"{first.message.type.value} came {late:.0f} s after the bound"


def delays(record: Record) -> tuple[float, ...]:
    """Seconds from the last webhook that a push waited for to its final verdict, of all that have
    arrived everywhere; troubles are not taken off."""
    return tuple(
        max(0.0, (first.at - _waited_for(record, first)).total_seconds())
        for first in _first_finals(record)
        if all(region.state == "arrived" for region in first.message.regions)
    )


def _first_finals(record: Record) -> tuple[Heard, ...]:
    """How each instance's final verdict was first heard, where it was told by itself."""
    found: dict[str, Heard] = {}
    for heard in sorted(record.heard, key=lambda h: h.at):
        if heard.message.type in FINAL and record.posts_of(heard.push):
            found.setdefault(heard.message.push.id, heard)
    return tuple(found.values())


def _waited_for(record: Record, heard: Heard) -> datetime:
    """The last thing that had to happen before this could be said."""
    message = heard.message
    posts, kept = record.posts_of(heard.push), record.taken_in(heard.push)
    late_window = max(t.late_window for t in record.terms)
    if record.by_content and message.missing:
        return _listens_until(record, message) + late_window
    if message.missing:
        begun = record.settled(min(kept.values(), default=posts[-1].answered_at))
        together = timedelta(0) if record.read_within is None else CAUGHT_UP_TOGETHER
        return begun + max(together, *(t.timeout for t in record.terms)) + late_window
    if any(region.state == "evidence" for region in message.regions):
        until = _listens_until(record, message)
        return until + (late_window if message.type is RECOVERED else timedelta(0))
    last = {p.region: p.answered_at for p in posts}  # where no answer said that it is kept
    regions = [r.region for r in message.regions if r.region in last]
    return max((kept.get(r, last[r]) for r in regions), default=posts[-1].answered_at)


def _listens_until(record: Record, message: Message) -> datetime:
    """By when the wait for the regions ends, but for the late window: at the deadline; later where
    the push began with what was read from a log, which counts from the event's own time."""
    if record.read_within is None:
        return message.deadline
    made_at = message.deadline - min(t.timeout for t in record.terms)
    read = record.settled(made_at + GIVES_UP + record.read_within)
    return max(message.deadline, read + CAUGHT_UP_TOGETHER)


def nothing_left(record: Record) -> Iterator[tuple[str, str]]:
    """Everything that was begun has ended."""
    for instance in record.left:
        yield instance, "has not ended"


INVARIANTS: dict[str, Check] = {
    "one-final-verdict": one_final_verdict,
    "true": true,
    "either-or": either_or,
    "terms": terms,
    "one-id": one_id,
    "nothing-lost": nothing_lost,
    "in-time": in_time,
    "nothing-left": nothing_left,
    **group_invariants.INVARIANTS,
}


def violations(record: Record) -> tuple[Violation, ...]:
    """Everything that is wrong, each once."""
    found = (
        Violation(name, push, what)
        for name, check in INVARIANTS.items()
        for push, what in check(record)
    )
    return tuple(dict.fromkeys(found))


def verdicts(record: Record) -> dict[str, set[VerdictType]]:
    """By instance, all that was said of it, by itself or in the report of a group."""
    said: dict[str, set[VerdictType]] = defaultdict(set)
    for heard in record.heard:
        said[heard.message.push.id].add(heard.message.type)
    for report in record.reports:
        for instance, types in report.verdicts().items():
            said[instance] |= types
    return said


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(map(str, names)))
