"""Real OCI registries as regions: pushed to one, replicated to the others, in real time.

Three of Debian's docker-registry post their own notifications to the app; `skopeo copy` is the
replication. Such registries have ids of their own, so the app correlates by content.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.e2e.world import REGIONS, World, world
from tests.registry.fakes import unused_url
from tests.registry.real import Registries, needs_registry, registries

pytestmark = needs_registry
HOME, *REPLICAS = REGIONS
REGISTRY = "my.registry"


@dataclass
class Field:
    """An app, and the registries that post to it."""

    app: World
    registries: Registries

    async def push(self) -> str:
        """One image to the home region; its digest."""
        return str(await asyncio.to_thread(self.registries.push, HOME, "team/app", "v1"))

    async def replicate(self, *regions: str) -> None:
        """Copy it to the replicas."""
        copy = self.registries.replicate
        for region in regions:
            await asyncio.to_thread(copy, HOME, region, "team/app", "v1")

    async def until(self, *verdicts: str) -> None:
        """Return when the app has said this much of the push."""
        await self.app.until(lambda: list(verdicts) == self.app.verdicts(), 60)


@asynccontextmanager
async def field(
    deaf: tuple[str, ...] = (), endpoints: bool = False, **settings: Any
) -> AsyncIterator[Field]:
    """Registries of which some post to nobody; `endpoints`: the app may ask them for manifests."""
    url = unused_url()  # the registries are told before the app listens
    hook = f"{url}/api/ImagePush?region={{}}&registry={REGISTRY}"
    notify = {r: unused_url() if r in deaf else hook.format(r) for r in REGIONS}
    with registries(REGIONS, notify) as running:
        if endpoints:
            urls = json.dumps(dict(running.urls))
            settings |= {"EVIDENCE": "manifest", "REGION_ENDPOINTS": urls}
        port = int(url.rpartition(":")[2])
        async with world(port=port, CORRELATION="content", **settings) as app:
            yield Field(app, running)


def run(test: Callable[[], Any]) -> None:
    """In real time: the registries are processes of their own."""
    asyncio.run(test())


def test_a_push_that_is_replicated_is_complete() -> None:
    """One verdict; lag per region as it was; each region's own id."""

    async def test() -> None:
        async with field() as f:
            digest = await f.push()
            await f.replicate(*REPLICAS)
            await f.until("complete")
            (message,) = f.app.messages
            assert digest == message["push"]["digest"]
            lags = [r["lag_seconds"] for r in message["regions"]]
            assert sorted(lags) == lags
            assert 0.0 == lags[0] < lags[1]
            assert 3 == len({r["event_id"] for r in message["regions"]})

    run(test)


def test_a_lost_webhook_is_no_alarm_when_the_manifest_is_there() -> None:
    """One region's notifications go nowhere while its blob arrives."""

    async def test() -> None:
        async with field(deaf=(REPLICAS[1],), endpoints=True, TIMEOUT="6s") as f:
            await f.push()
            await f.replicate(*REPLICAS)
            await f.until("complete")
            region = f.app.messages[0]["regions"][2]
            assert ("evidence", "readable there") == (
                region["state"],
                region["evidence"][0]["detail"],
            )

    run(test)


def test_a_region_that_is_replicated_late_recovers() -> None:
    """Overdue, with what was seen there; then the image comes."""

    async def test() -> None:
        async with field(endpoints=True, TIMEOUT="3s") as f:
            await f.push()
            await f.replicate(REPLICAS[0])
            await f.until("overdue")
            (alarm,) = f.app.messages
            assert [REPLICAS[1]] == alarm["missing"]
            assert "404" in alarm["regions"][2]["evidence"][0]["detail"]
            await f.replicate(REPLICAS[1])
            await f.until("overdue", "recovered")

    run(test)
