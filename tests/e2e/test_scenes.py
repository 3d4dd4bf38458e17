"""One push, one verdict, on both hosts."""

from __future__ import annotations

import asyncio

from tests.e2e.scene import Scene, both
from tests.e2e.world import REGIONS


@both()
async def test_regions_in_order_are_complete(s: Scene) -> None:
    """One notification, with each region's report in it."""
    assert [202, 202, 202] == await s.push()
    await s.told("complete")
    (message,) = s.ops.messages()
    assert ["arrived"] * 3 == [r["state"] for r in message["regions"]]
    assert "Completed" == (await s.ended())["runtimeStatus"]
    assert 1 == len(s.ops.requests)


@both()
async def test_everything_at_once_is_one_verdict_each(s: Scene) -> None:
    """Four pushes, every region twice, in the same moment."""
    bodies = [s.event(n) for n in range(4)]
    posts = [s.post(body, region) for body in bodies for region in REGIONS for _ in range(2)]
    assert {200, 202} >= {status for status, _ in await asyncio.gather(*posts)}
    for n in range(4):
        await s.told("complete", push=n)
        await s.ended(s.push_id(n))
    assert 4 == len(s.ops.messages())


@both(policy="late")
async def test_a_missing_region_is_named_and_recovers(s: Scene) -> None:
    """Overdue at the deadline; then it reports after all."""
    await s.push(*REGIONS[:2])
    await s.told("overdue")
    assert [REGIONS[2]] == s.ops.messages()[0]["missing"]
    await s.push(REGIONS[2])
    await s.told("overdue", "recovered")
    await s.ended()
    assert 2 == len(s.ops.messages())
