"""Ask the resource manager for the event logs of the registry's webhooks.

With transport.py the only file that imports the Azure SDK, and only when it is asked for: the
registry waits 5 s for an answer to its webhook, and these imports take a good part of one.

Rights: registries/webhooks/read and registries/webhooks/listEvents/action.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from acr_global.arm_ids import REGISTRIES, parse_id
from acr_global.model import Evidence, EvidenceKind
from acr_global.registry.firings import (
    NOTHING,
    Firing,
    concerns,
    host_and_path,
    judge,
    parse_firing,
)
from acr_global.registry.guard import CheckFailedError, Seen, failed, guarded
from acr_global.registry.question import Access, Question
from acr_global.registry.transport import open_transport
from acr_global.registry.webhooks import Webhook, choose, parse_webhook
from acr_global.retry_after import parse_retry_after
from acr_global.urls import split_url

MAX_WAIT = 5.0
"""Seconds. A longer Retry-After is reported rather than obeyed: the alarm is waiting."""
PAUSE = 0.5
"""Seconds before the second try where the answer names no time."""
MAX_EVENTS = 5_000
"""Entries read of one webhook's log. The service keeps far fewer; this only ends a bad paging."""

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


class ToldToWaitError(CheckFailedError):
    """Too many requests; it says when there may be more."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__(f"the resource manager answered 429{_MEANING[429]}")
        self.seconds = seconds
        """None: it names no time."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The parts of a registry's ARM id."""

    subscription: str
    group: str
    name: str


def parse_resource_id(text: str | None) -> Resource:
    """Raises CheckFailedError where it is not the ARM id of a registry."""
    parts = parse_id(text or "", REGISTRIES)
    if not parts:
        raise CheckFailedError("the registry's ARM id is not set or not one")
    return Resource(*parts)


def wait_before_retry(status: int | None, retry_after: str | None, now: datetime) -> float | None:
    """Seconds to wait before the one more try; None where there is no use in it."""
    if status not in (429, 500, 502, 503, 504):
        return None
    asked = parse_retry_after(retry_after, now)
    wait = PAUSE if asked is None else asked
    return wait if wait <= MAX_WAIT else None


def open_credential() -> Any:
    """The managed identity in Azure (AZURE_CLIENT_ID says which), a developer's login elsewhere.

    Raises CheckFailedError where the library is not installed.
    """
    try:
        from azure.identity.aio import DefaultAzureCredential
    except ImportError:
        raise CheckFailedError("azure-identity is not installed") from None
    # Said twice: where a cluster has a proxy for tokens, the SDK opens a transport of its own.
    return DefaultAzureCredential(transport=open_transport(), use_env_settings=False)


async def read_event_logs(
    question: Question,
    access: Access,
    credential: Callable[[], Credential],
    *,
    deadline: float,
    now: Callable[[], datetime],
) -> tuple[Evidence, ...]:
    """One Evidence for each missing region, in their order. `deadline` is the loop's clock.

    The webhooks are listed once; then each region's logs are read side by side, so that one
    slow region costs only itself.
    """
    kind = EvidenceKind.EVENT_LOG
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout_at(deadline):
                log = await open_event_log(stack, access, credential())
                webhooks = await log.webhooks()
        except Exception as error:
            return tuple(failed(region, kind, error, now()) for region in question.missing)

        async def seen_in(region: str) -> Seen:
            choice = choose(webhooks, region, access)
            posted_to = None if choice.by_name else host_and_path(access.webhook_url)
            logs = [_firings(log, w.name, question, posted_to) for w in choice.webhooks]
            seen = judge([f for read in await asyncio.gather(*logs) for f in read])
            if seen.detail == NOTHING and not any(w.enabled for w in choice.webhooks):
                return Seen(False, f"{NOTHING}: the webhook is disabled")
            return seen

        checks = [
            guarded(region, kind, seen_in(region), deadline=deadline, now=now)
            for region in question.missing
        ]
        return tuple(await asyncio.gather(*checks))


async def _firings(
    log: EventLog, webhook: str, question: Question, posted_to: str | None
) -> tuple[Firing, ...]:
    """The entries of one log that concern the push, up to the first that was accepted."""

    def wanted(entry: Mapping[str, object]) -> Firing | None:
        firing = parse_firing(entry)
        ours = posted_to is None or firing.posted_to == posted_to
        return firing if ours and concerns(firing, question) else None

    def was_accepted(firing: Firing | None) -> bool:
        return firing is not None and firing.accepted

    return tuple(f for f in await log.entries(webhook, wanted, until=was_accepted) if f is not None)


async def open_event_log(stack: AsyncExitStack, access: Access, credential: Credential) -> EventLog:
    """A registry's event logs, closed with the stack. Raises CheckFailedError."""
    resource = parse_resource_id(access.resource_id)
    operations = await _open(stack, resource, access.arm_endpoint, credential)
    return EventLog(operations, resource, not _is_plain(access.arm_endpoint))


class EventLog:
    """The two calls we make of the SDK, answered in our own words and retried once.

    Both raise CheckFailedError; ToldToWaitError where the service asks for more patience.
    """

    def __init__(self, operations: Any, resource: Resource, enforce_https: bool):
        self._operations = operations
        self._resource = resource
        self._enforce_https = enforce_https

    async def webhooks(self) -> tuple[Webhook, ...]:
        """Every webhook of the registry, in any region."""
        parsed = await _patiently(lambda: self._read(self._operations.list, parse_webhook))
        return tuple(w for w in parsed if w is not None)

    async def entries(
        self,
        webhook: str,
        parse: Callable[[Mapping[str, object]], _T],
        *,
        until: Callable[[_T], bool] = lambda _: False,
    ) -> tuple[_T, ...]:
        """The entries of one log, as `parse` reads them, up to the first where `until` says so."""
        return tuple(
            await _patiently(
                lambda: self._read(self._operations.list_events, parse, webhook, until=until)
            )
        )

    async def _read(
        self,
        operation: Callable[..., AsyncIterable[Any]],
        parse: Callable[[Mapping[str, object]], _T],
        *names: str,
        until: Callable[[_T], bool] = lambda _: False,
    ) -> list[_T]:
        """Page through one list: at most MAX_EVENTS entries, ending early where `until` says."""
        found: list[_T] = []
        path = (self._resource.group, self._resource.name, *names)
        read = 0
        async for entry in operation(*path, enforce_https=self._enforce_https):
            found.append(parse(entry.as_dict()))
            read += 1
            if until(found[-1]) or read >= MAX_EVENTS:
                break
        return found


async def _open(
    stack: AsyncExitStack, resource: Resource, endpoint: str, credential: Credential
) -> Any:
    """The SDK's webhook operations, closed with the stack.

    The SDK's own retries are off: they would obey a Retry-After of an hour, and their budget is
    not ours. Redirects are off: the token is for this endpoint.
    """
    try:
        from azure.mgmt.containerregistry.aio import ContainerRegistryManagementClient
    except ImportError:
        raise CheckFailedError("azure-mgmt-containerregistry is not installed") from None
    token_credential: Any = credential
    client = await stack.enter_async_context(
        ContainerRegistryManagementClient(
            token_credential,
            resource.subscription,
            endpoint,
            credential_scopes=[endpoint.rstrip("/") + "/.default"],
            retry_total=0,
            permit_redirects=False,
            transport=open_transport(),
        )
    )
    return client.webhooks


async def _patiently(read: Callable[[], Awaitable[_T]]) -> _T:
    """Run `read`, once more where the service asks for patience, and name what it answered."""
    from azure.core.exceptions import (
        ClientAuthenticationError,
        HttpResponseError,
        ServiceRequestError,
        ServiceResponseError,
    )

    async def read_once_more() -> _T:
        try:
            return await read()
        except HttpResponseError as error:
            asked = _headers(error).get("Retry-After")
            wait = wait_before_retry(error.status_code, asked, datetime.now(UTC))
            if wait is None:
                raise
        await asyncio.sleep(wait)
        return await read()

    try:
        return await read_once_more()
    except HttpResponseError as error:
        if error.status_code == 429:
            raise ToldToWaitError(_asked_for(error)) from None
        if error.status_code is not None:
            meaning = _MEANING.get(error.status_code, "")
            reason = f"the resource manager answered {error.status_code}{meaning}"
        elif isinstance(error, ClientAuthenticationError):
            reason = "no identity could sign in"
        else:
            reason = "the resource manager's answer could not be read"
        raise CheckFailedError(reason) from None
    except (ServiceRequestError, ServiceResponseError):
        raise CheckFailedError("cannot connect to the resource manager") from None


def _asked_for(error: Any) -> float | None:
    return parse_retry_after(_headers(error).get("Retry-After"), datetime.now(UTC))


def _headers(error: Any) -> Mapping[str, str]:
    return getattr(error.response, "headers", None) or {}


def _is_plain(endpoint: str) -> bool:
    """Whether plain http is meant, which is only for this machine.

    Raises CheckFailedError where it is any other: the identity's token would be readable.
    """
    url = split_url(endpoint)
    if url.scheme == "https":
        return False
    if url.scheme == "http" and not url.in_clear:
        return True
    raise CheckFailedError("the resource manager's endpoint needs https")
