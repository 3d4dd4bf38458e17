"""docs/telemetry.md is made of the instruments."""

from __future__ import annotations

from pathlib import Path

from acr_global.cli import telemetry_reference
from acr_global.instruments import INSTRUMENTS, LABELS

PAGE = Path(__file__).parents[2] / "docs" / "telemetry.md"


def test_the_page_is_as_it_is_made() -> None:
    """`make docs` makes it."""
    assert PAGE.read_text() == telemetry_reference.filled(PAGE.read_text())


def test_every_instrument_and_label_has_a_row() -> None:
    """With its unit."""
    page = PAGE.read_text()
    for instrument in INSTRUMENTS:
        assert f"| `{instrument.name}` | {instrument.kind} | `{instrument.unit}` |" in page
    for label in LABELS:
        assert f"| `{label}` |" in page
