"""The channel `cloudevents`, judged by the reference library."""

from __future__ import annotations

from typing import Any

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event

from acr_global.model import Message, OutboundRequest
from tests.notify.samples import message, render, target

SAMPLE: dict[str, Any] = {
    "url": {"$secret": "HOOK_URL"},
    "secrets": [{"$secret": "HOOK_SECRET"}],
}


def check(request: OutboundRequest) -> None:
    """The reference library reads the event; its data is the message."""
    event = from_structured_event(HTTPMessage(dict(request.headers), request.body))
    assert "1.0" == event.get_specversion()
    assert event.get_source().startswith("/acr-global/")
    assert event.get_source().isascii()
    assert event.get_subject()
    assert event.get_id() == dict(request.headers)["webhook-id"]
    assert Message.model_validate(event.get_data())


def test_an_unsigned_cloudevent_has_no_signature_headers() -> None:
    """A target without secrets sends a plain CloudEvent."""
    request = render(message(), target("cloudevents", secrets=[]))
    assert not [name for name, _ in request.headers if name.startswith("webhook-")]
