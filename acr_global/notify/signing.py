"""Standard Webhooks signatures over the exact bytes sent.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime


def signature_headers(
    message_id: str, now: datetime, body: bytes, keys: Iterable[bytes]
) -> dict[str, str]:
    """The three headers. `now` is the time of this attempt; one signature for each key.

    Without a key there is an id and a time, but no signature.
    """
    seconds = int(now.timestamp())
    signed = f"{message_id}.{seconds}.".encode() + body
    signatures = " ".join(f"v1,{_sign(key, signed)}" for key in keys)
    headers = {"webhook-id": message_id, "webhook-timestamp": str(seconds)}
    return headers | ({"webhook-signature": signatures} if signatures else {})


def _sign(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
