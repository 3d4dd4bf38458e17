"""Completion, as bash asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")

ROOT = Path(__file__).parents[2]


def bash(script: str, home: Path) -> str:
    """The output of a script in a bash whose `acr-global` is this checkout's; stderr stays
    empty."""
    program = home / "acr-global"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m acr_global "$@"\n')
    program.chmod(0o755)
    path = f"{home}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        # More than one command, or bash would become the program, and no shell be above it.
        ["bash", "--norc", "-c", f"{script}\n:"],
        cwd=home,
        env=os.environ | {"PATH": path, "HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ("", 0) == (done.stderr, done.returncode)
    return done.stdout


@pytest.mark.parametrize(
    ("offered", "typed"),
    [
        ("settings", "acr-global set"),
        ("check show schema", "acr-global settings ''"),
        ("--listen", "acr-global simulate --li"),
        ("complete overdue recovered incomplete", "acr-global targets preview x --verdict ''"),
        ("", "acr-global hush ''"),
        ("", "acr-global simulate --seed hush --wait hush hu"),
    ],
)
def test_bash_is_told_what_may_follow(tmp_path: Path, offered: str, typed: str) -> None:
    """It offers commands, options and the values of a choice; after a mistake nothing."""
    script = f"""
        eval "$(acr-global --show-completion)"
        COMP_WORDS=({typed})
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _acr_global_completion acr-global
        echo "${{COMPREPLY[*]}}"
    """
    assert offered == bash(script, tmp_path).strip()


def test_completion_is_installed_for_the_shell_that_asks(tmp_path: Path) -> None:
    """A new bash that reads its start file knows it."""
    shown = bash("acr-global --install-completion", tmp_path)
    assert "bash completion installed in" in shown
    told = bash("source ~/.bashrc; complete -p acr-global", tmp_path)
    assert "complete -o default -F _acr_global_completion acr-global" == told.strip()
