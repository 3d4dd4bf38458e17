"""What the demo prints: one line for everything that happens, as it happens. Where nobody can
read it any more, the demo ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TextIO

_COLOURS = {"green": "32", "yellow": "33", "red": "31", "bold": "1"}


class Screen:
    """Plain text; in colour only on a terminal."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._colour = self._out.isatty() and "NO_COLOR" not in os.environ
        self._began = time.monotonic()
        self.end: Callable[[], object] = lambda: None
        """Called where a line could not be printed."""
        self.code: int | None = None
        """The exit code where that has happened."""

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def say(self, text: str = "", colour: str | None = None) -> None:
        """One line, or several."""
        try:
            print(self.painted(text, colour), file=self._out, flush=True)
        except SystemExit as lost:  # here, for a server's handler may be what prints
            self.code = int(lost.code or 0)
            self.end()

    def step(self, what: str, image: str, text: str, colour: str | None = None) -> None:
        """One thing that has happened now."""
        self.say(f"{self.seconds:5.1f} s  {what:<8}  {image:<15}  {self.painted(text, colour)}")

    def painted(self, text: str, colour: str | None) -> str:
        """The text in a colour, where there are colours."""
        return f"\033[{_COLOURS[colour]}m{text}\033[0m" if colour and self._colour else text
