"""Texts for people about a group of pushes, in any channel."""

from __future__ import annotations

from typing import assert_never

from acr_global.grouping import GroupState, MemberState
from acr_global.notify.notice import GroupMessage, GroupPush
from acr_global.notify.words import duration, join_names, moment, plain

LOOK_AT = "the replica, its webhook, and the webhook's key: acr-global doctor looks at all three"
"""Where a region has not answered for a day."""


def pushes_text(waiting: int, recovered: int, incomplete: int) -> str:
    """`37 pushes wait, 2 have recovered, 1 was never reported`; what is none is left out."""
    counted = (
        (waiting, "waits", "wait"),
        (recovered, "has recovered", "have recovered"),
        (incomplete, "was never reported", "were never reported"),
    )
    parts = [(n, one if n == 1 else several) for n, one, several in counted if n]
    if not parts:
        return "no push waits"
    (first, verb), *others = parts
    said = f"{first} {'push' if first == 1 else 'pushes'} {verb}"
    return ", ".join([said, *(f"{n} {verb}" for n, verb in others)])


def group_facts(message: GroupMessage) -> tuple[tuple[str, str], ...]:
    """What is known about a group, as label and value."""
    named: tuple[tuple[str, str | None], ...] = (
        ("Registry", message.registry),
        ("Regions" if len(message.missing) > 1 else "Region", join_names(message.missing)),
        ("Since", moment(message.since)),
        ("Look at", LOOK_AT if message.state is GroupState.SILENT else None),
        ("Group id", message.group),
    )
    return tuple((label, plain(value)) for label, value in named if value)


def describe_push(push: GroupPush) -> str:
    """What has become of one push of a group, in a phrase."""
    match push.state:
        case MemberState.WAITING:
            return f"overdue since {moment(push.overdue_at)}"
        case MemberState.RECOVERED:
            late = (push.decided_at or push.overdue_at) - push.overdue_at
            return f"recovered, {duration(late.total_seconds())} past the deadline"
        case MemberState.INCOMPLETE:
            return "never reported"
        case _:
            assert_never(push.state)
