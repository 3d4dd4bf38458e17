"""One request to a running app: its JSON answer, or one plain sentence of what went wrong.

No redirect is followed and no cookie kept: the key goes to the host that was named. Exceptions
of the HTTP library carry URLs, so they end here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import aiohttp

from acr_global import outgoing
from acr_global.cli.connection import Connection
from acr_global.cli.exits import AppError, NotAskedError, UnreachableError
from acr_global.proxies import ProxyError
from acr_global.registry.naming import KEY_HEADER
from acr_global.retry_after import parse_retry_after
from acr_global.urls import is_loopback, split_url


class Client:
    """A running app, open for requests inside `async with`."""

    def __init__(self, connection: Connection):
        self._app = connection

    async def __aenter__(self) -> Self:
        limits = aiohttp.ClientTimeout(total=self._app.timeout)
        self._session = outgoing.new_session(timeout=limits)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def get(self, path: str) -> dict[str, Any]:
        """GET an answer. Raises AppError; UnreachableError where there was none."""
        return await self._ask("GET", path)

    async def post(self, path: str, body: bytes | None = None) -> dict[str, Any]:
        """POST a request. Raises AppError; UnreachableError where there was no answer."""
        return await self._ask("POST", path, body)

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        headers = {KEY_HEADER: self._app.key} if self._app.key else {}
        try:
            async with outgoing.request(
                self._session, method, self._app.url + path, headers=headers, data=body
            ) as response:
                wait = response.headers.get("Retry-After")
                return self._read(response.status, await response.read(), wait)
        except ProxyError as error:
            raise UnreachableError(error.message) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UnreachableError(self._why(error)) from None

    def _why(self, error: Exception) -> str:
        host = self._app.host
        match error:
            case TimeoutError():
                return f"{host} did not answer within {self._app.timeout:g} s"
            case aiohttp.ClientConnectorCertificateError():
                return f"{host} has a certificate that is not trusted here"
            case aiohttp.ClientSSLError():
                here = is_loopback(split_url(self._app.url).host)
                mend = "; `func start` and the local host are asked by http://" if here else ""
                return f"{host} does not speak TLS as it must{mend}"
            case aiohttp.ClientProxyConnectionError():
                return f"cannot reach the proxy to {host}"
            case aiohttp.ClientHttpProxyError():
                return f"the proxy to {host} answered {error.status}"
            case aiohttp.ClientConnectorError():
                refused = isinstance(error.os_error, ConnectionRefusedError)
                why = "connection refused" if refused else error.os_error.strerror
                return f"cannot reach {host}: {why or 'no connection'}"
            case _:
                return f"{host} gave no usable answer ({type(error).__name__})"

    def _read(self, status: int, body: bytes, wait: str | None) -> dict[str, Any]:
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if 200 <= status < 300:
            if isinstance(answer, dict):
                return answer
            raise AppError("the answer is not a JSON object: is this the app's URL?")
        said = answer.get("message") if isinstance(answer, dict) else None
        own = status == HTTPStatus.UNAUTHORIZED or not isinstance(said, str) or not said
        text = _meaning(status) if own else self._masked(str(said))
        sentence = f"{text} (status {status})"
        if status < 500 and status != HTTPStatus.TOO_MANY_REQUESTS:
            raise AppError(sentence, status=status)
        error = NotAskedError(sentence, status=status)
        error.retry_after = parse_retry_after(wait, datetime.now(UTC))
        raise error

    def _masked(self, said: str) -> str:
        """A text of the answer without the key, which a server that is not the app may repeat."""
        return said.replace(self._app.key, "***") if self._app.key else said


def talk(connection: Connection, conversation: Callable[[Client], Awaitable[int]]) -> int:
    """Run a conversation with an app; returns its result."""

    async def hold() -> int:
        async with Client(connection) as client:
            return await conversation(client)

    return asyncio.run(hold())


def _meaning(status: int) -> str:
    """A status in words, where the answer has none of its own."""
    if status == HTTPStatus.UNAUTHORIZED:
        return (
            "the key is wrong or missing: set FUNCTION_APP_KEY to a host key of the app, "
            "or use --key-file or --key-stdin"
        )
    if status == HTTPStatus.FORBIDDEN:
        return "the app refuses: its access restrictions may keep this machine out"
    if status == HTTPStatus.NOT_FOUND:
        return "there is no such address: is this the app's URL, and the app this release?"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return "the app is not available: it is stopped, or starting"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "the app is asked more than it takes"
    if 300 <= status < 400:
        return "the app sends elsewhere, and the key is not taken there: give its own https URL"
    return "the app failed"
