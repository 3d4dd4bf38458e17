"""`make test`: the tests of the real engine beside all others, for those mostly wait.

The ones beside are measured for coverage. The engine's run the app in processes of its own, which
coverage does not see; their output comes when both are done.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = [sys.executable, "-m", "pytest"]
COVERED = [sys.executable, "-m", "coverage", "run", "-m", "pytest"]
NO_TESTS = 5
"""pytest's exit code where a choice leaves none."""


def main(arguments: list[str]) -> int:
    """Run what was asked for, or everything; 0 only if all of it passed."""
    if chosen := shlex.split(" ".join(arguments)):
        return subprocess.run([*COVERED, *chosen], cwd=ROOT, check=False).returncode
    with tempfile.TemporaryFile("w+") as output:
        engine = subprocess.Popen(
            [*PYTEST, "-m", "engine", "--color=no"], cwd=ROOT, stdout=output, stderr=output
        )
        try:
            others = subprocess.run([*COVERED, "-m", "not engine"], cwd=ROOT, check=False)
            beside = engine.wait()
        finally:
            engine.terminate()
            engine.wait()
        output.seek(0)
        print("== the real engine", output.read(), sep="\n", flush=True)
    return others.returncode or (0 if beside == NO_TESTS else beside)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
