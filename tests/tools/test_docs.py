"""`make docs`: the generated pages are up to date."""

from __future__ import annotations

import re
from pathlib import Path

from tools.docs import PAGES, ROOT, made, stale


def test_no_page_is_stale() -> None:
    """After a change of the code, `make docs` makes them anew."""
    assert [] == stale(made())


def test_a_page_that_differs_or_is_missing_is_stale(tmp_path: Path) -> None:
    """Its path is named, as `make docs` prints it."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_bytes(b"old")
    (tmp_path / "docs/b.md").write_bytes(b"b")
    pages = {"docs/a.md": b"new", "docs/b.md": b"b", "docs/c.md": b"c"}
    assert ["docs/a.md", "docs/c.md"] == stale(pages, tmp_path)


def test_a_module_prints_its_page_or_writes_its_part(tmp_path: Path) -> None:
    """Nothing is written into the checkout before all pages are made."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/page.md").write_bytes(b"by hand")
    silent = made({"docs/page.md": "acr_global.setting_names"}, tmp_path)
    assert {"docs/page.md": b"by hand"} == silent
    printed = made({"docs/page.md": "acr_global.notify.schema"}, tmp_path)
    assert printed["docs/page.md"].startswith(b"{")
    assert b"by hand" == (tmp_path / "docs/page.md").read_bytes()


def test_every_module_that_makes_a_page_is_known() -> None:
    """Such a module says in its docstring that it makes a page in docs/."""
    making = re.compile(r'^"""[^"]*?`python -m (acr_global[\w.]+)( > docs/[\w.]+)?`', re.S)
    folders = (ROOT / "acr_global", ROOT / "acr_global_rig")
    texts = (path.read_text() for folder in folders for path in folder.rglob("*.py"))
    found = {
        m[1] for text in texts if (m := making.match(text)) and "docs/" in text.split('"""')[1]
    }
    assert set(PAGES.values()) == found
