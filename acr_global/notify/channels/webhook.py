"""The channel `webhook`: the JSON message with Standard Webhooks headers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from acr_global.model import Message, OutboundRequest
from acr_global.notify.request import build_request, signed_headers
from acr_global.notify.target import SignedTarget
from acr_global.notify.words import headline


class WebhookTarget(SignedTarget):
    """The JSON message, as docs/message.schema.json describes it."""

    kind: Literal["webhook"] = "webhook"

    def render(
        self, message: Message, secrets: Mapping[str, str], now: datetime
    ) -> OutboundRequest:
        """The message as docs/message.schema.json describes it; the headline is its `text`."""
        told = message.model_copy(update={"text": headline(message, self.template)})
        body = told.model_dump_json().encode()
        headers = {"content-type": "application/json"}
        headers |= signed_headers(message, self, secrets, now, body)
        return build_request(self, secrets, body, headers)
