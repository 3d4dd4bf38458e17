"""What rounds came to → a table for people, and the same for docs/reliability.md. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.chaos.invariants import Violation, delays, violations
from benchmarks.chaos.record import ACCEPTED, DECIDED, Record
from benchmarks.chaos.schedule import Schedule
from benchmarks.table import number, percentile

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Outcome:
    """One round's figures, or those of several."""

    violations: tuple[Violation, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    delays: tuple[float, ...] = ()

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.violations + other.violations,
            self.counts + other.counts,
            self.faults + other.faults,
            self.delays + other.delays,
        )


def outcome_of(schedule: Schedule, record: Record) -> Outcome:
    """Judge and count one round."""
    counts = Counter({"rounds": 1, "webhooks": len(record.posts), "requests": len(record.heard)})
    for post in record.posts:
        known = {ACCEPTED: "kept", DECIDED: "decided", None: "unanswered"}
        counts[known.get(post.status, "refused")] += 1
    counts["pushes"] = len(record.pushes())
    counts["kept pushes"] = sum(bool(record.accepted(push)) for push in record.pushes())
    said = {(h.message.push.id, h.message.type) for h in record.heard}
    counts.update(verdict.value for _, verdict in said)
    counts["messages"] = len({h.delivery_id for h in record.heard})
    faults = Counter(fault.kind for fault in schedule.faults)
    return Outcome(violations(record), counts, faults, delays(record))


def rows(outcome: Outcome) -> Rows:
    """What is shown, in words."""
    n, late = outcome.counts, outcome.delays
    verdicts = ("complete", "overdue", "recovered", "incomplete")
    answers = ("kept", "decided", "refused", "unanswered")
    shown = [
        ("rounds", f"{n['rounds']:,}"),
        ("pushes", f"{n['pushes']:,}"),
        ("webhooks posted", f"{n['webhooks']:,}"),
        ("their answers", ", ".join(f"{n[a]:,} {a}" for a in answers)),
        ("faults", ", ".join(f"{many:,} {kind}" for kind, many in sorted(outcome.faults.items()))),
        ("verdicts", ", ".join(f"{n[v]:,} {v}" for v in verdicts)),
        ("messages, in so many requests", f"{n['messages']:,} in {n['requests']:,}"),
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


def written(page: str, name: str, block: str) -> str:
    """The page with the block of this name replaced. Raises ValueError where it has none."""
    begins, ends = f"<!-- chaos {name} -->", f"<!-- end of chaos {name} -->"
    if begins not in page or ends not in page:
        raise ValueError(f"the page has no block {begins}")
    before, after = page.split(begins)[0], page.split(ends)[1]
    return f"{before}{begins}\n{block}\n{ends}{after}"
