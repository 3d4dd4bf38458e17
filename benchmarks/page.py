"""Where tables go: to the terminal, and with `--write` into docs/benchmarks.md, below the command
that they came from, the day, the machine and the versions."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from acr_global_rig import engine
from benchmarks.process import machine
from benchmarks.table import Table, markdown, render
from devhost.parser import CommandParser

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
WRITE = "--write"


def put(
    name: str, tables: Sequence[Table], *, command: str, write: bool, on_engine: bool = False
) -> None:
    """Show a measurement's tables; if so wanted, put them into the page's block of this name."""
    for table in tables:
        print(f"\n{render(table)}", flush=True)
    if write:
        block = "\n\n".join([circumstances(command, on_engine=on_engine), *map(markdown, tables)])
        PAGE.write_text(written(PAGE.read_text(), f"bench {name}", block))


Measures = Mapping[str, Callable[[], Coroutine[Any, Any, Table]]]
"""What can be measured, by the word of the command line."""


def measured(name: str, about: str | None, measures: Measures) -> int:
    """Run the measurements that the command line names, or all, on the engine; the exit code.

    `name`: the module; `about`: the help. Raises as `given` does.
    """
    words, write = given(name, about, measures)
    for word in words or measures:
        tables, command = [asyncio.run(measures[word]())], f"python -m benchmarks.{name} {word}"
        put(f"{name} {word}", tables, command=command, write=write, on_engine=True)
    return 0


def circumstances(command: str, *, on_engine: bool = False) -> str:
    """The command, and what its figures depend on."""
    host = f"\non {_engine()}, with Azurite" if on_engine else ""
    return (
        f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, a load of {os.getloadavg()[0]:.0f} at the end;"
        f"\n{machine()}, azure-functions-durable {version('azure-functions-durable')}{host}."
    )


def _engine() -> str:
    """What `func` says of itself."""
    said = subprocess.run(["func", "--version"], capture_output=True, text=True, check=True)
    return said.stdout.strip().rpartition(": ")[2]


def written(page: str, name: str, block: str) -> str:
    """The page with the block of this name replaced. Raises ValueError where it has none."""
    begins, ends = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if begins not in page or ends not in page:
        raise ValueError(f"the page has no block {begins}")
    before, after = page.split(begins)[0], page.split(ends)[1]
    return f"{before}{begins}\n{block}\n{ends}{after}"


def given(
    name: str,
    about: str | None,
    known: Collection[str] = (),
    *,
    numbers: bool = False,
    writes: bool = True,
    on_engine: bool = True,
) -> tuple[list[str], bool]:
    """The words of this process's command line, and whether its tables are to be written.

    `name`: the module; `about`: the help; `known`: words that may be; `numbers`: so may numbers;
    `writes`: whether it has tables for the docs. Raises UsageError, also where a command needs the
    engine, and it is not there.
    """
    parser = CommandParser(prog=f"python -m benchmarks.{name}", description=about)
    parser.add_argument("word", nargs="*", help=", ".join(known) or argparse.SUPPRESS)
    if writes:
        parser.add_argument(
            WRITE, action="store_true", help="put the tables into docs/benchmarks.md"
        )
    found = parser.parse_args()
    for word in found.word:
        if word not in known and not (numbers and word.isdecimal()):
            allowed = [*known, *(["numbers"] if numbers else [])]
            parser.error(f"{word!r} is not known; there are: {', '.join(allowed) or 'no words'}")
    if on_engine and (reason := engine.why_not()):
        parser.error(reason)
    return found.word, writes and found.write
