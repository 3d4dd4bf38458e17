"""What several of these tests need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from acr_global_rig import engine


@pytest.fixture(scope="module")
def azurite() -> Iterator[engine.Azurite]:
    """One Azurite for the tests of a file. (`storage` in tests/e2e is one for the whole run.)"""
    if reason := engine.why_not():
        pytest.skip(reason)
    with engine.azurite() as running:
        yield running
