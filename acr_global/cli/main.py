"""The entry point: prepares the streams, then runs the command that was typed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from acr_global.cli import console
from acr_global.cli.exits import UsageError


def program() -> int:
    """Prepare the streams and run the command that was typed; returns its exit code."""
    console.open_streams()
    return main()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. An error is one line on stderr."""
    typed = sys.argv[1:] if argv is None else argv
    return console.run(lambda: _run(typed))


def _run(typed: Sequence[str]) -> int:
    try:
        from acr_global.cli import commands
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        raise UsageError(
            "the commands need the extra cli; in the checkout: python -m pip install -e '.[cli]'"
        ) from None
    return commands.run(typed)
