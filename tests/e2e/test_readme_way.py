"""The README's steps to the real engine, done as they are written, in a copy of the tree."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from acr_global_rig import engine
from acr_global_rig.loopback import answers, free_ports
from acr_global_rig.processes import guarded

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "README.md").read_text().partition("## Two commands")[2].partition("\n## ")[0]
STEPS = ("make azurite", "cp ", "make start", "curl ")
WITHIN = 180.0
"""Seconds for one step; at the first start npm fetches Azurite, and `func` its extension bundle."""
ENDS_WITHIN = 20.0
T = TypeVar("T")


class Running:
    """A command of the README that runs until it is ended."""

    def __init__(self, command: str, folder: Path, environ: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                ["sh", "-c", command],
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The command's process, which leads a group of its own."""
        return self._process.pid

    def until(self, look: Callable[[str], T | None]) -> T:
        """What `look` finds, in the output so far or elsewhere, once it finds something."""
        deadline = time.monotonic() + WITHIN
        while not (found := look(output := self._log.read_text())):
            assert self._process.poll() is None, output
            assert time.monotonic() < deadline, output
            time.sleep(0.1)  # it cannot tell us
        return found

    def end(self) -> None:
        """End it as Ctrl-C would, and then kill what is left of it."""
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(self._process.pid, signal.SIGINT)
            self._process.wait(ENDS_WITHIN)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextlib.contextmanager
def running(command: str, folder: Path, environ: dict[str, str], log: Path) -> Iterator[Running]:
    """Run a command until the block ends, also where the test fails or is killed."""
    it = Running(command, folder, environ, log)
    with guarded(it.pid):
        try:
            yield it
        finally:
            it.end()


def why_not() -> str | None:
    """Why the steps cannot be done here; None when they can."""
    missing = [name for name in ("make", "curl") if not shutil.which(name)]
    return engine.why_not() or (f"{missing[0]} is not on PATH" if missing else None)


def copy_of_the_tree(target: Path) -> Path:
    """Copy our files of the checkout, and link what is installed there."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(".git", *ignored))
    (target / ".venv").mkdir()
    for entry in Path(sys.prefix).iterdir():
        if entry.name != ".installed":
            (target / ".venv" / entry.name).symlink_to(entry)
    (target / ".venv/.installed").touch()  # newer than all of the copy: nothing is installed
    if engine.AZURITE.exists():  # else `make azurite` gets it, into the copy
        (target / ".tools").symlink_to(ROOT / ".tools")
    return target


def environment() -> dict[str, str]:
    """The environment of a user's terminal: nothing of a `make test` around it, and no storage."""
    ours = ("MAKE", "MFLAGS", "AzureWebJobs", "COVERAGE", "PYTEST")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def serves(port: int) -> bool:
    """Whether the app says that it is well."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200
    return False


@pytest.mark.engine
def test_the_readmes_way_leads_to_a_verdict(tmp_path: Path) -> None:
    """Azurite, settings, the app on func and the registry's webhooks give the answers that it
    shows."""
    if reason := why_not():
        pytest.skip(reason)
    lines = SECTION.splitlines()
    steps = [line[2:] for line in lines if line.startswith(tuple(f"$ {step}" for step in STEPS))]
    azurite, copy_settings, start, curl = steps
    answer = lines[lines.index(f"$ {curl}") + 1]
    here, *others = dict.fromkeys(re.findall(r"region=(\w+)", SECTION))
    *storage_ports, port = free_ports(4)
    blob, queue, table = storage_ports
    folder, environ = copy_of_the_tree(tmp_path / "copy"), environment()

    def post(region: str) -> str:
        command = curl.replace("7071", str(port)).replace(here, region)
        command = command.replace("curl ", r"curl --silent --show-error -w '\n%{http_code}' ")
        ended = subprocess.run(
            ["sh", "-c", command], cwd=folder, env=environ, capture_output=True, text=True
        )
        return ended.stdout or ended.stderr

    azurite += f" BLOB_PORT={blob} QUEUE_PORT={queue} TABLE_PORT={table}"
    with running(azurite, folder, environ, tmp_path / "azurite.log") as storage:
        told = storage.until(
            lambda output: re.search(r"^export AzureWebJobsStorage='(.+)'$", output, re.MULTILINE)
        )
        storage.until(lambda _: all(answers(("127.0.0.1", port)) for port in storage_ports))
        environ |= {"AzureWebJobsStorage": told[1]}
        subprocess.run(["sh", "-c", copy_settings], cwd=folder, env=environ, check=True)
        with running(f"{start} PORT={port}", folder, environ, tmp_path / "app.log") as app:
            app.until(lambda _: serves(port))
            assert f"{answer}\n202" == post(here)
            for region in others:
                assert post(region).endswith("\n202")
            app.until(lambda output: re.search(r'verdict \{.*"verdict": "complete"', output))
