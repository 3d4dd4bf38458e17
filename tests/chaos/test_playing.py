"""A round is played on devhost: nothing is wrong with the app, and what is wrong is found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from acr_global import gathering, verdict
from acr_global.functions.catching_up import logs
from acr_global.functions.durable import wire
from acr_global.functions.durable.engine import Engine, Phase
from acr_global.functions.recovery import reviving
from acr_global.functions.verdicts import joining
from acr_global.grouping import MemberState
from acr_global.model import Verdict, VerdictType
from acr_global_rig.registry import REGIONS
from benchmarks.chaos import cli, virtual
from benchmarks.chaos.invariants import violations
from benchmarks.chaos.schedule import (
    CONTENT,
    EVIDENCE,
    GROUPS,
    LOGS,
    Fault,
    Schedule,
    Step,
    Webhook,
    schedule_of,
)

FAULTS = (
    Fault(1.0, "hazards", "endpoint-errors=0.3,events-twice=0.5", 60.0),
    Fault(2.0, "receiver", "ops 503", 30.0),
    Fault(3.0, "clock", "+60", 30.0),
    Fault(5.0, "python"),
    Fault(12.0, "kill", "", 5.0),
    Fault(30.0, "deploy", "hasty", 2.0),
    Fault(40.0, "purge"),
    Fault(50.0, "jump"),
)
WEBHOOKS = tuple(
    Webhook(1.0 + 0.7 * push + 3.0 * at, push, region, insists=True)
    for push in range(5)
    for at, region in enumerate(REGIONS[: 3 - (push == 4)])
)
EVENT_LOST = Schedule(
    1,
    0,
    (
        Fault(0.0, "hazards", "gap=3..3", 60.0),
        *(Webhook(1.0 + at / 10, 0, region, insists=True) for at, region in enumerate(REGIONS)),
        Webhook(400.0, 1, REGIONS[0]),
    ),
)
"""Of the first push nobody hears, if its events are raised before it has begun."""


TURN_LOST = Schedule(
    1,
    0,
    (
        *(
            Webhook(1.0 + at + push / 2, push, region)
            for push in range(4)
            for at, region in enumerate(REGIONS)
        ),
        Fault(2.1, "python", "python-dies=turn-before@1", 30.0),
    ),
)
"""One of the pushes has another life, which must know what the first one had heard."""


REGION_DOWN = Schedule(
    1,
    0,
    (
        *(
            Webhook(1.0 + 5 * push + at, push, region)
            for push in range(6)
            for at, region in enumerate(REGIONS[:2])
        ),
        *(Webhook(900.0 + push, push, REGIONS[2]) for push in range(6)),
    ),
    frozenset({GROUPS}),
)
"""Six pushes are overdue in one region, which then reports all of them."""


async def test_a_region_that_is_down_is_told_by_a_group() -> None:
    """Two alarms alone, the others in its reports, and nothing is wrong."""
    record = await virtual.play(REGION_DOWN)
    assert () == violations(record)
    alone = {h.push for h in record.heard if h.message.type is VerdictType.OVERDUE}
    assert {"p0", "p1"} == alone
    assert {"behind", "over"} == {r.message.state for r in record.reports}
    assert (0, 6) == (record.reports[-1].message.waiting, record.reports[-1].message.recovered)


async def test_a_push_that_its_group_forgets_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither told what becomes of it, nor asking: it waits for ever, and so does the group."""
    follow_up, asked = joining.follow_up, gathering.asked

    def waiting(group: gathering.Group, states: Iterable[str], at: datetime) -> gathering.Group:
        return asked(group, dict.fromkeys(states, MemberState.WAITING), at)

    async def forgetful(tools: Any, verdict: Verdict, taken: wire.InGroup) -> bool:
        return verdict.push_id == "p4" or await follow_up(tools, verdict, taken)

    monkeypatch.setattr(joining, "follow_up", forgetful)
    monkeypatch.setattr(gathering, "asked", waiting)
    found = violations(await virtual.play(REGION_DOWN))
    assert {"group-ends", "nothing-left", "nothing-lost"} == {each.invariant for each in found}


async def test_what_the_registry_has_counts_and_is_found_where_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The third region of the second push is there, and never reports."""
    steps = (Webhook(1.0, 1, REGIONS[0]), Webhook(2.0, 1, REGIONS[1]))
    schedule = Schedule(1, 0, steps, frozenset({EVIDENCE}))
    record = await virtual.play(schedule)
    assert () == violations(record)
    assert {"evidence"} == {h.message.regions[2].state for h in record.heard}
    monkeypatch.setattr(verdict, "with_evidence", lambda watch, _: watch)
    assert {"true"} == {
        violation.invariant for violation in violations(await virtual.play(schedule))
    }


async def test_pushes_are_told_apart_by_content() -> None:
    """A region that reports after the end begins another instance; nothing is wrong."""
    steps = (
        *(Webhook(1.0 + at, 0, region) for at, region in enumerate(REGIONS[:2])),
        Webhook(4_000.0, 0, REGIONS[2]),
    )
    record = await virtual.play(Schedule(1, 0, steps, frozenset({CONTENT})))
    assert () == violations(record)
    assert 2 == len(record.instances())
    assert {"p0"} == set(record.instances().values())


async def test_what_nobody_heard_is_taken_in_and_is_found_where_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The host is down while all regions of one push report, and one region of another."""
    steps: tuple[Step, ...] = (
        *(Webhook(1.0 + at, 0, region) for at, region in enumerate(REGIONS[:2])),
        Fault(10.0, "kill", "", 60.0),
        Webhook(20.0, 0, REGIONS[2]),
        *(Webhook(30.0 + at, 1, region) for at, region in enumerate(REGIONS)),
    )
    schedule = Schedule(1, 0, steps, frozenset({LOGS}))
    record = await virtual.play(schedule)
    assert () == violations(record)
    assert {VerdictType.COMPLETE} == {heard.message.type for heard in record.heard}

    async def nothing(*_: Any) -> logs.Found:
        return logs.Found()

    monkeypatch.setattr(logs.Logs, "undelivered", nothing)
    found = violations(await virtual.play(schedule))
    assert {("nothing-lost", "p1")} <= {(each.invariant, each.push) for each in found}


async def test_a_log_is_read_later_where_the_host_is_down_when_the_timer_comes() -> None:
    """By the next run, and nothing is wrong with that."""
    steps: tuple[Step, ...] = (
        Fault(300.0, "kill", "", 60.0),
        *(Webhook(310.0 + at, 0, region) for at, region in enumerate(REGIONS)),
        Fault(470.0, "kill", "", 30.0),
    )
    record = await virtual.play(Schedule(1, 0, steps, frozenset({LOGS})))
    assert () == violations(record)
    assert {VerdictType.COMPLETE} == {heard.message.type for heard in record.heard}


async def test_whatever_goes_wrong_nothing_is_wrong_with_the_app() -> None:
    """Each kind of fault once."""
    record = await virtual.play(Schedule(1, 0, (*FAULTS, *WEBHOOKS)))
    assert () == violations(record)
    assert {"p0", "p1", "p2", "p3", "p4"} == {heard.message.push.id for heard in record.heard}


async def test_a_round_of_a_seed_holds() -> None:
    """`make chaos` plays as many as are wanted."""
    schedule = schedule_of(virtual.PLAN, 7, 0)
    assert () == violations(await virtual.play(schedule))


def break_keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the app raise events to what has not begun, as the textbook does."""
    look = Engine.look

    async def hasty(self: Engine, *args: Any, **more: Any) -> Any:
        snapshot = await look(self, *args, **more)
        pending = snapshot.phase is Phase.PENDING
        return replace(snapshot, phase=Phase.BEGUN) if pending else snapshot

    monkeypatch.setattr(Engine, "look", hasty)


async def test_a_push_that_has_forgotten_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its final verdict lacks what was kept."""
    assert () == violations(await virtual.play(TURN_LOST))
    next_life = reviving.next_life

    def forgetful(*given: Any) -> wire.PushTerms:
        life = next_life(*given)
        known = life.known and life.known.model_copy(update={"arrivals": ()})
        return life.model_copy(update={"known": known, "more": ()})

    monkeypatch.setattr(reviving, "next_life", forgetful)
    found = violations(await virtual.play(TURN_LOST))
    assert {"true"} == {violation.invariant for violation in found}
    assert "incomplete lacks " in str(found[0])


def test_what_is_wrong_is_found_and_made_smaller(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The round is printed with the command that repeats it, and the exit code is 1."""
    break_keeping(monkeypatch)
    monkeypatch.setattr(cli, "schedule_of", lambda *_: EVENT_LOST)
    assert 1 == cli.main(["--round", "0", "--seed", "1"])
    said = capsys.readouterr().out
    assert "true: p0: overdue lacks" in said
    assert re.search(r'make chaos ARGS="--on devhost --seed 1 --round 0 --only \S+"\n', said)
    assert "push 0: " in said
    assert "push 1: " not in said
