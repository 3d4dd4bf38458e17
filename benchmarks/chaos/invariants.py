"""What must hold of every round, whatever went wrong in it. Pure: a record in, sentences out.

one-final-verdict   a push ends complete; or overdue, and then recovered or incomplete
true                what is said to have arrived was sent, and what was kept is not missing
either-or           no region is both reported and missing; each expected one is either
terms               what a push began with stays: regions and deadline
one-id              one message id per verdict, one delivery id per target, over all repeats
nothing-lost        each push of which a webhook was kept has its final verdict, at each target
in-time             within a bound after the last thing that it waited for
nothing-left        no instance stays open
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from acr_global.model import EvidenceKind, Message, VerdictType
from acr_global.notify.message import delivery_id, message_id
from benchmarks.chaos.record import Heard, Record

COMPLETE, OVERDUE = VerdictType.COMPLETE, VerdictType.OVERDUE
RECOVERED, INCOMPLETE = VerdictType.RECOVERED, VerdictType.INCOMPLETE
FINAL = frozenset({COMPLETE, RECOVERED, INCOMPLETE})


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is not as it must be."""

    invariant: str
    push: str
    """Or the instance."""
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.push}: {self.what}"


Check = Callable[[Record], Iterator[tuple[str, str]]]
"""Yields pushes, and what is wrong with each."""


def one_final_verdict(record: Record) -> Iterator[tuple[str, str]]:
    """No push is said to have ended in two ways, and none is spoken of that nobody pushed."""
    for push, types in _verdicts(record).items():
        if push not in record.pushes():
            yield push, "nobody pushed it"
        if len(types & FINAL) > 1 or (COMPLETE in types and OVERDUE in types):
            yield push, f"was said to be {_names(types)}"


def true(record: Record) -> Iterator[tuple[str, str]]:
    """Complete means everywhere, and nothing that was kept in time is missing."""
    for heard in record.heard:
        message, push = heard.message, heard.message.push.id
        if (message.type in (COMPLETE, RECOVERED)) is bool(message.missing):
            yield push, f"{message.type.value} with {len(message.missing)} missing"
        sent = {p.region for p in record.posts_of(push) if p.sent_at <= heard.at}
        for region in message.regions:
            if region.state == "arrived" and region.region not in sent:
                yield push, f"{region.region} is said to have arrived, and was not sent"
            if region.state == "evidence":
                yield push, f"{region.region} counts by evidence, and nothing was asked"
        kept = record.accepted(push)
        for name in set(message.missing) & kept.keys() - _doubted(message):
            if record.settled(kept[name]) < message.decided_at:
                late = (message.decided_at - kept[name]).total_seconds()
                yield push, f"{message.type.value} lacks {name}, which was kept {late:.0f} s before"


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
            yield message.push.id, f"{_names(both)} both reported and missing"
        if len({r.region for r in message.regions}) < len(message.regions):
            yield message.push.id, "a region is named twice"
        if there | set(message.missing) != {r.region for r in message.regions}:
            yield message.push.id, "a region is neither reported nor missing"


def terms(record: Record) -> Iterator[tuple[str, str]]:
    """A change of the settings does not reach a push that has begun."""
    known = {t.regions for t in record.terms}
    for push in _verdicts(record):
        messages = [h.message for h in record.heard_of(push)]
        regions = {tuple(r.region for r in m.regions) for m in messages}
        if strange := regions - known:
            yield push, f"waits for {_names(next(iter(strange)))}, as no setting says"
        if len(regions) > 1 or len({m.deadline for m in messages}) > 1:
            yield push, "its regions or its deadline changed from one verdict to the next"


def one_id(record: Record) -> Iterator[tuple[str, str]]:
    """A receiver can drop repeats by the id, and loses nothing by it."""
    said: dict[str, set[tuple[str, VerdictType, tuple[str, ...]]]] = defaultdict(set)
    for heard in record.heard:
        message, push = heard.message, heard.message.push.id
        if message.id != message_id(push, message.type):
            yield push, f"{message.type.value} has an id that is not made of push and verdict"
        if heard.delivery_id != delivery_id(message, heard.target):
            yield push, f"{heard.target} was told under an id that is not made of it"
        said[message.id].add((push, message.type, message.missing))
    for different in said.values():
        if len(different) > 1:
            yield next(iter(different))[0], "one message id, and different things said under it"


def nothing_lost(record: Record) -> Iterator[tuple[str, str]]:
    """Kept means decided, and told to everybody who hears of it."""
    verdicts = _verdicts(record)
    for push in record.pushes():
        if not record.accepted(push):
            continue
        final = verdicts.get(push, set()) & FINAL
        if not final:
            said = _names(verdicts.get(push, ())) or "nothing"
            yield push, f"has no final verdict; what was said: {said}"
        taken = {(h.target, h.message.type) for h in record.heard_of(push) if h.status == 200}
        for target, wanted in record.targets.items():
            for verdict in final & wanted:
                if (target, verdict) not in taken:
                    yield push, f"{target} has not been told that it is {verdict.value}"


def in_time(record: Record) -> Iterator[tuple[str, str]]:
    """A bound after the last thing that it waited for, and after the last trouble."""
    for push, first in _first_finals(record).items():
        by = record.settled(_waited_for(record, first.message), told=True)
        late = (first.at - by).total_seconds()
        if late > 0:
            yield push, f"{first.message.type.value} came {late:.0f} s after the bound"


def delays(record: Record) -> tuple[float, ...]:
    """Seconds from the last webhook that a push waited for to its final verdict, of all that have
    arrived everywhere; troubles are not taken off."""
    return tuple(
        max(0.0, (first.at - _waited_for(record, first.message)).total_seconds())
        for first in _first_finals(record).values()
        if not first.message.missing
    )


def _first_finals(record: Record) -> dict[str, Heard]:
    """By push, how its final verdict was first heard."""
    found: dict[str, Heard] = {}
    for heard in sorted(record.heard, key=lambda h: h.at):
        if heard.message.type in FINAL and record.posts_of(heard.message.push.id):
            found.setdefault(heard.message.push.id, heard)
    return found


def _waited_for(record: Record, message: Message) -> datetime:
    """The last thing that had to happen before this could be said."""
    push = message.push.id
    posts, kept = record.posts_of(push), record.accepted(push)
    if message.missing:
        begun = record.settled(min(kept.values(), default=posts[-1].answered_at))
        return begun + max(t.timeout + t.late_window for t in record.terms)
    last = {p.region: p.answered_at for p in posts}  # where no answer said that it is kept
    regions = [r.region for r in message.regions if r.region in last]
    return max((kept.get(r, last[r]) for r in regions), default=posts[-1].answered_at)


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
}


def violations(record: Record) -> tuple[Violation, ...]:
    """Everything that is wrong, each once."""
    found = (
        Violation(name, push, what)
        for name, check in INVARIANTS.items()
        for push, what in check(record)
    )
    return tuple(dict.fromkeys(found))


def _verdicts(record: Record) -> dict[str, set[VerdictType]]:
    said: dict[str, set[VerdictType]] = defaultdict(set)
    for heard in record.heard:
        said[heard.message.push.id].add(heard.message.type)
    return said


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(map(str, names)))
