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
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from acr_global_rig.host import running_host
from acr_global_rig.receivers import Receiver, listening, webhook_targets
from acr_global_rig.registry import REGIONS, event, post


@dataclass
class Served:
    """A running app, and a receiver of its notifications where there is one."""

    url: str
    key: str
    regions: tuple[str, ...]
    session: aiohttp.ClientSession
    receiver: Receiver | None

    async def post(self, push: str, region: str) -> tuple[int, Any]:
        """Post one webhook."""
        return await post(self.session, self.url, event(push), region, key=self.key)

    async def until_decided(self, push: str) -> None:
        """Return when the app says that the push has been decided."""
        # An app somewhere else can only be asked.
        while not await self.is_decided(push):  # noqa: ASYNC110 - it cannot tell us
            await asyncio.sleep(0.2)

    async def is_decided(self, push: str) -> bool:
        """Whether a repeat is answered that the push is decided."""
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
        receiver = Receiver("ops")
        async with listening(receiver):
            own = {"REGIONS": ",".join(REGIONS), "TARGETS": json.dumps(webhook_targets([receiver]))}
            named = {f"ACR_GLOBAL_{name}": value for name, value in (own | settings).items()}
            async with running_host(named) as host:
                await host.wait_until_it_serves(session)
                yield Served(host.url, "", REGIONS, session, receiver)
