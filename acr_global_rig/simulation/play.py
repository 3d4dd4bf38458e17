"""The shell: posts a plan's webhooks, each at its time, and waits for all messages.

A webhook is posted once, and its answer awaited for 5 s, as the registry does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from acr_global import outgoing
from acr_global.proxies import ProxyError
from acr_global_rig.registry import GIVES_UP, post, timestamp
from acr_global_rig.simulation.asking import Ask, look
from acr_global_rig.simulation.expect import Expected
from acr_global_rig.simulation.plan import Webhook, body_of
from acr_global_rig.simulation.state import Answer, GroupReceipt, Receipt, Record

LOOK_EVERY = 2.0
"""Seconds between two questions about a push, where the app is asked."""


@dataclass
class Simulation:
    """One run against a running app."""

    record: Record
    app_url: str = field(repr=False)
    key: str | None = field(repr=False)
    show: Callable[[Answer | Receipt], None]
    """Called with each answer and receipt as it comes."""
    ask: Ask | None = None
    """How the app is asked for its verdicts, where there are no receivers of ours."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, receipt: Receipt | GroupReceipt) -> None:
        """Keep what a receiver got."""
        self.record.heard(receipt)
        self._changed.set()
        if isinstance(receipt, Receipt):
            self.show(receipt)

    async def run(self, wait: float, settle: float) -> None:
        """Post everything, then wait until all is known.

        Args:
            wait: Seconds to wait for the last message, from when it is due.
            settle: Seconds to go on listening once all is known.
        """
        began = asyncio.get_running_loop().time()
        due = max((expected.known_by for expected in self.record.expected), default=0.0)
        posting = asyncio.create_task(self._post_all(began))
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(began + due + wait):
                    await self._until_known(began)
            await posting
        finally:
            posting.cancel()
        if all(map(self.record.is_known, self.record.expected)):
            await asyncio.sleep(settle)
        await self._look(self.record.expected)

    async def _post_all(self, began: float) -> None:
        """Post each webhook at its time."""
        loop = asyncio.get_running_loop()
        connector = aiohttp.TCPConnector(limit=0)
        session = outgoing.new_session(connector=connector)
        async with connector, session, asyncio.TaskGroup() as group:
            for webhook in self.record.plan.webhooks:
                await asyncio.sleep(max(0.0, began + webhook.at - loop.time()))
                group.create_task(self._post(session, webhook, began))

    async def _until_known(self, began: float) -> None:
        open_still = list(self.record.expected)
        while open_still := [one for one in open_still if not self.record.is_known(one)]:
            self._changed.clear()
            if self.ask:
                now = asyncio.get_running_loop().time() - began
                await self._look([one for one in open_still if one.known_by <= now])
                await asyncio.sleep(LOOK_EVERY)
            else:
                await self._changed.wait()

    async def _look(self, pushes: Sequence[Expected]) -> None:
        if self.ask:
            await look(self.record, self.ask, self.hear, pushes)

    async def _post(self, session: aiohttp.ClientSession, webhook: Webhook, began: float) -> None:
        behind = asyncio.get_running_loop().time() - began - webhook.at
        body = body_of(self.record.plan, webhook, timestamp())
        try:
            status, said = await post(
                session, self.app_url, body, webhook.region, key=self.key or "", seconds=GIVES_UP
            )
            push = said.get("push") if isinstance(said, dict) else None
            answer = Answer(webhook, status, _word(said), behind, push)
        except TimeoutError:
            answer = Answer(webhook, 0, f"no answer within {GIVES_UP:.0f} s", behind)
        except ProxyError as error:
            answer = Answer(webhook, 0, error.message, behind)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            answer = Answer(webhook, 0, f"no answer: {type(error).__name__}", behind)
        self.record.answered(answer)
        self.show(answer)


def _word(body: Any) -> str:
    if not isinstance(body, dict):
        return "an answer that is no JSON object"
    return ": ".join(str(body[key]) for key in ("status", "reason") if key in body)
