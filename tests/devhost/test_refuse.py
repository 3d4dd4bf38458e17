"""Requests that are none: 400 or 401 and one line, whatever is wrong with them."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests.devhost.apps import http_functions
from tests.devhost.conftest import Client

HOST = b"Host: x\r\n"
KEY = b"x-functions-key: geheim\r\n"


async def answered(client: Client, head: bytes, body: bytes = b"") -> int:
    """The status of the answer to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.host.port)
    writer.write(head + b"\r\n" + body)
    status = (await reader.readline()).split()[1]
    writer.close()
    return int(status)


def check(serve: Any, log: pytest.LogCaptureFixture, status: int, head: bytes, body: bytes) -> None:
    """This is the answer; nothing of it is a traceback, or more than a line, in the log."""

    async def scenario(client: Client) -> None:
        assert status == await answered(client, head, body)

    with log.at_level(logging.INFO):
        serve(http_functions(), scenario, require_key="geheim")
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
def test_a_host_that_is_none(
    serve: Any, caplog: pytest.LogCaptureFixture, path: bytes, host: bytes
) -> None:
    """As the real host answers it."""
    check(serve, caplog, 400, b"GET " + path + b" HTTP/1.1\r\n" + KEY + host + b"\r\n", b"")


@pytest.mark.parametrize(
    "head",
    [b"Host: h:", b"Host: h:0", b"Host: [::1]:7071", b"Host: a..b", b"Host: A_b-c.d~e"],
)
def test_a_host_that_is_one(serve: Any, caplog: pytest.LogCaptureFixture, head: bytes) -> None:
    """However odd."""
    check(serve, caplog, 200, b"GET /api/guarded HTTP/1.1\r\n" + KEY + head + b"\r\n", b"")


def test_an_old_client_need_not_name_the_host(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    """HTTP/1.0 had no such header."""
    check(serve, caplog, 200, b"GET /api/guarded HTTP/1.0\r\n" + KEY, b"")


@pytest.mark.parametrize(
    "key",
    [b"\xc3\xbc", b"\xfc", b"", b" ", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"geheim\xff"],
)
def test_a_key_of_other_letters_is_a_wrong_one(
    serve: Any, caplog: pytest.LogCaptureFixture, key: bytes
) -> None:
    """401, as for any other."""
    head = b"GET /api/guarded HTTP/1.1\r\n" + HOST
    check(serve, caplog, 401, head + b"x-functions-key: " + key + b"\r\n", b"")


@pytest.mark.parametrize("query", [b"code=%ff", b"code=%ED%A0%80", b"code=%", b"code", b"?&=&%00"])
@pytest.mark.parametrize("path", [b"/api/guarded", b"/runtime/webhooks/durabletask/instances"])
def test_a_key_that_cannot_be_decoded(
    serve: Any, caplog: pytest.LogCaptureFixture, path: bytes, query: bytes
) -> None:
    """In the query too."""
    check(serve, caplog, 401, b"GET " + path + b"?" + query + b" HTTP/1.1\r\n" + HOST, b"")


@pytest.mark.parametrize(
    "header",
    [
        *(b"x-functions-key: " + b"geheim" * 5_000, b"x-functions-key: gehe\0im", b"a b: c"),
        *(b"Content-Length: x", b"Content-Length: -1", b"Content-Length: 1\r\nContent-Length: 2"),
        *(b"Content-Length: " + b"9" * 30, b"Transfer-Encoding: bogus", b"no colon"),
    ],
)
def test_headers_that_are_none(serve: Any, caplog: pytest.LogCaptureFixture, header: bytes) -> None:
    """Too long, or not to be read; nothing of them is logged."""
    check(serve, caplog, 400, b"GET /api/guarded HTTP/1.1\r\n" + HOST + header + b"\r\n", b"")


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b"Content-Encoding: gzip\r\nContent-Length: 3", b"abc"),
        (b"Content-Encoding: deflate\r\nContent-Length: 3", b"abc"),
        (b"Transfer-Encoding: chunked", b"zz\r\nabc\r\n0\r\n\r\n"),
    ],
)
def test_a_body_that_cannot_be_read(
    serve: Any, caplog: pytest.LogCaptureFixture, header: bytes, body: bytes
) -> None:
    """It does not come to the function."""
    head = b"POST /api/guarded HTTP/1.1\r\n" + HOST + KEY
    check(serve, caplog, 400, head + header + b"\r\n", body)


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b"application/json; charset=nosuch", b"{}"),
        (b"application/json", b"[" * 100_000),
        (b"application/json", b"\xff"),
    ],
)
@pytest.mark.parametrize("path", [b"orchestrators/A/b", b"instances/a/raiseEvent/b"])
def test_json_that_is_none(
    serve: Any, caplog: pytest.LogCaptureFixture, path: bytes, content: bytes, body: bytes
) -> None:
    """The management API says so."""
    head = b"POST /durabletask/" + path + b" HTTP/1.1\r\n" + HOST
    head += b"Content-Type: " + content + b"\r\nContent-Length: %d\r\n" % len(body)
    check(serve, caplog, 400, head, body)


@pytest.mark.parametrize("time", [b"0001-01-01T00:00:00%2B14:00", b"zzz", b"%00"])
def test_a_time_that_is_none(serve: Any, caplog: pytest.LogCaptureFixture, time: bytes) -> None:
    """Or none that there is in UTC."""
    query = b"GET /durabletask/instances?createdTimeFrom=" + time
    check(serve, caplog, 400, query + b" HTTP/1.1\r\n" + HOST, b"")


def test_a_line_break_in_a_query_is_none_in_the_log(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody can forge a line."""
    head = b"GET /api/guarded?a=%0d%0aforged HTTP/1.1\r\n" + HOST
    check(serve, caplog, 401, head, b"")
    assert "a=%0D%0Aforged" in caplog.text


def test_a_caller_who_breaks_off_is_no_traceback(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """In the middle of the body."""

    async def scenario(client: Client) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", client.host.port)
        writer.write(b"POST /api/guarded HTTP/1.1\r\nContent-Length: 9\r\n" + KEY + HOST + b"\r\nx")
        writer.close()
        assert (200, "Guarded") == await client.call("GET", "/api/guarded?code=geheim")

    serve(http_functions(), scenario, require_key="geheim")
    assert [] == [r for r in caplog.records if r.exc_info]
