"""Answers that are strange but fine: whatever their head, their status counts."""

from __future__ import annotations

import asyncio

import pytest

from acr_global.model import Outcome
from acr_global.notify.heads import HEAD_BYTES, mend
from tests.notify.conftest import Listening
from tests.notify.samples import target
from tests.notify.test_deliver import hasty, try_once

MANY = b"".join(b"X-%d: %b\r\n" % (n, b"v" * 100) for n in range(500))
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"

STRANGE = {
    "a header over 8 KB": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\nok",
    "a name over 8 KB": b"HTTP/1.1 200 OK\r\n" + b"a" * 20_000 + b": x\r\n\r\nok",
    "a reason over 8 KB": b"HTTP/1.1 200 " + b"a" * 20_000 + b"\r\n\r\nok",
    "a head of 56 KB": b"HTTP/1.1 200 OK\r\n" + MANY + b"\r\nok",
    "a head without an end": b"HTTP/1.1 200 OK\r\n" + MANY * 3,
    "204 with a length": b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
    "204 in chunks": b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "205 with a body": b"HTTP/1.1 205 Reset\r\nContent-Length: 2\r\n\r\nok",
    "chunked with a length": CHUNKED + b"Content-Length: 9\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "chunked twice": CHUNKED + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "another coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
    "a name with a blank": b"HTTP/1.1 200 OK\r\nX Foo: bar\r\n\r\nok",
    "a blank before the colon": b"HTTP/1.1 200 OK\r\nX-Foo : bar\r\n\r\nok",
    "a name that is none": b"HTTP/1.1 200 OK\r\nX(Foo): bar\r\n: x\r\nnonsense\r\n\r\nok",
    "a value with NUL": b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\nok",
    "a value in Latin-1": b"HTTP/1.1 200 \xe4\r\nX: \xe4\xff\r\n\r\nok",
    "a folded line": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\nok",
    "line feeds alone": b"HTTP/1.1 200 OK\nX: a\n\nok",
    "a broken chunk": CHUNKED + b"\r\n2\r\nok\r\nzz\r\n\r\n",
    "no chunk at all": CHUNKED + b"\r\nok",
    "a negative chunk": CHUNKED + b"\r\n-2\r\nok\r\n0\r\n\r\n",
    "no last chunk": CHUNKED + b"\r\n2\r\nok\r\n",
    "half a last chunk": CHUNKED + b"\r\n2\r\nok\r\n0\r\n",
    "a body that is cut": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nok",
    "a body that goes on": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok",
    "a second answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 Oh\r\n\r\n",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    "two blanks": b"HTTP/1.1  200  OK\r\n\r\nok",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\nok",
    "HTTP/2 as text": b"HTTP/2 200\r\n\r\nok",
    "empty lines before": b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\nok",
    "interim answers before": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nok",
    "a length twice": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok",
    "a charset that is none": b"HTTP/1.1 200 OK\r\nContent-Type: text/x; charset=x\r\n\r\n\xff",
    "an encoding that it has not": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nok",
    "an upgrade": b"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nok",
    "closed after the status line": b"HTTP/1.1 200 OK\r\n",
    "closed in the status line": b"HTTP/1.1 200",
    "closed in a header": b"HTTP/1.1 200 OK\r\nX-Fo",
}


@pytest.mark.parametrize("kind", ["webhook", "slack"])
@pytest.mark.parametrize("status", [b"2", b"5"])
@pytest.mark.parametrize("name", STRANGE)
def test_a_status_counts_whatever_is_around_it(
    listen: Listening, name: str, status: bytes, kind: str
) -> None:
    """2xx is delivered and any other status has its usual meaning, whether the body is read or
    not."""

    async def scenario() -> None:
        answer = STRANGE[name].replace(b" 20", b" " + status + b"0")
        async with listen(answer) as receiver:
            made = await try_once(target(kind, url=receiver.url))
            expected = Outcome.DELIVERED if status == b"2" else Outcome.RETRY
            assert (expected, int(status)) == (made.outcome, (made.status or 0) // 100)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"ok": false}',
        CHUNKED + b'\r\nd\r\n{"ok": false}\r\nzz',
        CHUNKED + b'Content-Length: 2\r\n\r\nd\r\n{"ok": false}\r\n0\r\n\r\n',
        b'HTTP/1.0 200 OK\r\nX Y: z\r\n\r\n{"ok": false}',
    ],
)
@pytest.mark.parametrize("hang", [False, True])
def test_what_came_of_a_strange_body_is_read(listen: Listening, answer: bytes, hang: bool) -> None:
    """Slack's refusal counts even where the body's framing is broken."""

    async def scenario() -> None:
        async with listen(answer, hang=hang) as receiver:
            made = await try_once(hasty(target("slack", url=receiver.url)))
            assert (Outcome.DEAD, "slack-refused", 200) == (made.outcome, made.reason, made.status)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 2000 OK\r\n\r\n", b"SSH-2.0-x\r\n", b"HTTP/1.1 OK\r\n\r\n", b"\x16\x03\x01"],
)
def test_what_has_no_status_is_no_answer(listen: Listening, answer: bytes) -> None:
    """An answer without a status is tried again."""

    async def scenario() -> None:
        async with listen(answer) as receiver:
            made = await try_once(target("webhook", url=receiver.url))
            assert (Outcome.RETRY, None) == (made.outcome, made.status)

    asyncio.run(scenario())


def test_the_headers_that_mean_something_come_through(listen: Listening) -> None:
    """Malformed headers beside them do not matter."""

    async def scenario() -> None:
        answer = b"HTTP/1.1 503\r\nX Y: z\r\nX: " + b"a" * 20_000 + b"\r\nRetry-After : 17\r\n\r\n"
        async with listen(answer) as receiver:
            made = await try_once(target("webhook", url=receiver.url))
            assert (Outcome.RETRY, 503, 17.0) == (made.outcome, made.status, made.retry_after)

    asyncio.run(scenario())


def test_an_answer_byte_by_byte_is_the_same_answer(listen: Listening) -> None:
    """It does not matter where packets end."""
    whole = b'HTTP/1.1 200 OK\r\nX Y: z\r\nContent-Length: 13\r\n\r\n{"ok": false}'

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in whole:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        writer.close()

    async def scenario() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            made = await try_once(target("slack", url=url))
            assert "slack-refused" == made.reason

    asyncio.run(scenario())


def test_a_head_is_cut_down_to_what_can_be_read() -> None:
    """One status line, each header once, and one framing are left."""
    raw = (
        b"HTTP/1.0 299 \xff\nA: 1\nA: 2\r\nB C: 3\nD:\t4\r\n\t5\nConnection: keep-alive\n"
        b"Content-Length: 7, 7\nUpgrade: x\n\n"
    )
    head = mend(raw)
    assert head
    assert b"HTTP/1.1 299 -\r\na: 1\r\nd: 4 5\r\ncontent-length: 7\r\n\r\n" == head.text
    assert (299, False) == (head.status, head.interim)
    assert mend(b"HTTP/1.1 2\r\n\r\n") is None


def test_a_head_is_read_up_to_its_limit() -> None:
    """What the library would refuse is left out of what it is given."""
    lines = b"".join(b"h%d: x\r\n" % n for n in range(HEAD_BYTES // 9))
    head = mend(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n")
    assert head
    assert 102 == head.text.count(b"\r\n")
