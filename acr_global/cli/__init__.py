"""The operator's commands: dead letters and their replay, trial messages, a check of the settings.

    grammar.py      what can be typed, and its help
    parser.py       argparse, with help that is the same everywhere
    connection.py   which app is meant, and the key to it
    client.py       one request to that app, one answer or one plain sentence
    environment.py  the settings as they stand here
    loose_json.py   JSON as the Functions host reads its files
    output.py       tables, and text that is safe for a terminal
    deadletters.py · targets.py · settings.py   the commands
    reference.py    docs/commands.md, made of the help

What a command needs is imported when it runs, so that help is there at once.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Mapping, Sequence

from acr_global.cli.grammar import parse
from acr_global.cli.parser import UsageError
from acr_global.errors import AcrGlobalError

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
"""Exit codes; 0 is done. The last is what shells give for Ctrl+C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. What goes wrong is one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        # A console that lacks a character shows its code instead of ending the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(parse(sys.argv[1:] if argv is None else argv), os.environ)
        sys.stdout.flush()
    except AcrGlobalError as error:
        return _fail(error)
    except SystemExit as end:  # argparse, after it has printed the help
        return int(end.code or 0)
    except BrokenPipeError:
        # Whoever read has enough, as `head` does; the interpreter's own flush is to find no pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


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


def _fail(error: AcrGlobalError) -> int:
    from acr_global.cli.output import line

    print(f"error: {line(error.message)}", file=sys.stderr)
    return MISUSED if isinstance(error, UsageError) else FAILED
