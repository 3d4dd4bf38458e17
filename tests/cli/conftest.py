"""Types commands against a loopback server that plays the app."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from acr_global.cli.main import main
from tests.tls import untrusted

KEY = "aG9zdC1rZXk_for-the-tests=="
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Ran:
    """The exit code and output of one command."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@dataclass
class App:
    """Where the played app listens, what it is to answer, and the requests it got."""

    url: str = ""
    untrusted_url: str = ""
    """The same over TLS, with a certificate that nobody vouches for."""
    answers: dict[str, Handler] = field(default_factory=dict)
    """By method and path; everything else is answered as the host does, 404 without a body."""
    fallback: Handler | None = None
    """For everything else, where it is not to be answered as the host does."""
    asked: list[str] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    """The header x-functions-key of each request."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the end of the test, for handlers that hang."""

    def answer(self, line: str, status: int, body: object = None, **headers: str) -> None:
        """Answer `METHOD /path` with JSON, or with bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()

        async def handle(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, body=data, headers=headers)

        self.answers[line] = handle

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note the request, and answer as told."""
        line = f"{request.method} {request.raw_path}"
        self.asked.append(line)
        self.keys.append(request.headers.get("x-functions-key"))
        handler = self.answers.get(line, self.fallback)
        return await handler(request) if handler else web.Response(status=404)


@pytest.fixture
def app() -> Iterator[App]:
    """An app on loopback, in a thread of its own."""
    playing, loop = App(), asyncio.new_event_loop()

    async def start() -> web.AppRunner:
        served = web.Application()
        served.router.add_route("*", "/{tail:.*}", playing.handle)
        runner = web.AppRunner(served, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=untrusted()).start()
        return runner

    runner = loop.run_until_complete(start())
    plain, secure = (address[1] for address in runner.addresses)
    playing.url, playing.untrusted_url = f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}"
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield playing
    loop.call_soon_threadsafe(playing.over.set)
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Types a command in an empty folder, with these environment variables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FUNCTION_APP_URL", raising=False)
    monkeypatch.delenv("FUNCTION_APP_KEY", raising=False)

    def typed(*argv: str, **environ: str) -> Ran:
        with monkeypatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            code = main(argv)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return typed


@pytest.fixture
def ask(run: Run, app: App) -> Run:
    """Types a command against the played app, with the key in the environment."""

    def typed(*argv: str, **environ: str) -> Ran:
        return run(*argv, **{"FUNCTION_APP_URL": app.url, "FUNCTION_APP_KEY": KEY, **environ})

    return typed


def targets(*items: dict[str, Any]) -> str:
    """A value for ACR_GLOBAL_TARGETS."""
    return json.dumps(items)
