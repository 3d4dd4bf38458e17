"""Malformed requests: answered 400 with one line in the log, as on the real host; no traceback."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable

from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger("devhost.http")

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9!$&'()._~%-]+)(:[0-9]{0,5})?")
"""The Host headers that Kestrel accepts. Source: its HttpUtilities.ValidateHostHeader."""

_CALLERS = (HttpProcessingError, web.RequestPayloadError, ConnectionResetError)
"""Errors that the caller has caused."""


@web.middleware
async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 where nobody can tell which host or which body is meant."""
    if not _is_well_addressed(request):
        return _bad(request, "host")
    try:
        return await handler(request)
    except (HttpProcessingError, web.RequestPayloadError):
        return _bad(request, "body")


def _is_well_addressed(request: web.Request) -> bool:
    old = request.version < HttpVersion11  # which need not name a host
    if not _HOST.fullmatch(request.headers.get("Host", "old" if old else "")):
        return False
    try:
        return bool(str(request.url))  # not read before
    except ValueError:  # an impossible port or address
        return False


def _bad(request: web.Request, reason: str) -> web.Response:
    path = request.rel_url.raw_path
    log.info("http method=%s path=%s status=400 reason=%s", request.method, path, reason)
    return web.Response(status=400)


def parser_log() -> logging.Logger:
    """The log to which aiohttp writes what it cannot read, and connections that broke off."""
    logger = logging.getLogger("devhost.server")
    logger.addFilter(_in_one_line)
    return logger


def _in_one_line(record: logging.LogRecord) -> bool:
    """Shorten a record to one line, without what was sent: it may be a key."""
    problem = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if isinstance(problem, _CALLERS):
        record.msg, record.args = "http refused reason=%s", (type(problem).__name__,)
        record.exc_info, record.levelno, record.levelname = None, logging.INFO, "INFO"
    return True
