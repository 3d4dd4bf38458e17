"""The operator's commands: dead letters and their replay, trial messages, a check of the settings.

    grammar.py      what can be typed, and its help
    parser.py       argparse, with help that is the same everywhere
    connection.py   which app is meant, and the key to it
    client.py       one request to that app, one answer or one plain sentence
    environment.py  the settings as they stand here
    console.py      the standard streams, and how a command ends
    loose_json.py   JSON as the Functions host reads its files
    output.py       tables, and text that is safe for a terminal
    deadletters.py · targets.py · settings.py   the commands
    reference.py    docs/commands.md, made of the help

What a command needs is imported when it runs, so that help is there at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from acr_global.cli import console
from acr_global.cli.grammar import parse


def program() -> int:
    """Run the command that was typed, on streams that are fit for it; returns its exit code."""
    console.open_streams()
    return main()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. What goes wrong is one line on stderr."""
    typed = sys.argv[1:] if argv is None else argv
    return console.run(lambda: _run(parse(typed), os.environ))


def _run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    match args.group:
        case "deadletters":
            from acr_global.cli import deadletters

            return deadletters.run(args, environ)
        case "targets":
            from acr_global.cli import targets

            return targets.run(args, environ)
        case _:
            from acr_global.cli import settings

            return settings.run(environ)
