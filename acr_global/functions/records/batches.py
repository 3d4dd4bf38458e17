"""Rows of one partition, written in one request to Table storage, as text of our own.

The SDK writes such a request, and reads its answer, as e-mails within e-mails, which was a fifth of
the processor time that a push takes (docs/benchmarks.md). So each verdict's row goes out from here;
what is not taken so, tables.py gives to the SDK.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import aiohttp

from acr_global import outgoing
from acr_global.urls import split_url

SCOPE = "https://storage.azure.com/.default"
"""What a token is for. Source: learn.microsoft.com/rest/api/storageservices/
authorize-with-azure-active-directory."""

TOKEN_SPARE_SECONDS = 300.0
"""Before its end a token is asked for anew. Not for each row: some credentials run `az` for it."""

_VERSION = {"x-ms-version": "2019-02-02", "DataServiceVersion": "3.0"}
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
_EOL = "\r\n"


class Batches:
    """Of one table, in one event loop. Source of the form: learn.microsoft.com/rest/api/
    storageservices/performing-entity-group-transactions."""

    def __init__(self, url: str, table: str, credential: Any) -> None:
        """`url`: of the account's tables; `credential`: the SDK's."""
        self._url, self._table, self._credential = url.rstrip("/?"), table, credential
        self._session = outgoing.new_session()
        self._token = ""
        self._good_until = 0.0

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()

    async def took(self, rows: Iterable[Mapping[str, Any]]) -> bool:
        """Whether these rows of one partition, with their keys, were all written; else none was, or
        nobody can tell. Raises what the credential raises that has no token to give."""
        if not _signs(self._credential):
            return False
        boundary = f"batch_{uuid.uuid4()}"
        headers = _VERSION | {
            "MaxDataServiceVersion": "3.0;NetFx",
            "Content-Type": f"multipart/mixed; boundary={boundary}",
            "x-ms-date": formatdate(usegmt=True),
        }
        body = _EOL.join(_lines(boundary, ((self._place(r), json.dumps(r)) for r in rows))).encode()
        url = f"{self._url}/$batch"
        try:
            headers["Authorization"] = await self._authorization(url, headers)
            async with outgoing.request(
                self._session, "POST", url, headers=headers, data=body
            ) as answer:
                return answer.status == HTTPStatus.ACCEPTED and _all_written(await answer.text())
        except (aiohttp.ClientError, OSError):
            return False

    def _place(self, row: Mapping[str, Any]) -> str:
        partition, key = (
            quote(row[name].replace("'", "''"), safe="") for name in ("PartitionKey", "RowKey")
        )
        return f"{self._url}/{self._table}(PartitionKey='{partition}',RowKey='{key}')"

    async def _authorization(self, url: str, headers: dict[str, str]) -> str:
        """Source: learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key, `Table
        service (Shared Key authorization)`."""
        if not hasattr(self._credential, "named_key"):
            if time.time() > self._good_until:
                given = await self._credential.get_token(SCOPE)
                self._token, self._good_until = given.token, given.expires_on - TOKEN_SPARE_SECONDS
            return f"Bearer {self._token}"
        account, key = self._credential.named_key
        resource = f"/{account}{split_url(url).path}"
        signed = "\n".join(["POST", "", headers["Content-Type"], headers["x-ms-date"], resource])
        digest = hmac.digest(base64.b64decode(key), signed.encode(), hashlib.sha256)
        return f"SharedKey {account}:{base64.b64encode(digest).decode()}"


def _signs(credential: Any) -> bool:
    """Whether it is a key, or gives tokens. A shared access signature is left to the SDK."""
    return hasattr(credential, "named_key") or hasattr(credential, "get_token")


def _lines(boundary: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """One set of changes, in a batch: a part for each row, which takes the place of what was
    there."""
    changes = f"changeset_{uuid.uuid4()}"
    head = [f"{name}: {value}" for name, value in (_VERSION | _JSON).items()]
    yield from [f"--{boundary}", f"Content-Type: multipart/mixed; boundary={changes}", ""]
    for number, (place, row) in enumerate(rows):
        yield from [f"--{changes}", "Content-Type: application/http"]
        yield from ["Content-Transfer-Encoding: binary", f"Content-ID: {number}", ""]
        yield from [f"PUT {place} HTTP/1.1", *head, "", row]
    yield from [f"--{changes}--", f"--{boundary}--", ""]


def _all_written(answer: str) -> bool:
    """The storage answers each part, or the first that it refused."""
    answers = re.findall(r"^HTTP/1\.1 (\d+)", answer, re.MULTILINE)
    return set(answers) == {str(HTTPStatus.NO_CONTENT.value)}
