"""Stylesheet, script and symbol are kept by browsers until they change."""

from __future__ import annotations

import re

import pytest

from acr_global.ui import assets


def test_an_address_names_its_content() -> None:
    """Another release has another address, where it has changed."""
    found = assets.find("style.css")
    assert found
    assert f"/api/ui-assets/style.css?v={found.mark}" == assets.path("style.css")
    assert found.body == (assets.FOLDER / "style.css").read_bytes()


def test_nothing_else_is_served() -> None:
    """Neither another file of ours nor one above."""
    for name in ("assets.py", "../assets.py", "", "STYLE.CSS"):
        assert None is assets.find(name)
    with pytest.raises(KeyError):
        assets.path("style.scss")


def test_every_file_is_served() -> None:
    """With a media type of its own."""
    assert set(assets.KINDS) == {path.name for path in assets.FOLDER.iterdir()}


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No file names another host."""
    for path in assets.FOLDER.iterdir():
        named = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text())
        assert [] == [one for one in named if "www.w3.org" not in one]
