"""The channels' sections of docs/channels.md: `python -m acr_global.notify.docs` writes them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from acr_global.notify.channels import KINDS

PAGE = Path("docs/channels.md")

_BEGIN = "<!-- made by python -m acr_global.notify.docs: the NOTES of each channel's file -->"
_END = "<!-- end -->"


def filled(page: str) -> str:
    """The page with each kind's notes in the marked place, in the kinds' order."""
    before, _, rest = page.partition(_BEGIN)
    notes = ((kind, import_module(KINDS[kind].partition(":")[0]).NOTES) for kind in KINDS)
    sections = "".join(f"## {kind}\n\n{text}\n" for kind, text in notes)
    return f"{before}{_BEGIN}\n\n{sections}{_END}{rest.partition(_END)[2]}"


if __name__ == "__main__":  # pragma: no cover - what it writes is held by a test
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
