"""The ledger in memory and in a table: the same of both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from aiohttp import web
from azure.core.exceptions import ResourceNotFoundError

from acr_global.functions.records import tables
from acr_global.functions.records.ledgers import MAX_REMOVED, Ledger, LedgerError, MemoryLedger
from acr_global.functions.records.tables import SETTING, TableLedger
from acr_global.ledger import Span
from acr_global_rig import engine
from acr_global_rig.loopback import serving, unused_url

pytestmark = pytest.mark.real_time

EVERY = Span("a!", "a!~", {})


@pytest.fixture(params=["memory", pytest.param("table", marks=pytest.mark.engine)])
def place(request: pytest.FixtureRequest) -> dict[str, str]:
    """Where a ledger is: nowhere, or in a storage account."""
    if request.param == "memory":
        return {}
    azurite: engine.Azurite = request.getfixturevalue("azurite")
    return {SETTING: azurite.connection}


@asynccontextmanager
async def opened(place: dict[str, str]) -> AsyncIterator[Ledger]:
    """A ledger of nobody else."""
    if not place:
        yield MemoryLedger()
        return
    ledger = TableLedger(engine.new_hub(), place)
    yield ledger
    await ledger.close()


async def names(ledger: Ledger, span: Span = EVERY, top: int = 50) -> list[list[str]]:
    """What stands in a range, page by page."""
    pages: list[list[str]] = []
    after: str | None = None
    while True:
        page = await ledger.read(span, top, after)
        pages.append([str(row["name"]) for row in page.rows])
        if (after := page.next) is None:
            return pages


async def test_rows_are_read_in_the_order_of_their_keys(place: dict[str, str]) -> None:
    """One range of them, whatever stands before and behind, and the same row under each key."""
    async with opened(place) as ledger:
        assert [[]] == await names(ledger)
        await ledger.put(["a!2", "b!1"], {"name": "two", "odd": True})
        await ledger.put(["a!1"], {"name": "one", "odd": False})
        await ledger.put(["a"], {"name": "before"})
        assert [["one", "two"]] == await names(ledger)
        assert [["two"]] == await names(ledger, Span("b!", "b!~", {}))
        assert [["two"]] == await names(ledger, Span("a!", "a!~", {"odd": True}))
        assert [[]] == await names(ledger, Span("a!", "a!~", {"odd": True, "name": "one"}))
        assert [[]] == await names(ledger, Span("a!", "a!~", {"even": True}))


async def test_a_long_range_is_read_in_pages(place: dict[str, str]) -> None:
    """Each goes on where the one before ended; of what is asked for, nothing comes twice."""
    async with opened(place) as ledger:
        for n in range(7):
            await ledger.put([f"a!{n}"], {"name": str(n), "odd": bool(n % 2)})
        assert [["0", "1", "2"], ["3", "4", "5"], ["6"]] == await names(ledger, top=3)
        odd = await names(ledger, Span("a!", "a!~", {"odd": True}), top=2)
        assert ["1", "3", "5"] == [name for page in odd for name in page]


async def test_a_row_is_written_whole_or_added_to(place: dict[str, str]) -> None:
    """What is added goes with the row; nothing is added to what is not there."""
    async with opened(place) as ledger:
        await ledger.mark(["a!1"], {"name": "nobody"})
        assert [[]] == await names(ledger)
        await ledger.put(["a!1", "a!2"], {"name": "one", "missing": "eastus"})
        await ledger.mark(["a!1", "a!2"], {"told": True})
        await ledger.mark(["a!3"], {"name": "nobody"})
        page = await ledger.read(EVERY, 50, None)
        assert [("one", True)] * 2 == [(row["name"], row["told"]) for row in page.rows]
        await ledger.put(["a!1", "a!2"], {"name": "two"})
        page = await ledger.read(EVERY, 50, None)
        assert [("two", None, None)] * 2 == [
            (row["name"], row.get("told"), row.get("missing")) for row in page.rows
        ]


async def test_rows_are_removed_that_are_there(place: dict[str, str]) -> None:
    """All of a call at once; of what is not there nothing is said."""
    async with opened(place) as ledger:
        await ledger.remove(["a!1"])
        keys = [f"a!{n:03}" for n in range(MAX_REMOVED + 2)]
        for key in keys:
            await ledger.put([key], {"name": key})
        await ledger.remove(keys[:MAX_REMOVED])
        assert [keys[MAX_REMOVED:]] == await names(ledger)
        await ledger.remove(["a!000", keys[-1]])
        assert [[keys[-2]]] == await names(ledger)


class OneGone:
    """A table's client; one row of each transaction is not there."""

    def __init__(self) -> None:
        self.removed: list[str] = []

    async def submit_transaction(self, rows: Iterable[object]) -> None:
        """Refuse them all."""
        error = ResourceNotFoundError()
        error.status_code = 404
        raise error

    async def delete_entity(self, partition: str, key: str) -> None:
        """Note it."""
        self.removed.append(key)


async def test_the_key_by_which_a_row_is_found_is_removed_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If the process dies before, the next run finds the row still, and removes the rest."""
    client = OneGone()
    monkeypatch.setattr(TableLedger, "_client", lambda _: client)
    await TableLedger("hub", {}).remove(["a!1", "r!1", "g!1", "d!1"])
    assert "a!1" == client.removed[-1]
    assert 4 == len(client.removed)


@pytest.mark.engine
async def test_two_hubs_in_one_account_have_tables_of_their_own(azurite: engine.Azurite) -> None:
    """Two processes may make the table at once."""
    ledgers = tables.deployed({SETTING: azurite.connection, "OTHER": "x"})
    ours, theirs = ledgers("Ours-1"), ledgers("Theirs")
    assert isinstance(ours, TableLedger)
    assert isinstance(theirs, TableLedger)
    assert "Ours1Pushes" == ours.table
    assert ours is ledgers("Ours-1")
    await asyncio.gather(*(ours.put([f"a!{n}"], {"name": str(n)}) for n in range(3)))
    assert [["0", "1", "2"]] == await names(ours)
    assert [[]] == await names(theirs)
    await ours.close()
    await theirs.close()


@pytest.mark.parametrize(
    "environ",
    [
        {SETTING: "no connection string, with hush in it"},
        {SETTING: "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=aHVzaA==;"
         f"TableEndpoint={unused_url()}/hush"},
    ],
)  # fmt: skip
async def test_an_account_that_cannot_be_reached_is_one_error(environ: dict[str, str]) -> None:
    """It shows nothing of the setting."""
    ledger = tables.deployed(environ)("Hub")
    assert isinstance(ledger, TableLedger)
    for call in (
        ledger.put(["a"], {}),
        ledger.mark(["a"], {}),
        ledger.read(EVERY, 1, None),
        ledger.remove(["a"]),
    ):
        with pytest.raises(LedgerError) as raised:
            await call
        assert "hush" not in str(raised.value)
    await ledger.close()


async def test_connections_that_were_closed_meanwhile_cost_no_mark() -> None:
    """Storage closes those that were idle, of which a process has as many as it had calls at
    once."""
    asked = 0

    async def closing(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        if asked < tables.TRIES and request.transport:
            request.transport.close()
        return web.Response(status=404)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", closing)
    async with serving(app) as url:
        account = f"AccountName=a;AccountKey=YQ==;TableEndpoint={url}/a"
        ledger = TableLedger("hub", {SETTING: f"DefaultEndpointsProtocol=http;{account}"})
        await ledger.mark(["t!1!p"], {"told_x": True})
        await ledger.close()
    assert tables.TRIES == asked


async def test_an_identity_is_used_where_the_setting_names_an_account() -> None:
    """The setting has the account's name or the address of its tables, as for the host itself."""
    for more in (
        {"accountName": "mine", "credential": "managedidentity", "clientId": "id"},
        {"tableServiceUri": "https://mine.table.core.windows.net"},
    ):
        place = {f"{SETTING}__{name}": value for name, value in more.items()}
        client = tables.open_client("HubPushes", place)
        assert "https://mine.table.core.windows.net" == client.url.rstrip("/")
        kind = "ManagedIdentityCredential" if "credential" in more else "DefaultAzureCredential"
        assert kind == type(client.credential).__name__
        await client.close()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("UseDevelopmentStorage=true", "http://127.0.0.1:10002/devstoreaccount1"),
        ("UseDevelopmentStorage=true;", "http://127.0.0.1:10002/devstoreaccount1"),
        (
            "UseDevelopmentStorage=True; DevelopmentStorageProxyUri=http://azurite",
            "http://azurite:10002/devstoreaccount1",
        ),
        (
            "DevelopmentStorageProxyUri=http://[::1]:1/;UseDevelopmentStorage=true",
            "http://[::1]:10002/devstoreaccount1",
        ),
    ],
)
async def test_the_emulator_is_found_by_every_string_that_means_it(text: str, url: str) -> None:
    """The host takes them all, of which the SDK for Python knows one. Source:
    Azure/azure-sdk-for-python#25407 and #42280."""
    client = tables.open_client("HubPushes", {SETTING: text})
    assert url == client.url
    assert "devstoreaccount1" == cast(Any, client.credential).named_key.name
    await client.close()


@pytest.mark.parametrize(
    "name", ["__accountName", "__AccountName", "__accountname", ":accountName", ":ACCOUNTNAME"]
)
async def test_an_account_is_found_in_whatever_letters_its_setting_has(name: str) -> None:
    """So it is by the host, to whose configuration names have no case."""
    place = tables.place_of({SETTING: "", SETTING + name: "mine"})
    client = tables.open_client("HubPushes", place)
    assert "https://mine.table.core.windows.net" == client.url
    await client.close()
    assert tables.place_of({SETTING.upper() + name: "mine"})


async def test_an_application_can_sign_in_in_the_place_of_an_identity() -> None:
    """By tenant, id and secret, as a developer's machine may. Source: ClientFactory.cs of
    Microsoft.Extensions.Azure."""
    parts = {"accountName": "mine", "tenantId": "t", "clientId": "c", "clientSecret": "s"}
    place = {f"{SETTING}__{name}": value for name, value in parts.items()}
    client = tables.open_client("HubPushes", place)
    assert "ClientSecretCredential" == type(client.credential).__name__
    await client.close()


@pytest.mark.parametrize(
    ("parts", "asked"),
    [
        ({"clientId": "c"}, {"client_id": "c"}),
        ({"managedIdentityResourceId": "/subscriptions/s"}, {"mi_res_id": "/subscriptions/s"}),
        ({}, {}),
    ],
)
async def test_the_platform_is_asked_for_the_identity_that_is_named(
    parts: dict[str, str], asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its client id or its ARM id. Source: learn.microsoft.com/azure/azure-functions/
    functions-reference, `Common properties for identity-based connections`."""
    seen: dict[str, str] = {}

    async def answer(request: web.Request) -> web.Response:
        seen.update(request.query)
        return web.json_response({"access_token": "x", "expires_on": "9999999999", "resource": "r"})

    app = web.Application()
    app.router.add_get("/token", answer)
    async with serving(app) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/token")
        monkeypatch.setenv("IDENTITY_HEADER", "x")
        parts = {"accountName": "mine", "credential": "managedidentity", **parts}
        client = tables.open_client("P", {f"{SETTING}__{k}": v for k, v in parts.items()})
        identity = cast(Any, client.credential)
        assert "x" == (await identity.get_token("https://storage.azure.com/.default")).token
        await identity.close()
        await client.close()
    assert asked == {k: v for k, v in seen.items() if k in ("client_id", "mi_res_id")}


def test_without_an_account_it_is_in_memory() -> None:
    """One, whatever the hub: the local host has one app."""
    ledgers = tables.deployed({SETTING: "", "OTHER": "x"})
    assert isinstance(ledgers("A"), MemoryLedger)
    assert ledgers("A") is ledgers("B")
