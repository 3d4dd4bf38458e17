"""The README and the docs agree with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from acr_global import errors
from acr_global.model import VerdictType

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "tests" / "e2e" / "README.md",
]
FOLDERS = (
    "acr_global",
    "acr_global_rig",
    "tests",
    "tools",
    "devhost",
    "demo",
    "benchmarks",
    "infra",
)
by_document = pytest.mark.parametrize(
    "path", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS]
)


def without_code(path: Path) -> str:
    """A document without its blocks of code, where # does not begin a heading."""
    return re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """A document's headings as links write them: lower case, hyphens for blanks, no punctuation."""
    headings = re.findall(r"^#+ +(.+)$", without_code(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@by_document
def test_every_link_inside_the_repository_leads_somewhere(path: Path) -> None:
    """A file that moves takes its links along."""
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


@by_document
def test_every_link_to_a_heading_leads_to_one(path: Path) -> None:
    """Rewording a heading breaks no link in its own document or another's."""
    for name, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", without_code(path)):
        assert anchor in anchors(path.parent / name if name else path), f"{name}#{anchor}"


@by_document
def test_every_file_of_python_that_is_named_exists(path: Path) -> None:
    """A file is named by its whole path or the end of it, like `tests/conftest.py` or
    `slack.py`."""
    there = [
        f"/{file.relative_to(ROOT)}" for name in FOLDERS for file in (ROOT / name).rglob("*.py")
    ]
    for name in re.findall(r"`([\w./]+\.py)`", without_code(path)):
        assert any(file.endswith(f"/{name}") for file in there) or (ROOT / name).exists(), name


def test_every_make_target_that_is_named_exists() -> None:
    """The documents name no make command that the Makefile lacks."""
    makefile = (ROOT / "Makefile").read_text()
    for document in DOCUMENTS:
        for name in re.findall(r"(?:`|\$ )make ([a-z]+)", document.read_text()):
            assert re.search(rf"^{name}:", makefile, re.MULTILINE), name


def test_every_reason_is_in_the_table_of_answers() -> None:
    """A caller can look up the reason it was answered with."""
    files = ("receive.py", "functions/arrivals/keeping.py", "functions/arrivals/searching.py")
    source = "".join((ROOT / "acr_global" / f).read_text() for f in files)
    slugs = set(re.findall(r'reason="([a-z-]+)"', source)) | set(
        re.findall(r'Ignored\("([a-z-]+)"\)', source)
    )
    slugs |= {errors.SettingsError.reason, errors.NotKeptError.reason, "already-decided"}
    assert set() == {s for s in slugs if f"`{s}`" not in README and f'"{s}"' not in README}


def test_every_verdict_is_explained() -> None:
    """The README's table has a row for each."""
    for verdict in VerdictType:
        assert f"| `{verdict.value}` |" in README
