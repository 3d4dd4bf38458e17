"""A deployment with wrong settings, and one that leaves a region out, on both hosts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from acr_global.functions import clock
from acr_global.functions.app import build_app
from acr_global.functions.durable import engine as app_engine
from acr_global_rig import engine
from acr_global_rig.receivers import Receiver, listening, webhook_targets
from acr_global_rig.registry import REGIONS, event, post
from acr_global_rig.world import HOST_JSON
from devhost import DevHost, run_virtual
from devhost import clock as virtual
from devhost.index import index_app

WITHIN = 60.0
"""Seconds for a message to come, whichever host it is."""


@dataclass
class App:
    """A deployment, as seen from outside."""

    url: str
    session: aiohttp.ClientSession

    async def post(self, push: str, region: str, registry: str = "plain") -> tuple[int, Any]:
        """Post one region's webhook."""
        body = event(push, repository=f"team/{push}")
        body["request"]["host"] = f"{registry}.example"
        return await post(self.session, self.url, body, region)

    async def health(self) -> tuple[int, Any]:
        """The status and JSON of its public health check."""
        async with self.session.get(f"{self.url}/api/health") as answer:
            return answer.status, await answer.json()


Deploy = Callable[[dict[str, str]], Awaitable[App]]
"""The app with these settings, by short name, on the storage that the one before had."""
Play = Callable[[Deploy, Receiver], Awaitable[None]]


@contextlib.asynccontextmanager
async def on_devhost() -> AsyncIterator[Deploy]:
    """One host, stopped and started anew for each deployment."""
    before, clock.utcnow = clock.utcnow, virtual.utcnow
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(setattr, clock, "utcnow", before)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        stack.push_async_callback(app_engine.close_session)
        hosts: list[DevHost] = []

        async def deploy(settings: dict[str, str]) -> App:
            app = build_app(settings)
            if hosts:
                (host,) = hosts
                await host.crash()
                host.index = index_app(app)
                await host.restart()
            else:
                host = await DevHost.start(app, host_json=HOST_JSON)
                hosts.append(host)
                stack.push_async_callback(host.stop)
            return App(host.url, session)

        yield deploy


@contextlib.asynccontextmanager
async def on_engine(storage: engine.Azurite) -> AsyncIterator[Deploy]:
    """A host for each deployment, all on one hub, as while a new release is rolled out."""
    hub = engine.new_hub()
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())

        async def deploy(settings: dict[str, str]) -> App:
            host = await stack.enter_async_context(engine.hosted(storage, settings, hub=hub))
            return App(host.url, session)

        yield deploy


async def play(test: Play, deploying: contextlib.AbstractAsyncContextManager[Deploy]) -> None:
    """Play with one receiver, `ops`, which every deployment names among its targets."""
    ops = Receiver("ops")
    async with listening(ops), deploying as deploy:

        async def with_ops(settings: dict[str, str]) -> App:
            (ours,) = webhook_targets([ops])
            more = json.loads(settings.get("TARGETS", "[]"))
            given = {"REGIONS": ",".join(REGIONS)} | settings
            given["TARGETS"] = json.dumps([ours, *more])
            return await deploy({f"ACR_GLOBAL_{name}": value for name, value in given.items()})

        await test(with_ops, ops)


@pytest.fixture(params=["devhost", pytest.param("engine", marks=pytest.mark.engine)])
def plays(request: pytest.FixtureRequest) -> Callable[[Play], None]:
    """`plays(test)` plays a test on one of the hosts."""
    if request.param == "devhost":
        return lambda test: run_virtual(lambda: play(test, on_devhost()))
    storage: engine.Azurite = request.getfixturevalue("storage")
    return lambda test: asyncio.run(play(test, on_engine(storage)))


def new_push() -> str:
    """An id that no other test has."""
    return uuid.uuid4().hex[:12]


WRONG = {
    "TIMEOUT": "soon",
    "RETRY_SCHEDULE": "often",
    "EVIDENCE": "guess",
    "COLOUR": "blue",
    "TARGETS": json.dumps([{"name": "chat", "kind": "slakc"}]),
    "REGISTRIES": json.dumps(
        {"blind.example": {"regions": "no/region"}, "short.example": {"timeout": "soon"}}
    ),
}


def test_wrong_settings_cost_what_they_name(plays: Callable[[Play], None]) -> None:
    """Pushes are kept, decided and notified; only where regions cannot be known they are
    refused."""

    async def test(deploy: Deploy, ops: Receiver) -> None:
        app, pushes = await deploy(WRONG), [new_push(), new_push()]
        for push, registry in zip(pushes, ("plain", "short"), strict=True):
            for region in REGIONS:
                assert 202 == (await app.post(push, region, registry))[0]
        status, answer = await app.post("p", REGIONS[0], "blind")
        assert (503, "settings-invalid") == (status, answer["reason"])
        status, health = await app.health()
        assert (200, "degraded") == (status, health["status"])
        named = {(p["setting"], p["severity"]) for p in health["problems"]}
        assert {
            (f"ACR_GLOBAL_{name}", "warning" if name == "COLOUR" else "error") for name in WRONG
        } == named
        await ops.until(lambda: len(ops.messages()) == 2, WITHIN)
        assert {(push, "complete") for push in pushes} == {
            (m["push"]["id"], m["type"]) for m in ops.messages()
        }

    plays(test)


def test_pushes_in_flight_wait_for_a_region_that_has_left(plays: Callable[[Play], None]) -> None:
    """For the next push the region is unknown."""
    content = {"REGISTRIES": json.dumps({"content.example": {"correlation": "content"}})}

    async def test(deploy: Deploy, ops: Receiver) -> None:
        before, pushes = await deploy(content), [new_push(), new_push()]
        for push, registry in zip(pushes, ("plain", "content"), strict=True):
            for region in REGIONS[:2]:
                assert 202 == (await before.post(push, region, registry))[0]
        after = await deploy(content | {"REGIONS": ",".join(REGIONS[:2])})
        for push, registry in zip(pushes, ("plain", "content"), strict=True):
            assert 202 == (await after.post(push, REGIONS[2], registry))[0]
        await ops.until(lambda: len(ops.messages()) == 2, WITHIN)
        for message in ops.messages():
            assert ("complete", list(REGIONS)) == (
                message["type"],
                [r["region"] for r in message["regions"]],
            )
        following = new_push()
        status, answer = await after.post(following, REGIONS[2])
        assert (400, "region-unknown") == (status, answer["reason"])
        for region in REGIONS[:2]:
            assert 202 == (await after.post(following, region))[0]
        await ops.until(lambda: len(ops.messages()) == 3, WITHIN)
        assert list(REGIONS[:2]) == [r["region"] for r in ops.messages()[2]["regions"]]

    plays(test)
