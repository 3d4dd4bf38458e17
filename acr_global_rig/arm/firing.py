"""Posting an event to a webhook's URI, as the registry does: once, with 5 s for the answer."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import Mapping

from acr_global.urls import split_url
from acr_global_rig.arm.exchange import Json
from acr_global_rig.registry import GIVES_UP

MASKED = {"authorization"}
"""Headers that the event log hides. It shows a function key's."""


def fire(
    uri: str,
    headers: Mapping[str, str],
    event: Mapping[str, object],
    reached: str,
    seconds: float = GIVES_UP,
) -> Json:
    """Post an event to `reached`, where the URI leads; returns its entry in the event log.

    No answer within these seconds, or none at all, is logged as 504 by the registry itself.
    """
    body = json.dumps(event).encode()
    sent = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
    sent |= headers
    shown = {k: "******" if k.lower() in MASKED else v for k, v in sent.items()}
    asked = {"content": event, "headers": shown, "method": "POST", "requestUri": uri}
    try:
        answered = _post(reached, sent, body, seconds)
    except (OSError, ValueError, http.client.HTTPException):
        answered = {"headers": {}, "reasonPhrase": "Gateway Timeout", "statusCode": "504"}
    return {
        "id": str(uuid.uuid4()),
        "eventRequestMessage": asked | {"version": "1.1"},
        "eventResponseMessage": answered | {"version": "1.1"},
    }


def _post(uri: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Json:
    parts = split_url(uri)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection, began = kind(parts.host, parts.port, timeout=seconds), time.monotonic()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, dict(headers))
        answer = connection.getresponse()
        content = answer.read().decode(errors="replace")
        if time.monotonic() - began > seconds:  # the connection counts each step anew
            raise TimeoutError
        return {
            "content": content,
            "headers": dict(answer.getheaders()),
            "reasonPhrase": answer.reason,
            "statusCode": str(answer.status),
        }
    finally:
        connection.close()
