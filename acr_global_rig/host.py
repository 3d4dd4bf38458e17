"""devhost as a process, as `make start` runs it, with none of the user's settings.

From a checkout only: the wheel has no devhost.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

import aiohttp

from acr_global.settings import known_names
from acr_global_rig.loopback import free_port
from acr_global_rig.processes import guarded

ROOT = Path(__file__).resolve().parent.parent
STARTS_WITHIN = 60.0
"""Seconds until the host must answer; a cold disk is slow at the first import."""
STOPS_WITHIN = 5.0
"""Seconds after which the host is killed."""


class HostError(Exception):
    """The host did not start, or ended too early. The message is a sentence."""


def devhost_command(port: int | str) -> list[str]:
    """The command that starts devhost on a port."""
    return [sys.executable, "-m", "devhost", "--port", str(port)]


def environment(user: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The host's environment: the user's, with `own` in place of the user's settings of the app.

    Those are set to empty, which counts as not set, rather than removed: local.settings.json
    would fill them in again.
    """
    kept = {name: value for name, value in user.items() if not name.startswith("ACR_GLOBAL_")}
    settings = dict.fromkeys(known_names(), "") | dict(own)
    here = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PYTHONUNBUFFERED": "1"}
    return kept | settings | here


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
                    with suppress(aiohttp.ClientError):
                        async with session.get(f"{self.url}/api/health") as response:
                            if response.status == 200:
                                return
                            said = f"/api/health says {response.status}: {await response.text()}"
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise HostError(f"The local host did not serve in time: {said}.") from None
        raise HostError(f"The local host did not start (exit code {self._process.returncode}).")

    async def stop(self) -> None:
        """End the host as Ctrl-C does; kill it when that does not help."""
        for number in (signal.SIGINT, signal.SIGKILL):
            if self._process.returncode is not None:
                return
            self._process.send_signal(number)
            try:
                await asyncio.wait_for(self._process.wait(), STOPS_WITHIN)
            except TimeoutError:
                continue


@asynccontextmanager
async def running_host(settings: Mapping[str, str]) -> AsyncIterator[Host]:
    """Start the local host on a free port, with these app settings; stop it at the end.

    It may not serve yet: `wait_until_it_serves`.
    """
    port = free_port()
    with tempfile.TemporaryFile() as output:
        process = await asyncio.create_subprocess_exec(
            *devhost_command(port),
            cwd=ROOT,
            env=environment(os.environ, settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        host = Host(process, f"http://127.0.0.1:{port}", output)
        with guarded(process.pid):
            try:
                yield host
            finally:
                await host.stop()
