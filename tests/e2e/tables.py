"""Writes to the engine's own tables, behind its back."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from email.utils import formatdate

import aiohttp
from yarl import URL

from acr_global_rig import engine


async def write(
    storage: engine.Azurite,
    session: aiohttp.ClientSession,
    method: str,
    path: str,
    row: Mapping[str, str] | None,
) -> int:
    """One request, signed as SharedKeyLite; the answer's status.

    Source: learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
    """
    parts = dict(part.split("=", 1) for part in storage.connection.split(";"))
    account, endpoint = parts["AccountName"], parts["TableEndpoint"]
    date = formatdate(usegmt=True)
    signed = f"{date}\n/{account}/{account}/{path}".encode()
    key = base64.b64decode(parts["AccountKey"])
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    headers = {
        "Authorization": f"SharedKeyLite {account}:{signature}",
        "x-ms-date": date,
        "x-ms-version": "2019-02-02",
        "Accept": "application/json;odata=nometadata",
        **({"If-Match": "*"} if method in ("MERGE", "DELETE") else {}),
    }
    url = URL(f"{endpoint}/{path}", encoded=True)
    async with session.request(method, url, json=row, headers=headers) as answer:
        return answer.status
