"""Two receivers of notifications on one loopback port; one refuses each message twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from acr_global.model import Message

STEADY, FLAKY = "steady", "flaky"

REFUSALS = 2
"""How often the flaky receiver answers 503 to one message before it takes it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One request that a receiver got."""

    receiver: str
    delivery_id: str
    """The header `webhook-id`, by which a receiver can tell a repeat."""
    status: int
    """What the receiver answered."""
    message: Message

    @property
    def image(self) -> str:
        """`repository:tag` of the push that the message is about."""
        return f"{self.message.push.repository}:{self.message.push.tag}"


class Receivers:
    """Both receivers, and everything that they got, in order."""

    def __init__(self, on_receipt: Callable[[Receipt], None]) -> None:
        self.receipts: list[Receipt] = []
        self._on_receipt = on_receipt
        self._tries: Counter[str] = Counter()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on a free port of this machine; gives the base URL."""
        app = web.Application()
        app.router.add_post("/{receiver:steady|flaky}", self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            yield f"http://{host}:{port}"
        finally:
            await runner.cleanup()

    async def until_taken(self, image: str) -> None:
        """Wait until both receivers have taken a message about one image."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.have_taken(image) == {STEADY, FLAKY})

    def have_taken(self, image: str) -> set[str]:
        """Who has taken a message about one image."""
        return {r.receiver for r in self.receipts if r.image == image and r.status == 200}

    async def _take(self, request: web.Request) -> web.Response:
        receiver = request.match_info["receiver"]
        delivery_id = request.headers.get("webhook-id", "")
        message = Message.model_validate_json(await request.read())
        status = 200
        if receiver == FLAKY:
            self._tries[delivery_id] += 1
            status = 503 if self._tries[delivery_id] <= REFUSALS else 200
        receipt = Receipt(receiver, delivery_id, status, message)
        async with self._changed:
            self.receipts.append(receipt)
            self._changed.notify_all()
        self._on_receipt(receipt)
        return web.Response(status=status)
