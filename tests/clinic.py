"""An app on a host that asks for keys, a registry that posts to it, and a resource manager."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from acr_global.doctor.examine import examine
from acr_global.doctor.facts import Unknown
from acr_global.doctor.finding import Finding
from acr_global.doctor.gather import Where, gather
from acr_global.functions.app import build_app
from acr_global.functions.durable import engine
from acr_global.registration.arm import Arm
from acr_global.registration.signin import cloud_at
from acr_global.registry.naming import TAG
from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm, Registry, Site
from acr_global_rig.registry import event
from acr_global_rig.world import HOST_JSON
from devhost import DevHost
from tests.doctor.samples import KEY, REGIONS


@dataclass
class Clinic:
    """App, registry and resource manager, with nothing wrong yet."""

    host: DevHost
    arm: LoopbackArm
    registry: Registry
    site: Site

    @property
    def where(self) -> Where:
        """Whom the doctor asks, with all that it needs."""
        return Where(self.host.url, KEY, "contoso", timeout=30)

    async def findings(self, where: Where | None = None) -> tuple[Finding, ...]:
        """The doctor's findings."""
        with Arm.open(cloud_at(self.arm.url), SUBSCRIPTION) as arm:
            return examine(await gather(where or self.where, arm))

    async def findings_without_arm(self) -> tuple[Finding, ...]:
        """The findings where nobody is signed in to the resource manager."""
        return examine(await gather(self.where, Unknown("nobody is signed in here")))

    async def push(self) -> None:
        """Let one image arrive in each region."""
        for region in REGIONS:
            await asyncio.to_thread(self.registry.fire, region, event("p1"))

    def webhook(self, region: str, key: str = KEY, query: str = "") -> None:
        """Set a region's webhook as it should be, except for its key and the rest of its query."""
        uri = f"{self.host.url}/api/ImagePush?region={region}{query}"
        headers = {"x-functions-key": key}
        tags = {TAG: self.site.id}
        self.registry.add_webhook(f"of{region}", region, uri, headers, tags=tags)


@asynccontextmanager
async def clinic(rig: LoopbackArm, **settings: str) -> AsyncIterator[Clinic]:
    """A running app, its registry with webhooks, and its site."""
    registry = rig.add_registry("contoso", REGIONS[0], REGIONS)
    targets = '[{"name": "ops", "kind": "webhook", "url": "http://127.0.0.1:9/"}]'
    given = {"REGIONS": ",".join(REGIONS), "TARGETS": targets, **settings}
    app = build_app({f"ACR_GLOBAL_{name}": value for name, value in given.items()})
    host = await DevHost.start(app, host_json=HOST_JSON, require_key=KEY)
    try:
        there = Clinic(host, rig, registry, rig.add_site("func-app", host.url))
        for region in REGIONS:
            there.webhook(region)
        yield there
    finally:
        await host.stop()
        await engine.close_session()
