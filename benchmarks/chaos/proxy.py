"""What stands before Azurite's ports, and can fail: it refuses, cuts connections, or is slow."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

REFUSES, CUTS, SLOW = "503", "cut", "slow"

BUSY = b"HTTP/1.1 503 Server Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
"""As the service throttles. Source: learn.microsoft.com/rest/api/storageservices/
common-rest-api-error-codes, ServerBusy."""

SLOW_SECONDS = 1.0
"""By which each part of a request is late."""

CHUNK = 65_536


class Proxy:
    """Passes connections through to one port, as long as nothing is the matter."""

    def __init__(self, to: int) -> None:
        self.to = to
        self.port = 0
        self._does: str | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Listen until the block ends; the port."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self.port
        finally:
            server.close()
            self._cut()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def fail(self, how: str | None) -> None:
        """Do this from now on; None: work again. Connections that are open are cut, but by SLOW."""
        self._does = how
        if how in (REFUSES, CUTS):
            self._cut()

    def _cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._connected(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._kept(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if self._does == CUTS:
                writer.transport.abort()
            elif self._does == REFUSES:
                await _refuse(reader, writer)
            else:
                await self._pass(reader, writer)

    @contextlib.contextmanager
    def _kept(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self._open.add(writer)
        try:
            yield
        finally:
            self._open.discard(writer)
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self.to)
        with self._kept(ours):
            ways = (self._pump(reader, ours), self._pump(theirs, writer))
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK):
                if self._does == SLOW:
                    await asyncio.sleep(SLOW_SECONDS)
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read one request's head, and answer that the server is busy."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(BUSY)
    await writer.drain()
