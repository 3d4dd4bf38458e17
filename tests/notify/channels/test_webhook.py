"""The channel `webhook`, judged by the receivers' own library."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from standardwebhooks.webhooks import Webhook

from acr_global.model import OutboundRequest
from acr_global.notify.notice import Notice
from tests.notify.samples import OLD_SECRET, SECRET, SECRETS, message, target

SAMPLE: dict[str, Any] = {
    "url": "https://receiver.test/hook?token=hush",
    "secrets": [{"$secret": "HOOK_SECRET"}, OLD_SECRET],
    "headers": {"X-Api-Key": {"$secret": "API_KEY"}},
}


def check(request: OutboundRequest) -> None:
    """The body reads back as the whole message."""
    assert TypeAdapter[Notice](Notice).validate_json(request.body)
    assert "application/json" == dict(request.headers)["content-type"]


def test_the_very_bytes_sent_are_signed() -> None:
    """The receiver's library verifies them with the new secret and with the old one."""
    now = datetime.now(UTC)
    for kind in ("webhook", "cloudevents"):
        request = target(kind).render(message(), SECRETS, now)
        assert Webhook(SECRET).verify(request.body, dict(request.headers))
