"""The local host as a subprocess, with the demo's settings and none of the user's."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import aiohttp

from acr_global.settings import known_names
from demo.plan import REGIONS
from demo.receivers import FLAKY, STEADY

ROOT = Path(__file__).resolve().parent.parent
STARTS_WITHIN = 30.0
"""Seconds until the host must answer; a cold disk is slow at the first import."""
STOPS_WITHIN = 5.0
"""Seconds after which the host is killed."""


class HostError(Exception):
    """The host did not start, or ended too early. The message is a sentence."""


def settings(receivers_url: str) -> dict[str, str]:
    """The app settings of the demo."""
    targets = [
        {"name": name, "kind": "webhook", "url": f"{receivers_url}/{name}"}
        for name in (STEADY, FLAKY)
    ]
    return {
        "ACR_GLOBAL_REGIONS": ", ".join(REGIONS),
        "ACR_GLOBAL_TIMEOUT": "10s",
        "ACR_GLOBAL_LATE_WINDOW": "0",
        "ACR_GLOBAL_RETRY_SCHEDULE": "1s,2s,3s",
        "ACR_GLOBAL_TARGETS": json.dumps(targets),
    }


def environment(user: Mapping[str, str], receivers_url: str) -> dict[str, str]:
    """The host's environment: the user's, without the user's settings of the app.

    Empty counts as not set, and the environment wins over local.settings.json.
    """
    kept = {name: value for name, value in user.items() if not name.startswith("ACR_GLOBAL_")}
    own = dict.fromkeys(known_names(), "") | settings(receivers_url)
    return kept | own | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PYTHONUNBUFFERED": "1"}


class Host:
    """The running host."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, output: IO[bytes]) -> None:
        self.url = url
        self._process = process
        self._output = output

    def output(self, lines: int = 30) -> str:
        """The last lines that the host printed."""
        self._output.seek(0)
        return "\n".join(self._output.read().decode(errors="replace").splitlines()[-lines:])

    async def wait_until_it_ends(self) -> None:
        """Raise HostError when the host ends by itself."""
        code = await self._process.wait()
        raise HostError(f"The local host ended by itself, with exit code {code}.")

    async def wait_until_it_serves(self, session: aiohttp.ClientSession) -> None:
        """Return when the app says that it is well. Raises HostError with the reason."""
        said = "it did not answer"
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                while self._process.returncode is None:
                    try:
                        async with session.get(f"{self.url}/api/health") as response:
                            if response.status == 200:
                                return
                            said = f"/api/health says {response.status}: {await response.text()}"
                    except aiohttp.ClientError:
                        pass
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise HostError(f"The local host did not serve in time: {said}.") from None
        raise HostError(f"The local host did not start (exit code {self._process.returncode}).")

    async def stop(self) -> None:
        """As Ctrl-C does; killed when that does not help."""
        for number in (signal.SIGINT, signal.SIGKILL):
            if self._process.returncode is not None:
                return
            self._process.send_signal(number)
            try:
                await asyncio.wait_for(self._process.wait(), STOPS_WITHIN)
            except TimeoutError:
                continue


@asynccontextmanager
async def running_host(receivers_url: str) -> AsyncIterator[Host]:
    """Start the local host with the app on a free port; stop it at the end."""
    port = _free_port()
    with tempfile.TemporaryFile() as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "devhost",
            "--port",
            str(port),
            cwd=ROOT,
            env=environment(os.environ, receivers_url),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )
        host = Host(process, f"http://127.0.0.1:{port}", output)
        try:
            yield host
        finally:
            await host.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
