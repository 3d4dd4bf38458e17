"""The registry that posts and the receivers that are told, both of which remember."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import aiohttp
from aiohttp import web

from acr_global.model import Message
from acr_global.notify.notice import GroupMessage
from acr_global_rig.receivers import Receiver
from acr_global_rig.registry import GIVES_UP, event, post, timestamp
from benchmarks.chaos.record import ACCEPTED, DECIDED, UNWANTED, Heard, Posted, Reported
from benchmarks.chaos.schedule import Webhook

WORKS, HANGS, LATE = "works", "hangs", "late"
"""What a receiver does; otherwise it is a status that it answers."""

LATE_SECONDS = 15.0
"""Until a late answer; a target waits for 10 s."""


Note = Callable[[str, dict[str, Any], int | None], None]
"""Region, event, and what it was answered."""


class Registry:
    """Posts webhooks, and waits no longer for an answer than the real one."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        door: Callable[[int], str],
        clock: Callable[[], datetime],
        again: float,
        name: str = "p",
        by_content: bool = False,
        note: Note = lambda region, event, status: None,
    ) -> None:
        """`door`: the app's URL for a push; `again`: seconds between an operator's tries; `name`:
        what the ids of pushes begin with; `by_content`: each region's event has an id of its own;
        `note`: is told of each event, not of an operator's tries."""
        self._session, self._door, self._clock = session, door, clock
        self._again, self._name, self._by_content = again, name, by_content
        self._note = note
        self.posts: list[Posted] = []

    async def send(self, webhook: Webhook, tries: int = 100) -> None:
        """Post it, and again where somebody insists, until it is kept or its push is over."""
        push = f"{self._name}{webhook.push}"
        event = self._event(push, webhook.region)
        for number in range(tries if webhook.insists else 1):
            status = await self._post(push, webhook, event)
            if number == 0:
                self._note(webhook.region, event, status)
            if status in (DECIDED, ACCEPTED, UNWANTED):
                return
            if webhook.insists:
                await asyncio.sleep(self._again)

    def _event(self, push: str, region: str) -> dict[str, Any]:
        event_id = f"{push}-{region}" if self._by_content else push
        return event(event_id, at=timestamp(self._clock()), repository=f"team/{push}")

    async def _post(self, push: str, webhook: Webhook, body: dict[str, Any]) -> int | None:
        sent_at, status = self._clock(), None
        url = self._door(webhook.push)
        # No answer, or none that says anything: the registry does not care.
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
            status, _ = await post(self._session, url, body, webhook.region, seconds=GIVES_UP)
        self.posts.append(Posted(push, webhook.region, sent_at, self._clock(), status))
        return status


class Listener(Receiver):
    """A receiver that remembers when it was told what, and can fail."""

    def __init__(self, name: str, clock: Callable[[], datetime]) -> None:
        super().__init__(name)
        self._clock = clock
        self.does = WORKS
        self.heard: list[Heard] = []
        self.reports: list[Reported] = []

    async def receive(self, request: web.Request) -> web.Response:
        """Keep one message, and do to it what is the order of the moment."""
        body, at, does = json.loads(await request.read()), self._clock(), self.does
        status = None if does == HANGS else 200 if does in (WORKS, LATE) else int(does)
        delivery = request.headers.get("webhook-id", "")
        if body["type"] == "group":
            report = GroupMessage.model_validate(body)
            self.reports.append(Reported(self.name, at, delivery, status, report))
        else:
            message = Message.model_validate(body)
            self.heard.append(Heard(self.name, at, delivery, status, message))
        self.changed.set()
        if status is None:
            await asyncio.Event().wait()  # until the sender goes away
        if does == LATE:
            await asyncio.sleep(LATE_SECONDS)
        return web.Response(status=status or 200)
