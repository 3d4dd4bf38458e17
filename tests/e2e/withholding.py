"""What stands before the engine's tables, and never carries out the writes that a test names."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiohttp
from aiohttp import web
from yarl import URL

from acr_global_rig import azurite as emulator
from acr_global_rig import engine
from acr_global_rig.loopback import serving

HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}


@dataclass
class Withheld:
    """Requests that are passed on, but for some."""

    tables: str
    """The URL of the tables themselves."""
    session: aiohttp.ClientSession
    rows: dict[str, bytes] = field(default_factory=dict)
    """By instance: a word of the next write to its row that is not to be carried out."""
    stuck: set[str] = field(default_factory=set)
    """The instances of which one has come. It is not answered, and no later one is withheld."""

    async def answer(self, request: web.Request) -> web.Response:
        """Pass a request on, or hold it for ever."""
        body = await request.read()
        row = re.search(r"Instances\(PartitionKey='([^']+)'", request.path)
        if row and request.method == "PATCH":
            word = self.rows.get(row[1])
            if word and word in body:
                del self.rows[row[1]]
                self.stuck.add(row[1])
                await asyncio.Event().wait()
        async with self.session.request(
            request.method,
            URL(f"{self.tables}{request.raw_path}", encoded=True),
            headers=_passed_on(request.headers.items()),
            data=body,
        ) as answer:
            headers = _passed_on(answer.headers.items())
            return web.Response(status=answer.status, headers=headers, body=await answer.read())


def _passed_on(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in HOP_BY_HOP}


@asynccontextmanager
async def withholding(storage: engine.Azurite) -> AsyncIterator[tuple[engine.Azurite, Withheld]]:
    """The same storage behind this, and what it withholds."""
    blobs, queues, tables = storage.ports
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        withheld = Withheld(f"http://{emulator.HOST}:{tables}", session)
        app = web.Application(client_max_size=4 * 1_048_576)
        app.router.add_route("*", "/{path:.*}", withheld.answer)
        async with serving(app) as url:
            port = int(url.rpartition(":")[2])
            yield replace(storage, ports=(blobs, queues, port)), withheld
