"""Each invariant of groups holds of a good round, and is seen to fail on a bad one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acr_global.grouping import GroupReport, GroupState, Member, MemberState
from acr_global.model import VerdictType
from acr_global.notify.group import group_message
from acr_global.notify.message import delivery_id
from benchmarks.chaos.group_invariants import INVARIANTS
from benchmarks.chaos.record import Heard, Posted, Record, Reported, Trouble
from tests.chaos.test_invariants import (
    BEGIN,
    EAST,
    EVERY,
    HEALED,
    OPS,
    at,
    broken,
    heard,
    message,
    record,
)

WAITING, RECOVERED, INCOMPLETE = MemberState


def member(push: str, state: MemberState) -> Member:
    """A push of the group."""
    return Member(
        push_id=push,
        reference=f"team/{push}:v1",
        begun_at=BEGIN,
        overdue_at=at(600),
        state=state,
        at=at(601),
    )


def reported(number: int, state: str, target: str = EVERY, **pushes: MemberState) -> Reported:
    """A report, told when it is made."""
    members = tuple(member(push, its) for push, its in pushes.items())
    states = list(pushes.values())
    made = GroupReport(
        group_id="_group.1",
        number=number,
        state=GroupState(state),
        missing=("west",),
        since=BEGIN,
        at=at(700 + number),
        waiting=states.count(WAITING),
        recovered=states.count(RECOVERED),
        incomplete=states.count(INCOMPLETE),
        members=members,
    )
    said = group_message(made)
    return Reported(target, made.at, delivery_id(said, target), 200, said)


def changed(report: Reported, **about: Any) -> Reported:
    """The same, but for some fields of the message."""
    return replace(report, message=report.message.model_copy(update=about))


BEHIND = reported(1, "behind", p1=WAITING, p2=WAITING)
OVER = reported(2, "over", p1=RECOVERED, p2=RECOVERED)
POSTS = (*HEALED, *(replace(post, push="p2") for post in HEALED))
ALARM = heard(message("overdue", EAST, 601))
ALONE = heard(message("recovered", seconds=701))
TROUBLE = Trouble(at(0), at(800))


def grouped(*reports: Reported, said: tuple[Heard, ...] = (), **changes: Any) -> Record:
    """Two pushes of which the west has reported late."""
    posts: tuple[Posted, ...] = POSTS
    return record(*said, posts=posts, reports=reports, **changes)


GOOD = {
    "held by a group": grouped(BEHIND, OVER),
    "told twice": grouped(BEHIND, BEHIND, OVER, OVER),
    "the first alarm is told alone": grouped(BEHIND, OVER, said=(ALARM, ALONE)),
    "a number is left out": grouped(BEHIND, reported(3, "over", p1=RECOVERED, p2=RECOVERED)),
    "one too many in trouble": grouped(BEHIND, OVER, said=(ALONE,), troubles=(TROUBLE,)),
}


@pytest.mark.parametrize("given", GOOD.values(), ids=GOOD.keys())
def test_nothing_is_wrong_with_a_good_round(given: Record) -> None:
    """Whatever a group may tell in the place of its pushes."""
    assert set() == broken(given)


BAD = {
    "counts more than it lists": ("group-adds-up", grouped(BEHIND, changed(OVER, recovered=3))),
    "leaves some out": ("group-adds-up", grouped(BEHIND, changed(OVER, omitted=1))),
    "names one twice": (
        "group-adds-up",
        grouped(BEHIND, changed(OVER, recovered=3, pushes=OVER.message.pushes * 2)),
    ),
    "is over while some wait": (
        "group-adds-up",
        grouped(BEHIND, reported(2, "over", p1=WAITING, p2=RECOVERED)),
    ),
    "another message id": ("group-adds-up", grouped(BEHIND, changed(OVER, id="msg_other"))),
    "another delivery id": ("group-adds-up", grouped(BEHIND, replace(OVER, delivery_id="other"))),
    "a push that lacks another region": (
        "group-adds-up",
        grouped(BEHIND, OVER, said=(heard(message("overdue", ("west",), 601)), ALONE)),
    ),
    "a push is forgotten": ("group-ends", grouped(BEHIND, reported(2, "over", p1=RECOVERED))),
    "goes on after its end": (
        "group-ends",
        grouped(BEHIND, OVER, reported(3, "over", p1=RECOVERED, p2=RECOVERED)),
    ),
    "no end": ("group-ends", grouped(reported(1, "behind", p1=RECOVERED, p2=RECOVERED))),
    "an end that was refused": ("group-ends", grouped(BEHIND, replace(OVER, status=503))),
    "its end is told twice": ("told-once", grouped(BEHIND, OVER, said=(ALONE,))),
    "two ends": (
        "one-final-verdict",
        grouped(BEHIND, reported(2, "over", p1=INCOMPLETE, p2=RECOVERED), said=(ALONE,)),
    ),
    "a push that nobody pushed": (
        "one-final-verdict",
        grouped(BEHIND, reported(2, "over", p1=RECOVERED, p2=RECOVERED, p3=RECOVERED)),
    ),
    "a push waits for ever": (
        "nothing-lost",
        grouped(BEHIND, reported(2, "over", p1=RECOVERED, p2=WAITING)),
    ),
    "one target not told": (
        "nothing-lost",
        grouped(BEHIND, OVER, targets=dict.fromkeys((EVERY, OPS), frozenset(VerdictType))),
    ),
}


@pytest.mark.parametrize(("invariant", "given"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_found(invariant: str, given: Record) -> None:
    """By the invariant that is about it."""
    assert invariant in broken(given)


def test_each_invariant_of_groups_is_seen_to_fail() -> None:
    """None is without a bad round of its own."""
    assert INVARIANTS.keys() <= {invariant for invariant, _ in BAD.values()}
