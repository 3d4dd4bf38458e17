"""In which time tests run that are coroutine functions (tests/conftest.py)."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest

from devhost.clock import VirtualLoop


@pytest.mark.parametrize("seconds", [86_400])
async def test_a_day_passes_at_once(seconds: int, tmp_path: Path) -> None:
    """In virtual time, with fixtures and parameters as any test has them."""
    await asyncio.sleep(seconds)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    assert seconds <= loop.time()
    assert tmp_path.name.startswith("test_a_day_passes_at_once")


@pytest.mark.real_time
async def test_what_is_marked_so_runs_in_real_time() -> None:
    """On a loop as everybody has it."""
    assert not isinstance(asyncio.get_running_loop(), VirtualLoop)


def test_a_run_has_a_temporary_folder_of_its_own() -> None:
    """What is left in it goes when the run ends, an app's journal too."""
    assert Path(tempfile.gettempdir()).name.startswith("acr-global-tests-")
