"""A running host and a client that talks to it over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from devhost import DevHost, Hazards


class Client:
    """Calls a host as a person with curl would."""

    def __init__(self, host: DevHost, session: aiohttp.ClientSession) -> None:
        self.host = host
        self.session = session

    async def call(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """Status and body: JSON decoded where it is JSON, None where it is empty."""
        async with self.session.request(method, self.host.url + path, **kwargs) as response:
            text = await response.text()
        try:
            return response.status, json.loads(text) if text else None
        except ValueError:
            return response.status, text

    async def start(self, name: str, instance_id: str, input_: Any = None) -> tuple[int, Any]:
        """Start as the SDK's client does: the input is a JSON string that holds JSON."""
        body = None if input_ is None else json.dumps(input_)
        path = f"/durabletask/orchestrators/{name}/{instance_id}"
        return await self.call("POST", path, json=body)

    async def raise_event(self, instance_id: str, name: str, data: Any = None) -> int:
        path = f"/durabletask/instances/{instance_id}/raiseEvent/{name}"
        return (await self.call("POST", path, json=json.dumps(data)))[0]

    async def get(self, instance_id: str, query: str = "") -> tuple[int, Any]:
        return await self.call("GET", f"/durabletask/instances/{instance_id}{query}")

    async def post(self, instance_id: str, operation: str, query: str = "") -> int:
        path = f"/durabletask/instances/{instance_id}/{operation}{query}"
        return (await self.call("POST", path))[0]

    async def run(self, name: str, input_: Any = None, instance_id: str = "it") -> Any:
        """Start an instance, let everything that can run now run, and return its row."""
        status, body = await self.start(name, instance_id, input_)
        assert status == 202, body
        await self.host.settle()
        return self.host.storage.instances[instance_id]


@asynccontextmanager
async def serve(app: Any, **options: Any) -> AsyncIterator[Client]:
    """A host that serves an app while the block lasts, and a client of it."""
    if isinstance(options.get("hazards"), str):
        options["hazards"] = Hazards.parse(options["hazards"])
    host = await DevHost.start(app, **options)
    try:
        async with aiohttp.ClientSession() as session:
            yield Client(host, session)
    finally:
        await host.stop()
        await asyncio.sleep(0)
