"""The app among real parts on loopback: a host, a registry that posts, receivers that listen.

In virtual time (devhost.run_virtual) hours pass in milliseconds; all else is real: HTTP, the SDK,
the app. From a checkout only: the wheel has no devhost.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import aiohttp

from acr_global.functions import clock
from acr_global.functions.app import build_app
from acr_global.functions.durable import engine
from acr_global_rig.engine import host_json
from acr_global_rig.receivers import Receiver, listening, webhook_targets
from acr_global_rig.registry import REGIONS, event, post
from devhost import DevHost, Hazards
from devhost.clock import utcnow

HOST_JSON = host_json("Tests")


@dataclass
class World:
    """One app under test."""

    host: DevHost
    session: aiohttp.ClientSession
    receivers: dict[str, Receiver]

    @property
    def messages(self) -> list[Any]:
        """What the first receiver was sent, repeats left out."""
        return next(iter(self.receivers.values())).messages()

    def verdicts(self, push: str | None = None) -> list[str]:
        """The verdicts of one push (or of all), in the order they came."""
        return [m["type"] for m in self.messages if push in (None, m["push"]["id"])]

    async def post(self, body: Any, region: str, **query: str) -> tuple[int, Any]:
        """Post one webhook, as the registry does."""
        return await post(self.session, self.host.url, body, region, query=query)

    async def call(self, method: str, path: str) -> tuple[int, Any]:
        """Send the app any other request."""
        async with self.session.request(method, f"{self.host.url}/api/{path}") as answer:
            return answer.status, await answer.json(content_type=None)

    async def push(self, push: str, regions: Iterable[str] = REGIONS, **about: Any) -> list[int]:
        """Post one push from these regions, one after the other."""
        return [(await self.post(event(push, **about), region))[0] for region in regions]

    async def insist(self, push: str, region: str, **about: Any) -> int:
        """Post until the host answers: a reset connection does not tell whether it was kept."""
        while True:
            try:
                status, _ = await self.post(event(push, **about), region)
            except aiohttp.ClientError:
                status = 0
            if status in (200, 202):
                return status
            await asyncio.sleep(1)

    async def until(self, what: Callable[[], Any], seconds: float = 7_200) -> None:
        """Let time pass until `what` is true. Raises TimeoutError after so many seconds."""
        await next(iter(self.receivers.values())).until(what, seconds)


@contextlib.asynccontextmanager
async def world(
    *receivers: str | Receiver,
    hazards: Hazards | None = None,
    seed: int = 0,
    port: int = 0,
    targets: Callable[[dict[str, Receiver]], list[dict[str, Any]]] | None = None,
    app: Callable[[dict[str, str]], Any] = build_app,
    timers: bool = False,
    **settings: Any,
) -> AsyncIterator[World]:
    """A running app with these receivers as webhook targets; `settings` by short name. Timer
    functions run only where a test asks for them, because weeks pass here."""
    made = [Receiver(r) if isinstance(r, str) else r for r in receivers or ("ops",)]
    there = {receiver.name: receiver for receiver in made}
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(listening(*there.values()))
        defined = targets(there) if targets else webhook_targets(there.values())
        environ = {"REGIONS": ",".join(REGIONS), "TARGETS": json.dumps(defined)} | settings
        before, clock.utcnow = clock.utcnow, utcnow
        stack.callback(setattr, clock, "utcnow", before)
        stack.push_async_callback(engine.close_session)
        host = await DevHost.start(
            app({f"ACR_GLOBAL_{k}": v for k, v in environ.items()}),
            hazards=hazards,
            seed=seed,
            port=port,
            host_json=HOST_JSON,
            timer_triggers=timers,
        )
        stack.push_async_callback(host.stop)
        # Fewer than a listening socket's backlog; a connection beyond that waits in real time.
        connector = aiohttp.TCPConnector(force_close=True, limit=100)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        yield World(host, session, there)
