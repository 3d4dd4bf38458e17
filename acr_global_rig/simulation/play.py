"""The shell: posts a plan's webhooks, each at its time, and waits for all messages.

A webhook is posted once, and its answer awaited for 5 s, as the registry does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from acr_global import outgoing
from acr_global.proxies import ProxyError
from acr_global_rig.registry import GIVES_UP, post
from acr_global_rig.simulation.plan import Webhook, body_of
from acr_global_rig.simulation.state import Answer, Receipt, Record


@dataclass
class Simulation:
    """One run against a running app."""

    record: Record
    app_url: str = field(repr=False)
    key: str | None = field(repr=False)
    show: Callable[[Answer | Receipt], None]
    """Called with each answer and receipt as it comes."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, receipt: Receipt) -> None:
        """Keep what a receiver got."""
        self.record.heard(receipt)
        self._changed.set()
        self.show(receipt)

    async def run(self, wait: float, settle: float) -> None:
        """Post everything, then wait until all is known.

        Args:
            wait: Seconds to wait for the last message, from when it is due.
            settle: Seconds to go on listening once all is known.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        connector = aiohttp.TCPConnector(limit=0)
        session = outgoing.new_session(connector=connector)
        async with connector, session, asyncio.TaskGroup() as group:
            for webhook in self.record.plan.webhooks:
                await asyncio.sleep(max(0.0, began + webhook.at - loop.time()))
                group.create_task(self._post(session, webhook, began))
        due = max((expected.known_by for expected in self.record.expected), default=0.0)
        try:
            async with asyncio.timeout_at(began + due + wait):
                await self._until_known()
        except TimeoutError:
            return
        await asyncio.sleep(settle)

    async def _until_known(self) -> None:
        open_still = list(self.record.expected)
        while open_still := [one for one in open_still if not self.record.is_known(one)]:
            self._changed.clear()
            await self._changed.wait()

    async def _post(self, session: aiohttp.ClientSession, webhook: Webhook, began: float) -> None:
        behind = asyncio.get_running_loop().time() - began - webhook.at
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        body = body_of(self.record.plan, webhook, at)
        try:
            status, said = await post(
                session, self.app_url, body, webhook.region, key=self.key or "", seconds=GIVES_UP
            )
            answer = Answer(webhook, status, _word(said), behind)
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
