"""`make test-next`: the tests that can run on the next durable SDK, in an environment of its own.

What breaks there, and what is not tried, is in docs/next-sdk.md.
"""

from __future__ import annotations

import subprocess
import sys

from acr_global.cli.console import open_streams, run
from acr_global.cli.exits import CommandError
from tools.venvs import ROOT, find_python, of_tests, venv

PYTHON = "3.13"
"""The oldest Python that it takes."""
OVERRIDES = "tools/next_sdk.txt"

UNSPOKEN = "plays on devhost, which speaks the JSON of 1.x and no protobuf"
APART = "is about what is never deployed, and knows no SDK"
LEFT_OUT = {
    "tests/chaos": UNSPOKEN,
    "tests/devhost": UNSPOKEN,
    "tests/doctor/test_gather.py": UNSPOKEN,
    "tests/e2e": f"{UNSPOKEN}; or on an engine, and none here speaks it either",
    "tests/functions/telemetry/test_exporting.py": UNSPOKEN,
    "tests/functions/durable/test_sdk.py": "holds what is read from 1.x; tests/next does 2.x",
    "tests/replay": "holds what 1.x answers, in JSON; tests/next replays the same histories",
    "tests/az": APART,
    "tests/browser": APART,
    "tests/cli": APART,
    "tests/demo": APART,
    "tests/infra": APART,
    "tests/rig": APART,
    "tests/tools": APART,
    "tests/test_benchmarks_page.py": APART,
    "tests/test_readme.py": APART,
    "tests/test_tooling.py": APART,
}
"""Tests that cannot run there, or would say nothing, and why."""


def main(arguments: list[str]) -> int:
    """Run the named tests, or all that can run; 0 only if all passed."""
    python = find_python(PYTHON)
    if python is None:
        raise CommandError(f"make test-next needs Python {PYTHON}, which is not found here")
    # Compiled, as pip does: else the first test that imports a package waits for that.
    install = ("--compile-bytecode", "--override", OVERRIDES, *of_tests())
    bin_folder = venv("next", *install, python=python)
    tests = arguments or ["tests", *(f"--ignore={path}" for path in LEFT_OUT)]
    command = [str(bin_folder / "python"), "-m", "pytest", *tests, "-m", "not engine"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    open_streams()
    sys.exit(run(lambda: main(sys.argv[1:])))
