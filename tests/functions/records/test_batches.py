"""A push's row as it goes out: what the SDK would send, by our own text."""

from __future__ import annotations

import email
import json
import re
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from email.message import Message
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from azure.core.credentials import AzureNamedKeyCredential

from acr_global.functions.records.batches import Batches
from acr_global.functions.records.tables import PARTITION, SETTING, TableLedger, open_client
from acr_global.ledger import Properties, Span
from acr_global_rig import engine
from acr_global_rig.loopback import serving, unused_url

pytestmark = pytest.mark.real_time

KEYS = ("t!0017!it's", "d!0017!Größe% +")
ROW: Properties = {"name": 'Größe " \\ \n 😀', "odd": True, "at": "2026-11-28T01:02:03+00:00"}
WRITTEN = "HTTP/1.1 204 No Content\r\nETag: 1\r\n\r\n\r\n"
REFUSED = "HTTP/1.1 404 Not Found\r\n\r\n" + json.dumps(
    {"odata.error": {"code": "TableNotFound", "message": {"value": "HTTP/1.1 204"}}}
)


def rows_of(row: Properties, keys: Iterable[str] = KEYS) -> list[dict[str, Any]]:
    """It under each key."""
    return [{"PartitionKey": PARTITION, "RowKey": key, **row} for key in keys]


ROWS = rows_of(ROW)
KEY = AzureNamedKeyCredential("a", "aHVzaA==")


class Storage:
    """Notes requests, and answers each part with what is next."""

    def __init__(self, *answers: tuple[int, list[str]]) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[web.Request, bytes]] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Serve until the block ends; its connection string."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        async with serving(app) as url:
            yield f"AccountName=a;AccountKey=aHVzaA==;TableEndpoint={url}/a"

    async def _answer(self, request: web.Request) -> web.Response:
        self.requests.append((request, await request.read()))
        status, parts = self.answers.pop(0)
        shown = "".join(
            f"--changes\r\nContent-Type: application/http\r\n"
            f"Content-Transfer-Encoding: binary\r\n\r\n{part}\r\n"
            for part in parts
        )
        body = (
            "--batch\r\nContent-Type: multipart/mixed; boundary=changes\r\n\r\n"
            f"{shown}--changes--\r\n--batch--\r\n"
        )
        return web.Response(
            status=status,
            body=body.encode(),
            headers={"Content-Type": "multipart/mixed; boundary=batch"},
        )


def parts_of(request: web.Request, body: bytes) -> Iterator[tuple[str, dict[str, str], Any]]:
    """Each part's first line, headers and row, without what names one request or one time."""
    message = email.message_from_bytes(
        f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode() + body
    )
    (changes,) = _inner(message)
    assert [] == [*message.defects, *changes.defects]
    for number, part in enumerate(_inner(changes)):
        assert ("application/http", "binary") == (
            part.get_content_type(),
            part["Content-Transfer-Encoding"],
        )
        assert str(number) == part["Content-ID"]
        head, _, row = part.get_payload(decode=True).decode().partition("\r\n\r\n")  # type: ignore[union-attr]
        first, *others = head.split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in others)
        yield first, _lasting(headers), _typeless(json.loads(row))


def _inner(message: Message) -> list[Message]:
    payload: Any = message.get_payload()
    assert isinstance(payload, list)
    return payload


def _lasting(headers: dict[str, str]) -> dict[str, str]:
    passing = {"x-ms-date", "date", "content-length", "x-ms-client-request-id", "content-id"}
    return {name: value for name, value in headers.items() if name not in passing}


def _typeless(row: dict[str, Any]) -> dict[str, Any]:
    """Texts and truth values have the types that their forms say, named or not."""
    return {n: v for n, v in row.items() if not n.endswith("@odata.type")}


async def test_a_row_is_what_the_sdk_would_send() -> None:
    """It is the same request of the same parts, except for ids, times, and types that go without
    saying."""
    storage = Storage((500, []), (202, [WRITTEN] * 3))
    async with storage.open() as connection:
        ledger = TableLedger("Hub", {SETTING: connection})
        await ledger.put([*KEYS, "d!a/b"], ROW)
        await ledger.close()
    (ours, our_body), (theirs, their_body) = storage.requests
    assert (ours.method, ours.path_qs) == (theirs.method, theirs.path_qs)
    for name in ("x-ms-version", "DataServiceVersion", "MaxDataServiceVersion"):
        assert ours.headers[name] == theirs.headers[name]
    assert list(parts_of(ours, our_body)) == list(parts_of(theirs, their_body))
    assert not storage.answers


async def test_a_token_goes_where_there_is_no_key() -> None:
    """For storage, and no other audience; one for as long as it is good."""
    asked: list[str] = []

    async def get_token(scope: str) -> SimpleNamespace:
        asked.append(scope)
        return SimpleNamespace(token="secret", expires_on=time.time() + 3_600)

    storage = Storage(*[(202, [WRITTEN])] * 2)
    async with storage.open() as connection:
        url = connection.partition("TableEndpoint=")[2]
        batches = Batches(url, "HubPushes", SimpleNamespace(get_token=get_token))
        for _ in range(2):
            assert await batches.took(ROWS[:1])
        await batches.close()
    assert ["Bearer secret"] * 2 == [r.headers["Authorization"] for r, _ in storage.requests]
    assert ["https://storage.azure.com/.default"] == asked


@pytest.mark.parametrize(
    ("status", "parts"),
    [(202, [REFUSED]), (202, [WRITTEN, REFUSED]), (202, []), (200, [WRITTEN]), (403, [WRITTEN])],
)
async def test_only_what_is_written_whole_was_taken(status: int, parts: list[str]) -> None:
    """The storage says 202 also of a set of changes that it refused."""
    storage = Storage((status, parts))
    async with storage.open() as connection:
        batches = Batches(connection.partition("TableEndpoint=")[2], "HubPushes", KEY)
        assert not await batches.took(ROWS)
        await batches.close()


async def test_a_storage_that_cannot_be_reached_took_nothing() -> None:
    """One that takes no key, and no token, took nothing either: the SDK is to try."""
    for url, credential in ((unused_url(), KEY), ("http://127.0.0.1", object())):
        batches = Batches(url, "HubPushes", credential)
        assert not await batches.took(ROWS)
        await batches.close()


@pytest.mark.engine
async def test_the_storage_takes_a_row_as_it_is(azurite: engine.Azurite) -> None:
    """It takes none from anybody with another key."""
    ledger = TableLedger(engine.new_hub(), {SETTING: azurite.connection})
    await ledger.put(KEYS, {})  # makes the table
    other = re.sub("AccountKey=[^;]+", "AccountKey=aHVzaA==", azurite.connection)
    for connection, row, taken in ((azurite.connection, ROW, True), (other, {}, False)):
        client = open_client(ledger.table, {SETTING: connection})
        batches = Batches(client.url, ledger.table, client.credential)
        assert taken == await batches.took(rows_of(row))
        await client.close()
        await batches.close()
    for key in KEYS:
        page = await ledger.read(Span(key, f"{key}~", {}), 5, None)
        assert [ROW] == [{name: row[name] for name in ROW} for row in page.rows]
    await ledger.close()
