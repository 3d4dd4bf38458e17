"""When to try again: one delivery's attempts so far → which targets are due, and when.

Pure: every time is handed in, and the jitter is a function of push, target and attempt, because
orchestrators replay. One delivery is one message to some targets. Each target goes through its
own attempts; what is due for one never depends on another:

    first attempt → 5 s → 5 min → 30 min → 2 h → 5 h → 10 h → 10 h → dead letter

Source of the schedule: Svix, docs.svix.com/retries; each pause counts from the attempt before.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from acr_global.durations import parse_duration
from acr_global.model import Attempt, Frozen, Moment, Outcome

DEFAULT_SCHEDULE = "5s,5m,30m,2h,5h,10h,10h"
JITTER = 0.2
"""A pause is between 80 % and 120 % of what the schedule says."""

MAX_RETRIES = 20
"""Pauses in a schedule: an orchestration's history is read anew in each episode."""

MAX_RETRY_AFTER = timedelta(hours=1)
"""The longest wait that a receiver can ask for; GitHub's limits, for example, reset each hour.
The schedule's own pauses may be longer."""


def parse_schedule(text: str) -> tuple[timedelta, ...]:
    """The pauses between attempts, from comma-separated durations; empty: no retry at all.

    Raises ValueError with a sentence for the operator.
    """
    pauses = tuple(parse_duration(part) for part in text.split(",")) if text.strip() else ()
    if len(pauses) > MAX_RETRIES:
        raise ValueError(f"has more than {MAX_RETRIES} pauses")
    if not all(pauses):
        raise ValueError("a pause must be at least 1s")
    return pauses


class Delivery(Frozen):
    """One message's way to its targets: what was asked for and every attempt made."""

    push_id: str
    targets: tuple[str, ...]
    begun_at: Moment
    """Targets without an attempt are due from here on."""
    schedule: tuple[timedelta, ...]
    attempts: tuple[Attempt, ...] = ()
    """In the order made; at most `len(schedule) + 1` for each target."""


def of_failed(
    push_id: str, attempts: Iterable[Attempt], at: datetime, schedule: tuple[timedelta, ...]
) -> Delivery | None:
    """What goes on after a message's first attempts, begun at this time: the message's way to those
    that do not have it. None: all have."""
    failed = tuple(a for a in attempts if a.outcome is not Outcome.DELIVERED)
    if not failed:
        return None
    return Delivery(
        push_id=push_id,
        targets=tuple(a.target for a in failed),
        begun_at=at,
        schedule=schedule,
        attempts=failed,
    )


def after_attempts(state: Delivery, attempts: Iterable[Attempt]) -> Delivery:
    """The state with one more round recorded; attempts for other targets are left out.

    A target that refuses the key a second time is dead.
    """
    ours = tuple(_dead_if_refused_again(state, a) for a in attempts if a.target in state.targets)
    return state.model_copy(update={"attempts": state.attempts + ours})


def _dead_if_refused_again(state: Delivery, attempt: Attempt) -> Attempt:
    """The attempt as it is; dead where it was the one more try of a refused target, and refused."""
    if not attempt.once_more or not any(a.once_more for a in attempts_of(state, attempt.target)):
        return attempt
    return attempt.model_copy(update={"outcome": Outcome.DEAD, "retry_after": None})


def given_up(state: Delivery, now: datetime) -> Delivery:
    """The state with no target owed any more: those without the message are dead."""
    lost = tuple(
        Attempt(target=target, at=now, outcome=Outcome.DEAD, reason="given-up")
        for target in owed(state)
    )
    return after_attempts(state, lost)


def delivered(state: Delivery) -> tuple[str, ...]:
    """Targets that have the message, in the order of `targets`."""
    return tuple(t for t, its in _by_target(state).items() if _is_delivered(its))


def dead(state: Delivery) -> tuple[str, ...]:
    """Targets that no further attempt will be made for: the dead letters."""
    return tuple(t for t, its in _by_target(state).items() if _is_dead(its, state.schedule))


def owed(state: Delivery) -> tuple[str, ...]:
    """Targets that are still to be tried, now or later."""
    return tuple(_due_times(state))


def due(state: Delivery, now: datetime) -> tuple[str, ...]:
    """Targets to try at `now`, in the order of `targets`."""
    return tuple(target for target, at in _due_times(state).items() if at <= now)


def next_due(state: Delivery, now: datetime) -> datetime | None:
    """When to wake: the earliest due time, at least 1 s after `now`; None when all is settled.

    A whole second, rounded up: durable timers on Azure Storage keep no fractions.
    """
    times = _due_times(state).values()
    if not times:
        return None
    return _whole_second(max(min(times), now + timedelta(seconds=1)))


def due_at(state: Delivery, target: str) -> datetime | None:
    """When one target is to be tried; None when it has the message, or is dead."""
    return _due_times(state).get(target)


def _due_times(state: Delivery) -> dict[str, datetime]:
    """When each target is to be tried that is still to be."""
    times = {target: _due_at(state, target, its) for target, its in _by_target(state).items()}
    return {target: at for target, at in times.items() if at is not None}


def _due_at(state: Delivery, target: str, attempts: Sequence[Attempt]) -> datetime | None:
    if not attempts:
        return state.begun_at
    if _is_delivered(attempts) or _is_dead(attempts, state.schedule):
        return None
    number = len(attempts)
    last = attempts[-1]
    spread = _spread(state.push_id, target, number)
    pause = state.schedule[number - 1] * (1 + JITTER * (2 * spread - 1))
    # Never earlier than asked; and spread, so that a burst that was refused as one
    # does not come back as one.
    asked = min(timedelta(seconds=last.retry_after or 0), MAX_RETRY_AFTER) * (1 + JITTER * spread)
    return _whole_second(last.at + max(pause, asked))


def _by_target(state: Delivery) -> dict[str, list[Attempt]]:
    """Each target's attempts, in the order made."""
    found: dict[str, list[Attempt]] = {target: [] for target in state.targets}
    for attempt in state.attempts:
        if attempt.target in found:
            found[attempt.target].append(attempt)
    return found


def attempts_of(state: Delivery, target: str) -> tuple[Attempt, ...]:
    """One target's attempts, in the order made."""
    return tuple(a for a in state.attempts if a.target == target)


def _is_delivered(attempts: Sequence[Attempt]) -> bool:
    return any(a.outcome is Outcome.DELIVERED for a in attempts)


def _is_dead(attempts: Sequence[Attempt], schedule: tuple[timedelta, ...]) -> bool:
    if _is_delivered(attempts):
        return False
    refused = any(a.outcome is Outcome.DEAD for a in attempts)
    return refused or len(attempts) > len(schedule)


def _spread(push_id: str, target: str, number: int) -> float:
    """From 0.0 to 1.0, the same at each replay."""
    seed = hashlib.sha256(f"{push_id}\n{target}\n{number}".encode("utf-8", "replace")).digest()
    return int.from_bytes(seed[:4], "big") / 0xFFFF_FFFF


def _whole_second(at: datetime) -> datetime:
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)
