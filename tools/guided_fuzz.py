"""`make fuzz-guided`: what the tests marked `fuzz` hold, tried with input that finds its way by
what the code does with it. Atheris does that, in an environment of its own; tests/guided.py is what
it runs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from acr_global.cli.console import open_streams, run
from acr_global.cli.exits import CommandError
from devhost.parser import CommandParser
from tests.guided import NAMES, SEEDS
from tools.venvs import FOLDER, ROOT, of_tests, venv

ATHERIS = "atheris==3.0.0"
INPUT_SECONDS = 10
"""For one input: what takes longer is a finding."""
MAX_BYTES = 50_000
BEGINNINGS = tuple(range(50, 3_000, 150))
"""Bytes of what is tried first."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the named ones, or all; 0 only if nothing was found."""
    given = _parser().parse_args(arguments)
    for name in given.name:
        if name not in NAMES:
            raise CommandError(f"{name!r} is not known; there are: {', '.join(NAMES)}")
    python = _environment()
    found = [name for name in given.name or NAMES if not _holds(python, name, given.seconds)]
    if found:
        print(f"\nFound something: {', '.join(found)}. The file named above holds the input.")
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(prog="python -m tools.guided_fuzz", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"{', '.join(NAMES)}; without a name, all")
    parser.add_argument("--seconds", type=int, default=60, help="for each of them (60)")
    return parser


def _environment() -> str:
    try:
        return str(venv("guided", *of_tests(), ATHERIS) / "python")
    except subprocess.CalledProcessError:
        raise CommandError(
            f"{ATHERIS} could not be installed: it is there for Linux, and for Python 3.11 to 3.13"
        ) from None


def _holds(python: str, name: str, seconds: int) -> bool:
    corpus, findings = FOLDER / "guided-corpus" / name, FOLDER / "guided-found"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for size in BEGINNINGS:  # of a few bytes Hypothesis makes nothing
        Path(corpus, f"random-{size}").write_bytes(os.urandom(size))
    print(f"== {name}, {seconds} s", flush=True)
    options = {
        "max_total_time": seconds,
        "timeout": INPUT_SECONDS,
        "max_len": MAX_BYTES,
        "print_final_stats": 1,
        "verbosity": 0,
        "artifact_prefix": f"{findings}/{name}-",
    }
    words = [f"-{key}={value}" for key, value in options.items()]
    folders = [str(corpus), *([str(SEEDS[name])] if name in SEEDS else [])]
    command = [python, "-m", "tests.guided", name, *words, *folders]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    open_streams()
    sys.exit(run(main))
