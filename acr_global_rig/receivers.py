"""Receivers of notifications, which keep what they are sent and answer as they are told to."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from acr_global_rig.loopback import serving

ALL_VERDICTS = ["complete", "overdue", "recovered", "incomplete"]


@dataclass
class Receiver:
    """Keeps what it is sent, and answers as it is told to; 200 by default."""

    name: str
    url: str = ""
    requests: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers, in order."""
    retry_after: str | None = None
    """The Retry-After header of each answer but 200."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None
    """While it is not set, requests are kept waiting."""

    def decide(self, headers: Mapping[str, str], body: Any) -> int:
        """The status of the answer to one request; subclasses may decide otherwise."""
        return self.answers.pop(0) if self.answers else 200

    async def receive(self, request: web.Request) -> web.Response:
        """Keep one request and answer it."""
        body = json.loads(await request.read())
        status = self.decide(request.headers, body)
        self.requests.append((dict(request.headers), body))
        self.changed.set()
        if self.gate:
            await self.gate.wait()
        asks = self.retry_after is not None and status != 200
        return web.Response(
            status=status, headers={"Retry-After": self.retry_after or ""} if asks else {}
        )

    async def until(self, what: Callable[[], Any], seconds: float = 7_200) -> None:
        """Wait for requests until `what` is true. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(seconds):
            while not what():
                self.changed.clear()
                await self.changed.wait()

    def messages(self) -> list[Any]:
        """What a receiver that drops repeats would have: one body per message id, in order."""
        return list({body["id"]: body for _, body in reversed(self.requests)}.values())[::-1]


@asynccontextmanager
async def listening(*receivers: Receiver, at: socket.socket | None = None) -> AsyncIterator[None]:
    """Serve the receivers on one port, each at the path of its name, and set their URLs.

    `at`: a bound socket; without one, a free port is taken.
    """
    app = web.Application()
    for receiver in receivers:
        app.router.add_post(f"/{receiver.name}", receiver.receive)
    async with serving(app, at) as url:
        for receiver in receivers:
            receiver.url = f"{url}/{receiver.name}"
        yield


def webhook_targets(receivers: Iterable[Receiver], **more: Any) -> list[dict[str, Any]]:
    """The receivers as targets of the app; `more` is added to each."""
    return [{"name": r.name, "kind": "webhook", "url": r.url, **more} for r in receivers]


def every_verdict(receivers: Mapping[str, Receiver]) -> list[dict[str, Any]]:
    """Every receiver as a target that asks for all four verdicts."""
    return webhook_targets(receivers.values(), on=ALL_VERDICTS)
