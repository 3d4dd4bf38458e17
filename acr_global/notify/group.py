"""A report on a group of pushes → the message that every channel renders. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import accumulate
from typing import assert_never

from acr_global.grouping import GroupReport, GroupState, Member, MemberState
from acr_global.model import Action
from acr_global.notify.group_words import pushes_text
from acr_global.notify.message import id_of
from acr_global.notify.notice import GroupMessage, GroupPush
from acr_global.notify.request import to_json
from acr_global.notify.words import (
    TEST_MARK,
    clock,
    duration,
    join_names,
    well_formed,
)

LISTED_BYTES = 32_000
"""Of the list of pushes, as JSON: so that the message stays under what receivers take (CloudEvents
asks them to take 64 KiB, GitHub takes less than 64 KB)."""

_TRIAL_REGIONS = ("westeurope",)


def group_message(report: GroupReport) -> GroupMessage:
    """Everything a receiver may want to know, and one sentence that says it all."""
    pushes = _listed(report.members)
    return GroupMessage(
        state=report.state,
        id=id_of("group", report.key),
        group=well_formed(report.group_id),
        number=report.number,
        text=_sentence(report),
        registry=None if report.registry is None else well_formed(report.registry),
        missing=tuple(well_formed(region) for region in report.missing),
        since=report.since,
        at=report.at,
        waiting=report.waiting,
        recovered=report.recovered,
        incomplete=report.incomplete,
        pushes=pushes,
        omitted=report.pushes - len(pushes),
    )


def _listed(members: tuple[Member, ...]) -> tuple[GroupPush, ...]:
    """As many as fit, from the first."""
    pushes = [_push(m) for m in members]
    sizes = accumulate(len(to_json(push.model_dump(mode="json"))) + 1 for push in pushes)
    return tuple(p for p, size in zip(pushes, sizes, strict=True) if size <= LISTED_BYTES)


def _push(member: Member) -> GroupPush:
    return GroupPush(
        id=well_formed(member.push_id),
        image=well_formed(member.reference),
        action=member.action or Action.PUSH,
        state=member.state,
        begun_at=member.begun_at,
        overdue_at=member.overdue_at,
        decided_at=None if member.state is MemberState.WAITING else member.at,
    )


def _sentence(report: GroupReport) -> str:
    regions, several = join_names(report.missing), len(report.missing) > 1
    counted = pushes_text(report.waiting, report.recovered, report.incomplete)
    since = f"since {clock(report.since, report.at)}"
    match report.state:
        case GroupState.BEHIND:
            return f"{regions} {'are' if several else 'is'} behind: {counted}, {since}"
        case GroupState.SILENT:
            verb = "have" if several else "has"
            look = "look at the replica, its webhook and the key"
            return f"{regions} {verb} not reported for a day: {counted}, {since}; {look}"
        case GroupState.OVER:
            return _over(report, regions, "are" if several else "is", counted)
        case _:
            assert_never(report.state)


def _over(report: GroupReport, regions: str, verb: str, counted: str) -> str:
    total = report.pushes
    if report.recovered == total:
        which = f"all {total} pushes have" if total > 1 else "its push has"
        passed = duration((report.at - report.since).total_seconds())
        return f"{regions} {verb} back: {which} recovered, after {passed}"
    if report.recovered:
        return f"{regions} {verb} no longer behind: {counted}"
    which = f"{total} pushes were" if total > 1 else "1 push was"
    return f"{which} never reported from {regions}, since {clock(report.since, report.at)}"


def trial_group(state: GroupState, now: datetime, regions: tuple[str, ...] = ()) -> GroupMessage:
    """What an operator looks at to see a group: every part filled in, and marked as a test."""
    since = now - (timedelta(days=1) if state is GroupState.SILENT else timedelta(minutes=42))
    ended = state is GroupState.OVER
    members = tuple(
        Member(
            push_id=f"trial-{number}",
            reference=f"trial/app:v{number}",
            begun_at=since + timedelta(minutes=number),
            overdue_at=since + timedelta(minutes=10 + number),
            state=MemberState.RECOVERED if ended else MemberState.WAITING,
            at=now,
        )
        for number in reversed(range(6))
    )
    report = GroupReport(
        group_id=f"trial-{int(now.timestamp())}",
        number=1,
        state=state,
        registry="example.azurecr.io",
        missing=regions or _TRIAL_REGIONS,
        since=since,
        at=now,
        waiting=0 if ended else len(members),
        recovered=len(members) if ended else 0,
        members=members,
    )
    message = group_message(report)
    return message.model_copy(update={"test": True, "text": TEST_MARK + message.text})
