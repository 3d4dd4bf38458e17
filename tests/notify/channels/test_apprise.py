"""The channel `apprise`: what the library is given."""

from __future__ import annotations

from typing import Any

from acr_global.model import OutboundRequest
from acr_global.notify.channels import apprise

SAMPLE: dict[str, Any] = {"url": "json://receiver.test/hush"}


def check(request: OutboundRequest) -> None:
    """The request has a title of one line, and a body within the app's bound."""
    headers = dict(request.headers)
    assert headers["title"].isprintable() or not headers["title"].isascii()
    assert apprise.TITLE_CHARS >= len(headers["title"])
    assert apprise.BODY_CHARS >= len(request.body.decode())
