"""The listening side: one aiohttp server for functions, management API and host API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from .endpoint import MAX_BODY_BYTES, Endpoint, broken, is_key
from .engine import Engine
from .management import RPC, SYSTEM_KEY, WEBHOOKS, Handler, Management
from .refuse import parser_log, refuse
from .timers import TimerTriggers

KEEPALIVE = 17.3
"""Seconds a connection may be idle. A little more than the 15 s after which aiohttp's client no
longer uses one, so that a request never meets a closing connection; and not much more, because
a client looks after each idle connection every 15 s, which costs a virtual clock a jump."""


class Server:
    """A server that can be closed in order or cut off at once."""

    def __init__(self, app: web.Application, timers: TimerTriggers) -> None:
        self.timers = timers
        self._runner = web.AppRunner(
            app,
            handle_signals=False,
            access_log=None,
            logger=parser_log(),
            shutdown_timeout=0.5,
            keepalive_timeout=KEEPALIVE,
        )
        self._listener: asyncio.Server | None = None

    async def listen(self, port: int) -> int:
        """Listen on 127.0.0.1 and return the port. Raises OSError when it is in use."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(self._protocol, "127.0.0.1", port)
        except OSError:
            await self._runner.cleanup()
            raise
        return int(self._listener.sockets[0].getsockname()[1])

    def _protocol(self) -> asyncio.Protocol:
        if self._runner.server is None:
            raise ConnectionResetError("this server has been closed")
        return self._runner.server()

    def abort(self) -> None:
        """Stop listening and reset every connection, now."""
        self.timers.stop()
        if self._listener is not None:
            self._listener.close()
        for connection in self._runner.server.connections if self._runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()

    async def close(self) -> None:
        """Stop listening, and close what is still open."""
        await self._runner.cleanup()


def build_app(
    engine: Engine,
    endpoint: Endpoint,
    management: Management,
    run_timer: Callable[[str], Awaitable[bool]],
    required_key: str | None,
) -> web.Application:
    """All routes: management twice (with and without key), host API, functions."""

    async def status(request: web.Request) -> web.StreamResponse:
        return web.json_response({"state": "Running", "id": "devhost"})

    async def run_now(request: web.Request) -> web.StreamResponse:
        found = await run_timer(request.match_info["name"])
        return web.Response(status=202 if found else 404)

    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[refuse])
    for method, path, handler in management.routes():
        guarded = _hazardous(engine, handler)
        app.router.add_route(method, RPC + path, guarded)
        app.router.add_route(method, WEBHOOKS + path, _keyed(guarded, required_key))
    app.router.add_get("/admin/host/status", status)
    app.router.add_post("/admin/functions/{name}", run_now)
    app.router.add_route("*", "/{path:(?s:.*)}", endpoint.handle)
    return app


def _hazardous(engine: Engine, handler: Handler) -> Handler:
    """Run a handler as part of the engine, so that a crash ends it, and with the hazards."""

    async def call(request: web.Request) -> web.StreamResponse:
        injector = engine.injector
        error = injector.endpoint_error(request.path, injector.hazards.management_errors)
        if error is not None and error != "reset-after":
            return broken(request, error)
        takes = injector.hazards.management_takes
        await injector.wait("management-takes", request.path, takes)
        response = await handler(request)
        return broken(request, error) if error is not None else response

    async def handle(request: web.Request) -> web.StreamResponse:
        response: web.StreamResponse = await engine.spawn(call(request))
        return response

    return handle


def _keyed(handler: Handler, required_key: str | None) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        given = request.query.get("code", "")
        if required_key is not None and not is_key(given, SYSTEM_KEY):
            return web.Response(status=401)
        return await handler(request)

    return handle
