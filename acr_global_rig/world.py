"""The app among real parts on loopback: a host, a registry that posts, receivers that listen.

In virtual time (`virtual`) hours pass in milliseconds; everything else is as it is: real HTTP,
the real SDK, the real app.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from acr_global.functions import clock, engine
from acr_global.functions.app import build_app
from devhost import DevHost, Hazards, run_virtual
from devhost.clock import utcnow
from tests.e2e.engine import host_json

REGIONS = ("westeurope", "northeurope", "eastus")
HOST_JSON = host_json("Tests")


@dataclass
class Receiver:
    """A server that keeps what it is sent, and answers as it is told: 200 unless told else."""

    name: str
    url: str = ""
    requests: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers, in order."""
    retry_after: str | None = None
    """What each answer but 200 asks for."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None
    """While it is not set, requests are kept waiting."""

    async def receive(self, request: web.Request) -> web.Response:
        """One request."""
        status = self.answers.pop(0) if self.answers else 200
        body = json.loads(await request.read())
        self.requests.append((dict(request.headers), body))
        self.changed.set()
        if self.gate:
            await self.gate.wait()
        asks = self.retry_after is not None and status != 200
        return web.Response(
            status=status, headers={"Retry-After": self.retry_after or ""} if asks else {}
        )

    async def until(self, what: Callable[[], Any], seconds: float = 7_200) -> None:
        """Wait for requests until something is so; give up after so long."""
        async with asyncio.timeout(seconds):
            while not what():
                self.changed.clear()
                await self.changed.wait()

    def messages(self) -> list[Any]:
        """What a receiver that drops repeats has: one body per message id, in order."""
        return list({body["id"]: body for _, body in reversed(self.requests)}.values())[::-1]


@dataclass
class World:
    """One app under test."""

    host: DevHost
    session: aiohttp.ClientSession
    receivers: dict[str, Receiver]

    @property
    def messages(self) -> list[Any]:
        """What the first receiver has."""
        return next(iter(self.receivers.values())).messages()

    def verdicts(self, push: str | None = None) -> list[str]:
        """The verdicts of one push (or of all), in the order they came."""
        return [m["type"] for m in self.messages if push in (None, m["push"]["id"])]

    async def post(self, body: Any, region: str, **query: str) -> tuple[int, Any]:
        """One webhook, as the registry sends it."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.session.post(
            f"{self.host.url}/api/ImagePush",
            data=data,
            params={"region": region, **query},
            headers={"content-type": "application/json; charset=utf-8"},
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def call(self, method: str, path: str) -> tuple[int, Any]:
        """Any other request to the app."""
        async with self.session.request(method, f"{self.host.url}/api/{path}") as answer:
            return answer.status, await answer.json(content_type=None)

    async def push(self, push: str, regions: Iterable[str] = REGIONS, **about: Any) -> list[int]:
        """One push, reported by these regions one after the other."""
        return [(await self.post(event(push, **about), region))[0] for region in regions]

    async def insist(self, push: str, region: str, **about: Any) -> int:
        """Post until the host answers: what a reset connection says is not known."""
        while True:
            try:
                status, _ = await self.post(event(push, **about), region)
            except aiohttp.ClientError:
                status = 0
            if status in (200, 202):
                return status
            await asyncio.sleep(1)

    async def until(self, what: Callable[[], Any], seconds: float = 7_200) -> None:
        """Let time pass until the first receiver has what is wanted."""
        await next(iter(self.receivers.values())).until(what, seconds)


def event(push: str, **about: Any) -> dict[str, Any]:
    """A push event in the registry's form."""
    target = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "size": 524,
        "digest": f"sha256:{'0' * 64}",
        "length": 524,
        "repository": "team/app",
        "tag": "v1",
    } | about
    return {
        "id": push,
        "timestamp": "2026-06-01T12:22:07.0958813Z",
        "action": "push",
        "target": target,
        "request": {"id": "r", "host": "myregistry.azurecr.io", "method": "PUT"},
    }


def every_verdict(receivers: dict[str, Receiver]) -> list[dict[str, Any]]:
    """Every receiver as a target that asks for all four verdicts."""
    every = ["complete", "overdue", "recovered", "incomplete"]
    return [
        {"name": r.name, "kind": "webhook", "url": r.url, "on": every} for r in receivers.values()
    ]


@contextlib.asynccontextmanager
async def world(
    *receivers: str,
    hazards: Hazards | None = None,
    seed: int = 0,
    port: int = 0,
    targets: Callable[[dict[str, Receiver]], list[dict[str, Any]]] | None = None,
    app: Callable[[dict[str, str]], Any] = build_app,
    timers: bool = False,
    **settings: Any,
) -> AsyncIterator[World]:
    """A running app with these receivers as webhook targets, and settings by short name. Timer
    functions run only where a test asks for it, for weeks pass here."""
    there = {name: Receiver(name) for name in receivers or ("ops",)}
    runner = await _serve(there)
    defined = (
        targets(there)
        if targets
        else [{"name": r.name, "kind": "webhook", "url": r.url} for r in there.values()]
    )
    environ = {"REGIONS": ",".join(REGIONS), "TARGETS": json.dumps(defined)} | settings
    before, clock.utcnow = clock.utcnow, utcnow
    host = await DevHost.start(
        app({f"ACR_GLOBAL_{k}": v for k, v in environ.items()}),
        hazards=hazards,
        seed=seed,
        port=port,
        host_json=HOST_JSON,
        timer_triggers=timers,
    )
    try:
        # Fewer than a listening socket's backlog: what does not fit waits in real time.
        connector = aiohttp.TCPConnector(force_close=True, limit=100)
        async with aiohttp.ClientSession(connector=connector) as session:
            yield World(host, session, there)
    finally:
        await host.stop()
        await engine.close_session()
        await runner.cleanup()
        clock.utcnow = before


async def _serve(receivers: dict[str, Receiver]) -> web.AppRunner:
    app = web.Application()
    for receiver in receivers.values():
        app.router.add_post(f"/{receiver.name}", receiver.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1_024)
    await site.start()
    port = runner.addresses[0][1]
    for receiver in receivers.values():
        receiver.url = f"http://127.0.0.1:{port}/{receiver.name}"
    return runner


def virtual(test: Callable[[], Awaitable[None]]) -> None:
    """Run a test in virtual time."""

    async def main() -> None:
        await test()

    run_virtual(main)
