"""The channel `webhook`: the JSON message with Standard Webhooks headers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from acr_global.model import Message, OutboundRequest
from acr_global.notify.request import build_request, signed_headers
from acr_global.notify.target import WebhookTarget
from acr_global.notify.words import headline


def render(
    message: Message, target: WebhookTarget, secrets: Mapping[str, str], now: datetime
) -> OutboundRequest:
    """The message as docs/message.schema.json describes it; the headline is its `text`."""
    told = message.model_copy(update={"text": headline(message, target.template)})
    body = told.model_dump_json().encode()
    headers = {"content-type": "application/json"}
    headers |= signed_headers(message, target, secrets, now, body)
    return build_request(target, secrets, body, headers)
