"""Pushes as an operator reads them: a table, one push with its regions on a line of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from acr_global.api import Push, PushDelivery, PushDetails
from acr_global.cli.letters import attempt_row
from acr_global.cli.output import cell, print_facts, print_table
from acr_global.durations import format_duration
from acr_global.model import Artifact, EvidenceKind, RegionReport
from acr_global.notify.words import subject

WIDTH = 30
"""Characters of the line of time: with a region's name and its lag it fits into 80."""

SUSPENDED = "by hand; nothing is said of it until it is resumed"


def print_pushes(pushes: Sequence[Push]) -> None:
    """The list."""
    if not pushes:
        print("No pushes.")
        return
    rows = [
        (p.id, p.state.value, image(p), at(p.first_at), p.missing, p.undelivered) for p in pushes
    ]
    print_table(("ID", "STATE", "IMAGE", "FIRST REPORT", "MISSING", "NOT TOLD"), rows)


def image(push: Push) -> str:
    """What was pushed, `repository:tag` or `repository@digest`; or what else happened to it."""
    artifact = Artifact(repository=push.repository, tag=push.tag, digest=push.digest)
    return subject(push.action, artifact.reference)


def at(moment: datetime) -> str:
    """To the second, in UTC."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def left(push: PushDetails) -> str | None:
    """How long until the deadline."""
    if push.seconds_left is None:
        return None
    return f"{format_duration(timedelta(seconds=push.seconds_left))} left"


def print_push(push: PushDetails) -> None:
    """One push: what is known of it, its regions' ways, what was said, every attempt."""
    _print_known(push)
    print()
    print("\n".join(timeline(push)))
    if push.verdicts:
        print()
        print_table(
            ("TIME", "VERDICT", "MISSING", "ERROR"),
            [(at(v.at), v.type.value, v.missing, v.error) for v in push.verdicts],
        )
    _print_attempts(push)
    for said in push.verdicts:
        if said.group and said.grouped:
            whom = f"{cell(said.grouped)}: told by the group {cell(said.group)}"
            print(f"\n{said.type.value}, {whom}")
    for delivery in push.deliveries:
        print(f"\n{cell(delivery.id)}: {cell(delivery.state)}, {_whom(delivery)}")


def _print_known(push: PushDetails) -> None:
    """What each push has; then what this one has of the rest."""
    deadline = at(push.deadline) if push.deadline else None
    known: list[tuple[str, object]] = [
        ("id", push.id),
        ("state", push.state.value),
        ("image", image(push)),
        ("registry", push.registry),
        ("digest", push.digest),
        ("first arrival", at(push.first_at)),
        ("deadline", f"{deadline} ({left(push)})" if left(push) else deadline),
    ]
    further = {
        "decided": at(push.decided_at) if push.decided_at else None,
        "listens until": at(push.listens_until) if push.listens_until else None,
        "missing": push.missing,
        "not told": push.undelivered,
        "cause": push.cause,
        "suspended": SUSPENDED if push.suspended else None,
    }
    print_facts([*known, *((name, value) for name, value in further.items() if value)])


def _print_attempts(push: PushDetails) -> None:
    """All of them, oldest first. A delivery repeats those that were made before it."""
    attempts = [a for v in push.verdicts for a in v.attempts]
    attempts += [a for d in push.deliveries for a in d.attempts if a not in attempts]
    if attempts:
        print()
        rows = [attempt_row(a) for a in sorted(attempts, key=lambda attempt: attempt.at)]
        print_table(("TIME", "TARGET", "OUTCOME", "REASON", "STATUS"), rows)


def _whom(delivery: PushDelivery) -> str:
    parts = [f"still tried for {cell(delivery.owed)}"] if delivery.owed else []
    parts += [f"not told: {cell(delivery.dead)}"] if delivery.dead else []
    return "; ".join(parts) or "nobody is left to be told"


def timeline(push: PushDetails) -> list[str]:
    """A line for each region: when it reported after the first one, to scale.

    The scale ends at the last arrival, or at the present while the push waits.
    """
    span = max([*(region.lag_seconds or 0.0 for region in push.regions), _elapsed(push), 1.0])
    width = max((len(cell(region.region)) for region in push.regions), default=0)
    return [
        f"{cell(region.region).ljust(width)}  {bar}  {said}"
        for region in push.regions
        for bar, said in [_way(region, span)]
    ]


def _elapsed(push: PushDetails) -> float:
    """Seconds from the first arrival until now, while the push is waiting."""
    if push.seconds_left is None or push.deadline is None:
        return 0.0
    return (push.deadline - push.first_at).total_seconds() - push.seconds_left


def _way(region: RegionReport, span: float) -> tuple[str, str]:
    if region.state == "missing":
        return "." * WIDTH, "; ".join(["missing", *_seen(region)])
    if region.lag_seconds is None:
        return "~".rjust(WIDTH, "."), "; ".join(["by evidence", *_seen(region)])
    place = min(max(round(region.lag_seconds / span * (WIDTH - 1)), 0), WIDTH - 1)
    other = " (another digest)" if region.digest_differs else ""
    if any(evidence.kind is EvidenceKind.CAUGHT_UP for evidence in region.evidence):
        other += " (caught up)"  # so it was told after the deadline, and is complete all the same
    return f"{'.' * place}*".ljust(WIDTH, " "), f"{region.lag_seconds:.1f} s{other}"


def _seen(region: RegionReport) -> Iterator[str]:
    for evidence in region.evidence:
        yield f"{evidence.kind.value}: {cell(evidence.detail)}"
