"""`pushes list`, `show`, `watch` and `retry`: where an image is, and who was told."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

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
    asked,
    connect,
    registry_host,
    segment,
)
from acr_global.cli.exits import Exit, UsageError
from acr_global.cli.letters import replay_text
from acr_global.cli.moments import seconds, since_when
from acr_global.cli.output import print_json
from acr_global.cli.push_text import print_push, print_pushes

if TYPE_CHECKING:
    from acr_global.cli.client import Client

PATH = "/api/pushes"
DEFAULT_LIMIT, MAX_LIMIT = 50, 100_000
DEFAULT_WITHIN = "15m"
_EXAMPLE = "Example: `acr-global pushes"
_WHICH = "As `pushes list` shows it."
_within = seconds("--within")

app = typer.Typer(
    name="pushes",
    help="Where each image is, and who was told.",
    epilog=f"{_EXAMPLE} list --image team/app:v2`",
)


class Listed(StrEnum):
    """What a list can be asked for."""

    WAITING = "waiting"
    COMPLETE = "complete"
    OVERDUE = "overdue"
    RECOVERED = "recovered"
    INCOMPLETE = "incomplete"
    INTERRUPTED = "interrupted"


def _limit(value: object) -> int:
    if not str(value).isdecimal() or not 1 <= int(str(value)) <= MAX_LIMIT:
        raise UsageError(f"--limit must be a number, from 1 to {MAX_LIMIT}")
    return int(str(value))


@app.command("list", epilog=f"{KEY_NOTE}\n\n{_EXAMPLE} list --state overdue --since 2d`")
def list_pushes(
    state: Annotated[
        Listed | None,
        typer.Option(metavar="STATE", help=f"{', '.join(Listed)}.", show_default=False),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(
            metavar="IMAGE", help="REGISTRY/REPOSITORY:TAG@DIGEST, or a part; a digest alone, too."
        ),
    ] = None,
    registry: Annotated[
        str | None, typer.Option(metavar="HOST", parser=registry_host, help="Of this registry.")
    ] = None,
    repository: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of this repository.")
    ] = None,
    missing: Annotated[
        str | None, typer.Option(metavar="REGION", help="That lack this region.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", parser=since_when, help="Begun since then: a time, or 2h."),
    ] = None,
    limit: Annotated[
        int,
        typer.Option(
            metavar="N", parser=_limit, show_default=False, help=f"{DEFAULT_LIMIT} if not said."
        ),
    ] = DEFAULT_LIMIT,
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Json = False,
) -> int:
    """List them, newest first; what still waits before all others."""
    from acr_global.cli.client import talk

    wanted = {
        "state": state,
        "image": image,
        "registry": registry,
        "repository": repository,
        "missing": missing,
        "since": since,
    }
    query = {name: str(value) for name, value in wanted.items() if value}
    there = connect(os.environ, url, key_file, key_stdin, timeout)
    return talk(there, lambda client: _list(client, query, limit, as_json=as_json))


@app.command(epilog=f"{KEY_NOTE}\n\n{_EXAMPLE} show cb8c3971-9adc-488b-bdd8-43cbb4974ff5`")
def show(
    push: Annotated[str, typer.Argument(metavar="ID", help=_WHICH)],
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Json = False,
) -> int:
    """Show one: each region's way, what was said, every attempt to tell somebody."""
    from acr_global.cli.client import talk

    there = connect(os.environ, url, key_file, key_stdin, timeout)
    return talk(there, lambda client: _show(client, push, as_json=as_json))


@app.command(epilog=f"{KEY_NOTE}\n\n{_EXAMPLE} watch --within 30m`")
def watch(
    push: Annotated[
        str | None, typer.Argument(metavar="[ID]", help=f"{_WHICH} Without it: all that wait.")
    ] = None,
    within: Annotated[
        float,
        typer.Option(
            metavar="DURATION",
            parser=_within,
            show_default=False,
            help=f"The longest to wait for a verdict; {DEFAULT_WITHIN} if not said.",
        ),
    ] = _within(DEFAULT_WITHIN),
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the last answer of each push as JSON, at the end.")
    ] = False,
) -> int:
    """Watch one, or all that wait, until it is decided: a picture at a terminal, else lines.

    0: complete or recovered; 1: overdue, incomplete, given up or terminated; 3: not decided, or not
    known, within the time.
    """
    from acr_global.cli.client import talk
    from acr_global.cli.watching import watch as watching

    ids = [segment(push, "ID")] if push else None
    there = connect(os.environ, url, key_file, key_stdin, timeout)
    return talk(there, lambda client: watching(client, ids, within, as_json=as_json))


@app.command(epilog=f"{KEY_NOTE}\n\n{_EXAMPLE} retry cb8c3971-9adc-488b-bdd8-43cbb4974ff5`")
def retry(
    push: Annotated[str, typer.Argument(metavar="ID", help=_WHICH)],
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Json = False,
) -> int:
    """Try again what was given up: its dead letters are sent anew, or it goes on itself."""
    from acr_global.cli.client import talk

    there = connect(os.environ, url, key_file, key_stdin, timeout)
    return talk(there, lambda client: _retry(client, push, as_json=as_json))


async def _list(client: Client, query: dict[str, str], limit: int, *, as_json: bool) -> int:
    answer: dict[str, Any] = {"pushes": []}
    more: dict[str, str] = {}
    open_more = 0
    while True:
        page = await client.get(asked(PATH, query | more))
        open_more += understood(api.Pushes, page).open_more
        answer = {**page, "pushes": [*answer["pushes"], *page["pushes"]]}
        if "next" not in page or len(answer["pushes"]) >= limit:
            break
        more = {"after": str(page["next"])}
    cut = answer["pushes"][limit:]
    answer = answer | {"pushes": answer["pushes"][:limit], "open_more": open_more}
    if as_json:
        print_json(answer)
        return Exit.FINE
    print_pushes(understood(api.Pushes, answer).pushes)
    if cut or "next" in answer:
        wider = f"--limit {min(limit * 2, MAX_LIMIT)}, for one, shows them"
        print(f"There are more: {wider if limit < MAX_LIMIT else 'ask for fewer, by --since'}.")
    if open_more:
        print(f"{open_more} more may be waiting, and were not looked at.")
    return Exit.FINE


async def _show(client: Client, push: str, *, as_json: bool) -> int:
    answer = await client.get(f"{PATH}/{segment(push, 'ID')}")
    return shown(api.PushDetails, answer, print_push, as_json=as_json)


async def _retry(client: Client, push: str, *, as_json: bool) -> int:
    answer = await client.post(f"{PATH}/{segment(push, 'ID')}/retry")

    def print_replays(retried: api.Retry) -> None:
        for replay in retried.replays:
            print(replay_text(push, replay))

    return shown(api.Retry, answer, print_replays, as_json=as_json)
