"""Ask the resource manager for the event logs of the registry's webhooks.

The only file that imports the Azure SDK, and only when a log is really asked for: the
registry waits 5 s for an answer to its webhook, and these imports take a good part of one.

Rights: registries/webhooks/read and registries/webhooks/listEvents/action.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from acr_global.model import Evidence, EvidenceKind
from acr_global.registry.addresses import is_loopback
from acr_global.registry.firings import (
    NOTHING,
    Firing,
    concerns,
    host_and_path,
    judge,
    parse_firing,
)
from acr_global.registry.guard import CheckFailedError, Seen, guarded
from acr_global.registry.question import Access, Question
from acr_global.registry.webhooks import Webhook, choose, parse_webhook

LONGEST_WAIT = 5.0
"""Seconds. A longer Retry-After is reported rather than obeyed: the alarm is waiting."""
PAUSE = 0.5
"""Seconds before the second try where the answer names no time."""
MOST_EVENTS = 5_000
"""Entries read of one webhook's log. The service keeps far fewer; this only ends a bad paging."""

_RESOURCE_ID = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-z-]{1,64})/resourceGroups/(?P<group>[-\w.()]{1,90})"
    r"/providers/Microsoft\.ContainerRegistry/registries/(?P<name>[0-9a-z]{5,50})/?",
    re.IGNORECASE,
)
_MEANING = {
    401: " (not signed in)",
    403: " (the identity lacks a right: see docs/evidence.md)",
    404: " (no such registry or webhook)",
    429: " (too many requests)",
}
_T = TypeVar("_T")


class Credential(Protocol):
    """What is used of `azure.identity.aio` credentials."""

    async def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        """An object whose `token` is the access token."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The parts of a registry's ARM id."""

    subscription: str
    group: str
    name: str


def parse_resource_id(text: str | None) -> Resource:
    """Raises CheckFailedError where it is not the ARM id of a registry."""
    match = _RESOURCE_ID.fullmatch(text or "")
    if not match:
        raise CheckFailedError("the registry's ARM id is not set or not one")
    return Resource(**match.groupdict())


def wait_before_retry(status: int | None, retry_after: str | None) -> float | None:
    """Seconds to wait before the one more try; None where there is no use in it."""
    if status not in (429, 500, 502, 503, 504):
        return None
    text = (retry_after or "").strip()
    wait = float(text) if re.fullmatch(r"[0-9]{1,6}", text) else PAUSE
    return wait if wait <= LONGEST_WAIT else None


def open_credential() -> Any:
    """The managed identity in Azure (AZURE_CLIENT_ID says which), a developer's login elsewhere.

    Raises CheckFailedError where the library is not installed.
    """
    try:
        from azure.identity.aio import DefaultAzureCredential
    except ImportError:
        raise CheckFailedError("azure-identity is not installed") from None
    return DefaultAzureCredential()


async def read_event_logs(
    question: Question,
    access: Access,
    credential: Callable[[], Credential],
    *,
    deadline: float,
    now: Callable[[], datetime],
) -> tuple[Evidence, ...]:
    """One Evidence for each missing region, in their order. `deadline` is the loop's clock.

    The webhooks are listed once; then each region's logs are read side by side. Raises nothing
    but the caller's own cancellation.
    """
    listed: asyncio.Task[tuple[_Reader, tuple[Webhook, ...]]] | None = None

    async def one(region: str) -> Seen:
        assert listed is not None  # noqa: S101 - set below, before any of these runs
        # Shielded: a region that gives up must not cancel the listing of the others.
        reader, webhooks = await asyncio.shield(listed)
        return await reader.ask(region, webhooks)

    stack = _Opened(access, credential)
    try:
        listed = asyncio.create_task(stack.list_webhooks(question))
        checks = [
            guarded(region, EvidenceKind.EVENT_LOG, one(region), deadline=deadline, now=now)
            for region in question.missing
        ]
        return tuple(await asyncio.gather(*checks))
    finally:
        await stack.close(listed)
