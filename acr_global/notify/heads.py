"""Odd but acceptable answers, mended so that the HTTP library can read them.

A receiver whose status line says 2xx has the message, whatever its gateway makes of the rest. But
the library refuses a whole answer for one line of its head, or for a wrongly framed body in the
same packet. So it is given the head apart from the body, reduced to what is unambiguous.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aiohttp.client_proto import ResponseHandler

HEAD_BYTES = 65_536
"""Of an answer's head. Of a longer one, only these are read."""
LINE_BYTES = 8_000
"""Of one header; the library's limit is 8,190. No header that matters here is that long."""
FIELDS = 100
"""Headers; the library accepts 128."""

_STATUS = re.compile(rb"HTTP/[0-9](?:\.[0-9])?[ \t]+([1-9][0-9]{2})(?![^ \t\r\n])", re.IGNORECASE)
_END = re.compile(rb"\n\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")
_LENGTH = re.compile(rb"([0-9]{1,15})(?:[ \t]*,[ \t]*\1)*")
_OF_THE_WIRE = (b"connection", b"upgrade", b"content-length", b"transfer-encoding")


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an answer: its status, and bytes that any parser reads."""

    status: int
    text: bytes

    @property
    def interim(self) -> bool:
        """Another head follows (RFC 9110 15.2)."""
        return self.status < 200 and self.status != 101


def mend(raw: bytes) -> Head | None:
    """A head as it came → one that can be read; None where it does not begin with a status.

    Malformed header lines are left out, and of those that come twice the second, but for
    Retry-After, where the longest counts. One way of framing the body is kept: `chunked` before a
    length (RFC 9112 6.3), a valid length, or else the end of the connection.
    """
    first, *lines = _FOLD.sub(b" ", raw).split(b"\n")
    match = _STATUS.match(first)
    if not match:
        return None
    status, fields = int(match[1]), _fields(lines)
    kept = [
        (n, b", ".join(values) if n == b"retry-after" else values[0])
        for n, values in fields.items()
        if n not in _OF_THE_WIRE
    ]
    framing = None if status < 200 or status in (204, 304) else _framing(fields)
    head = [b"HTTP/1.1 %d -" % status]
    head += [b"%b: %b" % field for field in islice(kept, FIELDS)]
    head += [framing] if framing else []
    return Head(status, b"\r\n".join([*head, b"", b""]))


def _fields(lines: list[bytes]) -> dict[bytes, list[bytes]]:
    fields: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, colon, value = (part.strip() for part in line.partition(b":"))
        if colon and len(line) <= LINE_BYTES and _NAME.fullmatch(name) and _VALUE.fullmatch(value):
            fields.setdefault(name.lower(), []).append(value)
    return fields


def _framing(fields: dict[bytes, list[bytes]]) -> bytes | None:
    codings = b",".join(fields.get(b"transfer-encoding", ())).lower()
    if codings.rpartition(b",")[2].strip() == b"chunked":
        return b"transfer-encoding: chunked"
    length = _LENGTH.fullmatch(b",".join(fields.get(b"content-length", ())))
    return b"content-length: %b" % length[1] if length and not codings else None


class LenientHandler(ResponseHandler):
    """The library's end of a connection, which gets each answer's head apart from its body.

    What it builds on is the library's own, though not documented: that it is handed the bytes in
    `data_received` once `set_response_params` has been called, that an answer whose head has been
    read stays there to be taken whatever comes after it, and the name `_payload`.
    """

    _raw = b""
    _in_head = False
    _has_body = False

    def set_response_params(self, **params: Any) -> None:
        """Prepare for an answer."""
        self._raw, self._in_head = b"", True
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Take bytes of an answer as they come."""
        if not self._in_head:
            return self._on_body(data)
        self._raw = (self._raw + data).lstrip(b"\r\n")
        while self._in_head and (end := _END.search(self._raw)):
            raw, self._raw = self._raw[: end.end()], self._raw[end.end() :]
            self._on_head(raw)
        if not self._in_head:
            return self._on_body(self._raw)
        if len(self._raw) > HEAD_BYTES:
            self._on_head(self._raw)
            self._end_body()
            if self.transport is not None:  # pragma: no branch - bytes come through one
                self.transport.close()
        return None

    def connection_lost(self, exc: BaseException | None) -> None:
        """End: what has come of a head and of a body counts."""
        if self._in_head and self._raw:
            self._on_head(self._raw)
        self._end_body()
        super().connection_lost(exc)

    def _on_head(self, raw: bytes) -> None:
        head = mend(raw)
        if head is not None and head.interim:
            return
        self._in_head = False
        self._has_body = head is None or head.status not in (101, 204, 304)
        super().data_received(raw if head is None else head.text)

    def _on_body(self, data: bytes) -> None:
        if self._has_body and data:
            super().data_received(data)
        if self.exception() is not None:
            self._end_body()

    def _end_body(self) -> None:
        """End the body with what has come. Otherwise the reader would wait, or lose it."""
        payload, self._payload = self._payload, None
        if payload is not None and not payload.is_eof():
            payload.feed_eof()
