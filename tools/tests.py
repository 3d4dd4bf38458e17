"""`make test`: all tests; or the named ones, without coverage.

The scenes on the real engine come first, for they play in real time: a machine that does something
else besides is late for the registry's 5 s, for deadlines and for retries. But they leave it idle
half of the time, so beside them runs, with the lowest priority, what is in no hurry: what plays in
virtual time, and what plays nothing. A scene that fails is played once more: a hundred play at
once, and now and then one is late. The others then run in processes side by side, because many of
them mostly wait. What runs on the engine is in yet other processes, which coverage does not see.
The output of one is shown as it comes; that of the others when they have ended.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from acr_global.cli.console import open_streams, run

ROOT = Path(__file__).resolve().parent.parent
PYTEST = [sys.executable, "-m", "pytest"]
COVERED = [sys.executable, "-m", "coverage", "run", "--parallel-mode", "-m", "pytest"]
ERASE = [sys.executable, "-m", "coverage", "erase"]
COMBINE = [sys.executable, "-m", "coverage", "combine", "--quiet"]


def _found(pattern: str) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(pattern))


VIRTUAL = """
    catching_up couriers delivery groups hazards in_hand large late_starts orphaned_alarms
    orphaned_reports patrol properties purging reviving truth upkeep
"""
CALM = [
    *(f"tests/e2e/test_{name}.py" for name in VIRTUAL.split()),
    *_found("tests/test_*.py"),
    *("tests/functions", "tests/notify", "tests/replay", "tests/ui"),
]
"""Nothing in these can be late."""

E2E = [path for path in _found("tests/e2e/test_*.py") if path not in CALM]
NO_ENGINE = ["-m", "not engine"]

SOME_FAILED = 1
"""The exit code of pytest where it ran, and not all passed."""

SCENES = [*PYTEST, "tests/e2e", "-m", "scene"]
NICE = ["nice", "-n", "19"] if shutil.which("nice") else []
# It may end before scenes are played once more, and is not to forget which.
CALMLY = [*NICE, *COVERED, *CALM, *NO_ENGINE, "-p", "no:cacheprovider"]
SHOWN = [*COVERED, *E2E[::2], *NO_ENGINE]
BESIDE = {
    "the other half, and what looks at pages and infra": [
        *(*COVERED, *E2E[1::2], "tests/browser", "tests/infra", *NO_ENGINE)
    ],
    "the others": [
        *(*COVERED, "tests", *NO_ENGINE, "--ignore=tests/e2e"),
        *("--ignore=tests/browser", "--ignore=tests/infra"),
        *(f"--ignore={path}" for path in CALM),
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
    with ExitStack() as stack:
        begun = {"what is in no hurry": stack.enter_context(_in_background(CALMLY))}
        codes = [_scenes()]
        for name, command in BESIDE.items():
            begun[name] = stack.enter_context(_in_background(command))
        print("== half of the other end-to-end tests; then what else there is", flush=True)
        codes.append(subprocess.run(SHOWN, cwd=ROOT, check=False).returncode)
        for name, (process, output) in begun.items():
            codes.append(process.wait())
            output.seek(0)
            print(f"== {name}", output.read(), sep="\n", flush=True)
        return max(codes)


@contextmanager
def _in_background(command: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], IO[str]]]:
    """A command that runs, and its output."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([*command, "--color=no"], cwd=ROOT, stdout=output, stderr=output)
        try:
            yield process, output
        finally:
            process.terminate()


if __name__ == "__main__":
    open_streams()
    sys.exit(run(lambda: main(sys.argv[1:])))
