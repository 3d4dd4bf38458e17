"""What is asked about one push, and how the registry may be asked. Plain values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

ARM_ENDPOINT = "https://management.azure.com"
"""The public cloud's resource manager."""

BUDGET = timedelta(seconds=20)
"""For all checks together. The alarm waits for them, so it is short."""


@dataclass(frozen=True, slots=True)
class Question:
    """One push, and the regions that have not reported it."""

    push_id: str
    """The correlation key: a notification id, or a content key (which no event carries)."""
    event_ids: frozenset[str]
    """The notification ids that the arrived regions sent."""
    action: str
    registry: str | None
    """The registry's host, such as `myregistry.azurecr.io`; a regional host will do."""
    repository: str | None
    tag: str | None
    digest: str | None
    missing: tuple[str, ...]
    """The regions to ask about, as the setting names them."""
    since: datetime
    """Aware. When the push began, less some slack for clocks that differ: an older event of
    the same content belongs to an earlier push."""
    media_type: str | None = None
    """The manifest's, as the event says it."""


@dataclass(frozen=True, slots=True)
class Access:
    """How the registry may be asked: what the settings say. Holds no secret."""

    kinds: tuple[str, ...] = ()
    """Of `event-log` and `manifest`, in the order the evidence shall be listed."""
    resource_id: str | None = None
    """ARM id of the registry: `/subscriptions/.../registries/<name>`."""
    app: str | None = None
    """The app's own name in Azure: its webhooks are marked for it, and named after it."""
    webhook_url: str | None = None
    """Where the registry posts to, such as `https://<app>/api/ImagePush`. Only host and path
    are compared, so that a key in the query string is neither needed nor kept."""
    region_endpoints: Mapping[str, str] = field(default_factory=dict)
    """Region to base URL, where it is not `https://<registry>.<region>.geo.azurecr.io`."""
    arm_endpoint: str = ARM_ENDPOINT
    """Another cloud's resource manager; https, or http on this machine (tests)."""
    budget: timedelta = BUDGET
    """For all checks together."""
