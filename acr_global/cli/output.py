"""Tables, and text that is safe for a terminal. Pure, but for `print_json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from acr_global.notify.words import plain, shorten

LINE_CHARS = 500
"""Characters of one sentence; ours, for an answer may hold a whole page."""


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


def print_json(value: object) -> None:
    """For other programs; in ASCII, so that nothing in it steers a terminal."""
    print(json.dumps(value, indent=2))
