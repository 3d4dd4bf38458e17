"""`make test`: all tests; or the named ones, without coverage.

The scenes on the real engine come first and alone, for they play in real time: a machine that does
something else besides is late for the registry's 5 s, for deadlines and for retries. A scene that
fails is played once more: a hundred play at once, and now and then one is late. The others then run
in processes side by side, because many of them mostly wait. What runs on the engine is in yet other
processes, which coverage does not see. The output of one is shown as it comes; that of the others
when they have ended.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from acr_global.cli.console import open_streams, run

ROOT = Path(__file__).resolve().parent.parent
PYTEST = [sys.executable, "-m", "pytest"]
COVERED = [sys.executable, "-m", "coverage", "run", "--parallel-mode", "-m", "pytest"]
ERASE = [sys.executable, "-m", "coverage", "erase"]
COMBINE = [sys.executable, "-m", "coverage", "combine", "--quiet"]

E2E = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/e2e/test_*.py"))
NO_ENGINE = ["-m", "not engine"]

SOME_FAILED = 1
"""The exit code of pytest where it ran, and not all passed."""

SCENES = [*PYTEST, "tests/e2e", "-m", "scene"]
SHOWN = [*COVERED, *E2E[::2], *NO_ENGINE]
BESIDE = {
    "the other half, and what looks at pages and infra": [
        *(*COVERED, *E2E[1::2], "tests/browser", "tests/infra", *NO_ENGINE)
    ],
    "the others": [
        *(*COVERED, "tests", *NO_ENGINE),
        *("--ignore=tests/e2e", "--ignore=tests/browser", "--ignore=tests/infra"),
    ],
    "the real engine, but for scenes": [*PYTEST, "tests", "-m", "engine and not scene"],
}


def main(arguments: list[str]) -> int:
    """Run the named tests, or all; 0 only if all passed."""
    if arguments:
        return subprocess.run([*PYTEST, *arguments], cwd=ROOT, check=False).returncode
    subprocess.run(ERASE, cwd=ROOT, check=True)
    code = _everything()
    combined = subprocess.run(COMBINE, cwd=ROOT, check=False).returncode
    return code or combined


def _scenes() -> int:
    """Play the scenes; those that fail once more, with no crowd around them, for their deadlines
    are of seconds. What fails then, too, has failed; what does not stays in the output."""
    print("== scenes on the real engine", flush=True)
    code = subprocess.run(SCENES, cwd=ROOT, check=False).returncode
    if code != SOME_FAILED:
        return code
    print("== those scenes that failed, once more", flush=True)
    return subprocess.run([*SCENES, "--last-failed"], cwd=ROOT, check=False).returncode


def _everything() -> int:
    scenes = _scenes()
    with ExitStack() as stack:
        beside = []
        for name, command in BESIDE.items():
            output = stack.enter_context(tempfile.TemporaryFile("w+"))
            process = subprocess.Popen(
                [*command, "--color=no"], cwd=ROOT, stdout=output, stderr=output
            )
            stack.callback(process.terminate)
            beside.append((name, process, output))
        print("== half of the end-to-end tests; then what else there is", flush=True)
        codes = [scenes, subprocess.run(SHOWN, cwd=ROOT, check=False).returncode]
        for name, process, output in beside:
            codes.append(process.wait())
            output.seek(0)
            print(f"== {name}", output.read(), sep="\n", flush=True)
        return max(codes)


if __name__ == "__main__":
    open_streams()
    sys.exit(run(lambda: main(sys.argv[1:])))
