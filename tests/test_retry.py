"""The schedule of attempts: who is due, when, and who is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global import retry
from acr_global.model import Attempt, Outcome
from acr_global.retry import Delivery

BEGUN = datetime(2026, 3, 14, 9, 26, 53, 250_000, tzinfo=UTC)
SCHEDULE = retry.parse_schedule(retry.DEFAULT_SCHEDULE)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def delivery(*targets: str, push_id: str = "push") -> Delivery:
    """A delivery of which nothing was tried yet."""
    return Delivery(push_id=push_id, targets=targets, begun_at=BEGUN, schedule=SCHEDULE)


def tried(
    target: str, at: datetime, outcome: Outcome = Outcome.RETRY, wait: float | None = None
) -> Attempt:
    """An attempt that has been made."""
    return Attempt(target=target, at=at, outcome=outcome, reason="x", retry_after=wait)


def run(state: Delivery, failing: frozenset[str], most: int = 100) -> Delivery:
    """Go through the rounds until all is settled; the targets in `failing` always fail."""
    now = state.begun_at
    for _ in range(most):
        outcomes = {t: Outcome.RETRY if t in failing else Outcome.DELIVERED for t in state.targets}
        state = retry.after_attempts(
            state, [tried(t, now, outcomes[t]) for t in retry.due(state, now)]
        )
        wake = retry.next_due(state, now)
        if wake is None:
            return state
        assert wake >= now + SECOND
        now = wake
    raise AssertionError("it never ends")


def test_the_default_schedule_has_seven_retries() -> None:
    """They are Svix's, and the pauses grow from five seconds to ten hours."""
    assert (5, 300, 1800, 7200, 18000, 36000, 36000) == tuple(
        pause.total_seconds() for pause in SCHEDULE
    )


def test_no_schedule_is_no_retry() -> None:
    """An empty schedule allows one attempt."""
    assert () == retry.parse_schedule("  ")
    state = delivery("a").model_copy(update={"schedule": ()})
    assert ("a",) == retry.dead(retry.after_attempts(state, [tried("a", BEGUN)]))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("5s,", "not a duration: write it like 90s, 10m, 1h30m, 2d or PT10M"),
        ("soon", "not a duration: write it like 90s, 10m, 1h30m, 2d or PT10M"),
        ("5s,0", "a pause must be at least 1s"),
        (",".join(["1s"] * 21), "has more than 20 pauses"),
    ],
)
def test_a_wrong_schedule_is_refused(text: str, sentence: str) -> None:
    """The error is a sentence for the operator."""
    with pytest.raises(ValueError, match=sentence):
        retry.parse_schedule(text)


def test_what_fails_at_first_goes_on_with_its_attempt() -> None:
    """Nothing goes on where all have the message."""
    made = [tried("a", BEGUN), tried("b", BEGUN, Outcome.DELIVERED), tried("c", BEGUN)]
    state = retry.of_failed("push", made, BEGUN, SCHEDULE)
    assert state == retry.after_attempts(delivery("a", "c"), made)
    assert None is retry.of_failed("push", made[1:2], BEGUN, SCHEDULE)


def test_at_first_all_are_due() -> None:
    """All targets are due at once, and none before."""
    state = delivery("a", "b")
    assert ("a", "b") == retry.due(state, BEGUN)
    assert () == retry.due(state, BEGUN - SECOND)
    assert ("a", "b") == retry.owed(state)
    assert () == retry.delivered(state) == retry.dead(state)


def test_each_settles_for_itself() -> None:
    """One is delivered, one has refused for good, one is tried again; an unknown target is left
    out."""
    state = retry.after_attempts(
        delivery("a", "b", "c"),
        [
            tried("a", BEGUN, Outcome.DELIVERED),
            tried("b", BEGUN, Outcome.DEAD),
            tried("c", BEGUN),
            tried("x", BEGUN),
        ],
    )
    assert ("a",) == retry.delivered(state)
    assert ("b",) == retry.dead(state)
    assert ("c",) == retry.owed(state)
    assert () == retry.due(state, BEGUN)
    assert 3 == len(state.attempts)
    assert 1 == len(retry.attempts_of(state, "c"))


def test_an_attempt_of_nobody_in_the_delivery_changes_nothing() -> None:
    """Somebody else may have written it."""
    state = delivery("a").model_copy(update={"attempts": (tried("x", BEGUN, Outcome.DEAD),)})
    assert (("a",), (), ()) == (retry.owed(state), retry.dead(state), retry.delivered(state))


def test_a_repeat_that_was_delivered_wins() -> None:
    """A crash can record a failure beside a success; the receiver then has the message."""
    state = retry.after_attempts(
        delivery("a"), [tried("a", BEGUN, Outcome.DELIVERED), tried("a", BEGUN, Outcome.DEAD)]
    )
    assert (("a",), ()) == (retry.delivered(state), retry.dead(state))


def test_the_timer_is_a_whole_second_and_never_now() -> None:
    """It is rounded up, and at least a second ahead even where the time has passed."""
    state = retry.after_attempts(delivery("a"), [tried("a", BEGUN)])
    wake = retry.next_due(state, BEGUN)
    assert wake is not None
    assert wake == retry.due_at(state, "a")
    assert 0 == wake.microsecond
    late = BEGUN + timedelta(days=3)
    assert late.replace(microsecond=0) + 2 * SECOND == retry.next_due(state, late)
    exact = late.replace(microsecond=0)
    assert exact + SECOND == retry.next_due(state, exact)


def test_all_settled_needs_no_timer() -> None:
    """The rounds then end."""
    state = retry.after_attempts(delivery("a"), [tried("a", BEGUN, Outcome.DELIVERED)])
    assert retry.next_due(state, BEGUN) is None


def test_a_delivery_is_dead_after_the_last_attempt() -> None:
    """The default schedule has eight attempts over about 28 hours."""
    state = run(delivery("a"), frozenset("a"))
    assert ("a",) == retry.dead(state)
    assert len(SCHEDULE) + 1 == len(state.attempts)
    span = state.attempts[-1].at - state.attempts[0].at
    assert 22 * HOUR < span < 34 * HOUR


@given(st.text(), st.text(min_size=1), st.integers(min_value=1, max_value=7))
def test_jitter_is_bounded_and_the_same_at_each_replay(
    push_id: str, target: str, number: int
) -> None:
    """It is within 20 % of the schedule, and a second for the rounding up."""
    attempts = [tried(target, BEGUN)] * number
    state = retry.after_attempts(delivery(target, push_id=push_id), attempts)
    at = retry.due_at(state, target)
    assert at is not None
    assert at == retry.due_at(Delivery.model_validate_json(state.model_dump_json()), target)
    pause = SCHEDULE[number - 1]
    assert 0.8 * pause <= at - BEGUN < 1.2 * pause + SECOND


def test_jitter_differs() -> None:
    """It depends on push, target and attempt; otherwise it would spread nothing."""
    state = delivery("a", "b").model_copy(update={"schedule": (HOUR, HOUR)})
    once = retry.after_attempts(state, [tried("a", BEGUN), tried("b", BEGUN)])
    twice = retry.after_attempts(once, [tried("a", BEGUN)])
    other = once.model_copy(update={"push_id": "other"})
    times = [retry.due_at(s, t) for s, t in ((once, "a"), (once, "b"), (twice, "a"), (other, "a"))]
    assert 4 == len(set(times))


@given(st.text(), st.floats(min_value=0, max_value=10**9))
def test_a_wait_that_was_asked_for_is_kept(push_id: str, wait: float) -> None:
    """A retry comes no earlier than asked (up to the cap) or scheduled, and is spread."""
    state = delivery("a", push_id=push_id)
    plain = retry.due_at(retry.after_attempts(state, [tried("a", BEGUN)]), "a")
    asked = retry.due_at(retry.after_attempts(state, [tried("a", BEGUN, wait=wait)]), "a")
    assert plain is not None
    assert asked is not None
    kept = min(timedelta(seconds=wait), retry.MAX_RETRY_AFTER)
    assert asked >= max(plain, BEGUN + kept)
    assert asked <= max(plain, BEGUN + 1.2 * kept + SECOND)


def test_a_burst_that_was_refused_does_not_come_back_as_one() -> None:
    """Five hundred pushes that are told to wait a minute return over some seconds."""
    times = []
    for number in range(500):
        state = delivery("a", push_id=f"push-{number}")
        times.append(retry.due_at(retry.after_attempts(state, [tried("a", BEGUN, wait=60)]), "a"))
    assert 80 > max(times.count(at) for at in set(times))


def refusal(at: datetime) -> Attempt:
    """An answer that a wrong key has caused."""
    return tried("a", at, wait=300).model_copy(update={"once_more": True})


def test_a_refused_key_has_one_more_try_and_not_at_once() -> None:
    """It comes after at least five minutes; then the delivery is dead, and its last attempt says
    so."""
    state = retry.after_attempts(delivery("a"), [refusal(BEGUN)])
    again = retry.due_at(state, "a")
    assert again is not None
    assert again >= BEGUN + timedelta(minutes=5)
    assert () == retry.dead(state)
    state = retry.after_attempts(state, [refusal(again)])
    assert ("a",) == retry.dead(state)
    assert retry.next_due(state, again) is None
    assert [Outcome.RETRY, Outcome.DEAD] == [a.outcome for a in state.attempts]


def test_the_one_more_try_is_not_used_up_by_other_failures() -> None:
    """A rate limit between two refusals changes nothing, nor does a delivery."""
    state = retry.after_attempts(delivery("a"), [refusal(BEGUN), tried("a", BEGUN + HOUR)])
    assert ("a",) == retry.owed(state)
    done = tried("a", BEGUN + 2 * HOUR, Outcome.DELIVERED)
    assert ("a",) == retry.delivered(retry.after_attempts(state, [done]))
    state = retry.after_attempts(state, [refusal(BEGUN + 2 * HOUR)])
    assert ("a",) == retry.dead(state)


def test_another_target_s_refusal_does_not_count() -> None:
    """Each target has a key of its own."""
    mine = refusal(BEGUN).model_copy(update={"target": "b"})
    state = retry.after_attempts(delivery("a", "b"), [refusal(BEGUN)])
    assert ("a", "b") == retry.owed(retry.after_attempts(state, [mine]))


@given(st.sets(st.sampled_from("abcdef"), min_size=1), st.data())
def test_every_delivery_ends(names: set[str], data: st.DataObject) -> None:
    """Each target has the message or is a dead letter; none is tried after it was settled."""
    failing = frozenset(data.draw(st.sets(st.sampled_from(sorted(names)))))
    state = run(delivery(*sorted(names)), failing)
    assert failing == set(retry.dead(state))
    assert names - failing == set(retry.delivered(state))
    assert () == retry.owed(state)
    for name in names:
        expected = len(SCHEDULE) + 1 if name in failing else 1
        assert expected == len(retry.attempts_of(state, name))


@given(st.integers(min_value=0, max_value=7))
def test_one_target_never_delays_another(failures: int) -> None:
    """A target is due at the same times with and without another that always fails."""
    alone, beside = delivery("a"), delivery("a", "dead")
    now = BEGUN
    for _ in range(failures):
        alone = retry.after_attempts(alone, [tried("a", now)])
        beside = retry.after_attempts(beside, [tried("a", now), tried("dead", now, wait=3600)])
        assert retry.due_at(alone, "a") == retry.due_at(beside, "a")
        wake = retry.next_due(beside, now)
        due = retry.due_at(alone, "a")
        assert wake is not None
        assert due is not None
        assert wake <= due
        assert "a" in retry.due(beside, due)
        now = due
