"""Debian's redis-server and postgres on free ports, each in a folder that goes with it, and the app
that speaks to one of them, as a process that can be killed."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from acr_global.cli.exits import CommandError
from acr_global_rig.loopback import answers, free_port
from acr_global_rig.processes import end, spawn
from tools.venvs import ROOT, venv

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
"""Debian keeps its programs there, a folder for each release."""


def why_not() -> str | None:
    """What is not there; None when all is."""
    missing = [] if shutil.which("redis-server") else ["redis-server"]
    missing += [] if POSTGRES else ["postgresql"]
    return f"the peers need {' and '.join(missing)} (apt-get install)" if missing else None


@contextmanager
def redis() -> Iterator[str]:
    """The URL of a Redis that appends each write to a file, which it syncs every second."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        command = ["redis-server", "--port", str(port), "--dir", folder, "--appendonly", "yes"]
        with _served([*command, "--save", ""], port):
            yield f"redis://127.0.0.1:{port}"


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL with its own defaults: each commit is on the disk. It refuses to be
    root, so for root it is its own user."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        as_user = []
        if os.getuid() == 0:
            shutil.chown(folder, "postgres")
            as_user = ["runuser", "-u", "postgres", "--"]
        data, programs = f"{folder}/data", POSTGRES[-1]
        make = [*as_user, str(programs / "initdb"), "-A", "trust", "-U", "app", "-D", data]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        command = [*as_user, str(programs / "postgres"), "-D", data, "-k", folder, "-p", str(port)]
        with _served(command, port):
            yield f"postgresql://app@127.0.0.1:{port}/postgres"


@contextmanager
def _served(command: list[str], port: int) -> Iterator[None]:
    process = spawn(command, stdout=subprocess.DEVNULL)
    try:
        while not answers(("127.0.0.1", port)):
            if process.poll() is not None:
                raise CommandError(f"{command[0]} ended with {process.returncode}")
            time.sleep(0.05)
        time.sleep(1.0)  # PostgreSQL listens before it answers
        yield
    finally:
        end(process)


class Peer:
    """One of the two apps, as a process."""

    def __init__(self, name: str, environ: Mapping[str, str]) -> None:
        self._port = free_port()
        programs = venv("peers", "-r", "benchmarks/peers/requirements.txt")
        app = f"benchmarks.peers.{name}_app:app"
        self._command = [str(programs / "uvicorn"), app, "--port", str(self._port)]
        self._command += ["--log-level", "warning", "--no-access-log"]
        self._environ = os.environ | {"PYTHONPATH": str(ROOT)} | dict(environ)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def launch(self) -> None:
        """Start it without waiting until it listens."""
        self._process = spawn(self._command, cwd=ROOT, env=self._environ)

    async def start(self) -> None:
        """Start it, and return when it listens."""
        self.launch()
        assert self._process
        while not answers(("127.0.0.1", self._port)):
            if self._process.poll() is not None:
                raise CommandError(f"uvicorn ended with {self._process.returncode}")
            await asyncio.sleep(0.05)

    def kill(self) -> None:
        """Kill it, as `kill -9` does."""
        if self._process:
            end(self._process)
