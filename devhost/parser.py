"""argparse with help of a fixed width, and errors of one sentence without the usage."""

from __future__ import annotations

import argparse
import re
import textwrap
from typing import Any, NoReturn

from acr_global.cli.exits import UsageError

WIDTH = 88
"""Characters of a line of help."""


class CommandParser(argparse.ArgumentParser):
    """Help of a fixed shape; a wrong input is answered by one sentence, without the usage."""

    def __init__(self, **kwargs: Any):
        super().__init__(formatter_class=_Formatter, allow_abbrev=False, **kwargs)
        self.color = False  # from Python 3.14 on

    def error(self, message: str) -> NoReturn:
        """Raise UsageError. What was typed is left out: it may be a key."""
        said = re.sub(r"(?s): invalid choice: .*\(choose", ": not known (choose", message)
        raise UsageError(f"{said}; see {self.prog} --help")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str):
        super().__init__(prog, width=WIDTH, max_help_position=26)


def wrapped(text: str) -> str:
    """A paragraph of help, wrapped to the width."""
    return textwrap.fill(text, WIDTH)
