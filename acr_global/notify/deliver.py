"""One attempt to deliver one message to one target: the only way to a target.

Never raises (but for cancellation), follows no redirect but GitHub's to the same host, and lets
nothing of the request or the answer out: no URL, no secret, no body stands in what it returns,
logs or keeps (but for the masked URL that a redirect names). The exceptions of HTTP libraries
carry URLs, so they end here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import assert_never

import aiohttp
from aiohttp.client_proto import ResponseHandler

from acr_global import outgoing
from acr_global.errors import RenderError
from acr_global.model import Attempt, OutboundRequest, Outcome
from acr_global.notify import preview
from acr_global.notify.heads import LenientHandler
from acr_global.notify.lookup import Lookup
from acr_global.notify.notice import Notice
from acr_global.notify.outcomes import Judgement
from acr_global.notify.redirects import MAX_HOPS, may_follow, new_url
from acr_global.notify.target import HttpTarget, LibraryTarget, Target
from acr_global.proxies import ProxyError
from acr_global.retry_after import join_headers

CONNECT_SECONDS = 5.0
"""For name look-up, TCP and TLS together; the target's own timeout bounds the whole."""
ANSWER_BYTES = 4_096
"""Bytes read of an answer, at most; none of them is kept."""
LOCATION_CHARS = 200
"""Characters kept of the URL that a redirect names; a limit of our own."""
TARGET_PLACES = 100
"""Attempts under way to one target from one process. By the target's name and not by its host: a
receiver that hangs may share a host with one that does not. At the rate at which one host takes
pushes (about 12 a second), only a target that needs more than 8 s to answer reaches it."""
BUSY = "target-busy"
"""The reason of an attempt that found all places taken: nothing was sent."""
THREADS = 1_000
"""For libraries that send by themselves: the places of ten targets. Made as they are needed."""

_log = logging.getLogger(__name__)
_places: defaultdict[str, BoundedSemaphore] = defaultdict(lambda: BoundedSemaphore(TARGET_PLACES))
_threads = ThreadPoolExecutor(THREADS, "library")
"""Separate from the event loop's: those are few, and a service that hangs would hold them."""
_kept: tuple[asyncio.AbstractEventLoop, aiohttp.TCPConnector] | None = None


class _BusyError(Exception):
    """As many attempts as this target may have are under way."""


@dataclass(frozen=True, slots=True)
class _Answer:
    target: HttpTarget
    status: int
    headers: Mapping[str, str]
    body: bytes
    location: str | None = None
    """Where a redirect pointed, masked."""


def new_session() -> aiohttp.ClientSession:
    """A session to share between attempts; TLS is verified.

    Call it in a running event loop, and close it. It keeps no cookies and no connections: a
    connection kept while an app sleeps is dead when it wakes, and a POST is not sent twice.
    """
    return outgoing.new_session(connector=_connector(), decompress=False)


def _connector() -> aiohttp.TCPConnector:
    """This event loop's connector, shared by its sessions so that a name is looked up once at a
    time."""
    global _kept
    loop = asyncio.get_running_loop()
    if _kept is None or _kept[0] is not loop:
        connector = aiohttp.TCPConnector(resolver=Lookup(), force_close=True, limit=0)
        # The library has no other way to set what reads the answers.
        connector._factory = partial(_handler, loop)
        _kept = loop, connector
    return _kept[1]


def _handler(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    return LenientHandler(loop)


async def attempt_all(
    message: Notice,
    targets: Iterable[Target],
    environ: Mapping[str, str],
    clock: Callable[[], datetime],
) -> list[Attempt]:
    """One attempt for each target, side by side, in a session of their own; none fails another."""
    async with new_session() as session:
        return await asyncio.gather(
            *(attempt(message, to, environ, session=session, clock=clock) for to in targets)
        )


async def attempt(
    message: Notice,
    target: Target,
    environ: Mapping[str, str],
    *,
    session: aiohttp.ClientSession,
    clock: Callable[[], datetime],
) -> Attempt:
    """Try once, at once or not at all. `environ` is where references are looked up.

    It waits for nothing but the target, because its caller holds one of the engine's places.
    `clock` is read for what is signed, and again at the answer: the attempt's time is that from
    which a Retry-After counts.
    """
    try:
        answer = await _send(message, target, environ, session, clock)
        at = clock()
        found = answer if isinstance(answer, Judgement) else _judged(answer, at)
    except Exception as error:
        at, found = clock(), Judgement(Outcome.RETRY, _reason(error))
    return Attempt(
        target=target.name,
        at=at,
        outcome=found.outcome,
        reason=found.reason,
        status=found.status,
        retry_after=found.retry_after,
        once_more=found.once_more or None,
        location=found.location,
    )


async def _send(
    message: Notice,
    target: Target,
    environ: Mapping[str, str],
    session: aiohttp.ClientSession,
    clock: Callable[[], datetime],
) -> _Answer | Judgement:
    request = target.render(message, environ, clock())
    seconds = target.timeout.total_seconds()
    place = _places[target.name]
    if not place.acquire(blocking=False):
        raise _BusyError
    match target:
        case LibraryTarget():
            return await _hand_over(request, target, seconds, place)
        case HttpTarget():
            try:
                return await _exchange(request, target, seconds, session)
            finally:
                place.release()
        case _:
            assert_never(target)


def _judged(answer: _Answer, now: datetime) -> Judgement:
    if answer.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        # The answer of a proxy, not of the receiver: an operator can put it right.
        return Judgement(Outcome.RETRY, "proxy", answer.status)
    found = answer.target.judge(answer.status, answer.headers, answer.body, now)
    return replace(found, location=answer.location)


async def _exchange(
    request: OutboundRequest,
    target: HttpTarget,
    seconds: float,
    session: aiohttp.ClientSession,
) -> _Answer:
    """Post the request, and follow redirects that may be followed, within the time."""
    clock = asyncio.get_running_loop().time
    end, hops, masked = clock() + seconds, 0, None
    while True:
        # 0 would mean no time limit.
        answer = await _post(request, target, max(end - clock(), 0.001), session)
        url = new_url(request.url, answer.status, answer.headers.get("location"))
        if url is None:
            return replace(answer, location=masked)
        masked = preview.masked_url(url, target)[:LOCATION_CHARS]
        follow = target.follows_redirects and may_follow(request.url, answer.status, url)
        if hops == MAX_HOPS or not follow:
            return replace(answer, location=masked)
        hops, request = hops + 1, request.model_copy(update={"url": url})


def _reason(error: Exception) -> str:
    """The slug for why an attempt has no answer; every such cause may pass."""
    match error:
        case RenderError() | ProxyError():
            return error.reason
        case _BusyError():
            return BUSY
        case TimeoutError():
            return "timeout"
        case aiohttp.ClientSSLError():
            return "tls"
        case aiohttp.InvalidURL():
            return "url-invalid"
        case aiohttp.ClientHttpProxyError() | aiohttp.ClientProxyConnectionError():
            return "proxy"
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
            return "answer-invalid"
        case aiohttp.ClientError() | OSError():
            return "connection"
        case _:
            # The class alone: the text may hold a URL.
            _log.error("an attempt failed in a way not foreseen: %s", type(error).__name__)
            return "unexpected"


async def _post(
    request: OutboundRequest, target: HttpTarget, seconds: float, session: aiohttp.ClientSession
) -> _Answer:
    timeout = aiohttp.ClientTimeout(total=seconds, connect=min(CONNECT_SECONDS, seconds))
    headers = dict(request.headers)
    async with outgoing.request(
        session, "POST", request.url, headers=headers, data=request.body, timeout=timeout
    ) as response:
        body = await _beginning(response) if target.reads_answers else b""
        return _Answer(target, response.status, join_headers(response.headers.items()), body)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """The first ANSWER_BYTES, or as many as came: the status is known already."""
    body = b""
    try:
        while len(body) < ANSWER_BYTES:
            chunk = await response.content.read(ANSWER_BYTES - len(body))
            if not chunk:
                break
            body += chunk
    except (aiohttp.ClientError, OSError):
        pass
    return body


async def _hand_over(
    request: OutboundRequest, target: LibraryTarget, seconds: float, place: BoundedSemaphore
) -> Judgement:
    """Let the library send it in a thread. When time is up the thread goes on, its result ignored,
    and keeps its place until it ends."""

    def send() -> bool:
        try:
            return target.send(request)
        finally:
            place.release()

    sending = asyncio.get_running_loop().run_in_executor(_threads, send)
    try:
        async with asyncio.timeout(seconds):
            # Shielded, because one that is cancelled before its thread begins would keep its place.
            sent = await asyncio.shield(sending)
    except ImportError:
        return Judgement(Outcome.RETRY, f"{target.package}-missing")
    if not sent:
        return Judgement(Outcome.RETRY, f"{target.package}-failed")
    return Judgement(Outcome.DELIVERED, "delivered")
