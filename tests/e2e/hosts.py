"""Hosts that are reached by an address alone, in real time.

- `embedded`: devhost as a process of its own, as `make start` runs it.
- `url`: an app that runs somewhere, by the environment:
  ACR_E2E_URL, ACR_E2E_KEY (a function key) and ACR_E2E_REGIONS (those it expects).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.e2e.world import REGIONS, Receiver, event
from tools import start

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 60.0
"""Seconds."""


@dataclass
class Served:
    """A running app, and a receiver of its notifications where there is one."""

    url: str
    key: str
    regions: tuple[str, ...]
    session: aiohttp.ClientSession
    receiver: Receiver | None

    async def post(self, push: str, region: str) -> tuple[int, Any]:
        """One webhook."""
        async with self.session.post(
            f"{self.url}/api/ImagePush",
            params={"region": region},
            data=json.dumps(event(push)).encode(),
            headers={"x-functions-key": self.key},
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def until_decided(self, push: str) -> None:
        """Return when the app says that the push has been decided."""
        # An app somewhere else can only be asked.
        while not await self.is_decided(push):  # noqa: ASYNC110 - it cannot tell us
            await asyncio.sleep(0.2)

    async def is_decided(self, push: str) -> bool:
        """Whether a repeat is answered so."""
        _, answer = await self.post(push, self.regions[0])
        return bool(answer.get("reason") == "already-decided")


@contextlib.asynccontextmanager
async def served(kind: str, **settings: str) -> AsyncIterator[Served]:
    """The app on a host of this kind."""
    if kind == "url" and not os.environ.get("ACR_E2E_URL"):
        pytest.skip("ACR_E2E_URL is not set")
    async with aiohttp.ClientSession() as session:
        if kind == "url":
            regions = tuple(os.environ.get("ACR_E2E_REGIONS", ",".join(REGIONS)).split(","))
            key = os.environ.get("ACR_E2E_KEY", "")
            yield Served(os.environ["ACR_E2E_URL"].rstrip("/"), key, regions, session, None)
            return
        async with _receiver() as receiver, _process(receiver, settings) as url:
            await _until_it_serves(session, url)
            yield Served(url, "", REGIONS, session, receiver)


@contextlib.asynccontextmanager
async def _receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver("ops")
    app = web.Application()
    app.router.add_post("/ops", receiver.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ops"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def _process(receiver: Receiver, settings: dict[str, str]) -> AsyncIterator[str]:
    """devhost as a process, with nothing of the user's settings."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    own = {
        "ACR_GLOBAL_REGIONS": ",".join(REGIONS),
        "ACR_GLOBAL_TARGETS": json.dumps([{"name": "ops", "kind": "webhook", "url": receiver.url}]),
    } | {f"ACR_GLOBAL_{k}": v for k, v in settings.items()}
    with tempfile.TemporaryFile() as output:
        process = await asyncio.create_subprocess_exec(
            *start.host_command("embedded", port),
            cwd=ROOT,
            env=os.environ | own,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            await process.wait()


async def _until_it_serves(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(STARTS_WITHIN):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/api/health") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
