"""Real receivers on loopback, which answer as they are told and remember what they got."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import pytest


@dataclass
class Request:
    """One request as it came over the wire."""

    line: str
    headers: dict[str, str]
    body: bytes
    names: list[str]
    """Of all headers in lower case, as often as they stand there."""


@dataclass
class Receiver:
    """Where a receiver listens, and what it has received."""

    url: str
    requests: list[Request] = field(default_factory=list)
    sent: int = 0
    """Bytes of answers that were taken from it."""
    together: int = 0
    """The most requests that were under way at once."""
    under_way: int = 0
    arrivals: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    """Grows by one with each request."""


Listening = Callable[..., AbstractAsyncContextManager[Receiver]]


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *rest = head.rstrip("\r\n").split("\r\n")
    headers = {n.lower(): v.strip() for n, _, v in (h.partition(":") for h in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    names = [h.partition(":")[0].lower() for h in rest]
    return Request(line, headers, body, names)


@asynccontextmanager
async def _listen(
    answer: bytes,
    *,
    head: bytes = b"",
    repeat: int = 1,
    hang: bool = False,
    gate: asyncio.Event | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Receiver]:
    """Answer each request with these bytes, `repeat` times over; then hang, or close the
    connection."""
    receiver = Receiver("")
    over = asyncio.Event()
    serving: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving[asyncio.current_task()] = writer
        try:
            receiver.requests.append(await _read(reader))
            receiver.arrivals.put_nowait(None)
            receiver.under_way += 1
            receiver.together = max(receiver.together, receiver.under_way)
            # Give the others a chance to come at the same time.
            for _ in range(20):
                await asyncio.sleep(0)
            if gate:
                await gate.wait()
            writer.write(head)
            for _ in range(repeat):
                writer.write(answer)
                await writer.drain()
                receiver.sent += len(answer)
            if hang:
                await over.wait()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        else:
            receiver.under_way -= 1
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        over.set()
        if gate:
            gate.set()
        server.close()
        for writer in serving.values():
            writer.close()
        await asyncio.gather(*(task for task in serving if task))
        await server.wait_closed()


@pytest.fixture
def listen() -> Listening:
    """A receiver for the length of an `async with`."""
    return _listen
