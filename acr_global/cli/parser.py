"""argparse with help of a fixed shape. Quick: nothing but the standard library is imported.

The usage lines and the width are ours, so that the help is the same in every terminal and in
every release of Python; docs/commands.md holds it.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Mapping
from typing import Any, NoReturn

from acr_global.errors import AcrGlobalError

PROG = "python -m acr_global"
WIDTH = 88
"""Characters of a line of help."""


class UsageError(AcrGlobalError):
    """The command was not typed, or its key not given, as it must be (exit code 2)."""

    status = 400
    reason = "usage"


class CommandParser(argparse.ArgumentParser):
    """Help of a fixed shape; one sentence instead of the usage where something is wrong."""

    def __init__(self, **kwargs: Any):
        super().__init__(formatter_class=_Formatter, allow_abbrev=False, **kwargs)
        self.color = False  # from Python 3.14 on

    def error(self, message: str) -> NoReturn:
        """Raise UsageError. What was typed is left out: it may be a key that went astray."""
        said = re.sub(r"(?s): invalid choice: .*\(choose", ": not known (choose", message)
        raise UsageError(f"{said}; see {self.prog} --help")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str):
        super().__init__(prog, width=WIDTH, max_help_position=26)


def wrapped(text: str) -> str:
    """A paragraph of help."""
    return textwrap.fill(text, WIDTH)


def listed(commands: Mapping[str, str]) -> str:
    """The commands of a group with what they do; argparse's own list differs by release."""
    width = max(map(len, commands))
    lines = (f"  {name.ljust(width)}  {text}" for name, text in commands.items())
    return "\n".join(["commands:", *lines])
