"""What of the app some rounds use beside the rest: settings, and the registry that is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import web

from acr_global.registry.naming import PATH, former_name
from acr_global_rig.arm import entrance
from acr_global_rig.loopback import serving
from acr_global_rig.registry import REGIONS, event
from benchmarks.chaos.parties import HANGS, WORKS
from benchmarks.chaos.record import push_of
from benchmarks.chaos.schedule import (
    CONTENT,
    EVIDENCE,
    GROUPS,
    LOGS,
    Fault,
    Schedule,
    replicas,
)
from tests.registry.fakes import REGISTRY_ID, FakeArm, posted_entry, webhook


class Replicas:
    """The registry's endpoints, one per region: since when each says that it has what was pushed;
    `does`: what it does instead of saying so."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.since: dict[tuple[str, str], datetime] = {}
        self.does = WORKS

    def has(self, push: str, region: str) -> None:
        """It has it from now on."""
        self.since[push, region] = self._clock()

    async def follow(self, schedule: Schedule, until: Callable[[float], Awaitable[None]]) -> None:
        """Have what is pushed, each when it is there; nothing where nobody asks. `until`: waits for
        a second of the round."""

        async def appear(push: int, region: str, at: float) -> None:
            await until(at)
            self.has(f"p{push}", region)

        if EVIDENCE in schedule.features:
            there = replicas(schedule).items()
            await asyncio.gather(*(appear(push, region, at) for (push, region), at in there))

    async def fail(self, fault: Fault) -> None:
        """Do what a fault says for as long as it lasts."""
        self.does = fault.what
        await asyncio.sleep(fault.lasts)
        self.does = WORKS

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[dict[str, str]]:
        """Serve until the block ends; the endpoints by region."""
        async with AsyncExitStack() as stack:
            yield {
                region: await stack.enter_async_context(serving(self._app(region)))
                for region in REGIONS
            }

    def _app(self, region: str) -> web.Application:
        async def answer(request: web.Request) -> web.Response:
            if self.does == HANGS:
                await asyncio.Event().wait()
            if self.does != WORKS:
                return web.Response(status=int(self.does))
            push = push_of(request.path.removeprefix("/v2/").partition("/manifests/")[0])
            digest = event(push)["target"]["digest"]
            there = (push, region) in self.since
            headers = {
                "Docker-Content-Digest": digest,
                "Docker-Distribution-Api-Version": "registry/2.0",
            }
            return web.Response(status=200 if there else 404, headers=headers)

        app = web.Application()
        app.router.add_route("*", "/v2/{path:.*}", answer)
        return app


class EventLogs:
    """The logs of the registry's webhooks, one per region, newest first."""

    def __init__(self) -> None:
        self._logs = {former_name(region): list[dict[str, Any]]() for region in REGIONS}
        webhooks = [webhook(former_name(region), region) for region in REGIONS]
        self._arm = FakeArm(webhooks, self._logs)

    def note(self, region: str, event: dict[str, Any], status: int | None) -> None:
        """An event, and what it was answered; where it was not, the registry gave up."""
        uri = f"https://app.example{PATH}?region={region}"
        self._logs[former_name(region)].insert(0, posted_entry(event, uri, str(status or 504)))

    async def fail(self, fault: Fault) -> None:
        """Do what a fault says for as long as it lasts."""
        self._arm.does = None if fault.what == HANGS else int(fault.what)
        await asyncio.sleep(fault.lasts)
        self._arm.does = 200

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve until the block ends; the resource manager's address."""
        async with self._arm.running() as url:
            yield url


@asynccontextmanager
async def signing_in() -> AsyncIterator[dict[str, str]]:
    """Give the app's identity tokens, as App Service does, until the block ends; the environment
    that says where."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(entrance.answer(entrance.IDENTITY, ""))

    app = web.Application()
    app.router.add_get(entrance.IDENTITY, answer)
    async with serving(app) as url:
        yield {"IDENTITY_ENDPOINT": url + entrance.IDENTITY, "IDENTITY_HEADER": "any"}


def settings_for(
    features: Collection[str], group: str, endpoints: dict[str, str], arm: str = ""
) -> dict[str, Any]:
    """The settings, by short name. `group`: from when on alarms are one; `arm`: the resource
    manager's address."""
    asked = {"EVIDENCE": "manifest", "REGION_ENDPOINTS": json.dumps(endpoints)}
    read = {"REGISTRY_ID": REGISTRY_ID, "ARM_ENDPOINT": arm}
    return {
        **(read if LOGS in features else {}),
        "ALARM_GROUP": group if GROUPS in features else "0",
        "CORRELATION": "content" if CONTENT in features else "id",
        **(asked if EVIDENCE in features else {}),
    }
