"""`deadletters list`, `show` and `replay`: what a running app says and does about them."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from acr_global.cli.client import AppError, Client, UnreachableError, segment
from acr_global.cli.connection import connect
from acr_global.cli.output import cell, facts, line, print_json, table
from acr_global.cli.parser import UsageError

_PATH = "/api/deadletters"
MOST_PAGES = 1_000
"""Of the list; this only ends a paging that never does."""
MOST_UNREACHED = 3
"""Replays in a row without an answer, after which the others are not tried."""
_CUT_OFF = "The list is cut off: there are more."


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Run the command that was typed; returns its exit code."""
    if args.command == "replay" and bool(args.id) is args.all:
        raise UsageError("give the ID of one dead letter, or --all")
    return asyncio.run(_run(args, environ))


async def _run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    async with Client(connect(args, environ)) as client:
        match args.command:
            case "list":
                return await _list(client, as_json=args.json)
            case "show":
                return await _show(client, args.id, as_json=args.json)
            case _ if args.all:
                return await _replay_all(client, as_json=args.json)
            case _:
                return await _replay(client, args.id, as_json=args.json)


async def _whole_list(client: Client) -> dict[str, Any]:
    """The list as one answer: all its pages, and `next` of the last. Raises AppError."""
    answer = await client.get(_PATH)
    letters = list(_objects(answer, "deadletters"))
    pages = 1
    while (after := answer.get("next")) and pages < MOST_PAGES:
        answer = await client.get(f"{_PATH}?after={quote(str(after), safe='', errors='replace')}")
        letters += _objects(answer, "deadletters")
        pages += 1
    return {**answer, "deadletters": letters}


async def _list(client: Client, *, as_json: bool) -> int:
    answer = await _whole_list(client)
    if as_json:
        print_json(answer)
        return 0
    letters = answer["deadletters"]
    print(letter_table(letters) if letters else "No dead letters.")
    if answer.get("next"):
        print(_CUT_OFF)
    return 0


async def _show(client: Client, letter: str, *, as_json: bool) -> int:
    answer = await client.get(f"{_PATH}/{segment(letter, 'ID')}")
    if as_json:
        print_json(answer)
    else:
        print(letter_text(answer))
    return 0


async def _replay(client: Client, letter: str, *, as_json: bool) -> int:
    answer = await client.post(f"{_PATH}/{segment(letter, 'ID')}/replay")
    if as_json:
        print_json(answer)
    else:
        print(replay_text(letter, answer))
    return 0


async def _replay_all(client: Client, *, as_json: bool) -> int:
    listing = await _whole_list(client)
    letters = [str(letter.get("id")) for letter in listing["deadletters"]]
    answers: list[dict[str, Any]] = []
    failed = unreached = 0
    for letter in letters:
        answer, error = await _try_replay(client, letter)
        answers.append({"id": letter, **answer})
        if not as_json:
            told = f"{line(letter)}: failed: {line(error.message)}" if error else None
            print(told or replay_text(letter, answer), flush=True)
        failed += error is not None
        unreached = unreached + 1 if isinstance(error, UnreachableError) else 0
        if unreached == MOST_UNREACHED:
            break
    untried = letters[len(answers) :]
    if as_json:
        print_json({"replays": answers, "untried": untried, "next": listing.get("next")})
    elif not letters:
        print("No dead letters.")
    elif listing.get("next"):
        print(_CUT_OFF)
    if failed:
        rest = f"; {len(untried)} were not tried, for the app does not answer" if untried else ""
        print(f"error: {failed} of {len(letters)} could not be replayed{rest}", file=sys.stderr)
    return 1 if failed else 0


async def _try_replay(
    client: Client, letter: str
) -> tuple[dict[str, Any], AppError | UsageError | None]:
    """The app's answer, or one of our own with the error that it stands for."""
    try:
        return await client.post(f"{_PATH}/{segment(letter, 'ID')}/replay"), None
    except (AppError, UsageError) as error:
        return {"status": "error", "message": error.message}, error


def letter_table(letters: list[dict[str, Any]]) -> str:
    """The list as an operator reads it. A delivery that broke off has little to tell."""
    columns = ("id", "verdict", "reference", "dead", "attempts")
    rows = [[_told(letter, column) for column in columns] for letter in letters]
    return table(("ID", "VERDICT", "REFERENCE", "DEAD TARGETS", "ATTEMPTS"), rows)


def _told(letter: dict[str, Any], name: str) -> object:
    """A value; of a list that the app has cut, the first and how many more."""
    value, more = letter.get(name), letter.get(f"{name}_more")
    return [*value, f"{more} more"] if more and isinstance(value, list) else value


def letter_text(letter: dict[str, Any]) -> str:
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
    rows = [_attempt_row(attempt) for attempt in _objects(letter, "attempts")]
    attempts = table(("TIME", "TARGET", "OUTCOME", "REASON", "STATUS"), rows)
    return f"{facts(known)}\n\n{attempts if rows else 'No attempts.'}"


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


def _objects(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = answer.get(name)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise AppError(f"the answer has no {name}: is the app of another release?")
    return found
