"""What rounds came to → a table for people, and the same for docs/reliability.md. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from acr_global.model import EvidenceKind
from benchmarks.chaos.invariants import Violation, delays, verdicts, violations
from benchmarks.chaos.record import ACCEPTED, DECIDED, Record, push_of
from benchmarks.chaos.schedule import CONTENT, EVIDENCE, GROUPS, LOGS, Schedule
from benchmarks.table import number, percentile

Rows = list[tuple[str, str]]

FEATURES = (GROUPS, EVIDENCE, CONTENT, LOGS)


@dataclass(frozen=True)
class Outcome:
    """One round's figures, or those of several."""

    violations: tuple[Violation, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    delays: tuple[float, ...] = ()
    stories: tuple[str, ...] = ()
    """Of pushes with which something is wrong: what was sent and heard, in the order of time."""

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.violations + other.violations,
            self.counts + other.counts,
            self.faults + other.faults,
            self.delays + other.delays,
            self.stories + other.stories,
        )


def outcome_of(schedule: Schedule, record: Record) -> Outcome:
    """Judge and count one round."""
    counts = Counter({"rounds": 1, "webhooks": len(record.posts), "requests": len(record.heard)})
    for post in record.posts:
        known = {ACCEPTED: "kept", DECIDED: "decided", None: "unanswered"}
        counts[known.get(post.status, "refused")] += 1
    counts["pushes"] = len(record.pushes())
    counts["kept pushes"] = sum(bool(record.accepted(push)) for push in record.pushes())
    counts.update(verdict.value for types in verdicts(record).values() for verdict in types)
    counts["messages"] = len({h.delivery_id for h in record.heard})
    counts["reports"] = len({r.delivery_id for r in record.reports})
    counts["groups"] = len({r.message.group for r in record.reports})
    counts["by evidence"] = sum(
        any(region.state == "evidence" for region in message.regions)
        for message in {h.message.id: h.message for h in record.heard}.values()
    )
    counts["caught up"] = sum(
        any(e.kind is EvidenceKind.CAUGHT_UP for region in message.regions for e in region.evidence)
        for message in {h.message.id: h.message for h in record.heard}.values()
    )
    counts.update(f"with {feature}" for feature in schedule.features)
    faults = Counter(fault.kind for fault in schedule.faults)
    found = violations(record)
    stories = (
        line for push in dict.fromkeys(v.push for v in found) for line in _story(record, push)
    )
    return Outcome(found, counts, faults, delays(record), tuple(stories))


def _story(record: Record, push: str) -> list[str]:
    posts, heard = record.posts_of(push), [h for h in record.heard if h.push == push]
    lines = [
        (p.sent_at, f"{p.region} answered {p.status or 'nothing'} at {p.answered_at:%H:%M:%S.%f}")
        for p in posts
    ]
    lines += [
        (h.at, f"{h.target} told {h.message.type.value}, lacks {h.message.missing}") for h in heard
    ]
    lines += [
        (r.at, f"{r.target} answers {r.status} to {r.message.number}: {r.message.text}")
        for r in record.reports
        if push == r.message.group or push in {push_of(p.image) for p in r.message.pushes}
    ]
    return [f"{push} {at:%H:%M:%S.%f} {what}" for at, what in sorted(lines)]


def rows(outcome: Outcome) -> Rows:
    """What is shown, in words."""
    n, late = outcome.counts, outcome.delays
    types = ("complete", "overdue", "recovered", "incomplete")
    answers = ("kept", "decided", "refused", "unanswered")
    shown = [
        ("rounds", f"{n['rounds']:,}"),
        ("pushes", f"{n['pushes']:,}"),
        ("webhooks posted", f"{n['webhooks']:,}"),
        ("their answers", ", ".join(f"{n[a]:,} {a}" for a in answers)),
        ("of the rounds, with", ", ".join(f"{n[f'with {f}']:,} {f}" for f in FEATURES)),
        ("faults", ", ".join(f"{many:,} {kind}" for kind, many in sorted(outcome.faults.items()))),
        ("verdicts", ", ".join(f"{n[v]:,} {v}" for v in types)),
        ("verdicts that count a region by evidence", f"{n['by evidence']:,}"),
        ("verdicts with a region that was caught up", f"{n['caught up']:,}"),
        ("messages, in so many requests", f"{n['messages']:,} in {n['requests']:,}"),
        ("groups of alarms, and messages about them", f"{n['groups']:,}, {n['reports']:,}"),
        ("pushes of which a webhook was kept", f"{n['kept pushes']:,}"),
    ]
    if late:
        seconds = ", ".join(number(percentile(late, p)) for p in (50, 99, 100))
        shown.append(("last webhook to verdict, s: p50, p99, worst", seconds))
    return [*shown, ("violations", f"{len(outcome.violations)}")]


def markdown(head: Iterable[str], shown: Rows) -> str:
    """A table of two columns below some lines."""
    table = ["| | |", "|---|---|", *(f"| {what} | {value} |" for what, value in shown)]
    return "\n".join([*head, "", *table])
