"""`regions`: how long each region takes, and what it does not report."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from acr_global.api import Region, Regions
from acr_global.cli.answers import shown
from acr_global.cli.connection import (
    DEFAULT_TIMEOUT,
    KEY_NOTE,
    Connection,
    Json,
    KeyFile,
    KeyStdin,
    Timeout,
    Url,
    asked,
    connect,
    registry_host,
)
from acr_global.cli.moments import since_when
from acr_global.cli.output import print_table
from acr_global.cli.push_text import at
from acr_global.lags import unreported
from acr_global.notify.words import duration

PATH = "/api/regions"

app = typer.Typer()


@app.command(epilog=f"{KEY_NOTE}\n\nExample: `acr-global regions --since 12h`")
def regions(
    registry: Annotated[
        str | None,
        typer.Option(metavar="HOST", parser=registry_host, help="Pushes of this registry."),
    ] = None,
    repository: Annotated[
        str | None, typer.Option(metavar="NAME", help="Pushes of this repository.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            parser=since_when,
            help="Pushes begun since then: a time, or 2h; a day if not said.",
        ),
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: Json = False,
) -> int:
    """Show each region's lags, and missed webhooks.

    Lags are counted from a push's first region: half of the pushes took no longer than P50, 95 of
    100 no longer than P95.
    """
    wanted = {"registry": registry, "repository": repository, "since": since}
    path = asked(PATH, {name: value for name, value in wanted.items() if value})
    there = connect(os.environ, url, key_file, key_stdin, timeout)
    return _show(there, path, as_json=as_json)


def _show(there: Connection, path: str, *, as_json: bool) -> int:
    from acr_global.cli.client import Client, talk

    async def ask(client: Client) -> int:
        return shown(Regions, await client.get(path), print_regions, as_json=as_json)

    return talk(there, ask)


def print_regions(answer: Regions) -> None:
    """What was counted, and a table."""
    pushes = "1 push" if answer.pushes == 1 else f"{answer.pushes} pushes"
    print(f"{pushes} since {at(answer.since)}" + ("; older ones were not read" * answer.cut))
    if answer.regions:
        print_table(
            ("REGION", "PUSHES", "P50", "P95", "MAX", "LAST SEEN", "MISSED WEBHOOKS"),
            [_row(region) for region in answer.regions],
        )


def _row(region: Region) -> tuple[object, ...]:
    lags = (region.lag_p50, region.lag_p95, region.lag_max)
    return (
        region.region,
        region.pushes,
        *(None if lag is None else duration(lag) for lag in lags),
        at(region.last_seen) if region.last_seen else None,
        tuple(unreported(region)),
    )
