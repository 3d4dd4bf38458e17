"""Reads the event logs of the registries' webhooks for events that were not delivered.

One process remembers which webhooks there are and how far it has read, so that a run costs one
request for each webhook.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acr_global.catchup import OVERLAP, REACH, Backwards, Logged, logged
from acr_global.registry.event_log import (
    MAX_EVENTS,
    Credential,
    EventLog,
    ToldToWaitError,
    open_event_log,
)
from acr_global.registry.firings import host_and_path, parse_firing, posted
from acr_global.registry.guard import CheckFailedError, describe
from acr_global.registry.question import Access
from acr_global.registry.webhooks import Webhook, choose

LIST_EVERY = timedelta(hours=1)
"""Time until the webhooks are listed again, and new ones are found."""

AT_ONCE = 8
"""Logs read side by side."""

REGISTRY_SECONDS = 60.0
"""For all logs of one registry; the next run reads what is left."""


@dataclass
class Found:
    """The results of a run."""

    entries: list[Logged] = field(default_factory=list)
    """Entries of events that were not delivered."""
    problems: list[str] = field(default_factory=list)
    """What could not be read, and why."""


class Logs:
    """What one process knows of the logs."""

    def __init__(self, reach: timedelta = REACH) -> None:
        """`reach`: how far back a log is read that has not been read before."""
        self._reach = reach
        self._listed: dict[str, tuple[datetime, tuple[Webhook, ...]]] = {}
        self._read_to: dict[str, datetime] = {}
        """By webhook: the moment back to which the next run reads."""
        self._rests_until: dict[str, datetime] = {}
        """By registry: until when the service has asked us to wait."""

    def read_again(self, entries: Iterable[Logged]) -> None:
        """Let the next run find these again, because they are still to be taken in."""
        for entry in entries:
            if entry.at and entry.webhook in self._read_to:
                self._read_to[entry.webhook] = min(entry.at, self._read_to[entry.webhook])

    async def undelivered(
        self,
        access: Access,
        regions: tuple[str, ...],
        credential: Callable[[], Credential],
        now: datetime,
        seconds: float = REGISTRY_SECONDS,
    ) -> Found:
        """Read what one registry could not deliver to us in these regions. Raises nothing."""
        found = Found()
        registry = (access.resource_id or "").rstrip("/").rpartition("/")[2].lower()
        if now < self._rests_until.get(registry, now):
            return found
        try:
            async with asyncio.timeout(seconds), AsyncExitStack() as stack:
                log = await open_event_log(stack, access, credential())
                webhooks = await self._webhooks(registry, log, now)
                await _Reading(self, registry, access, log, now, found).read(webhooks, regions)
        except Exception as error:
            self.failed(registry, registry, error, now, found)
        return found

    def failed(
        self, registry: str, what: str, error: Exception, now: datetime, found: Found
    ) -> None:
        """Note what could not be read."""
        if isinstance(error, ToldToWaitError):
            self._rests_until[registry] = now + timedelta(seconds=error.seconds or 0)
        self._listed.pop(registry, None)  # a webhook may have gone
        found.problems.append(f"{what}: {describe(error)}")

    def since(self, webhook: str, now: datetime) -> datetime:
        """The moment back to which a log must be read."""
        return self._read_to.get(webhook, now - self._reach)

    def was_read(self, webhook: str, now: datetime) -> None:
        """Note that a log has been read to its end, or to known entries."""
        self._read_to[webhook] = now - OVERLAP

    async def _webhooks(self, registry: str, log: EventLog, now: datetime) -> tuple[Webhook, ...]:
        at, webhooks = self._listed.get(registry, (None, ()))
        if at is None or now - at >= LIST_EVERY:
            webhooks = await log.webhooks()
            self._listed[registry] = now, webhooks
        return webhooks


@dataclass(frozen=True)
class _Reading:
    """One run at one registry."""

    logs: Logs
    registry: str
    access: Access
    log: EventLog
    now: datetime
    found: Found

    async def read(self, webhooks: tuple[Webhook, ...], regions: tuple[str, ...]) -> None:
        places = asyncio.Semaphore(AT_ONCE)

        async def read_one(webhook: Webhook, posted_to: str | None) -> None:
            async with places:
                try:
                    await self._read_log(webhook, posted_to)
                except Exception as error:
                    what = f"{self.registry}/{webhook.name}"
                    self.logs.failed(self.registry, what, error, self.now, self.found)

        await asyncio.gather(*(read_one(*one) for one in self._ours(webhooks, regions)))

    def _ours(
        self, webhooks: tuple[Webhook, ...], regions: tuple[str, ...]
    ) -> Iterable[tuple[Webhook, str | None]]:
        """The webhooks to read; with a URL, where only their posts to that one are ours."""
        for region in regions:
            try:
                choice = choose(webhooks, region, self.access)
            except CheckFailedError as error:
                self.found.problems.append(f"{self.registry}, {region}: {error}")
                continue
            posted_to = None if choice.by_name else host_and_path(self.access.webhook_url)
            for webhook in choice.webhooks:
                yield webhook, posted_to

    async def _read_log(self, webhook: Webhook, posted_to: str | None) -> None:
        """Read one log, back to where it is known already."""
        name = f"{self.registry}/{webhook.name.lower()}"
        back = Backwards(self.logs.since(name, self.now))

        def read(entry: Mapping[str, object]) -> Logged:
            firing, (uri, body) = parse_firing(entry), posted(entry)
            return logged(name, webhook.location, uri, body, firing.at, firing.status, posted_to)

        entries = await self.log.entries(webhook.name, read, until=lambda e: back.ends_at(e.at))
        self.found.entries += (e for e in entries if not e.delivered)
        if len(entries) >= MAX_EVENTS:
            self.found.problems.append(f"{name}: more than {MAX_EVENTS} events, not all are read")
        self.logs.was_read(name, self.now)
