"""Requests through a real proxy on loopback, which remembers what it was asked for."""

from __future__ import annotations

import asyncio
import logging
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest

from acr_global.model import Attempt, Outcome
from acr_global.notify import deliver
from tests.notify.samples import NOW, SECRETS, message, target
from tests.tls import untrusted

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
USER = "us%40er:hush-p%C3%A4ss@"
BASIC = "Basic " + b64encode("us@er:hush-päss".encode()).decode()


@dataclass
class Proxy:
    """A proxy's answer, and the heads of the requests it got, including those inside its
    tunnels."""

    answer: bytes = OK
    port: int = 0
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: one request, or one tunnel and the request inside it."""
        try:
            head = await self._read(reader)
            writer.write(self.answer)
            if head.startswith("CONNECT ") and self.answer == OK:
                await writer.drain()
                await writer.start_tls(untrusted())
                await self._read(reader)
                writer.write(OK)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> str:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        return head


@asynccontextmanager
async def proxying(answer: bytes = OK, tls: ssl.SSLContext | None = None) -> AsyncIterator[Proxy]:
    """A proxy on a free port."""
    proxy = Proxy(answer)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=tls)
    proxy.port = server.sockets[0].getsockname()[1]
    async with server:
        yield proxy


async def send(kind: str, url: str, **fields: object) -> Attempt:
    """Make one attempt of this kind of target."""
    to = target(kind, url=url, **fields)
    async with deliver.new_session() as session:
        return await deliver.attempt(message(), to, SECRETS, session=session, clock=lambda: NOW)


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any certificate that a server shows counts as trusted."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", context)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.usefixtures("trusting")
def test_https_goes_through_a_tunnel(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tls: bool
) -> None:
    """An http or https proxy gets its own credentials, and nothing of the request but the host."""
    caplog.set_level(logging.DEBUG)

    async def scenario() -> None:
        async with proxying(tls=untrusted() if tls else None) as proxy:
            scheme = "https://" if tls else ""
            monkeypatch.setenv("HTTPS_PROXY", f"{scheme}{USER}127.0.0.1:{proxy.port}")
            made = await send("webhook", "https://u:p@receiver.test/hook")
            assert (Outcome.DELIVERED, 200) == (made.outcome, made.status)
            tunnel, request = proxy.asked
            assert tunnel.startswith("CONNECT receiver.test:443 HTTP/1.1\r\n")
            assert f"proxy-authorization: {BASIC}\r\n" in tunnel.replace("Proxy-A", "proxy-a")
            assert "\r\nauthorization" not in tunnel.lower()
            assert request.startswith("POST /hook HTTP/1.1\r\n")
            assert "\r\nauthorization: Basic dTpw\r\n" in request
            assert "proxy-authorization" not in request.lower()
            assert "hush" not in caplog.text + repr(made)

    asyncio.run(scenario())


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_plain_http_is_handed_to_the_proxy(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """The request has the whole URL, and the proxy's credentials."""

    async def scenario() -> None:
        async with proxying() as proxy:
            monkeypatch.setenv(variable, f"{USER}127.0.0.1:{proxy.port}")
            made = await send("webhook", "http://u:p@receiver.test/hook?a=%2F", insecure=True)
            assert Outcome.DELIVERED is made.outcome
            (request,) = proxy.asked
            assert request.startswith("POST http://receiver.test/hook?a=%2F HTTP/1.1\r\n")
            assert f"\r\nproxy-authorization: {BASIC}\r\n" in request
            assert "\r\nauthorization: Basic dTpw\r\n" in request
            assert "\r\nHost: receiver.test\r\n" in request

    asyncio.run(scenario())


def test_apprise_goes_through_the_proxy_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library reads the same variables."""

    async def scenario() -> None:
        async with proxying() as proxy:
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
            made = await send("apprise", "json://receiver.test/hook")
            assert Outcome.DELIVERED is made.outcome
            assert proxy.asked[0].startswith("POST http://receiver.test/hook HTTP/1.1\r\n")

    asyncio.run(scenario())


@pytest.mark.parametrize("url", ["https://receiver.test/", "http://receiver.test/"])
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 407\r\nX Y: z\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    ],
)
def test_a_proxy_that_refuses_is_named_as_the_reason(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, url: str, answer: bytes
) -> None:
    """An operator can put it right, so the attempt is repeated; it is not the receiver's answer."""
    caplog.set_level(logging.DEBUG)

    async def scenario() -> None:
        async with proxying(answer) as proxy:
            monkeypatch.setenv("ALL_PROXY", f"http://{USER}127.0.0.1:{proxy.port}")
            made = await send("webhook", url, insecure=True)
            assert (Outcome.RETRY, "proxy") == (made.outcome, made.reason)
            assert "hush" not in caplog.text + repr(made)

    asyncio.run(scenario())


def test_a_proxy_that_is_not_there_is_named_as_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is `proxy`, not that the receiver cannot be reached."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    made = asyncio.run(send("webhook", "https://receiver.test/"))
    assert (Outcome.RETRY, "proxy") == (made.outcome, made.reason)


@pytest.mark.parametrize("value", ["socks5://u:hush@127.0.0.1:9", "http://u:hush@:9", "hush hush"])
def test_a_proxy_that_cannot_be_used_is_not_bypassed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    """Nothing is sent until the setting is right."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HTTPS_PROXY", value)
    made = asyncio.run(send("webhook", "https://receiver.test/"))
    assert (Outcome.RETRY, "proxy-invalid") == (made.outcome, made.reason)
    assert "hush" not in caplog.text + repr(made)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_this_machine_is_reached_without_the_proxy(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """A request to loopback goes to nobody else."""

    async def scenario() -> None:
        async with proxying() as receiver:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, "http://127.0.0.1:9")
            made = await send("webhook", f"http://{host}:{receiver.port}/x", insecure=True)
            assert Outcome.DELIVERED is made.outcome
            assert receiver.asked[0].startswith("POST /x HTTP/1.1\r\n")

    asyncio.run(scenario())
