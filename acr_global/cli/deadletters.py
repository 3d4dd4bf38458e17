"""`deadletters list`, `show` and `replay`: what a running app says and does about them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from acr_global import api
from acr_global.cli.answers import shown, understood
from acr_global.cli.connection import (
    DEFAULT_TIMEOUT,
    KEY_NOTE,
    Json,
    KeyFile,
    KeyStdin,
    Timeout,
    Url,
    connect,
    segment,
)
from acr_global.cli.exits import AppError, Exit, UnreachableError, UsageError
from acr_global.cli.letters import print_letter, print_letters, replay_text
from acr_global.cli.output import line, print_json

if TYPE_CHECKING:
    from acr_global.cli.client import Client

_PATH = "/api/deadletters"
MAX_PAGES = 1_000
"""Of the list; this only ends endless paging."""
MAX_UNREACHED = 3
"""Replays in a row without an answer, after which the others are not tried."""
_CUT_OFF = "The list is cut off: there are more."
_EXAMPLE = "Example: `acr-global deadletters"

app = typer.Typer(
    name="deadletters",
    help="Notifications that some target did not get.",
    epilog=f"{_EXAMPLE} list`",
)


@app.command("list", epilog=f"{KEY_NOTE}\n\n{_EXAMPLE} list --json`")
def list_letters(
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Json = False,
) -> int:
    """List them: id, verdict, what was pushed, who missed it, attempts."""
    from acr_global.cli.client import talk

    there = connect(os.environ, url, key_file, key_stdin, timeout)
    return talk(there, lambda client: _list(client, as_json=as_json))


@app.command(epilog=f"{KEY_NOTE}\n\n{_EXAMPLE} show _delivery.overdue.p1`")
def show(
    letter: Annotated[
        str,
        typer.Argument(metavar="ID", help="As `deadletters list` shows it."),
    ],
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Json = False,
) -> int:
    """Show one: every attempt with its time and reason."""
    from acr_global.cli.client import talk

    there = connect(os.environ, url, key_file, key_stdin, timeout)
    return talk(there, lambda client: _show(client, letter, as_json=as_json))


@app.command(epilog=f"{KEY_NOTE}\n\n{_EXAMPLE} replay --all`")
def replay(
    letter: Annotated[
        str | None, typer.Argument(metavar="ID", help="As `deadletters list` shows it.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All in the list, one by one.")] = False,
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Json = False,
) -> int:
    """Send one again, or all, to the targets that did not get it.

    A replay has the message id of the first attempt. --all ends early when the app does not
    answer three times in a row.
    """
    from acr_global.cli.client import talk

    if bool(letter) is everything:
        raise UsageError("give the ID of one dead letter, or --all")
    there = connect(os.environ, url, key_file, key_stdin, timeout)
    if letter:
        return talk(there, lambda client: _replay(client, letter, as_json=as_json))
    return talk(there, lambda client: _replay_all(client, as_json=as_json))


async def _whole_list(client: Client) -> dict[str, Any]:
    """The list as one answer of all its pages, with `next` of the last: as the app sent it, checked
    against the model. Raises AppError."""
    answer = await client.get(_PATH)
    understood(api.DeadLetters, answer)
    letters = [*answer["deadletters"]]
    pages = 1
    while (after := answer.get("next")) and pages < MAX_PAGES:
        answer = await client.get(f"{_PATH}?after={quote(str(after), safe='', errors='replace')}")
        understood(api.DeadLetters, answer)
        letters += answer["deadletters"]
        pages += 1
    return {**answer, "deadletters": letters}


async def _list(client: Client, *, as_json: bool) -> int:
    answer = await _whole_list(client)
    if as_json:
        print_json(answer)
        return Exit.FINE
    print_letters(understood(api.DeadLetters, answer).deadletters)
    if answer.get("next"):
        print(_CUT_OFF)
    return Exit.FINE


async def _show(client: Client, letter: str, *, as_json: bool) -> int:
    answer = await client.get(f"{_PATH}/{segment(letter, 'ID')}")
    return shown(api.DeadLetterDetails, answer, print_letter, as_json=as_json)


async def _replay(client: Client, letter: str, *, as_json: bool) -> int:
    answer = await client.post(f"{_PATH}/{segment(letter, 'ID')}/replay")

    def print_replay(replay: api.Replay) -> None:
        print(replay_text(letter, replay))

    return shown(api.Replay, answer, print_replay, as_json=as_json)


async def _replay_all(client: Client, *, as_json: bool) -> int:
    listing = await _whole_list(client)
    letters = [letter.id for letter in understood(api.DeadLetters, listing).deadletters]
    answers: list[dict[str, Any]] = []
    failed = unreached = 0
    for letter in letters:
        answer, error = await _try_replay(client, letter)
        answers.append({"id": letter, **answer})
        if not as_json:
            told = f"{line(letter)}: failed: {line(error.message)}" if error else None
            print(told or replay_text(letter, understood(api.Replay, answer)), flush=True)
        failed += error is not None
        unreached = unreached + 1 if isinstance(error, UnreachableError) else 0
        if unreached == MAX_UNREACHED:
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
    return Exit.PROBLEMS if failed else Exit.FINE


async def _try_replay(
    client: Client, letter: str
) -> tuple[dict[str, Any], AppError | UsageError | None]:
    """The app's answer, or one of our own with the error that it stands for."""
    try:
        answer = await client.post(f"{_PATH}/{segment(letter, 'ID')}/replay")
        understood(api.Replay, answer)
        return answer, None
    except (AppError, UsageError) as error:
        return {"status": "error", "message": error.message}, error
