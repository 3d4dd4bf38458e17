"""One check becomes one Evidence, whatever happens to it.

A check that fails must never suppress the alarm, and its error's text must never reach a
notification: URLs with keys and tokens stand in such texts. So a reason is either written by
us (CheckFailedError) or one of the fixed phrases below.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from acr_global.model import Evidence, EvidenceKind
from acr_global.proxies import ProxyError


class CheckFailedError(Exception):
    """A check could not be made; the text is ours, plain, and safe to publish."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check that worked has seen in one region."""

    found: bool
    detail: str
    absent: bool = False
    """True: it is certain that the push, or the deletion, is not there."""


def describe(error: BaseException) -> str:
    """A plain reason that quotes nothing from the error, unless the words are ours."""
    match error:
        case CheckFailedError():
            return str(error)
        case ProxyError():
            return "the proxy that is set cannot be used"
        case TimeoutError():
            return "no answer in time"
        case aiohttp.ClientSSLError():
            return "no trusted TLS connection"
        case aiohttp.ClientConnectorError():
            return "cannot connect"
        case aiohttp.ClientError():
            return "the connection broke"
        case _:
            return f"unexpected {type(error).__name__}"


def failed(region: str, kind: EvidenceKind, error: Exception, at: datetime) -> Evidence:
    """The evidence of a check that could not be made."""
    detail = f"check failed: {describe(error)}"
    return Evidence(region=region, kind=kind, found=False, detail=detail, at=at)


async def guarded(
    region: str,
    kind: EvidenceKind,
    check: Coroutine[Any, Any, Seen],
    *,
    deadline: float,
    now: Callable[[], datetime],
) -> Evidence:
    """Run one check until `deadline` (the event loop's clock, in seconds).

    Raises nothing, but lets the caller's own cancellation through.
    """
    try:
        async with asyncio.timeout_at(deadline):
            seen = await check
    except Exception as error:
        return failed(region, kind, error, now())
    return Evidence(
        region=region,
        kind=kind,
        found=seen.found,
        absent=seen.absent,
        detail=seen.detail,
        at=now(),
    )
