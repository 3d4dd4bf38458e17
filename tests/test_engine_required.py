"""Where the engine, the compiler or a browser is required, no test of it passes by a skip."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = """
import pytest

@pytest.fixture
def engine():
    pytest.skip("no func")

@pytest.mark.engine
def test_in_its_fixture(engine): pass

@pytest.mark.engine
def test_in_itself(): pytest.skip("no npm")

@pytest.mark.engine
@pytest.mark.skip(reason="not today")
def test_by_a_mark(): pass

@pytest.mark.engine
@pytest.mark.xfail(reason="known")
def test_that_is_known_to_fail(): assert False

@pytest.mark.engine
def test_that_passes(): pass

def test_of_something_else(): pytest.skip("no skopeo")
"""


def run(folder: Path, required: str, mark: str = "engine") -> str:
    """pytest's output for those tests, with the project's own conftest."""
    (folder / "test_it.py").write_text(TESTS.replace("engine", mark))
    (folder / "pytest.ini").write_text(f"[pytest]\nmarkers = {mark}\n")
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.conftest",
            "-c",
            folder / "pytest.ini",
            folder,
        ],
        cwd=ROOT,
        env=os.environ | {f"ACR_{mark.upper()}_REQUIRED": required, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )
    return ended.stdout


@pytest.mark.parametrize("mark", ["engine", "bicep", "browser"])
def test_a_skip_of_what_is_required_is_a_failure(tmp_path: Path, mark: str) -> None:
    """The failure gives the skip's reason, wherever it was skipped; other tests are untouched."""
    said = run(tmp_path, "1", mark)

    assert "1 failed, 1 passed, 1 skipped, 1 xfailed, 2 errors" in said
    for reason in ("no func", "no npm", "not today"):
        assert f"ACR_{mark.upper()}_REQUIRED is set, but: Skipped: {reason}\n" in said


def test_a_skip_of_what_is_not_required_stays_a_skip(tmp_path: Path) -> None:
    """A machine without the tools runs the other tests."""
    assert "1 passed, 4 skipped, 1 xfailed" in run(tmp_path, "")
