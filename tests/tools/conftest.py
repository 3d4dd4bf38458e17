"""Stand-in programs that print how they were started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[[str], Path]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Make a program of this name, in a folder of its own, that prints its storage and options."""

    def make(name: str) -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text('#!/bin/sh\nprintf "%s\\n" "storage: $AzureWebJobsStorage" "$*"\n')
        path.chmod(0o755)
        return path

    return make
