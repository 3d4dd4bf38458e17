"""What every test stands on: a clean environment."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith("ACR_GLOBAL_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
