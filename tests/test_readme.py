"""The README and the docs are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from acr_global import errors
from acr_global.model import VerdictType

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_link_inside_the_repository_leads_somewhere(path: Path) -> None:
    """Files move; links are checked."""
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_every_make_target_that_is_named_exists() -> None:
    """The two commands above all."""
    makefile = (ROOT / "Makefile").read_text()
    for document in DOCUMENTS:
        for name in re.findall(r"(?:`|\$ )make ([a-z]+)", document.read_text()):
            assert re.search(rf"^{name}:", makefile, re.MULTILINE), name


def test_every_reason_is_in_the_table_of_answers() -> None:
    """A caller finds the slug that it was answered."""
    files = ("receive.py", "functions/keeping.py")
    source = "".join((ROOT / "acr_global" / f).read_text() for f in files)
    slugs = set(re.findall(r'reason="([a-z-]+)"', source)) | set(
        re.findall(r'Ignored\("([a-z-]+)"\)', source)
    )
    slugs |= {errors.SettingsError.reason, errors.NotKeptError.reason, "already-decided"}
    assert set() == {s for s in slugs if f"`{s}`" not in README and f'"{s}"' not in README}


def test_every_verdict_is_explained() -> None:
    """In the table of verdicts."""
    for verdict in VerdictType:
        assert f"| `{verdict.value}` |" in README
