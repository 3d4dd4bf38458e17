"""The SDK's module-wide aiohttp session, made fit for one event loop after another.

`models/utils/http_utils.py` keeps one session and one lock for the whole process, bound to the
loop of their first use. Where several hosts run in one process, one after another in loops of
their own (as in tests), the first to come and the last to leave must put them back.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import aiohttp
from azure.durable_functions.models.utils import http_utils

_loop: asyncio.AbstractEventLoop | None = None
_count = 0


async def acquire() -> None:
    """Count a host in; the first on its loop gets a fresh session."""
    global _loop, _count
    loop = asyncio.get_running_loop()
    if loop is not _loop:
        await _reset()
        _loop, _count = loop, 0
    _count += 1


async def release() -> None:
    """Count a host out; the last one closes the session."""
    global _loop, _count
    _count -= 1
    if _count <= 0:
        await _reset()
        _loop, _count = None, 0


def _quiet_connector(**options: Any) -> aiohttp.TCPConnector:
    """A connector without `enable_cleanup_closed`, which the SDK asks for. It wakes the loop every
    2 s to abort half-closed TLS connections. There is no TLS on loopback, and in virtual time
    those wakings would be most of the work of an hour."""
    return aiohttp.TCPConnector(**{**options, "enable_cleanup_closed": False})


class _QuietAiohttp:
    """aiohttp as the SDK's module sees it, except for the connector."""

    TCPConnector = staticmethod(_quiet_connector)

    def __getattr__(self, name: str) -> Any:
        return getattr(aiohttp, name)


async def _reset() -> None:
    module: Any = http_utils
    module.aiohttp = _QuietAiohttp()
    session = module._client_session
    module._client_session = None
    module._session_lock = asyncio.Lock()
    if session is not None and not session.closed:
        with contextlib.suppress(RuntimeError):  # its loop may be closed already
            await session.close()
