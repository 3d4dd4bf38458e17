"""The channel `cloudevents`, judged by the reference library."""

from __future__ import annotations

from typing import Any

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from pydantic import TypeAdapter

from acr_global.grouping import GroupState
from acr_global.model import OutboundRequest
from acr_global.notify.notice import GroupMessage, Notice
from tests.notify.samples import group, message, render, target

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
    told = TypeAdapter[Notice](Notice).validate_python(event.get_data())
    spoken_of = "group" if isinstance(told, GroupMessage) else "push"
    assert event.get_type().startswith(f"acr-global.{spoken_of}.")


def test_a_group_is_an_event_of_a_type_of_its_own() -> None:
    """A broker routes by type, source and subject, without looking at the data."""
    request = render(group(GroupState.OVER), target("cloudevents"))
    event = from_structured_event(HTTPMessage(dict(request.headers), request.body))
    assert ("acr-global.group.over", "/acr-global/myregistry.azurecr.io", "eastus") == (
        event.get_type(),
        event.get_source(),
        event.get_subject(),
    )


def test_an_unsigned_cloudevent_has_no_signature_headers() -> None:
    """A target without secrets sends a plain CloudEvent."""
    request = render(message(), target("cloudevents", secrets=[]))
    assert not [name for name, _ in request.headers if name.startswith("webhook-")]
