"""What a registry posts, as models; receive.py makes push events of it.

Two formats come in: the webhook body of Azure Container Registry, and the notification
envelope of the OCI distribution registry (`{"events": [...]}`), whose events have the same
fields. In the ARM schema (2025-11-01, EventContent) every field is optional, the id included;
observed bodies also carry null or "" for what is absent.

Source: container-registry-webhook-reference in the Azure docs; distribution's
docs/content/about/notifications.md.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
)

from acr_global.model import MAX_FIELD_CHARS, as_utc
from acr_global.urls import parse_host

Text = Annotated[
    str,
    StringConstraints(strict=True, max_length=MAX_FIELD_CHARS, pattern=r"^[^\x00-\x1f\x7f]*$"),
]

_DATE: TypeAdapter[datetime] = TypeAdapter(datetime)


def _timestamp(value: Any) -> datetime | None:
    """An unusable time counts as absent: it must not cost us the arrival.

    Both 7 and 9 digits of a second's fraction have been seen; Python keeps 6. .NET writes no time
    as the first that it knows, 0001-01-01T00:00:00.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = _DATE.validate_python(value)
        usable = moment.tzinfo is not None and as_utc(moment).year not in (1, 9999)
        return as_utc(moment) if usable else None
    except ValueError:
        return None


def _request(value: Any) -> Any:
    """Anything but an object counts as absent: it must not cost us the arrival either."""
    return value if isinstance(value, dict) else None


def _host(value: Any) -> str | None:
    """A host in its one spelling; one that cannot be read counts as absent."""
    try:
        return parse_host(value) if isinstance(value, str) else None
    except ValueError:
        return None


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class EventTarget(_Wire):
    """What the event is about: the field `target`, and no target of ours."""

    media_type: Text | None = Field(None, alias="mediaType")
    digest: Text | None = None
    repository: Text | None = None
    tag: Text | None = None
    name: Text | None = None
    version: Text | None = None


NO_TARGET = EventTarget.model_construct()


class Request(_Wire):
    """The client's request that caused the event; chart events have none."""

    host: Annotated[str | None, BeforeValidator(_host)] = None
    """The client's Host header: the registry, or one of its regional endpoints' registry."""


class Event(_Wire):
    """One event, as sent."""

    id: Text | None = None
    timestamp: Annotated[datetime | None, BeforeValidator(_timestamp)] = None
    action: Text | None = None
    target: EventTarget | None = None
    request: Annotated[Request | None, BeforeValidator(_request)] = None


def dropped(document: dict[str, Any], event: Event) -> tuple[str, ...]:
    """The fields of the event that were sent but could not be used, and count as absent."""
    request = document.get("request")
    host = request.get("host") if isinstance(request, dict) else request
    pairs = (
        ("timestamp", document.get("timestamp"), event.timestamp),
        ("request.host", host, event.request and event.request.host),
    )
    return tuple(name for name, said, kept in pairs if said and not kept)
