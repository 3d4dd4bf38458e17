"""Rows → plain text, or Markdown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

GAP = "  "


@dataclass(frozen=True)
class Table:
    """A title, column heads, rows, and notes that explain them."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = field(default=())


def render(table: Table) -> str:
    """The table as text: the first column flush left, figures flush right."""
    cells = [table.head, *table.rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_line(row, widths) for row in cells]
    rule = GAP.join("-" * width for width in widths)
    notes = [f"* {note}" for note in table.notes]
    return "\n".join(
        [table.title, "", lines[0], rule, *lines[1:], *([""] if notes else []), *notes]
    )


def markdown(table: Table) -> str:
    """The same for a page of the docs."""
    rule = ["---", *["--:"] * (len(table.head) - 1)]
    rows = [_cells(table.head), f"|{'|'.join(rule)}|", *map(_cells, table.rows)]
    notes = [f"- {note}" for note in table.notes]
    return "\n".join([f"**{table.title}**", "", *rows, *(["", *notes] if notes else [])])


def _cells(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |".replace("|  |", "| |")


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    return GAP.join([first[0].ljust(first[1]), *(c.rjust(w) for c, w in others)]).rstrip()


def number(value: float, digits: int = 1) -> str:
    """A figure with so many decimals."""
    return f"{value:.{digits}f}"


def ratio(value: float, baseline: float) -> str:
    """How many times the baseline."""
    return f"{value / baseline:.2f}x" if baseline else "-"


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Median, and in brackets the lowest and the highest."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(percent) // 100) - 1)]
