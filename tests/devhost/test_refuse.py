"""Malformed requests: answered 400 or 401, with one line in the log, whatever is wrong."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.devhost.apps import http_functions
from tests.devhost.conftest import Client, serve

HOST = b"Host: x\r\n"
KEY = b"x-functions-key: geheim\r\n"


async def answered(client: Client, head: bytes, body: bytes = b"") -> int:
    """The status of the answer to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.host.port)
    writer.write(head + b"\r\n" + body)
    status = (await reader.readline()).split()[1]
    writer.close()
    return int(status)


async def check(log: pytest.LogCaptureFixture, status: int, head: bytes, body: bytes) -> None:
    """Check the status, and that the log holds one line and no traceback."""
    log.set_level(logging.INFO)
    async with serve(http_functions(), require_key="geheim") as client:
        assert status == await answered(client, head, body)
    assert [] == [r for r in log.records if r.exc_info or "\n" in r.getMessage()]
    assert "geheim" not in log.text


@pytest.mark.parametrize(
    "host",
    [
        *(
            b"Host: h:abc",
            b"Host: h:99999",
            b"Host: h:-1",
            b"Host: a b",
            b"Host: a/b",
            b"Host: a@b",
        ),
        *(b"Host: [::", b"Host: [::::]", b"Host: []", b"Host: <x>", b"Host:", b"Host: b\xc3\xbcro"),
        *(b"Host: b\xfcro", b"A: b", b"Host: a\r\nHost: b"),
    ],
)
@pytest.mark.parametrize("path", [b"/api/guarded", b"/durabletask/instances"])
async def test_a_malformed_host_header_is_refused(
    caplog: pytest.LogCaptureFixture, path: bytes, host: bytes
) -> None:
    """The real host answers the same."""
    await check(caplog, 400, b"GET " + path + b" HTTP/1.1\r\n" + KEY + host + b"\r\n", b"")


@pytest.mark.parametrize(
    "head",
    [b"Host: h:", b"Host: h:0", b"Host: [::1]:7071", b"Host: a..b", b"Host: A_b-c.d~e"],
)
async def test_an_odd_host_header_is_accepted(
    caplog: pytest.LogCaptureFixture, head: bytes
) -> None:
    """Kestrel accepts it, too."""
    await check(caplog, 200, b"GET /api/guarded HTTP/1.1\r\n" + KEY + head + b"\r\n", b"")


async def test_an_old_client_need_not_name_the_host(caplog: pytest.LogCaptureFixture) -> None:
    """HTTP/1.0 has no such header."""
    await check(caplog, 200, b"GET /api/guarded HTTP/1.0\r\n" + KEY, b"")


@pytest.mark.parametrize(
    "key",
    [b"\xc3\xbc", b"\xfc", b"", b" ", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"geheim\xff"],
)
async def test_a_key_that_is_not_ascii_is_a_wrong_key(
    caplog: pytest.LogCaptureFixture, key: bytes
) -> None:
    """It is answered 401."""
    head = b"GET /api/guarded HTTP/1.1\r\n" + HOST
    await check(caplog, 401, head + b"x-functions-key: " + key + b"\r\n", b"")


@pytest.mark.parametrize("query", [b"code=%ff", b"code=%ED%A0%80", b"code=%", b"code", b"?&=&%00"])
@pytest.mark.parametrize("path", [b"/api/guarded", b"/runtime/webhooks/durabletask/instances"])
async def test_a_key_that_cannot_be_decoded_is_a_wrong_key(
    caplog: pytest.LogCaptureFixture, path: bytes, query: bytes
) -> None:
    """This holds in the header and in the query."""
    await check(caplog, 401, b"GET " + path + b"?" + query + b" HTTP/1.1\r\n" + HOST, b"")


@pytest.mark.parametrize(
    "header",
    [
        *(b"x-functions-key: " + b"geheim" * 5_000, b"x-functions-key: gehe\0im", b"a b: c"),
        *(b"Content-Length: x", b"Content-Length: -1", b"Content-Length: 1\r\nContent-Length: 2"),
        *(b"Content-Length: " + b"9" * 30, b"Transfer-Encoding: bogus", b"no colon"),
    ],
)
async def test_malformed_headers_are_refused(
    caplog: pytest.LogCaptureFixture, header: bytes
) -> None:
    """Nothing of them is logged."""
    await check(caplog, 400, b"GET /api/guarded HTTP/1.1\r\n" + HOST + header + b"\r\n", b"")


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b"Content-Encoding: gzip\r\nContent-Length: 3", b"abc"),
        (b"Content-Encoding: deflate\r\nContent-Length: 3", b"abc"),
        (b"Transfer-Encoding: chunked", b"zz\r\nabc\r\n0\r\n\r\n"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    caplog: pytest.LogCaptureFixture, header: bytes, body: bytes
) -> None:
    """It does not reach the function."""
    head = b"POST /api/guarded HTTP/1.1\r\n" + HOST + KEY
    await check(caplog, 400, head + header + b"\r\n", body)


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b"application/json; charset=nosuch", b"{}"),
        (b"application/json", b"[" * 100_000),
        (b"application/json", b"\xff"),
    ],
)
@pytest.mark.parametrize("path", [b"orchestrators/A/b", b"instances/a/raiseEvent/b"])
async def test_malformed_json_is_refused(
    caplog: pytest.LogCaptureFixture, path: bytes, content: bytes, body: bytes
) -> None:
    """The management API says so."""
    head = b"POST /durabletask/" + path + b" HTTP/1.1\r\n" + HOST
    head += b"Content-Type: " + content + b"\r\nContent-Length: %d\r\n" % len(body)
    await check(caplog, 400, head, body)


@pytest.mark.parametrize("time", [b"0001-01-01T00:00:00%2B14:00", b"zzz", b"%00"])
async def test_a_malformed_time_is_refused(caplog: pytest.LogCaptureFixture, time: bytes) -> None:
    """Text, a zero byte, and a time before the year 1 in UTC are."""
    query = b"GET /durabletask/instances?createdTimeFrom=" + time
    await check(caplog, 400, query + b" HTTP/1.1\r\n" + HOST, b"")


async def test_a_line_break_in_a_query_is_none_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody can forge a line."""
    head = b"GET /api/guarded?a=%0d%0aforged HTTP/1.1\r\n" + HOST
    await check(caplog, 401, head, b"")
    assert "a=%0D%0Aforged" in caplog.text


async def test_a_caller_who_breaks_off_is_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """Here the connection breaks off in the middle of the body."""
    async with serve(http_functions(), require_key="geheim") as client:
        _, writer = await asyncio.open_connection("127.0.0.1", client.host.port)
        writer.write(b"POST /api/guarded HTTP/1.1\r\nContent-Length: 9\r\n" + KEY + HOST + b"\r\nx")
        writer.close()
        assert (200, "Guarded") == await client.call("GET", "/api/guarded?code=geheim")
    assert [] == [r for r in caplog.records if r.exc_info]
