"""Tables, and text that is safe for a terminal. Pure, except for printing.

In a pipe each row is one line, however long; a terminal gets it folded to its width, by rich. Its
markup is never read: `app[latest]` is shown as it is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

from acr_global.notify.words import plain, shorten

LINE_CHARS = 500
"""Characters of one sentence; a limit of our own, because an answer may hold a whole page."""


def line(text: str) -> str:
    """One line of visible text: a tag, or an answer, must not steer the terminal."""
    return shorten(plain(text), LINE_CHARS)


def cell(value: object) -> str:
    """One value of a table; `-` for none."""
    if isinstance(value, list | tuple):
        return ", ".join(cell(part) for part in value) or "-"
    return "-" if value is None or value == "" else line(str(value))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as their widest cell."""
    lines = [headings, *([cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True)).rstrip()
        for texts in lines
    )


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """One line for each name and value, the values below each other."""
    rows = [(name, cell(value)) for name, value in pairs]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in rows)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table: folded at a terminal, one line per row elsewhere."""
    if sys.stdout.isatty():
        _print_folded(headings, rows)
    else:
        print(table(headings, rows))


def print_facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values: folded at a terminal, one line each elsewhere."""
    if sys.stdout.isatty():
        _print_folded(("", ""), pairs)
    else:
        print(facts(pairs))


def _print_folded(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, padding=(0, 2, 0, 0), show_header=any(headings), header_style="bold")
    for heading in headings:
        grid.add_column(Text(heading), overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell(value)) for value in row))
    Console().print(grid)


def note(text: str) -> None:
    """Print progress at a terminal only: in a pipe stderr is for errors."""
    if sys.stderr.isatty():
        print(line(text), file=sys.stderr)


def print_json(value: object) -> None:
    """Print JSON for programs; in ASCII, so that nothing in it steers a terminal."""
    print(json.dumps(value, indent=2))
