"""One attempt to deliver one message to one target: the only way out of the app.

Never raises (but for cancellation), follows no redirect, and lets nothing of the request or the
answer out: no URL, no secret, no body stands in what it returns, logs or keeps. The exceptions
of HTTP libraries carry URLs, so they end here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp
from yarl import URL

from acr_global.errors import RenderError
from acr_global.model import Attempt, Message, OutboundRequest, Outcome
from acr_global.notify import apprise, channels
from acr_global.notify.outcomes import READS_BODY, Judgement, Kind, judge
from acr_global.secret import resolve
from acr_global.targets import AppriseTarget, Target

CONNECT_SECONDS = 5.0
"""For TCP and TLS together with the name's look-up; the target's own timeout bounds the whole."""
ANSWER_BYTES = 4_096
"""Read of an answer, at most; none of it is kept."""
HOST_CONCURRENCY = 4
"""Requests under way to one host from one process. Teams allows about four a second.
Source: learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors, rate limiting."""
QUEUE_SECONDS = 60.0
"""The longest wait for one's turn at a host; after that the attempt counts as made."""

_log = logging.getLogger(__name__)
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = (
    WeakKeyDictionary()
)


class _BusyError(Exception):
    """Too many requests to this host were before us."""


@dataclass(frozen=True, slots=True)
class _Answer:
    kind: Kind
    status: int
    headers: Mapping[str, str]
    body: bytes


def new_session() -> aiohttp.ClientSession:
    """A session to share between attempts; TLS is verified, proxies are the environment's.

    Call it in a running event loop, and close it. It keeps no cookies and no connections: a
    connection kept while an app sleeps is dead when it wakes, and a POST is not sent twice.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=True,
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
    )


async def attempt(
    message: Message,
    target: Target,
    secrets: Mapping[str, str],
    *,
    session: aiohttp.ClientSession,
    clock: Callable[[], datetime],
    queue_seconds: float = QUEUE_SECONDS,
) -> Attempt:
    """Try once. `secrets` is where references are looked up.

    `clock` is read when the turn at the host has come, for what is signed, and again at the
    answer: the attempt's time is that from which a Retry-After counts.
    """
    try:
        answer = await _send(message, target, secrets, session, clock, queue_seconds)
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
    )


async def _send(
    message: Message,
    target: Target,
    secrets: Mapping[str, str],
    session: aiohttp.ClientSession,
    clock: Callable[[], datetime],
    queue_seconds: float,
) -> _Answer | Judgement:
    seconds = target.timeout.total_seconds()
    async with _turn(resolve(target.url, secrets), queue_seconds):
        request = channels.render(message, target, secrets, clock())
        if isinstance(target, AppriseTarget):
            return await _hand_over(request, seconds)
        return await _post(request, target.kind, seconds, session)


def _judged(answer: _Answer, now: datetime) -> Judgement:
    return judge(answer.kind, answer.status, answer.headers, answer.body, now)


def _reason(error: Exception) -> str:
    """The slug for what kept the attempt from having an answer; all of it may pass."""
    match error:
        case RenderError():
            return error.reason
        case _BusyError():
            return "host-busy"
        case ImportError():
            return "apprise-missing"
        case TimeoutError():
            return "timeout"
        case aiohttp.ClientSSLError():
            return "tls"
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
            return "answer-invalid"
        case aiohttp.ClientError() | OSError():
            return "connection"
        case _:
            # The class alone: the text may hold a URL.
            _log.error("an attempt failed in a way not foreseen: %s", type(error).__name__)
            return "unexpected"


@asynccontextmanager
async def _turn(url: str, queue_seconds: float) -> AsyncIterator[None]:
    """Wait for one's turn at the URL's host, counted per event loop."""
    hosts = _turns.setdefault(asyncio.get_running_loop(), {})
    turn = hosts.setdefault(_host(url), asyncio.Semaphore(HOST_CONCURRENCY))
    try:
        async with asyncio.timeout(queue_seconds):
            await turn.acquire()
    except TimeoutError:
        raise _BusyError from None
    try:
        yield
    finally:
        turn.release()


def _host(url: str) -> str:
    """Whose turn to wait for; what is no URL is refused when it is rendered."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


async def _post(
    request: OutboundRequest, kind: Kind, seconds: float, session: aiohttp.ClientSession
) -> _Answer:
    timeout = aiohttp.ClientTimeout(total=seconds, connect=min(CONNECT_SECONDS, seconds))
    async with session.post(
        # As written: a query that is itself signed must not be put in another form.
        URL(request.url, encoded=True),
        data=request.body,
        headers=request.headers,
        allow_redirects=False,
        timeout=timeout,
    ) as response:
        body = await _beginning(response) if kind in READS_BODY else b""
        headers = {name.lower(): value for name, value in response.headers.items()}
        return _Answer(kind, response.status, headers, body)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """The first ANSWER_BYTES, or what came of them: the status has been said already."""
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


async def _hand_over(request: OutboundRequest, seconds: float) -> Judgement:
    """Let the library send it in a thread. When time is up the thread goes on, unheard."""
    async with asyncio.timeout(seconds):
        sent = await asyncio.to_thread(apprise.notify, request)
    if sent is None:
        return Judgement(Outcome.RETRY, "url-invalid")
    if not sent:
        return Judgement(Outcome.RETRY, "apprise-failed")
    return Judgement(Outcome.DELIVERED, "delivered")
