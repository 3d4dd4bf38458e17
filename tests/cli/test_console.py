"""Streams that are closed, full or not read, and a folder that is gone, are one line and one exit
code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full and a shell")

HELP = "-m acr_global --help"
CHECK = "-m acr_global settings check"
REFERENCE = "-m acr_global.cli.reference"
WRONG = "-m acr_global nonsense"
BENCHMARKS = "-m benchmarks --help"
MEASURE = "-m benchmarks.kills --help"
DEMO = "-m demo"
SERVE = "-m devhost --port 0 --app {app}"
TOOLS = ("-m tools.start", "-m tools.azurite true {app} 0 1 2", "-m tools.tests")

APP = """
import azure.functions as func

app = func.FunctionApp()

@app.route(route="hello")
def Hello(req: func.HttpRequest) -> str:
    return "hello"
"""

NO_SPACE = "error: stdout cannot be written: No space left on device\n"
CLOSED = "error: stdout cannot be written: Bad file descriptor\n"


def shell(line: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `$PY …` in a shell, whose exit code is that of the last command."""
    path = {"PY": sys.executable, "PYTHONPATH": str(ROOT), "ACR_GLOBAL_REGIONS": "eastus"}
    return subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env={**os.environ, **path, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A folder with an app."""
    (tmp_path / "function_app.py").write_text(APP)
    return tmp_path


@pytest.mark.parametrize("command", [HELP, CHECK, REFERENCE, BENCHMARKS, MEASURE, DEMO, SERVE])
def test_a_full_stdout_is_one_line(app: Path, command: str) -> None:
    """Every command says why, with exit code 1."""
    done = shell(f"$PY {command.format(app=app)} >/dev/full", app)
    assert (1, "", NO_SPACE) == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("streams", [">&-", ">&- <&-"])
@pytest.mark.parametrize("command", [HELP, CHECK])
def test_a_closed_stdout_is_one_line(tmp_path: Path, command: str, streams: str) -> None:
    """No file that is opened later takes its place."""
    done = shell(f"$PY {command} {streams}", tmp_path)
    assert (1, "", CLOSED) == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("command", TOOLS)
def test_programs_that_make_starts_say_so_too(app: Path, command: str) -> None:
    """They say it before they start anything, or first say what else is wrong."""
    done = shell(f"HOST=embedded PORT=1 $PY {command.format(app=app)} >/dev/full", app)
    assert (1, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert done.stderr.startswith("error: ")


@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", ">&- 2>&-", "<&- >&- 2>&-"])
def test_errors_go_nowhere_but_to_stderr(tmp_path: Path, streams: str) -> None:
    """Where stderr is closed they are not written among the data; the exit code stays."""
    done = shell(f"$PY {WRONG} {streams}", tmp_path)
    assert (2, "", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("streams", ["<&-", "<&- 2>&-", "2>/dev/full", "</dev/null"])
def test_other_streams_cost_no_output(tmp_path: Path, streams: str) -> None:
    """A command prints to stdout only."""
    done = shell(f"$PY {CHECK} {streams}", tmp_path)
    assert (0, "", "ok") == (done.returncode, done.stderr, done.stdout.partition("\n")[0])


@pytest.mark.parametrize("command", [REFERENCE, DEMO, SERVE])
def test_a_reader_who_has_gone_ends_a_command_quietly(app: Path, command: str) -> None:
    """The exit code is the one that shells give to other programs."""
    done = shell(
        f"{{ timeout -s INT 20 $PY {command.format(app=app)}; echo $? >code; }} | true", app
    )
    code = int((app / "code").read_text())
    assert ("", "") == (done.stdout, done.stderr)
    # What fits into the pipe before its reader has ended is written without an error.
    assert code in (0, 141)


def test_the_pipe_s_end_is_known_by_its_code(tmp_path: Path) -> None:
    """The reader is certainly gone before anything is written."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, *CHECK.split()], cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True
    )
    os.close(write)
    assert (141, "") == (done.returncode, done.stderr)


def test_a_pipe_that_does_not_wait_is_waited_for(tmp_path: Path) -> None:
    """A reader that made it non-blocking still gets the whole page."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    program = "import sys; from acr_global.cli.console import open_streams as o; o(); print('x'*{})"
    size = 300_000
    with subprocess.Popen(
        [sys.executable, "-c", program.format(size)], cwd=ROOT, stdout=write
    ) as p:
        os.close(write)
        with os.fdopen(read, "rb") as file:
            got = file.read()
        assert (0, size + 1) == (p.wait(), len(got))


@pytest.mark.parametrize(
    ("code", "said", "command"),
    [
        (1, "the current folder cannot be had: No such file", CHECK),
        (1, "the current folder cannot be had: No such file", "-m devhost --port 0"),
        (1, "the current folder cannot be had: No such file", "-m benchmarks cost"),
        (2, "the key file cannot be read", "-m acr_global deadletters list --key-file k --url "
         "http://127.0.0.1:9"),
        (2, "not known (choose from", WRONG),
    ],
)  # fmt: skip
def test_a_folder_that_is_gone_is_one_line(
    tmp_path: Path, code: int, said: str, command: str
) -> None:
    """A command that needs the folder says so."""
    done = shell(f"mkdir gone; cd gone; rmdir ../gone; exec $PY {command}", tmp_path)
    errors = [line for line in done.stderr.splitlines() if "getcwd" not in line]  # the shell's own
    assert (code, "", 1) == (done.returncode, done.stdout, len(errors))
    assert said in errors[0]


@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_a_folder_of_other_letters_is_shown_with_escapes(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """The terminal cannot show such letters."""
    folder = tmp_path / "büild-日本"
    folder.mkdir()
    (folder / "function_app.py").write_text("x = 1")
    done = shell("exec $PY -m devhost --port 0", folder, **environ)
    assert (1, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert "b\\" in done.stderr
    assert done.stderr.isascii()
