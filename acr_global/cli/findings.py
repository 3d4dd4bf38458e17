"""The doctor's findings as text: a line each, with what to do below it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import IO

from acr_global.cli.output import line
from acr_global.doctor.finding import Finding, State

MARKS = {State.OK: "✓", State.WRONG: "✗", State.UNKNOWN: "\N{EN DASH}"}
PLAIN = {State.OK: "ok", State.WRONG: "!!", State.UNKNOWN: "--"}
"""The signs for encodings without the usual ones."""
STYLES = {State.OK: "green", State.WRONG: "red", State.UNKNOWN: "yellow"}
ARROW = "->"


def print_findings(findings: Sequence[Finding]) -> None:
    """Print findings and their numbers: folded at a terminal, a line each elsewhere."""
    if sys.stdout.isatty():
        print_folded(findings, sys.stdout)
    else:
        for text in rows(findings, marks(sys.stdout.encoding)):
            print(text)
    print(f"\n{summary(findings)}")


def print_folded(findings: Iterable[Finding], to: IO[str], width: int | None = None) -> None:
    """Print findings for a terminal, folded. The same advice for the next line is printed once."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=to, width=width, highlight=False)
    signs = marks(console.encoding)
    grid = Table.grid(padding=(0, 1))
    for _ in range(3):
        grid.add_column(overflow="fold")
    last = ""
    for finding in findings:
        mend = [f"{ARROW} {line(finding.mend)}"] if finding.mend not in ("", last) else []
        last = finding.mend
        text = Text("\n".join([line(finding.said), *mend]))
        grid.add_row(Text(signs[finding.state], STYLES[finding.state]), Text(finding.check), text)
    console.print(grid)


def rows(findings: Iterable[Finding], signs: dict[State, str]) -> Iterable[str]:
    """Findings for a pipe: one line each."""
    for finding in findings:
        mend = f" {ARROW} {line(finding.mend)}" if finding.mend else ""
        yield f"{signs[finding.state]} {finding.check}: {line(finding.said)}{mend}"


def marks(encoding: str | None) -> dict[State, str]:
    """A sign for each state, as far as the encoding has them."""
    try:
        "".join(MARKS.values()).encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return PLAIN
    return MARKS


def summary(findings: Iterable[Finding]) -> str:
    """How many findings there are of each state."""
    counted = Counter(finding.state for finding in findings)
    return (
        f"{counted[State.OK]} fine, {counted[State.WRONG]} wrong, "
        f"{counted[State.UNKNOWN]} not known"
    )
