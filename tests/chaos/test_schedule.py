"""A seed gives a schedule, and a schedule that fails a smaller one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from acr_global_rig.registry import REGIONS
from benchmarks.chaos import real, virtual
from benchmarks.chaos.schedule import (
    JUMP,
    LOGS,
    REGION,
    Fault,
    Plan,
    Schedule,
    Webhook,
    numbers,
    replicas,
    schedule_of,
    text_of,
)
from benchmarks.chaos.shrink import shrunk

ROUNDS = [schedule_of(virtual.PLAN, 7, number) for number in range(60)]


def test_a_seed_gives_one_schedule() -> None:
    """Another round, or another seed, gives another."""
    assert ROUNDS[3] == schedule_of(virtual.PLAN, 7, 3)
    assert ROUNDS[3].steps != ROUNDS[4].steps
    assert ROUNDS[3].steps != schedule_of(virtual.PLAN, 8, 3).steps


@pytest.mark.parametrize("plan", [virtual.PLAN, real.PLAN], ids=["devhost", "engine"])
def test_every_kind_of_fault_comes(plan: Plan) -> None:
    """Within some rounds."""
    rounds = [schedule_of(plan, 7, number) for number in range(60)]
    assert plan.kinds.keys() == {fault.kind for its in rounds for fault in its.faults}


def test_webhooks_are_repeated_reordered_and_lost() -> None:
    """Most webhooks come soon all the same."""
    webhooks = [webhook for its in ROUNDS for webhook in its.webhooks]
    pushes = [[w.region for w in its.webhooks if w.push == n] for its in ROUNDS for n in range(20)]
    assert any(len(its) > len(set(its)) for its in pushes)
    assert any(len(set(its)) < 3 for its in pushes)
    assert len({tuple(its) for its in pushes if len(its) == 3}) > 6
    assert any(webhook.insists for webhook in webhooks)
    assert not all(webhook.insists for webhook in webhooks)


def test_nothing_of_a_push_comes_on_both_sides_of_a_jump() -> None:
    """What was purged meanwhile cannot be told from what never was."""
    jumping = [its for its in ROUNDS if any(fault.kind == JUMP for fault in its.faults)]
    assert jumping
    for its in jumping:
        (border,) = (fault.at for fault in its.faults if fault.kind == JUMP)
        early = {w.push for w in its.webhooks if w.at < border}
        late = {w.push for w in its.webhooks if w.at > border}
        assert set() == early & late


@pytest.mark.parametrize("plan", [virtual.PLAN, real.PLAN], ids=["devhost", "engine"])
def test_every_feature_comes_alone_and_not_at_all(plan: Plan) -> None:
    """Each is drawn for itself."""
    drawn = {schedule_of(plan, 7, number).features for number in range(60)}
    assert {frozenset(), *(frozenset({name}) for name in plan.features)} <= drawn


def test_nothing_comes_from_a_region_that_is_down() -> None:
    """It comes afterwards, at once."""
    kinds = {REGION: lambda _: (REGIONS[0], 500.0)}
    plan = replace(virtual.PLAN, faults=(1, 1), kinds=kinds, often=())
    for its in (schedule_of(plan, 7, number) for number in range(20)):
        (outage,) = its.faults
        ends = outage.at + outage.lasts
        times = [w.at for w in its.webhooks if w.region == outage.what]
        assert not [at for at in times if outage.at < at < ends]
        back = [at for at in times if ends <= at <= ends + plan.lag]
        assert len(back) > len(times) / 10


def test_something_goes_wrong_while_logs_are_read() -> None:
    """What is in them is taken in when the last push has begun; and nobody needs to insist."""
    rounds = [schedule_of(real.PLAN, 7, number) for number in range(60)]
    reading = [its for its in rounds if LOGS in its.features]
    others = [its for its in rounds if LOGS not in its.features]

    def latest(chosen: list[Schedule]) -> float:
        return max(fault.at for its in chosen for fault in its.faults)

    def insisting(chosen: list[Schedule]) -> float:
        webhooks = [webhook for its in chosen for webhook in its.webhooks]
        return sum(webhook.insists for webhook in webhooks) / len(webhooks)

    assert latest(others) <= real.PLAN.lasts < real.READ_WITHIN.total_seconds() < latest(reading)
    assert insisting(reading) < 0.5 < insisting(others)


def test_a_replica_is_there_with_its_webhook_or_without_one() -> None:
    """Where it never reports, in every second push."""
    first, other = REGIONS[:2]
    its = Schedule(1, 0, (Webhook(1, 1, first), Webhook(2, 2, first), Webhook(3, 2, first)))
    there = replicas(its)
    assert {(1, first): 1, (2, first): 2} == {k: v for k, v in there.items() if k[1] == first}
    assert {(1, other): 31.0} == {k: v for k, v in there.items() if k[1] == other}


def test_steps_are_chosen_by_their_numbers() -> None:
    """As the printed command does."""
    its = ROUNDS[0]
    assert (its.steps[0], its.steps[2]) == its.only(numbers("0,2")).steps
    assert its == its.only(numbers(text_of(range(len(its.steps)))))


@pytest.mark.parametrize("text", ["", "4", "0-4,9", "1,3,5-6"])
def test_numbers_are_written_as_they_are_read(text: str) -> None:
    """Runs with a dash."""
    assert text == text_of(numbers(text))


def test_a_step_is_printed_in_one_line() -> None:
    """With its time, and how long it lasts."""
    assert "    12.5 s  push 3: eastus !" == str(Webhook(12.5, 3, "eastus", insists=True))
    assert "     1.0 s  receiver ops 503 for 20 s" == str(Fault(1.0, "receiver", "ops 503", 20.0))
    assert "     2.0 s  purge" == str(Fault(2.0, "purge"))


def test_a_failing_schedule_is_made_smaller() -> None:
    """Down to the steps that it takes."""
    played: list[Sequence[int]] = []

    def fails(chosen: Sequence[int]) -> bool:
        played.append(chosen)
        return {3, 11} <= set(chosen)

    assert (3, 11) == shrunk(range(40), fails, 200)
    assert len(played) < 60


def test_making_smaller_ends_when_the_tries_are_used_up() -> None:
    """What is left fails still."""
    left = shrunk(range(40), lambda chosen: {3, 11} <= set(chosen), 3)
    assert {3, 11} < set(left) < set(range(40))


def test_a_schedule_that_fails_without_a_step_is_empty() -> None:
    """The fault is elsewhere then."""
    assert () == shrunk(range(5), lambda chosen: True, 100)
    assert () == Schedule(1, 0, ROUNDS[0].steps).only(()).steps
