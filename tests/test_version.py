"""What the app says to be is what is released."""

from __future__ import annotations

import tomllib
from pathlib import Path

from acr_global.version import VERSION

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def test_the_app_and_the_package_have_one_version() -> None:
    """What is deployed is no package, and has it by itself."""
    assert tomllib.loads(PYPROJECT.read_text())["project"]["version"] == VERSION
