"""Writes to the engine's own tables and queues, behind its back."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from email.utils import formatdate

import aiohttp
from yarl import URL

from acr_global_rig import engine

PARTITIONS = 4
"""Of a hub: the engine's own number, where host.json says none."""

VERSION = "2019-02-02"


async def write(
    storage: engine.Azurite,
    session: aiohttp.ClientSession,
    method: str,
    path: str,
    row: Mapping[str, str] | None,
) -> int:
    """One request; the answer's status."""
    date = formatdate(usegmt=True)
    headers = {
        "x-ms-date": date,
        "x-ms-version": VERSION,
        "Accept": "application/json;odata=nometadata",
        **({"If-Match": "*"} if method in ("MERGE", "DELETE") else {}),
    }
    url, signature = _signed(storage, "TableEndpoint", path, f"{date}\n")
    async with session.request(method, url, json=row, headers=headers | signature) as answer:
        return answer.status


async def lose_messages(storage: engine.Azurite, session: aiohttp.ClientSession, hub: str) -> None:
    """Take every message out of a hub's control queues, those that are not visible yet as well."""
    for number in range(PARTITIONS):
        path = f"{hub.lower()}-control-{number:02}/messages"
        own = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": VERSION}
        said = "".join(f"{name}:{value}\n" for name, value in own.items())
        url, signature = _signed(storage, "QueueEndpoint", path, f"DELETE\n\n\n\n{said}")
        async with session.delete(url, headers=own | signature) as answer:
            assert 204 == answer.status


def _signed(
    storage: engine.Azurite, endpoint: str, path: str, said: str
) -> tuple[URL, dict[str, str]]:
    """The URL of a request, and its signature as SharedKeyLite. `said`: what it signs besides.

    Source: learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
    """
    parts = dict(part.split("=", 1) for part in storage.connection.split(";"))
    account, key = parts["AccountName"], base64.b64decode(parts["AccountKey"])
    signed = f"{said}/{account}/{account}/{path}".encode()
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    url = URL(f"{parts[endpoint]}/{path}", encoded=True)
    return url, {"Authorization": f"SharedKeyLite {account}:{signature}"}
