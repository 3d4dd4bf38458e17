"""When a group is told of, to whom, and with which words; without an engine."""

from __future__ import annotations

from datetime import datetime, timedelta

from acr_global import reporting
from acr_global.gathering import Asked, Group, asked, take
from acr_global.grouping import MAX_LISTED, GroupState
from acr_global.reporting import Ask, End, Step, Tell, Wait, next_step
from tests.test_gathering import INCOMPLETE, MINUTE, NOON, RECOVERED, alarm, group, later, push

BEHIND, SILENT, OVER = GroupState


def minutes(number: float) -> datetime:
    """So long after noon."""
    return NOON + number * MINUTE


def open_group(*more: int) -> Group:
    """Three pushes that were overdue at noon, and more; they are not asked after."""
    there = group(alarm(1), alarm(2), alarm(3), *map(alarm, more))
    return there.model_copy(update={"asked": Asked(at=minutes(10_000))})


def at(group: Group, number: float) -> Step:
    """What comes next, so long after noon."""
    return next_step(group, minutes(number))


def told(group: Group, state: GroupState, number: float) -> Group:
    """The group after it was told of, so long after noon."""
    made = reporting.tellings(group, state, minutes(number))
    return reporting.told(group, made, minutes(number))


def recovered(there: Group, *numbers: int, at: float = 20) -> Group:
    """The group after pushes have recovered."""
    for number in numbers:
        there = take(there, later(number, RECOVERED, at))
    return there


def for_two() -> Group:
    """An open group of which the last push is of another target as well."""
    said = alarm(4)
    push = said.push.model_copy(update={"targets": ("ops", "team")})
    return take(open_group(), said.model_copy(update={"push": push}))


def test_a_group_that_counts_waits_for_the_window_and_ends() -> None:
    """Without a word."""
    assert Wait(minutes(12)) == at(group(alarm(1), alarm(2, 2)), 3)
    assert End() == at(group(alarm(1)), 10)
    assert End() == at(group(), 0)


def test_a_group_is_told_of_at_once() -> None:
    """Its first held-back alarm waits for nothing."""
    assert Tell(BEHIND) == at(open_group(), 0)


def test_updates_follow_at_growing_intervals_while_something_changes() -> None:
    """Five minutes, ten, twenty; four hours at most."""
    there, now, pauses = told(open_group(), BEHIND, 0), 0.0, []
    for number in range(10, 18):
        there = take(there, alarm(number, now))
        step = at(there, now)
        assert isinstance(step, Wait)
        due = (step.until - NOON) / MINUTE
        pauses.append(due - now)
        now = due
        assert Tell(BEHIND) == at(there, now)
        there = told(there, BEHIND, now)
    assert [5, 10, 20, 40, 80, 160, 240, 240] == pauses


def test_nothing_is_told_while_nothing_changes() -> None:
    """Not until it is silence."""
    assert Wait(minutes(1_430)) == at(told(open_group(), BEHIND, 0), 1)


def test_a_change_after_a_long_pause_waits_for_others_of_its_kind() -> None:
    """Two minutes: where all recover within them, only the end is told."""
    there = recovered(told(open_group(), BEHIND, 0), 1, at=50)
    assert Wait(minutes(52)) == at(there, 50)
    assert Tell(BEHIND) == at(there, 52)
    assert Tell(OVER) == at(recovered(there, 2, 3, at=51), 51)


def test_a_report_of_which_nobody_knows_is_made_anew_under_another_number() -> None:
    """At once and for all, though the first may have been the same."""
    for there, number in ((open_group(), 1), (take(told(open_group(), BEHIND, 0), alarm(4)), 2)):
        (lost,) = reporting.tellings(there, BEHIND, minutes(5))
        unsure = reporting.perhaps_told(there, minutes(5))
        assert Tell(BEHIND) == at(unsure, 6)
        (made,) = reporting.tellings(unsure, BEHIND, minutes(6))
        assert (number, number + 1) == (lost.report.number, made.report.number)
        assert lost.report.members == made.report.members
        after = told(unsure, BEHIND, 6)
        assert after.told
        assert (number + 1, minutes(6)) == (after.told.number, after.told.at)
        assert Wait(minutes(1_430)) == at(after, 7)


def test_it_is_over_when_nobody_waits_and_the_window_has_passed() -> None:
    """A flapping region has one group, not many."""
    there = recovered(told(open_group(), BEHIND, 0), 1, 2, 3, at=4)
    assert Wait(minutes(10)) == at(there, 5)
    assert Tell(BEHIND) == at(take(there, alarm(4, 9)), 11)
    assert Tell(OVER) == at(there, 10)
    assert End() == at(told(there, OVER, 10), 10)


def test_pushes_that_are_never_reported_are_an_update_though_nobody_waits() -> None:
    """As all are where the late window is 0."""
    lost = [alarm(n).model_copy(update={"push": push(n, state=INCOMPLETE)}) for n in range(1, 5)]
    there = told(group(*lost[:3]), BEHIND, 0)
    assert Wait(minutes(10)) == at(there, 1)
    assert Wait(minutes(5)) == at(take(there, lost[3]), 1)


def test_a_region_that_does_not_answer_for_a_day_is_said_to_be_silent_once() -> None:
    """New alarms are not told after that, only an answer and the end."""
    there = told(open_group(), BEHIND, 0)
    assert Wait(minutes(1_430)) == at(there, 1_380)
    assert Tell(SILENT) == at(there, 1_430)
    silent = take(told(there, SILENT, 1_430), alarm(4, 1_432))
    assert Wait(minutes(10_001)) == at(silent, 1_433)
    answered = recovered(silent, 1, at=1_435)
    assert Wait(minutes(1_440)) == at(answered, 1_436)
    assert Tell(BEHIND) == at(answered, 1_440)


def test_silence_counts_from_the_last_answer() -> None:
    """A day after it."""
    there = recovered(told(open_group(), BEHIND, 0), 1, at=30)
    there = told(there, BEHIND, 40)
    assert Wait(minutes(30 + 1_440)) == at(there, 30 + 1_430)
    assert Tell(SILENT) == at(there, 30 + 1_440)


def test_a_recovery_while_silence_was_told_ends_it() -> None:
    """It would be passed over otherwise."""
    there = told(open_group(), BEHIND, 0)
    made = reporting.tellings(there, SILENT, minutes(1_430))
    there = reporting.told(recovered(there, 1, at=1_430), made, minutes(1_431))
    assert there.told
    assert not there.told.silent


def test_pushes_that_wait_are_asked_after_at_growing_intervals() -> None:
    """What they said may have been lost: a minute, two, four; an hour at most."""
    there, now, pauses = told(group(alarm(1), alarm(2), alarm(3)), BEHIND, 0), 0.0, []
    for _ in range(8):
        step = at(there, now)
        assert isinstance(step, Wait)
        due = (step.until - NOON) / MINUTE
        pauses.append(due - now)
        now = due
        assert Ask(("p1", "p2", "p3")) == at(there, now)
        there = asked(there, {}, minutes(now))
    assert [1, 2, 4, 8, 16, 32, 60, 60] == pauses


def test_pauses_stay_as_they_are_for_months() -> None:
    """Doubled for ever, they would have no form."""
    there = told(open_group(), BEHIND, 0)
    assert there.told
    often = there.told.model_copy(update={"updates": 10_000})
    there = there.model_copy(update={"told": often, "asked": Asked(at=NOON, times=10_000)})
    assert Wait(minutes(60)) == at(there, 1)
    there = recovered(there.model_copy(update={"asked": Asked(at=minutes(10_000))}), 1)
    assert Wait(minutes(240)) == at(there, 21)


def test_after_an_answer_those_that_still_wait_are_asked_after_soon() -> None:
    """The region is back; an answer to the question settles them."""
    there = told(open_group(), BEHIND, 0)
    there = recovered(there.model_copy(update={"asked": Asked(at=NOON, times=6)}), 1, at=50)
    assert Wait(minutes(51)) == at(there, 50)
    assert Ask(("p2", "p3")) == at(there, 51)
    settled = asked(there, dict.fromkeys(("p2", "p3"), INCOMPLETE), minutes(51))
    assert Tell(OVER) == at(settled, 51)


def test_who_has_not_heard_of_the_group_is_told_at_once() -> None:
    """The others wait for their update."""
    there = told(open_group(), BEHIND, 0)
    said = alarm(4)
    push = said.push.model_copy(update={"targets": ("ops", "team")})
    there = take(there, said.model_copy(update={"push": push}))
    assert Tell(BEHIND) == at(there, 1)
    (made,) = reporting.tellings(there, BEHIND, minutes(1))
    assert (("team",), 2, 1) == (made.targets, made.report.number, made.report.waiting)
    there = reporting.told(there, (made,), minutes(1))
    assert Wait(minutes(5)) == at(there, 1)
    there = told(there, BEHIND, 5)
    assert there.told
    assert {"ops": 3, "team": 2} == there.told.numbers


def test_each_hears_of_the_pushes_that_it_would_have_heard_of() -> None:
    """Those who hear of the same pushes share a report."""
    made = reporting.tellings(for_two(), BEHIND, NOON)
    assert [(("ops",), 4), (("team",), 1)] == [(m.targets, m.report.waiting) for m in made]
    assert [0, 1] == [m.part for m in made]
    assert {1} == {m.report.number for m in made}


def test_who_was_told_of_each_alarm_hears_nothing_of_the_group() -> None:
    """None of them was held back."""
    said = alarm(2)
    push = said.push.model_copy(update={"targets": ("ops", "early")})
    there = group(alarm(1), said.model_copy(update={"push": push}), alarm(3))
    (made,) = reporting.tellings(there, BEHIND, NOON)
    assert (("ops",), 3) == (made.targets, made.report.waiting)


def test_an_update_goes_to_those_for_whom_something_has_changed() -> None:
    """The last report goes to everybody."""
    there = recovered(told(for_two(), BEHIND, 0), 1, at=4)
    (made,) = reporting.tellings(there, BEHIND, minutes(10))
    assert ("ops",) == made.targets
    assert 2 == len(reporting.tellings(there, OVER, minutes(10)))


def test_a_report_lists_those_that_have_not_recovered_first() -> None:
    """Each part newest first."""
    there = group(alarm(1), alarm(2, 1), alarm(3, 2), alarm(4, 3), later(4, RECOVERED))
    there = take(recovered(there, 1), later(2, INCOMPLETE))
    (made,) = reporting.tellings(there, BEHIND, minutes(30))
    report = made.report
    assert ["p3", "p2", "p4", "p1"] == [m.push_id for m in report.members]
    assert (1, 2, 1) == (report.waiting, report.recovered, report.incomplete)
    assert minutes(-10) == report.since


def test_a_report_lists_so_many_and_counts_all() -> None:
    """Its size is bounded."""
    (made,) = reporting.tellings(open_group(*range(10, 90)), BEHIND, NOON)
    assert (MAX_LISTED, 83) == (len(made.report.members), made.report.waiting)


def test_the_first_pause_counts_from_the_first_report() -> None:
    """However long the first took to be told."""
    there = take(told(open_group(), BEHIND, 7), alarm(4, 8))
    assert Wait(minutes(7) + timedelta(minutes=5)) == at(there, 8)


def test_what_a_group_that_is_given_up_has_not_told_is_left() -> None:
    """Whatever pause there is; for those for whom something has changed, and that it is over."""
    there = for_two()
    assert [("ops",), ("team",)] == [t.targets for t in reporting.untold(there, NOON)]
    there = told(there, BEHIND, 0)
    assert () == reporting.untold(there, minutes(1))
    (made,) = reporting.untold(recovered(there, 1, at=1), minutes(2))
    assert (("ops",), 2, BEHIND) == (made.targets, made.report.number, made.report.state)
    ended = recovered(there, 1, 2, 3, 4).model_copy(update={"over": True})
    assert {OVER} == {t.report.state for t in reporting.untold(ended, minutes(30))}
    assert () == reporting.untold(group(alarm(1)), NOON)
