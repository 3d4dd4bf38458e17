"""Which time a test that is a coroutine function runs in (tests/conftest.py)."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest

from devhost.clock import VirtualLoop


@pytest.mark.parametrize("seconds", [86_400])
async def test_a_day_passes_at_once(seconds: int, tmp_path: Path) -> None:
    """Such a test runs in virtual time, and can have fixtures and parameters."""
    await asyncio.sleep(seconds)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    assert seconds <= loop.time()
    assert tmp_path.name.startswith("test_a_day_passes_at_once")


@pytest.mark.real_time
async def test_a_test_marked_real_time_runs_in_real_time() -> None:
    """Its loop is an ordinary one."""
    assert not isinstance(asyncio.get_running_loop(), VirtualLoop)


def test_a_run_has_a_temporary_folder_of_its_own() -> None:
    """It is removed when the run ends, with everything in it."""
    assert Path(tempfile.gettempdir()).name.startswith("acr-global-tests-")
