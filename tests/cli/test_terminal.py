"""At a terminal, text is folded to its width, and every name is shown as it is."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import App

ROOT = Path(__file__).parents[2]
LONG = "_delivery.overdue." + "x" * 60
LETTER = {
    "id": LONG,
    "state": "dead",
    "verdict": "overdue",
    "reference": "team/app[latest]",
    "dead": ["ops", "[bold]chat"],
    "attempts": 3,
}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")


def at_terminal(*argv: str, columns: int = 80, environ: Mapping[str, str] = {}) -> str:
    """The output of a command on a terminal of this width."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-m", "acr_global", *argv],
        cwd=ROOT,
        env=kept | {"TERM": "xterm-256color"} | {**environ},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux's end of a terminal that nobody has open
                break
            if not part:
                break
            shown += part
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def bare(text: str) -> str:
    """A text without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_table_is_folded_to_the_terminal(app: App, columns: int) -> None:
    """No line is wider, and nothing is cut off."""
    app.answer("GET /api/deadletters", 200, {"deadletters": [LETTER], "next": None})
    shown = bare(
        at_terminal("deadletters", "list", columns=columns, environ={"FUNCTION_APP_URL": app.url})
    )
    assert columns >= max(map(len, shown.splitlines()))
    assert LONG.count("x") == shown.count("x")


def test_a_name_is_shown_as_it_is(app: App) -> None:
    """Brackets in it are no markup."""
    app.answer("GET /api/deadletters", 200, {"deadletters": [LETTER], "next": None})
    app.answer(f"GET /api/deadletters/{LONG}", 200, LETTER | {"attempts": []})
    for argv in (["list"], ["show", LONG]):
        shown = at_terminal(
            "deadletters", *argv, columns=300, environ={"FUNCTION_APP_URL": app.url}
        )
        assert "team/app[latest]" in bare(shown)
        assert "ops, [bold]chat" in bare(shown)


def test_help_fits_and_no_color_is_heeded() -> None:
    """The words are the same with and without colours."""
    argv = ("targets", "test", "--help")
    coloured, plain = at_terminal(*argv), at_terminal(*argv, environ={"NO_COLOR": "1"})
    assert bare(coloured) == bare(plain)
    assert 80 >= max(map(len, bare(plain).splitlines()))
    assert "\x1b[3" in coloured
    assert "\x1b[3" not in plain
    assert "acr-global targets test oncall" in bare(plain)
