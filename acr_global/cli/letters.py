"""Dead letters, and what became of a replay, as an operator reads them."""

from __future__ import annotations

from typing import Any

from acr_global.cli.exits import AppError
from acr_global.cli.output import cell, line, print_facts, print_table


def print_letters(letters: list[dict[str, Any]]) -> None:
    """The list. A delivery that broke off has little to tell."""
    if not letters:
        print("No dead letters.")
        return
    columns = ("id", "verdict", "reference", "dead", "attempts")
    rows = [[_told(letter, column) for column in columns] for letter in letters]
    print_table(("ID", "VERDICT", "REFERENCE", "DEAD TARGETS", "ATTEMPTS"), rows)


def _told(letter: dict[str, Any], name: str) -> object:
    """A value; of a list that the app has cut, the first and how many more."""
    value, more = letter.get(name), letter.get(f"{name}_more")
    return [*value, f"{more} more"] if more and isinstance(value, list) else value


def print_letter(letter: dict[str, Any]) -> None:
    """One delivery: what is known of it, then its attempts."""
    message = letter.get("message")
    missing = message.get("missing") if isinstance(message, dict) else None
    known = [
        ("id", letter.get("id")),
        ("state", letter.get("state")),
        ("verdict", letter.get("verdict")),
        ("reference", letter.get("reference")),
        ("missing", missing),
        ("push", letter.get("push")),
        ("delivered to", _told(letter, "delivered")),
        ("dead targets", _told(letter, "dead")),
        ("still owed", _told(letter, "owed")),
        ("replay of", letter.get("replay_of")),
    ]
    if letter.get("cause"):
        known += [("cause", letter.get("cause")), ("reported by", _regions(letter))]
    rows = [_attempt_row(attempt) for attempt in objects(letter, "attempts")]
    print_facts(known)
    print()
    if rows:
        print_table(("TIME", "TARGET", "OUTCOME", "REASON", "STATUS"), rows)
    else:
        print("No attempts.")


def _attempt_row(attempt: dict[str, Any]) -> list[object]:
    at, target, outcome, reason, status, place = (
        attempt.get(name) for name in ("at", "target", "outcome", "reason", "status", "location")
    )
    return [at, target, outcome, f"{reason}, to {place}" if place else reason, status]


def _regions(letter: dict[str, Any]) -> list[object] | None:
    """Of a push that was given up: the regions whose reports it holds."""
    arrivals = letter.get("arrivals")
    return [a.get("region") for a in arrivals] if isinstance(arrivals, list) else None


def replay_text(letter: str, answer: dict[str, Any]) -> str:
    """One line on a replay that the app has begun."""
    delivery, targets = cell(answer.get("delivery")), answer.get("targets")
    to = f" to {cell(targets)}" if targets else ""
    return f"{line(letter)}: replayed as {delivery}{to}"


def objects(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The list of this name in an answer. Raises AppError."""
    found = answer.get(name)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise AppError(f"the answer has no {name}: is the app of another release?")
    return found
