"""The app's HTTP functions: request in, function called, response out, one line logged."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import azure.functions as func
from aiohttp import web

from .engine import Engine
from .index import Function
from .injector import EndpointError
from .invoke import Invoker
from .routes import Route, match

log = logging.getLogger("devhost.http")

MAX_BODY_BYTES = 100 * 1024 * 1024
"""Bytes of a request body; more is answered 413, as by the real host."""

SECRET_PARAMETERS = frozenset({"code", "key", "sig", "signature", "token", "secret", "password"})
"""Query parameters whose values are not logged."""


def loggable_path(path: str, query: Mapping[str, str]) -> str:
    """Path and query in one line, without the values of secrets."""
    shown = [
        f"{name}={'***' if name.lower() in SECRET_PARAMETERS else value}"
        for name, value in query.items()
    ]
    text = f"{path}?{'&'.join(shown)}" if shown else path
    return "".join(c if c.isprintable() else quote(c, errors="replace") for c in text)


class Endpoint:
    """Serves the app's HTTP functions."""

    def __init__(
        self, routes: list[Route], engine: Engine, invoker: Invoker, required_key: str | None
    ) -> None:
        self._routes = routes
        self._engine = engine
        self._invoker = invoker
        self._required_key = required_key

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request: 404 without a route, 401 without a key, 500 on an exception."""
        found = match(self._routes, request.method, request.rel_url.raw_path)
        if found is None:
            return self._logged(request, web.Response(status=404), None)
        route, parameters = found
        if not self._may_call(request, route.function):
            return self._logged(request, web.Response(status=401), route.function)
        body = await request.read()
        call = self._engine.spawn(self._call(request, route.function, parameters, body))
        return self._logged(request, await call, route.function)

    async def _call(
        self, request: web.Request, function: Function, parameters: dict[str, str], body: bytes
    ) -> web.Response:
        """Call an HTTP function, with what the hazards do to it before, meanwhile and after."""
        injector = self._engine.injector
        self._engine.storage.stats[f"http:{function.name}"] += 1
        error = injector.endpoint_error(function.name, injector.hazards.endpoint_errors)
        if error is not None and error != "reset-after":
            return broken(request, error)
        await injector.wait("endpoint-takes", function.name, injector.hazards.endpoint_takes)
        try:
            result = await self._invoker.call(function, _to_function(request, parameters, body))
            response = _from_function(result)
        except Exception:
            log.exception("function %s failed", function.name)
            response = web.Response(status=500)
        injector.checkpoint("http-after-handler-before-response")
        return broken(request, error) if error is not None else response

    def _may_call(self, request: web.Request, function: Function) -> bool:
        level = str(function.options.get("authLevel", "function")).lower()
        if self._required_key is None or level == "anonymous":
            return True
        given = request.headers.get("x-functions-key") or request.query.get("code") or ""
        return is_key(given, self._required_key)

    def _logged(
        self, request: web.Request, response: web.Response, function: Function | None
    ) -> web.Response:
        log.info(
            "http method=%s path=%s status=%s function=%s",
            request.method,
            loggable_path(request.path, request.query),
            response.status,
            function.name if function else "-",
        )
        return response


def is_key(given: str, wanted: str) -> bool:
    """Whether a key is the right one. The given one may not be UTF-8."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def broken(request: web.Request, error: EndpointError) -> web.Response:
    """Answer with an error, or reset the connection."""
    if error in ("429", "500"):
        return web.Response(status=int(error))
    log.warning("http method=%s path=%s status=reset", request.method, request.path)
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError("connection reset by a hazard")


def _to_function(request: web.Request, parameters: dict[str, str], body: bytes) -> func.HttpRequest:
    return func.HttpRequest(
        method=request.method,
        url=str(request.url),
        headers={name: ",".join(request.headers.getall(name)) for name in request.headers},
        params={name: ",".join(request.query.getall(name)) for name in request.query},
        route_params=parameters,
        body=body,
    )


def _from_function(result: Any) -> web.Response:
    """What the worker makes of a returned value; None is 204."""
    if result is None:
        return web.Response(status=204)
    if isinstance(result, str):
        return web.Response(text=result)
    if not isinstance(result, func.HttpResponse):
        raise TypeError(f"an HTTP function returned {type(result).__name__}, not HttpResponse")
    headers = list(result.headers.items())
    if not any(name.lower() == "content-type" for name, _ in headers):
        text = result.mimetype.startswith("text/")
        charset = f"; charset={result.charset}" if text else ""
        headers.append(("Content-Type", f"{result.mimetype}{charset}"))
    body = result.get_body()
    return web.Response(status=result.status_code, headers=headers, body=body)
