"""Real OCI registries as regions: pushed to one, replicated to the others; on both hosts.

Three of Debian's docker-registry post their own notifications to the app; `skopeo copy` is the
replication. They are processes, so these scenes play in real time on devhost too. Such registries
have ids of their own, so the app correlates by content.
"""

from __future__ import annotations

import asyncio

from acr_global_rig.registry import REGIONS
from tests.e2e.scene import Scene, both
from tests.registry.real import needs_registry

pytestmark = needs_registry
HOME, *REPLICAS = REGIONS


async def push(s: Scene) -> str:
    """Push one image to the home region; returns its digest."""
    return str(await asyncio.to_thread(s.registries.push, HOME, s.repository, "v1"))


async def replicate(s: Scene, *regions: str) -> None:
    """Copy the image to the replicas."""
    for region in regions:
        await asyncio.to_thread(s.registries.replicate, HOME, region, s.repository, "v1")


@both(policy="oci")
async def test_a_push_that_is_replicated_is_complete(s: Scene) -> None:
    """There is one verdict, with each region's real lag and its own id."""
    digest = await push(s)
    await replicate(s, *REPLICAS)
    await s.told("complete")
    (message,) = s.ops.messages()
    assert digest == message["push"]["digest"]
    lags = [r["lag_seconds"] for r in message["regions"]]
    assert sorted(lags) == lags
    assert 0.0 == lags[0] < lags[1]
    assert 3 == len({r["event_id"] for r in message["regions"]})


@both(policy="oci-deaf")
async def test_a_lost_webhook_is_no_alarm_when_the_manifest_is_there(s: Scene) -> None:
    """One region's notifications go nowhere while its blobs arrive."""
    await push(s)
    await replicate(s, *REPLICAS)
    await s.told("complete")
    region = s.ops.messages()[0]["regions"][2]
    assert ("evidence", "readable there") == (region["state"], region["evidence"][0]["detail"])


@both(policy="oci-late")
async def test_a_region_that_is_replicated_late_recovers(s: Scene) -> None:
    """The alarm says what was seen there; then the image comes."""
    await push(s)
    await replicate(s, REPLICAS[0])
    await s.told("overdue")
    (alarm,) = s.ops.messages()
    assert [REPLICAS[1]] == alarm["missing"]
    assert "404" in alarm["regions"][2]["evidence"][0]["detail"]
    await replicate(s, REPLICAS[1])
    await s.told("overdue", "recovered")
