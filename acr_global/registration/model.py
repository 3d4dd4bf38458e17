"""The resource manager's view of a registry and an app, as plain values. Pure.

Source of the fields: ARM schemas of Microsoft.ContainerRegistry 2025-11-01 and Microsoft.Web
2025-05-01.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

PREMIUM = "Premium"
"""The only tier that replicates."""
SUCCEEDED = "Succeeded"


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry."""

    id: str
    """Its ARM id."""
    name: str
    login_server: str
    location: str
    """The home region, normalised, as all locations are here: `westeurope`."""
    sku: str
    """`Basic`, `Standard` or `Premium`."""


@dataclass(frozen=True, slots=True)
class Replica:
    """The registry in one region."""

    region: str
    status: str
    """As the service says it: `Ready`, `Syncing` and others; empty where it says nothing."""
    provisioning_state: str
    """`Succeeded`, `Failed`, or an operation under way."""
    endpoint_enabled: bool = True
    """False: requests are not routed here. Images are replicated all the same."""
    home: bool = False


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook, as it is or as it should be."""

    name: str
    location: str
    actions: tuple[str, ...]
    """`push`, `delete` and others."""
    scope: str
    """`team/app:v1`, `team/app:*`, or `team/app`, which is its `latest`; empty for everything."""
    enabled: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)
    provisioning_state: str = SUCCEEDED
    uri: str | None = field(default=None, repr=False)
    """None where it was not read; its query may hold a key."""
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    """The custom headers, including the function key; None where they were not read."""


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One entry of a webhook's event log."""

    id: str
    """The entry's own id. The event's is `id` in the body."""
    at: datetime | None
    """When the event was made, aware; None where that is absent or cannot be read."""
    uri: str = field(repr=False)
    """The URI of the post; its query may hold a key."""
    request_body: Mapping[str, object] = field(repr=False)
    """The event: `id`, `action`, `target` and others."""
    status: int | None
    """The status of the answer; 504 after 5 s without one; None where there is none yet."""


@dataclass(frozen=True, slots=True)
class Usage:
    """A registry's number of one thing, and its limit."""

    name: str
    """`Webhooks`, `Size` and others."""
    value: int
    limit: int


@dataclass(frozen=True, slots=True)
class Site:
    """A function app."""

    id: str
    name: str
    hosts: tuple[str, ...]
    """Its host names, the default one first, all in lower case."""


@dataclass(frozen=True, slots=True)
class App:
    """The app that the webhooks are for."""

    id: str
    """Its ARM id."""
    url: str
    """Where the webhooks post to: scheme, host and port."""
    hosts: tuple[str, ...] = ()
    """Further host names, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the host of an app has found."""

    name: str
    enabled: bool = True
