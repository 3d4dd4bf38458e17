"""The same change to several rows of a table in one request, all or none, as text. Pure.

The SDK makes such a request as an e-mail within an e-mail, and takes its answer apart as one, which
was two thirds of what writing a push's row took of the processor.
Source: learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Literal
from urllib.parse import quote

# Fixed, because what is written is one line of JSON: none can begin a line as a boundary does.
_BATCH, _CHANGES = "batch_of_rows", "changes_of_rows"

Method = Literal["PUT", "PATCH", "DELETE"]
"""PUT writes a row, whole; PATCH adds to one that is there; DELETE removes one that is there."""


class RefusedError(Exception):
    """A transaction was not carried out; told in attributes that the SDK's errors have, too."""

    def __init__(self, status: int, code: str | None) -> None:
        super().__init__(f"refused with {status} {code or ''}".strip())
        self.status_code, self.error_code = status, code


def headers(version: str) -> dict[str, str]:
    """Of the request, besides those that sign it. `version`: of the service's API."""
    return {
        "x-ms-version": version,
        "Content-Type": f"multipart/mixed; boundary={_BATCH}",
        "Accept": "application/json",
        "DataServiceVersion": "3.0",
        "MaxDataServiceVersion": "3.0;NetFx",
    }


def content(
    table_url: str,
    partition: str,
    method: Method,
    keys: Iterable[str],
    properties: Mapping[str, str | bool],
) -> bytes:
    """The body of the request. `properties`: what is written besides the keys."""
    parts = [f"--{_BATCH}\r\nContent-Type: multipart/mixed; boundary={_CHANGES}\r\n\r\n"]
    for number, key in enumerate(keys):
        place = f"{table_url}(PartitionKey='{_quoted(partition)}',RowKey='{_quoted(key)}')"
        row = {"PartitionKey": partition, "RowKey": key, **properties}
        parts.append(_part(number, method, place, "" if method == "DELETE" else json.dumps(row)))
    parts.append(f"--{_CHANGES}--\r\n\r\n--{_BATCH}--\r\n")
    return "".join(parts).encode()


def _part(number: int, method: Method, place: str, row: str) -> str:
    lines = [
        f"--{_CHANGES}",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        f"Content-ID: {number}",
        "",
        f"{method} {place} HTTP/1.1",
        "Accept: application/json",
        "DataServiceVersion: 3.0",
    ]
    if method != "PUT":
        lines.append("If-Match: *")
    if row:  # it is in ASCII, so it has as many bytes
        lines += ["Content-Type: application/json", f"Content-Length: {len(row)}"]
    return "\r\n".join([*lines, "", row, ""])


def _quoted(key: str) -> str:
    return quote(key.replace("'", "''"), safe="")


def check(status: int, answer: str) -> None:
    """Raises RefusedError where the answer says anything but that all was done."""
    statuses = [int(found) for found in re.findall(r"^HTTP/1\.1 (\d{3})", answer, re.MULTILINE)]
    wrong = [found for found in (status, *statuses) if not 200 <= found < 300]
    if wrong or not statuses:
        code = re.search(r'"code": ?"(\w+)"', answer)
        raise RefusedError(wrong[-1] if wrong else status, code and code[1])
