"""How a benchmark that is a program of its own starts and ends: as each command of the app does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn

from acr_global.cli.console import open_streams, run


def program(start: Callable[[], int]) -> NoReturn:
    """Run it, and end with its exit code. What cannot be done is one line on stderr."""
    open_streams()
    sys.exit(run(start))
