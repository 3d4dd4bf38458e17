"""The rules by which alarms become one, without an engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acr_global import gathering
from acr_global.gathering import (
    MAX_MEMBERS,
    Asked,
    Counted,
    Group,
    Mark,
    News,
    mark_of,
    marks,
    take,
)
from acr_global.grouping import AlarmGroup, MemberState

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
THREE = AlarmGroup(count=3, within=10 * MINUTE)
WAITING, RECOVERED, INCOMPLETE = MemberState


def group(*said: News) -> Group:
    """A group that has heard this; three alarms in ten minutes open it."""
    there = Group(group_id="_group.x.1", missing=("eastus",), setting=THREE)
    for one in said:
        there = take(there, one)
    return there


def push(number: int, minutes: float = 0, state: MemberState = WAITING) -> Counted:
    """A push that was overdue so long after noon."""
    at = NOON + minutes * MINUTE
    return Counted(
        push_id=f"p{number}",
        reference=f"team/app:v{number}",
        begun_at=at - 10 * MINUTE,
        overdue_at=at,
        state=state,
        at=at,
        targets=("ops",),
    )


def alarm(number: int, minutes: float = 0) -> News:
    """A push is overdue."""
    return News(push=push(number, minutes), alarm=True)


def later(number: int, state: MemberState, minutes: float = 20) -> News:
    """What has become of a push."""
    return News(push=push(number, minutes, state), alarm=False)


def decisions(there: Group) -> list[bool]:
    """Whether each push's alarm was told singly."""
    return [m.singly for m in there.members]


def test_the_alarm_that_makes_a_group_is_held_back_and_those_after_it() -> None:
    """Those before it were told singly."""
    counting = group(alarm(1), alarm(2))
    assert ("counting", [True, True]) == (counting.word, decisions(counting))
    opened = group(alarm(1), alarm(2), alarm(3), alarm(4, 300))
    assert ("open", [True, True, False, False]) == (opened.word, decisions(opened))


def test_alarms_count_together_within_the_window_only() -> None:
    """The window ends with the newest alarm."""
    assert "counting" == group(alarm(1, 0), alarm(2, 5), alarm(3, 10)).word
    assert "open" == group(alarm(1, 0), alarm(2, 5), alarm(3, 9.9)).word


def test_an_alarm_older_than_the_window_is_forgotten_while_it_counts() -> None:
    """An open group forgets none."""
    two = group(alarm(1, 0), alarm(2, 5))
    assert ["p2"] == [m.push_id for m in gathering.pruned(two, NOON + 10 * MINUTE).members]
    three = group(alarm(1), alarm(2), alarm(3))
    assert three == gathering.pruned(three, NOON + 300 * MINUTE)


def test_repeats_change_nothing() -> None:
    """Neither of an alarm, nor of what became of it."""
    once = group(alarm(1), alarm(2), alarm(3), later(2, RECOVERED))
    assert once == take(take(once, alarm(2)), later(2, RECOVERED, 30))
    assert once == take(once, later(2, INCOMPLETE))


def test_a_push_that_was_never_reported_may_recover_until_the_group_is_over() -> None:
    """An operator has tried it again, say; what comes after the end is in no report."""
    lost = group(alarm(1), alarm(2), alarm(3), later(2, INCOMPLETE))
    assert Mark(True, RECOVERED) == mark_of(marks(take(lost, later(2, RECOVERED, 30))), "p2")
    over = lost.model_copy(update={"over": True})
    assert over == take(over, later(2, RECOVERED, 30))


def test_what_became_of_a_push_is_noted_with_its_time() -> None:
    """Of one that was told singly, too."""
    there = group(alarm(1), alarm(2), alarm(3), later(1, RECOVERED), later(3, INCOMPLETE, 25))
    assert [RECOVERED, WAITING, INCOMPLETE] == [m.state for m in there.members]
    assert [20, 0, 25] == [(m.at - NOON) / MINUTE for m in there.members]


def test_an_open_group_takes_what_became_of_a_push_that_it_did_not_know() -> None:
    """Its alarm may have been lost; one that only counts has forgotten it."""
    assert 4 == len(group(alarm(1), alarm(2), alarm(3), later(4, RECOVERED)).members)
    assert 1 == len(group(alarm(1), later(4, RECOVERED)).members)


def test_a_full_group_takes_no_more_alarms_but_hears_of_its_own() -> None:
    """So does one that is over."""
    full = group(*(alarm(n) for n in range(MAX_MEMBERS)))
    assert "full" == full.word
    assert full == take(full, alarm(MAX_MEMBERS))
    assert RECOVERED is take(full, later(7, RECOVERED)).members[7].state
    over = group(alarm(1), alarm(2), alarm(3)).model_copy(update={"over": True})
    assert ("over", over) == (over.word, take(over, alarm(4)))


def test_what_was_asked_settles_pushes() -> None:
    """Those that wait still are not touched."""
    there = group(alarm(1), alarm(2), alarm(3))
    asked = gathering.asked(there, {"p1": WAITING, "p2": INCOMPLETE}, NOON + 90 * MINUTE)
    assert [WAITING, INCOMPLETE, WAITING] == [m.state for m in asked.members]
    assert Asked(at=NOON + 90 * MINUTE, times=1) == asked.asked
    assert there.members[2] == asked.members[2]


def test_questions_count_anew_from_an_answer() -> None:
    """Said by the push itself, or found by asking; that one was never reported is none."""
    there = gathering.asked(group(alarm(1), alarm(2), alarm(3)), {"p1": WAITING}, NOON)
    assert Asked(at=NOON + 20 * MINUTE) == take(there, later(1, RECOVERED)).asked
    assert there.asked == take(there, later(1, INCOMPLETE)).asked
    assert Asked(at=NOON + MINUTE) == gathering.asked(there, {"p2": RECOVERED}, NOON + MINUTE).asked


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, Mark(singly=True, state=RECOVERED)),
        (2, Mark(singly=True, state=WAITING)),
        (3, Mark(singly=False, state=INCOMPLETE)),
        (4, None),
    ],
)
def test_a_mark_says_what_was_decided_of_a_push(number: int, expected: Mark | None) -> None:
    """None where it has not come."""
    there = group(alarm(1), alarm(2), alarm(3), later(1, RECOVERED), later(3, INCOMPLETE))
    assert expected == mark_of(marks(there), f"p{number}")


def test_the_marks_of_a_full_group_fit_into_a_status() -> None:
    """With room for the rest of it."""
    full = group(*(alarm(n) for n in range(MAX_MEMBERS)))
    assert 7_000 >= len(marks(full))
    assert all(mark_of(marks(full), m.push_id) for m in full.members)


def test_marks_that_cannot_be_read_say_nothing() -> None:
    """They may be of a later release."""
    assert None is mark_of("", "p1")
    there = marks(group(alarm(1)))
    assert None is mark_of(there[:-1] + "?", "p1")
