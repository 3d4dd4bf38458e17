"""`wait`: for pipelines that deploy an image when it is in every region."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from acr_global.cli.connection import KEY_NOTE, KeyFile, KeyStdin, Url, connect
from acr_global.cli.exits import UsageError
from acr_global.cli.moments import seconds, since_when, written
from acr_global.image import Image, parse_image

WITHIN = "15m"
BEFORE = timedelta(hours=1)
"""Before the command's own start: since then the push of a tag may have begun, if not said."""
ANSWER_SECONDS = 60.0
"""For one answer: as long as a host takes at most that has to start first."""

app = typer.Typer()
_timeout = seconds("--timeout")


def _image(text: str) -> Image:
    try:
        named = parse_image(text)
    except ValueError as error:
        raise UsageError(f"IMAGE {error}") from None
    if not named.registry or not named.repository:
        raise UsageError(
            "IMAGE must begin with the registry's login server and a repository, as in "
            "contoso.azurecr.io/team/app:v2"
        )
    return named


@app.command(
    epilog=f"{KEY_NOTE}\n\nExample: `acr-global wait contoso.azurecr.io/team/app:v2 --timeout 20m`"
)
def wait(
    image: Annotated[
        str,
        typer.Argument(
            metavar="IMAGE",
            help="REGISTRY/REPOSITORY@DIGEST, or with :TAG, which is :latest if not said.",
        ),
    ],
    within: Annotated[
        float,
        typer.Option(
            "--timeout",
            metavar="DURATION",
            parser=_timeout,
            show_default=False,
            help=f"The longest to wait; {WITHIN} if not said. With 0 it looks once.",
        ),
    ] = _timeout(WITHIN),
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            parser=since_when,
            help="Count only pushes begun since then: a time, or 2h. Of a tag it is 1h if not "
            "said; of a digest every push counts.",
        ),
    ] = None,
    url: Url = None,
    key_file: KeyFile = None,
    key_stdin: KeyStdin = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was known at the end as JSON.")
    ] = False,
) -> int:
    """Wait until every region has an image.

    0: every region has it. 1: overdue, incomplete, given up or terminated; the line on stderr
    names the regions. After an alarm it waits on while the app does, for what recovers in time
    is everywhere. 3: no such push is known by then, or it is not decided. 4: the app could not be
    asked for 5 minutes, or at the end.
    """
    from acr_global.cli.client import talk
    from acr_global.cli.waiting import Wait

    named = _image(image)
    if since is None and named.digest is None:
        since = written(datetime.now(UTC) - BEFORE)
    there = connect(os.environ, url, key_file, key_stdin, ANSWER_SECONDS)
    return talk(there, lambda client: Wait(client, named, since).run(within, as_json=as_json))
