"""Servers and ports on 127.0.0.1."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

BACKLOG = 1_024
"""Connections that may wait to be accepted; a client beyond that waits in real time."""


@asynccontextmanager
async def serving(
    app: web.Application, listening: socket.socket | None = None
) -> AsyncIterator[str]:
    """Serve until the block ends; yields the base URL.

    Args:
        app: Its handlers are cancelled when the client disconnects.
        listening: A bound socket; without one, a free port is used.
    """
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        own = listening or socket.create_server(("127.0.0.1", 0))
        await web.SockSite(runner, own, backlog=BACKLOG).start()
        yield f"http://127.0.0.1:{own.getsockname()[1]}"
    finally:
        await runner.cleanup()


PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections (Linux: from 32768 on). A server that comes
back to such a port may find it taken by a connection, even by one to that very port."""


def free_port() -> int:
    """A port that nobody listens on at this moment. Raises OSError where there is none."""
    return free_ports(1)[0]


def free_ports(count: int) -> tuple[int, ...]:
    """Different ones. Raises OSError where there are not so many."""
    with contextlib.ExitStack() as held:
        return tuple(held.enter_context(_free()).getsockname()[1] for _ in range(count))


def _free() -> socket.socket:
    # Not `random` itself: Hypothesis seeds it, and test processes would come to the same ports.
    for _ in PORTS:
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", random.SystemRandom().choice(PORTS)))
    raise OSError("no port is free")


def unused_url() -> str:
    """A URL where nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


def answers(address: tuple[str, int]) -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection(address, timeout=1.0):
            return True
    except (OSError, UnicodeError):  # the second: a name that no host can have
        return False
