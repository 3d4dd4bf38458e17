"""Dead letters, and what became of a replay, as an operator reads them."""

from __future__ import annotations

from collections.abc import Sequence

from acr_global.api import DeadLetter, DeadLetterDetails, Replay
from acr_global.cli.output import cell, line, print_facts, print_table
from acr_global.model import Attempt


def print_letters(letters: Sequence[DeadLetter]) -> None:
    """Print the list. A delivery that broke off has few values."""
    if not letters:
        print("No dead letters.")
        return
    rows = [
        (
            one.id,
            one.verdict or one.report,
            one.reference or one.group,
            _cut(one.dead, one.dead_more),
            one.attempts,
        )
        for one in letters
    ]
    print_table(("ID", "VERDICT", "REFERENCE", "DEAD TARGETS", "ATTEMPTS"), rows)


def _cut(names: Sequence[str] | None, more: int | None) -> Sequence[str] | None:
    """The names of a list that the app has cut, and how many more there are."""
    return [*(names or ()), f"{more} more"] if more else names


def print_letter(letter: DeadLetterDetails) -> None:
    """Print one letter: its facts, then its attempts."""
    known: list[tuple[str, object]] = [
        ("id", letter.id),
        ("state", letter.state),
        ("verdict", letter.verdict),
        ("reference", letter.reference),
        ("missing", letter.message and letter.message.missing),
        ("push", letter.push),
        ("delivered to", _cut(letter.delivered, letter.delivered_more)),
        ("dead targets", _cut(letter.dead, letter.dead_more)),
        ("still owed", _cut(letter.owed, letter.owed_more)),
        ("replay of", letter.replay_of),
    ]
    if letter.group:
        known += [("group", letter.group), ("told", letter.report)]
    if letter.cause:
        known += [("cause", letter.cause)]
        known += [("reported by", [arrival.region for arrival in letter.arrivals or ()])]
    print_facts(known)
    print()
    if rows := [attempt_row(attempt) for attempt in letter.attempts]:
        print_table(("TIME", "TARGET", "OUTCOME", "REASON", "STATUS"), rows)
    else:
        print("No attempts.")


def attempt_row(attempt: Attempt) -> list[object]:
    """One try, in a table."""
    place, at = attempt.location, attempt.model_dump(mode="json", include={"at"})["at"]
    reason = f"{attempt.reason}, to {place}" if place else attempt.reason
    return [at, attempt.target, attempt.outcome.value, reason, attempt.status]


def replay_text(letter: str, replay: Replay) -> str:
    """One line on a replay that the app has begun."""
    to = f" to {cell(replay.targets)}" if replay.targets else ""
    return f"{line(letter)}: replayed as {cell(replay.delivery)}{to}"
