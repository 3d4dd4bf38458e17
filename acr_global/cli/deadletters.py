"""`deadletters list`, `show` and `replay`: what a running app says and does about them."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from typing import Any

from acr_global.cli.client import AppError, Client, segment
from acr_global.cli.connection import connect
from acr_global.cli.output import cell, facts, line, print_json, table
from acr_global.cli.parser import UsageError

_PATH = "/api/deadletters"
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


async def _list(client: Client, *, as_json: bool) -> int:
    answer = await client.get(_PATH)
    if as_json:
        print_json(answer)
        return 0
    letters = _objects(answer, "deadletters")
    print(letter_table(letters) if letters else "No dead letters.")
    if answer.get("cut_off"):
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
    listing = await client.get(_PATH)
    letters = [str(letter.get("id")) for letter in _objects(listing, "deadletters")]
    answers: list[dict[str, Any]] = []
    failed = 0
    for letter in letters:
        try:
            answer = await client.post(f"{_PATH}/{segment(letter, 'ID')}/replay")
            text = replay_text(letter, answer)
        except (AppError, UsageError) as error:
            failed += 1
            answer = {"status": "error", "message": error.message}
            text = f"{line(letter)}: failed: {line(error.message)}"
        answers.append({"id": letter, **answer})
        if not as_json:
            print(text, flush=True)
    if as_json:
        print_json({"replays": answers, "cut_off": bool(listing.get("cut_off"))})
    elif not letters:
        print("No dead letters.")
    if listing.get("cut_off") and not as_json:
        print(_CUT_OFF)
    if failed:
        print(f"error: {failed} of {len(letters)} could not be replayed", file=sys.stderr)
    return 1 if failed else 0


def letter_table(letters: list[dict[str, Any]]) -> str:
    """The list as an operator reads it. A delivery that broke off has little to tell."""
    columns = ("id", "verdict", "reference", "dead", "attempts")
    rows = [[letter.get(column) for column in columns] for letter in letters]
    return table(("ID", "VERDICT", "REFERENCE", "DEAD TARGETS", "ATTEMPTS"), rows)


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
        ("delivered to", letter.get("delivered")),
        ("dead targets", letter.get("dead")),
        ("still owed", letter.get("owed")),
        ("replay of", letter.get("replay_of")),
    ]
    columns = ("at", "target", "outcome", "reason", "status")
    rows = [[attempt.get(column) for column in columns] for attempt in _objects(letter, "attempts")]
    attempts = table(("TIME", "TARGET", "OUTCOME", "REASON", "STATUS"), rows)
    return f"{facts(known)}\n\n{attempts if rows else 'No attempts.'}"


def replay_text(letter: str, answer: dict[str, Any]) -> str:
    """One line on a replay that the app has begun."""
    delivery, targets = cell(answer.get("delivery")), cell(answer.get("targets"))
    return f"{line(letter)}: replayed as {delivery} to {targets}"


def _objects(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = answer.get(name)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise AppError(f"the answer has no {name}: is the app of another release?")
    return found
