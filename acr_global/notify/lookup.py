"""Looking up receivers' names, so that a slow look-up holds up no other.

The system's look-up blocks a thread, for tens of seconds where a name server does not answer.
aiohttp's own resolver uses the event loop's threads, of which there are as many as processors
and four more; here each name that is being looked up has a thread to itself.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

THREADS = 1_000
"""Made as they are needed. The connector looks up a name once at a time, whoever asks, so only more
targets than this could use more."""

_threads = ThreadPoolExecutor(THREADS, "lookup")


class Lookup(AbstractResolver):
    """The system's resolver, in threads of our own."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host, as numbers. Raises OSError."""
        looking = asyncio.get_running_loop().run_in_executor(
            _threads, _addresses, host, port, family
        )
        return await looking

    async def close(self) -> None:
        """Do nothing: nothing is held."""


def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    found = socket.getaddrinfo(
        host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [
        ResolveResult(
            hostname=host,
            # getnameinfo, because a link-local IPv6 address is one only with its interface.
            host=socket.getnameinfo(address, _NUMERIC)[0],
            port=port,
            family=kind,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for kind, _, protocol, _, address in found
    ]


_NUMERIC = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
