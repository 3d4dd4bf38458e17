"""The registry's wire format; no other file knows its field names.

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

from acr_global.model import LONGEST_FIELD, as_utc

Text = Annotated[
    str,
    StringConstraints(strict=True, max_length=LONGEST_FIELD, pattern=r"^[^\x00-\x1f\x7f]*$"),
]

_DATE: TypeAdapter[datetime] = TypeAdapter(datetime)


def _timestamp(value: Any) -> Any:
    """A text that is no date counts as no timestamp: it must not cost us the arrival.

    Both 7 and 9 digits of a second's fraction have been seen; Python keeps 6.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("must be text")
    try:
        moment = _DATE.validate_python(value)
        return as_utc(moment) if moment.tzinfo else None
    except ValueError:
        return None


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Target(_Wire):
    """What the event is about."""

    media_type: Text | None = Field(None, alias="mediaType")
    digest: Text | None = None
    repository: Text | None = None
    tag: Text | None = None
    name: Text | None = None
    version: Text | None = None


NO_TARGET = Target.model_validate({})


class Request(_Wire):
    """The client's request that caused the event; chart events have none."""

    host: Text | None = None
    """The client's Host header: the registry, or one of its regional endpoints."""


class Event(_Wire):
    """One event, as sent."""

    id: Text | None = None
    timestamp: Annotated[datetime | None, BeforeValidator(_timestamp)] = None
    action: Text | None = None
    target: Target | None = None
    request: Request | None = None
