"""`python -m devhost`, as a process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from devhost.cli import main

ROOT = Path(__file__).parents[2]

GOOD = """
import logging, time
import azure.functions as func
import azure.durable_functions as df

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route(route="hello")
def Hello(req: func.HttpRequest) -> str:
    logging.getLogger("the.app").info("the app speaks")
    return "hello"

@app.route(route="block")
def Block(req: func.HttpRequest) -> str:
    time.sleep(60)
    return "late"
"""

QUEUE = """
import azure.functions as func

app = func.FunctionApp()

@app.queue_trigger(arg_name="m", queue_name="q", connection="c")
def OnQueue(m: func.QueueMessage) -> None: ...
"""


def command(app: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "devhost", "--app", str(app), *options]


def write_app(folder: Path, source: str) -> Path:
    (folder / "function_app.py").write_text(source)
    return folder


def start(app: Path) -> tuple[subprocess.Popen[str], str, str]:
    """A serving process, its URL, and the lines that name its functions."""
    process = subprocess.Popen(
        command(app, "--port", "0"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert " at http://127.0.0.1:" in line, line + process.communicate()[1]
    functions = process.stdout.readline() + process.stdout.readline()
    return process, line.rsplit(" ", 1)[1].strip(), functions


def test_serves_logs_and_stops_at_ctrl_c(tmp_path: Path) -> None:
    """It says where it serves, logs a line per request, and ends with 0 within 2 s of Ctrl-C."""
    process, url, functions = start(write_app(tmp_path, GOOD))
    with urllib.request.urlopen(f"{url}/api/hello?code=hush", timeout=5) as response:
        assert response.read() == b"hello"
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=5)
    assert time.monotonic() - began < 2
    assert process.returncode == 0, err
    assert f"Hello: any {url}/api/hello" in functions
    assert "devhost has stopped" in out
    assert "http method=GET path=/api/hello?code=*** status=200 function=Hello" in err
    assert "the app speaks" in err
    assert "hush" not in err


def test_ctrl_c_does_not_wait_for_a_blocking_function(tmp_path: Path) -> None:
    """A sync function in its thread does not hold up the end."""
    process, url, _ = start(write_app(tmp_path, GOOD))
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET /api/block HTTP/1.1\r\nHost: x\r\n\r\n")
        with urllib.request.urlopen(f"{url}/api/hello", timeout=5):
            began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=5)
    assert time.monotonic() - began < 2
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "no function_app.py in"),
        ("raise ValueError('two\\nlines')", "fails to import: ValueError: two lines"),
        ("raise SystemExit(3)", "fails to import: SystemExit: 3"),
        ("def", "fails to import: SyntaxError: "),
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("x = 1", "has 0 app objects"),
        (QUEUE, "function OnQueue: trigger queueTrigger is not supported"),
    ],
)
def test_an_app_that_cannot_be_served_is_one_line(
    tmp_path: Path, source: str | None, message: str
) -> None:
    """The line is on stderr, and the exit code is 1."""
    if source is not None:
        write_app(tmp_path, source)
    ended = subprocess.run(
        command(tmp_path, "--port", "0"), cwd=ROOT, capture_output=True, text=True, timeout=20
    )
    errors = [line for line in ended.stderr.splitlines() if line.startswith("devhost: error:")]
    assert ended.returncode == 1
    assert len(errors) == 1
    assert message in errors[0]
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    """The error names the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            command(write_app(tmp_path, GOOD), "--port", str(port)),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=20,
        )
    assert ended.returncode == 1
    assert f"devhost: error: cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("no hazard 'gaps=1'; there are azure-storage and gap", ["--hazards", "gaps=1"]),
        ("hazard gap: could not convert", ["--hazards", "gap=x"]),
        ("hazard gap: nan is no time", ["--hazards", "gap=nan"]),
        ("hazard gap: inf is no time", ["--hazards", "gap=0..inf"]),
        ("hazard gap: 2..1 ends before", ["--hazards", "gap=2..1"]),
        ("hazard invisible: 2 is not in 0 to 1", ["--hazards", "invisible=2"]),
        ("hazard invisible: -1 is not in 0 to 1", ["--hazards", "invisible=-1"]),
        ("hazard crash: no checkpoint 'x'", ["--hazards", "crash=x"]),
        ("hazard crash: '0' is no number", ["--hazards", "crash=after-row@0"]),
        ("hazard crash: '' is no number", ["--hazards", "crash=after-row@"]),
        ("hazard crash: 1.5 is not in 0 to 1", ["--hazards", "crash=*:1.5"]),
        ("--port: must be 0 to 65535", ["--port", "70000"]),
        ("--port: must be 0 to 65535", ["--port", "x"]),
        ("--port: must be 0 to 65535", ["--port", "-1"]),
        ("--port: must be 0 to 65535", ["--port", ""]),
        ("--port: must be 0 to 65535", ["--port", "\u0667"]),
        ("--seed: must be a whole number", ["--seed", "1.5"]),
        ("--require-key: is empty", ["--require-key", " "]),
        ("unrecognized arguments: --nosuch", ["--nosuch"]),
        ("expected one argument", ["--app"]),
    ],
)
def test_a_wrong_option_is_one_line(
    capsys: pytest.CaptureFixture[str], words: str, options: list[str]
) -> None:
    """The exit code is 2, and the line says what is possible."""
    assert 2 == main(options)
    said = capsys.readouterr()
    assert ("", 1) == (said.out, len(said.err.splitlines()))
    assert said.err.startswith("devhost: error: ")
    assert words in said.err
