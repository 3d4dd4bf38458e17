"""Where beliefs about the engine are tried: a small app on devhost, and on the real engine.

A room is asked through the durable API and the app's HTTP functions only. What nobody can ask for
from outside (a row that a crash has left Pending, the death of Python in the middle of a turn)
each kind of room brings about in its own way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from acr_global_rig import engine
from devhost import DevHost, Hazards, run_virtual
from tests.e2e import tables
from tests.e2e.facts_app import build

PLACES = 2
"""For activities, in every room."""
DURABLE = {"maxConcurrentActivityFunctions": PLACES}
FUNCTION_APP = "from tests.e2e.facts_app import build\n\napp = build()\n"
API = "/runtime/webhooks/durabletask"
DIED = "python exited with code 137"

Trial = Callable[["Room"], Awaitable[None]]


class Room(ABC):
    """A host with the app, and one instance of it, `id`, to try something on."""

    def __init__(self, url: str, session: aiohttp.ClientSession, patience: float) -> None:
        self.id = uuid.uuid4().hex
        self.url = url
        self._session = session
        self._patience = patience

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body of any request: JSON where it is JSON, None where it is empty."""
        url = URL(self.url + path, encoded=True)
        async with self._session.request(method, url, json=body) as answer:
            text = await answer.text()
            with contextlib.suppress(ValueError):
                return answer.status, json.loads(text) if text else None
            return answer.status, text

    async def start(self, name: str, input_: Any = None) -> tuple[int, Any]:
        return await self.call("POST", f"{API}/orchestrators/{name}/{self.id}", input_)

    async def begun(self, name: str, input_: Any = None) -> None:
        """Start an instance, and return after its first turn."""
        assert 202 == (await self.start(name, input_))[0]
        await self.until(lambda row: row["runtimeStatus"] == "Running")

    async def event(self, name: str) -> int:
        path = f"{API}/instances/{self.id}/raiseEvent/{name}"
        return (await self.call("POST", path, "x"))[0]

    async def rewind(self) -> tuple[int, Any]:
        return await self.call("POST", f"{API}/instances/{self.id}/rewind?reason=why")

    async def purge(self) -> tuple[int, Any]:
        return await self.call("DELETE", f"{API}/instances/{self.id}")

    async def row(self) -> dict[str, Any]:
        """The instance with everything that can be asked for."""
        query = "showHistory=true&showHistoryOutput=true"
        _, row = await self.call("GET", f"{API}/instances/{self.id}?{query}")
        return row or {"runtimeStatus": None, "customStatus": None}

    async def until(self, what: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The row, once `what` is true of it."""
        async with asyncio.timeout(self._patience):
            while not what(row := await self.row()):  # noqa: ASYNC110 - it cannot tell us
                await asyncio.sleep(0.05)
        return row

    async def ended(self) -> tuple[Any, Any, Any]:
        """Status, custom status and output at the end."""
        ends = ("Completed", "Failed", "Terminated")
        row = await self.until(lambda row: row["runtimeStatus"] in ends)
        return row["runtimeStatus"], row["customStatus"], row["output"]

    @abstractmethod
    async def lose_row_write(self, status: str = "Pending") -> None:
        """Leave an earlier status in the row, as a crash between the history and the row does."""

    @abstractmethod
    def doom(self, place: str) -> None:
        """Let Python die in the next `turn` or `activity`."""


class DevhostRoom(Room):
    """In virtual time."""

    host: DevHost

    async def lose_row_write(self, status: str = "Pending") -> None:
        self.host.storage.instances[self.id].runtime_status = status

    def doom(self, place: str) -> None:
        self.host.hazards = Hazards.parse(f"python-dies={place}-after,turn-takes=1")


def on_devhost(trial: Trial) -> None:
    """Run a trial on a host of its own."""

    async def main() -> None:
        host = await DevHost.start(build(), host_json=engine.host_json("Facts", **DURABLE))
        try:
            async with aiohttp.ClientSession() as session:
                room = DevhostRoom(host.url, session, 100_000.0)
                room.host = host
                await trial(room)
        finally:
            await host.stop()

    run_virtual(main)


class EngineRoom(Room):
    """On a host that rooms share, one after another."""

    laboratory: Laboratory

    async def lose_row_write(self, status: str = "Pending") -> None:
        await self.laboratory.set_status(self._session, self.id, status)

    def doom(self, place: str) -> None:
        (self.laboratory.host.folder / "die").touch()


@dataclass
class Laboratory:
    """`func` on the app."""

    host: engine.Host
    storage: engine.Azurite
    hub: str

    def run(self, trial: Trial) -> None:
        """Run a trial on the host, which outlives it."""

        async def main() -> None:
            async with aiohttp.ClientSession() as session:
                room = EngineRoom(self.host.url, session, 30.0)
                room.laboratory = self
                await trial(room)

        asyncio.run(main())

    async def set_status(self, session: aiohttp.ClientSession, instance: str, status: str) -> None:
        """Write a status into the instance table."""
        path = f"{self.hub}Instances(PartitionKey='{instance}',RowKey='')"
        change = {"RuntimeStatus": status}
        assert 204 == await tables.write(self.storage, session, "MERGE", path, change)
