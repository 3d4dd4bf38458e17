"""The ledger in Table storage, in the account that the host itself uses.

How that is reached stands in the setting AzureWebJobsStorage: a connection string, or its parts, as
`AzureWebJobsStorage__accountName`, where an identity is used. Sources: learn.microsoft.com/azure/
azure-functions/functions-reference, `Connecting to host storage with an identity` and `Common
properties for identity-based connections`; ClientFactory.cs of Microsoft.Extensions.Azure, by which
the host reads them. The SDK is imported when it is first used: a webhook needs none of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import re
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from acr_global.functions.records.ledgers import LedgerError, Ledgers, Page, in_memory
from acr_global.urls import split_url

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

    from acr_global.functions.records.batches import Batches
    from acr_global.ledger import Properties, Span

SETTING = "AzureWebJobsStorage"

EMULATOR = "UseDevelopmentStorage=true"
"""The only spelling of the emulator's connection string that the SDK knows; the host knows more, as
with a semicolon at the end. Source: Azure/azure-sdk-for-python#42280."""

PARTITION = "pushes"
"""Of all rows of a hub: so those of one push are written in one request. A partition takes 2,000
rows a second. Source: learn.microsoft.com/azure/storage/tables/scalability-targets."""

WITHIN_SECONDS = 5.0
"""For one call, however often it is tried: an activity holds one of the host's places meanwhile."""

TRIES = 4
"""Of a transaction whose connection was closed, at once."""


def deployed(environ: Mapping[str, str]) -> Ledgers:
    """The tables of the host's account, one for each hub; memory where no account is named."""
    place = place_of(environ)
    if not place:
        return in_memory()
    return functools.cache(lambda hub: TableLedger(hub, place))


def place_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that name the account, in whatever letters, as for the host; none where no
    account is named."""
    named = SETTING.lower()
    return {name: text for name, text in environ.items() if name.lower().startswith(named) and text}


@dataclass(frozen=True, slots=True)
class _Opened:
    client: TableClient
    batches: Batches


class TableLedger:
    """One hub's table, made when the first row is written."""

    def __init__(self, hub: str, place: Mapping[str, str]) -> None:
        """`place`: AzureWebJobsStorage, and its parts."""
        self.table = re.sub("[^A-Za-z0-9]", "", hub) + "Pushes"
        self._place = place
        self._opened: WeakKeyDictionary[asyncio.AbstractEventLoop, _Opened] = WeakKeyDictionary()

    async def put(self, keys: Iterable[str], row: Properties) -> None:
        """Write a row, whole, under these keys, in one request."""
        rows = [_entity(key, row) for key in keys]
        if not await _done(self._put(rows)):
            await _done(self._make())
            await _done(self._put(rows))

    async def mark(self, keys: Iterable[str], more: Properties) -> None:
        """Merge something into a row that is there; where it is not, nothing is done."""
        rows = [("update", _entity(key, more), {"mode": "merge"}) for key in keys]
        await _done(self._submit(rows))

    async def read(self, span: Span, top: int, after: str | None) -> Page:
        """One request: at most so many rows of a range."""
        page = Page((), None)

        async def ask() -> None:
            nonlocal page
            page = await self._page(span, top, after)

        await _done(ask())
        return page

    async def remove(self, keys: Sequence[str]) -> None:
        """Remove the rows under these keys, in one request; where one is not there, each alone, the
        last first: a row's first key is that by which it is found again if this breaks off."""
        if not await _done(self._submit([("delete", _entity(key, {})) for key in keys])):
            for key in reversed(keys):
                await _done(self._client().delete_entity(PARTITION, key))

    async def close(self) -> None:
        """Let go of this event loop's connections. For tests; a worker just ends."""
        opened = self._opened.pop(asyncio.get_running_loop(), None)
        if opened is not None:
            await opened.client.close()
            await opened.batches.close()

    async def _put(self, rows: list[dict[str, Any]]) -> None:
        if not await self._here().batches.took(rows):
            await self._submit([("upsert", row, {"mode": "replace"}) for row in rows])

    async def _submit(self, rows: list[Any]) -> None:
        """A transaction, which the SDK does not try again. A connection that was kept may be closed
        by now, and so may the next; each of ours changes nothing if it comes twice."""
        from azure.core.exceptions import ServiceRequestError

        for _ in range(TRIES - 1):
            with contextlib.suppress(ServiceRequestError):
                await self._client().submit_transaction(rows)
                return
        await self._client().submit_transaction(rows)

    async def _make(self) -> None:
        from azure.core.exceptions import ResourceExistsError

        with contextlib.suppress(ResourceExistsError):  # somebody else was faster
            await self._client().create_table()

    async def _page(self, span: Span, top: int, after: str | None) -> Page:
        given = {"partition": PARTITION, "low": span.low, "high": span.high}
        values = {f"p{n}": value for n, value in enumerate(span.equal.values())}
        equal = "".join(f" and {name} eq @p{n}" for n, name in enumerate(span.equal))
        found = self._client().query_entities(
            f"PartitionKey eq @partition and RowKey ge @low and RowKey lt @high{equal}",
            parameters=given | values,
            results_per_page=top,
        )
        pages: Any = found.by_page(json.loads(after) if after else None)
        rows = tuple([row async for row in await anext(pages)])
        token = pages.continuation_token
        return Page(rows, json.dumps(token) if token else None)

    def _client(self) -> TableClient:
        return self._here().client

    def _here(self) -> _Opened:
        """This event loop's: its connections are kept."""
        from acr_global.functions.records.batches import Batches

        loop = asyncio.get_running_loop()
        if loop not in self._opened:
            client = open_client(self.table, self._place)
            batches = Batches(client.url, self.table, client.credential)
            self._opened[loop] = _Opened(client, batches)
        return self._opened[loop]


def _entity(key: str, properties: Properties) -> dict[str, Any]:
    return {"PartitionKey": PARTITION, "RowKey": key, **properties}


async def _done(call: Awaitable[None]) -> bool:
    """Whether a call was carried out: not, where the table, or a row of it, is not there.

    Raises LedgerError, which tells no more than kind and code: the SDK's errors hold URLs.
    """
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            await call
    except Exception as error:
        code = getattr(error, "error_code", None) or getattr(error, "status_code", None)
        if getattr(error, "status_code", None) == HTTPStatus.NOT_FOUND:
            return False
        raise LedgerError(f"{type(error).__name__} {code or ''}".strip()) from error
    return True


def open_client(table: str, place: Mapping[str, str]) -> TableClient:
    """A table of the account that `place` names, with the credential that it says."""
    from azure.data.tables.aio import TableClient

    from acr_global.registry.transport import open_transport

    # One more try is all that there is time for.
    options: dict[str, Any] = {"transport": open_transport(), "retry_total": 1}
    parts = _parts(place)
    if text := parts.get(""):
        if url := _emulator(text):
            known = TableClient.from_connection_string(EMULATOR, table)
            return TableClient(url, table, credential=known.credential, **options)
        return TableClient.from_connection_string(text, table_name=table, **options)
    account = parts.get("accountname")
    url = parts.get("tableserviceuri") or f"https://{account}.table.core.windows.net"
    return TableClient(url, table, credential=_credential(parts), **options)


def _parts(place: Mapping[str, str]) -> dict[str, str]:
    """The parts of the setting by their names in lower case, the setting itself by an empty one. To
    .NET's configuration names have no case, and two underscores are a colon."""
    found = {name.lower().replace(":", "__"): text for name, text in place.items()}
    return {
        name.removeprefix(SETTING.lower()).removeprefix("__"): text for name, text in found.items()
    }


def _emulator(text: str) -> str | None:
    """Where the emulator's tables are, maybe on another machine; None for any other connection
    string. Source: learn.microsoft.com/azure/storage/common/storage-configure-connection-string,
    `Specify an HTTP proxy`."""
    pairs = (part.partition("=") for part in text.lower().split(";"))
    said = {name.strip(): value.strip() for name, _, value in pairs}
    if said.get("usedevelopmentstorage") != "true":
        return None
    at = split_url(said.get("developmentstorageproxyuri") or "http://127.0.0.1")
    host = f"[{at.host}]" if ":" in at.host else at.host
    return f"{at.scheme}://{host}:10002/devstoreaccount1"


def _credential(parts: Mapping[str, str]) -> Any:
    """The identity that the setting names; else the app's own, or on a developer's machine his."""
    from azure.identity.aio import ClientSecretCredential, ManagedIdentityCredential

    from acr_global.registry.event_log import open_credential
    from acr_global.registry.transport import open_transport

    tenant, client, secret = (parts.get(n) for n in ("tenantid", "clientid", "clientsecret"))
    managed = parts.get("credential", "").lower() == "managedidentity"
    if tenant and client and secret and not managed:
        return ClientSecretCredential(tenant, client, secret, transport=open_transport())
    if managed or client:
        resource = None if client else parts.get("managedidentityresourceid")
        # As the platform's endpoint calls it: the SDK passes it on.
        which = {"mi_res_id": resource} if resource else None
        return ManagedIdentityCredential(
            client_id=client, identity_config=which, transport=open_transport()
        )
    return open_credential()
