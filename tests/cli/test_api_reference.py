"""docs/api.md shows the models for every function that answers over HTTP."""

from __future__ import annotations

import re
from pathlib import Path

from acr_global.cli import api_reference

ROOT = Path(__file__).parents[2]


def test_the_documentation_is_made_of_the_models() -> None:
    """docs/api.md is what `python -m acr_global.cli.api_reference` prints."""
    page = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    assert page == api_reference.reference()


def test_each_answer_leads_to_its_fields() -> None:
    """No link leads nowhere."""
    page = api_reference.reference()
    headings = {heading.lower() for heading in re.findall(r"^## (\w+)$", page, re.MULTILINE)}
    assert set(re.findall(r"\(#(\w+)\)", page)) == headings
