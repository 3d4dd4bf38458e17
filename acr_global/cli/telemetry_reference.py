"""The tables of docs/telemetry.md: `python -m acr_global.cli.telemetry_reference` writes them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from acr_global.cli.console import open_streams, run
from acr_global.cli.exits import Exit
from acr_global.instruments import INSTRUMENTS, LABELS, SECONDS

PAGE = Path("docs/telemetry.md")

_BEGIN = (
    "<!-- made by python -m acr_global.cli.telemetry_reference: "
    "the tables of acr_global/instruments.py -->"
)
_END = "<!-- end -->"


def filled(page: str) -> str:
    """The page with its tables in the marked place."""
    before, _, rest = page.partition(_BEGIN)
    return f"{before}{_BEGIN}\n\n{_tables()}{_END}{rest.partition(_END)[2]}"


def _tables() -> str:
    instruments = (
        (f"`{i.name}`", i.kind, f"`{i.unit}`", _names(i.labels), i.about, i.counted_in)
        for i in INSTRUMENTS
    )
    labels = ((f"`{name}`", values) for name, values in LABELS.items())
    bounds = ", ".join(f"{bound:g}" for bound in SECONDS)
    return (
        _table(("Name", "Kind", "Unit", "Labels", "What", "Counted in"), instruments)
        + f"\nUpper bounds of the buckets, in seconds: {bounds}.\n\n"
        + _table(("Label", "Values"), labels)
        + "\n"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ["---"] * len(head), *rows))


def _names(labels: tuple[str, ...]) -> str:
    return ", ".join(f"`{label}`" for label in labels) or "none"


def main() -> int:
    """Write the page's part."""
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
    return Exit.FINE


if __name__ == "__main__":
    open_streams()
    sys.exit(run(main))
