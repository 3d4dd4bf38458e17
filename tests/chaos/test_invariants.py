"""Each invariant holds of a good round, and is seen to fail on a bad one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from acr_global.model import (
    Action,
    Arrival,
    Artifact,
    Evidence,
    EvidenceKind,
    Message,
    Verdict,
    VerdictType,
)
from acr_global.notify.message import delivery_id, message_of
from benchmarks.chaos import group_invariants
from benchmarks.chaos.invariants import INVARIANTS, delays, violations
from benchmarks.chaos.record import Heard, Posted, Record, Terms, Trouble

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
REGIONS = ("east", "west")
EVERY, OPS = "every", "ops"
TERMS = Terms(REGIONS, timedelta(seconds=600), timedelta(seconds=1_800))


def at(seconds: float) -> datetime:
    """A moment of the round."""
    return BEGIN + timedelta(seconds=seconds)


def posted(region: str, seconds: float = 0.0, push: str = "p1", status: int | None = 202) -> Posted:
    """A webhook that was answered at once."""
    return Posted(push, region, at(seconds), at(seconds), status)


def message(
    type_: str = "complete",
    arrived: Iterable[str] = REGIONS,
    seconds: float = 4.0,
    push: str = "p1",
    deadline: float = 600.0,
    evidence: tuple[Evidence, ...] = (),
    instance: str | None = None,
) -> Message:
    """What the app says of a push whose regions have reported at once."""
    there = tuple(arrived)
    counted = (*there, *(e.region for e in evidence if e.found))
    return message_of(
        Verdict(
            type=VerdictType(type_),
            push_id=instance or push,
            action=Action.PUSH,
            artifact=Artifact(repository=f"team/{push}", tag="v1"),
            regions=REGIONS,
            arrivals=tuple(Arrival(region=r, event_id=push, received_at=BEGIN) for r in there),
            evidence=evidence,
            missing=tuple(r for r in REGIONS if r not in counted),
            begun_at=BEGIN,
            deadline=at(deadline),
            decided_at=at(seconds),
        )
    )


def heard(said: Message, target: str = EVERY, status: int | None = 200) -> Heard:
    """A receiver is told of it when it is decided."""
    return Heard(target, said.decided_at, delivery_id(said, target), status, said)


def record(*said: Heard, posts: Iterable[Posted] = (), **changes: Any) -> Record:
    """A round in which the first push's regions have reported at once, unless posts are named."""
    own = tuple(posts) or tuple(map(posted, REGIONS))
    values: dict[str, Any] = {"targets": {EVERY: frozenset(VerdictType)}, "terms": (TERMS,)}
    return Record(posts=own, heard=said, **(values | changes))


def broken(given: Record) -> set[str]:
    """The invariants that do not hold."""
    return {violation.invariant for violation in violations(given)}


COMPLETE = heard(message())
EAST = ("east",)
OVERDUE = heard(message("overdue", EAST, 601))
HALF = (posted("east"), posted("west", status=503))
SAID_LATE = heard(message("recovered", REGIONS, 701))
HEALED = (posted("east"), posted("west", 700.0))


def proved(kind: EvidenceKind) -> Heard:
    """The west has not reported by the deadline, and counts all the same."""
    seen = Evidence(region="west", kind=kind, found=True, detail="seen")
    return heard(message("complete", EAST, 601, evidence=(seen,)))


MANIFEST, EARLIER = proved(EvidenceKind.MANIFEST), proved(EvidenceKind.EARLIER_REPORT)
LATE = (posted("east"), posted("west", 500, status=None))
THERE = {("p1", "west"): at(300)}
UNHEARD = (posted("east"), posted("west", status=None))
SOON = timedelta(seconds=310)
READING: dict[str, Any] = {
    "posts": (posted("east", status=None),),
    "terms": (replace(TERMS, timeout=timedelta(seconds=15), late_window=timedelta(seconds=120)),),
    "read_within": timedelta(seconds=100),
}
READ_LATE = (
    heard(message("overdue", EAST, 160, deadline=15)),
    heard(message("incomplete", EAST, 280, deadline=15)),
)
TOO_LATE = heard(message("incomplete", EAST, 320, deadline=15))

GOOD = {
    "complete": record(COMPLETE),
    "told twice": record(COMPLETE, COMPLETE),
    "recovered": record(OVERDUE, SAID_LATE, posts=HEALED),
    "an alarm that was dropped": record(SAID_LATE, posts=HEALED),
    "incomplete": record(OVERDUE, heard(message("incomplete", EAST, 2_401)), posts=HALF),
    "kept without an answer": record(COMPLETE, posts=(posted("east"), posted("west", status=None))),
    "by the registry's word": record(MANIFEST, posts=HALF, replicas=THERE),
    "the registry fails when it is asked": record(
        OVERDUE,
        heard(message("incomplete", EAST, 2_401)),
        posts=HALF,
        replicas=THERE,
        troubles=(Trouble(at(590), at(2_401)),),
    ),
    "by an earlier report of the same": record(EARLIER, posts=LATE, by_content=True),
    "two instances of one content": record(
        OVERDUE,
        heard(message("incomplete", EAST, 2_401)),
        heard(message(seconds=5_000, deadline=5_600, instance="content-2")),
        posts=(*HALF, posted("west", 5_000), posted("east", 5_000)),
        by_content=True,
    ),
    "taken in from the log": record(heard(message(seconds=300)), posts=UNHEARD, read_within=SOON),
    "begun with what was read, after the deadline": record(*READ_LATE, **READING),
    "the same by content": record(*READ_LATE, **READING, by_content=True),
    "not wanted": record(
        OVERDUE,
        heard(message("incomplete", EAST, 2_401)),
        posts=(posted("east"), posted("west", status=400)),
        read_within=SOON,
    ),
    "not kept": record(posts=(posted("east", status=503),)),
    "a target that hears of less": record(
        OVERDUE,
        heard(message("incomplete", EAST, 2_401)),
        heard(message("overdue", EAST, 601), OPS),
        posts=HALF,
        targets={EVERY: frozenset(VerdictType), OPS: frozenset({VerdictType.OVERDUE})},
    ),
}


@pytest.mark.parametrize("given", GOOD.values(), ids=GOOD.keys())
def test_nothing_is_wrong_with_a_good_round(given: Record) -> None:
    """Whatever may happen in one."""
    assert () == violations(given)


def changed(said: Heard, **about: Any) -> Heard:
    """The same, but for some fields of the message."""
    return replace(said, message=said.message.model_copy(update=about))


STATES = COMPLETE.message.regions
MISSING_TOO = changed(OVERDUE, regions=STATES)
NEITHER = changed(COMPLETE, regions=(STATES[0], STATES[1].model_copy(update={"state": "missing"})))
BY_EVIDENCE = changed(
    COMPLETE, regions=(STATES[0], STATES[1].model_copy(update={"state": "evidence"}))
)
DOUBTED = message(
    "overdue",
    EAST,
    601,
    evidence=(
        Evidence(region="west", kind=EvidenceKind.INTERRUPTED, found=False, detail="interrupted"),
    ),
)

BAD = {
    "two ends": ("one-final-verdict", record(COMPLETE, heard(message("recovered")))),
    "complete after an alarm": ("one-final-verdict", record(OVERDUE, COMPLETE, posts=HALF)),
    "a push that nobody pushed": ("one-final-verdict", record(COMPLETE, heard(message(push="q")))),
    "complete with one missing": ("true", record(heard(message("complete", EAST)))),
    "an alarm that lacks nothing": ("true", record(heard(message("overdue")), posts=HALF)),
    "arrived and never sent": ("true", record(COMPLETE, posts=(posted("east"),))),
    "arrived before it was sent": ("true", record(COMPLETE, posts=(HALF[0], posted("west", 5)))),
    "evidence that nobody looked for": ("true", record(BY_EVIDENCE)),
    "there by the registry's word, too early": (
        "true",
        record(MANIFEST, posts=HALF, replicas={("p1", "west"): at(700)}),
    ),
    "an earlier report that was never sent": (
        "true",
        record(EARLIER, posts=HALF[:1], by_content=True),
    ),
    "an earlier report of another push": ("true", record(EARLIER, posts=LATE)),
    "missing, and the registry has it": ("true", record(OVERDUE, posts=HALF, replicas=THERE)),
    "kept and missing": ("true", record(OVERDUE)),
    "kept, missing, and in doubt at the end": (
        "true",
        record(changed(heard(DOUBTED), type=VerdictType.INCOMPLETE)),
    ),
    "both reported and missing": ("either-or", record(MISSING_TOO, posts=HALF)),
    "neither reported nor missing": ("either-or", record(NEITHER)),
    "named twice": ("either-or", record(changed(COMPLETE, regions=(*STATES, STATES[0])))),
    "other regions": ("terms", record(changed(COMPLETE, regions=STATES[:1]))),
    "another deadline": (
        "terms",
        record(OVERDUE, heard(message("recovered", seconds=701, deadline=900)), posts=HEALED),
    ),
    "another message id": ("one-id", record(changed(COMPLETE, id="msg_other"))),
    "another delivery id": ("one-id", record(replace(COMPLETE, delivery_id="msg_other"))),
    "two things under one id": (
        "one-id",
        record(OVERDUE, heard(message("overdue", ("west",), 601)), posts=HALF),
    ),
    "in the log, and missing": ("true", record(OVERDUE, posts=HALF, read_within=SOON)),
    "in the log, and never told of": (
        "nothing-lost",
        record(posts=(posted("east", status=503),), read_within=SOON),
    ),
    "taken in late": (
        "in-time",
        record(heard(message(seconds=320)), posts=UNHEARD, read_within=SOON),
    ),
    "read, and listened too long": ("in-time", record(READ_LATE[0], TOO_LATE, **READING)),
    "the same by content": (
        "in-time",
        record(READ_LATE[0], TOO_LATE, **READING, by_content=True),
    ),
    "no verdict": ("nothing-lost", record()),
    "an alarm alone": ("nothing-lost", record(OVERDUE, posts=HALF)),
    "refused for ever": ("nothing-lost", record(replace(COMPLETE, status=503))),
    "one target not told": (
        "nothing-lost",
        record(COMPLETE, targets=dict.fromkeys((EVERY, OPS), frozenset(VerdictType))),
    ),
    "complete, late": ("in-time", record(heard(message(seconds=30)))),
    "incomplete, late": ("in-time", record(heard(message("incomplete", EAST, 2_450)), posts=HALF)),
    "an instance that stays": ("nothing-left", record(COMPLETE, left=("p1",))),
}


@pytest.mark.parametrize(("invariant", "given"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_found(invariant: str, given: Record) -> None:
    """By the invariant that is about it."""
    assert invariant in broken(given)


def test_each_invariant_is_seen_to_fail() -> None:
    """None is without a bad round of its own, here or among those of groups."""
    own = INVARIANTS.keys() - group_invariants.INVARIANTS.keys()
    assert own == {invariant for invariant, _ in BAD.values()}


def test_an_alarm_may_doubt_its_own_record() -> None:
    """It says that a report may have been lost, and what follows puts it right, if late."""
    assert {"in-time"} == broken(record(heard(DOUBTED), heard(message("recovered", REGIONS, 610))))


def test_trouble_gives_time() -> None:
    """To what it touches: from its beginning to its end, and one after another."""
    first, second = Trouble(at(2), at(40)), Trouble(at(44), at(60))
    late = heard(message(seconds=64))
    assert {"in-time"} == broken(record(late))
    assert {"in-time"} == broken(record(late, troubles=(first,)))
    assert set() == broken(record(late, troubles=(first, second)))
    assert {"in-time"} == broken(record(late, troubles=(replace(second, begins=at(50)),)))


def test_a_receivers_trouble_excuses_no_alarm() -> None:
    """What was kept is known, whether or not somebody can be told."""
    trouble = Trouble(at(0), at(2_000))
    assert set() == broken(record(OVERDUE, SAID_LATE, troubles=(trouble,)))
    only = replace(trouble, only_delivery=True)
    assert {"true"} == broken(record(OVERDUE, SAID_LATE, troubles=(only,)))


def test_a_delay_is_from_the_last_webhook_to_the_verdict() -> None:
    """Of a push that is everywhere; what is missing for ever is waited for by the deadline."""
    assert (3.0,) == delays(record(COMPLETE, posts=(posted("east"), posted("west", 1))))
    assert () == delays(record(heard(message("incomplete", EAST, 2_401)), posts=HALF))


def test_a_violation_says_what_and_whose() -> None:
    """In one line."""
    (found,) = violations(record(COMPLETE, left=("_courier.east.p1",)))
    assert "nothing-left: _courier.east.p1: has not ended" == str(found)
