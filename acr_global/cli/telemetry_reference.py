"""The tables of docs/telemetry.md: `python -m acr_global.cli.telemetry_reference` writes them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from acr_global import spans
from acr_global.cli.console import open_streams, run
from acr_global.cli.exits import Exit
from acr_global.instruments import INSTRUMENTS, LABELS, SECONDS

PAGE = Path("docs/telemetry.md")
QUERIES = Path(__file__).parents[2] / "infra" / "queries"
"""In a checkout only, as the page."""

_BEGIN = "<!-- made by python -m acr_global.cli.telemetry_reference: {} -->"
_END = "<!-- end -->"


def filled(page: str) -> str:
    """The page with its tables in the marked places."""
    page = _put(_put(page, "metrics", _metrics()), "spans", _spans())
    return _put(page, "queries", _queries())


def _put(page: str, name: str, tables: str) -> str:
    begin = _BEGIN.format(name)
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n\n{tables}\n{_END}{rest.partition(_END)[2]}"


def _metrics() -> str:
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
    )


def _spans() -> str:
    kinds = ((f"`{k.name}`", k.kind, k.about, _names(k.attributes), k.made_in) for k in spans.KINDS)
    attributes = ((f"`{name}`", values) for name, values in spans.ATTRIBUTES.items())
    head = ("Name", "Kind", "What", "Attributes", "Made in")
    return _table(head, kinds) + "\n" + _table(("Attribute", "Values"), attributes)


def _queries() -> str:
    """Each query under its first line, which says what it shows."""
    parts = []
    for path in sorted(QUERIES.glob("*.kql")):
        about, _, query = path.read_text("utf-8").partition("\n")
        parts.append(f"{about.removeprefix('// ')} (`{path.stem}.kql`)\n\n```kql\n{query}```\n")
    return "\n".join(parts)


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
