"""What stands before the storage can fail, and works again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from acr_global_rig.loopback import serving
from benchmarks.chaos import proxy as proxy_module
from benchmarks.chaos.proxy import CUTS, REFUSES, SLOW, Proxy

pytestmark = pytest.mark.real_time


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[Proxy, aiohttp.ClientSession, str]]:
    """A server that echoes, behind a proxy."""

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application()
    app.router.add_post("/", echo)
    one_by_one = aiohttp.TCPConnector(force_close=True)
    async with serving(app) as url, aiohttp.ClientSession(connector=one_by_one) as session:
        proxy = Proxy(int(url.rpartition(":")[2]))
        async with proxy.serving() as port:
            yield proxy, session, f"http://127.0.0.1:{port}/"


async def answer(session: aiohttp.ClientSession, url: str, body: bytes = b"hello") -> object:
    """The status and body; or that there was none."""
    try:
        async with session.post(url, data=body) as got:
            return got.status, await got.read()
    except aiohttp.ClientError:
        return "none"


async def test_everything_passes() -> None:
    """Whole, and on one connection after another."""
    large = bytes(range(256)) * 4_000
    async with proxied() as (_, session, url):
        assert (200, b"hello") == await answer(session, url)
        assert (200, large) == await answer(session, url, large)


@pytest.mark.parametrize(("how", "said"), [(REFUSES, (503, b"")), (CUTS, "none")])
async def test_it_fails_until_it_works_again(how: str, said: object) -> None:
    """Connections that were open are cut."""
    async with proxied() as (proxy, session, url):
        assert (200, b"hello") == await answer(session, url)
        proxy.fail(how)
        assert said == await answer(session, url)
        proxy.fail(None)
        assert (200, b"hello") == await answer(session, url)


async def test_what_is_slow_arrives() -> None:
    """Unchanged."""
    async with proxied() as (proxy, session, url):
        proxy.fail(SLOW)
        assert (200, b"hello") == await answer(session, url)


async def test_a_slow_request_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the network goes."""
    monkeypatch.setattr(proxy_module, "SLOW_SECONDS", 3_600.0)
    async with proxied() as (proxy, session, url):
        proxy.fail(SLOW)
        waiting = asyncio.create_task(answer(session, url))
        assert (set(), {waiting}) == await asyncio.wait({waiting}, timeout=0.1)
        proxy.fail(CUTS)
        assert "none" == await waiting
