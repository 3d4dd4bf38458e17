"""Pushes of one content, one after another, while Python dies; in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from tests.e2e.test_reviving import dying


async def push_content(w: World, number: int, *regions: str) -> None:
    """Post the nth push of the same content from regions at once, until each is kept. Each region's
    event has an id of its own."""
    async with asyncio.TaskGroup() as together:
        for region in regions or REGIONS:
            together.create_task(w.insist(f"push{number}-{region}", region))


def ids(w: World) -> list[str]:
    """Of the pushes that were told of, one by one."""
    return [m["push"]["id"] for m in w.messages]


async def broken_off(w: World, *where: str) -> None:
    """Push the content, and let Python die at these places once it is decided."""
    await push_content(w, 1, *REGIONS[:2])
    await asyncio.sleep(2)
    w.host.hazards = dying(*where)
    await w.post(event(f"push1-{REGIONS[2]}"), REGIONS[2])  # where Python dies, nobody hears of it
    await asyncio.sleep(3)
    (push,) = (p for i, p in w.host.storage.instances.items() if i.startswith("content-"))
    assert "Failed" == push.runtime_status


TOLD, OWED = ["turn-before@2"], ["activity-before@1", "turn-before@2"]
"""Where Python dies: after the verdict was told, or before."""


@pytest.mark.parametrize("where", [TOLD, OWED])
async def test_content_that_is_pushed_again_right_after_a_death_is_another_push(
    where: list[str],
) -> None:
    """Its generation was decided, and nobody has begun it anew yet; what it owes is told, too."""
    async with world(CORRELATION="content") as w:
        await broken_off(w, *where)
        assert ["complete"] * (where == TOLD) == w.verdicts()
        await push_content(w, 2)
        await asyncio.sleep(30)
        assert ["complete", "complete"] == w.verdicts()
        assert 2 == len(set(ids(w)))
        assert {f"push{n}-{r}" for n in (1, 2) for r in REGIONS} == {
            r["event_id"] for m in w.messages for r in m["regions"]
        }
        await asyncio.sleep(3_600)
        assert ["complete", "complete"] == w.verdicts()


@pytest.mark.parametrize("where", [TOLD, OWED])
async def test_a_redelivery_right_after_a_death_is_no_other_push(where: list[str]) -> None:
    """It begins the next life of the generation that has counted it."""
    async with world(CORRELATION="content") as w:
        await broken_off(w, *where)
        await push_content(w, 1)
        await asyncio.sleep(3_600)
        assert ["complete"] == w.verdicts()


async def test_a_late_report_right_after_a_death_is_of_the_push_that_waits_for_it() -> None:
    """The alarm was told, and the late window is open."""
    async with world(CORRELATION="content", LATE_WINDOW="1h", TIMEOUT="1m") as w:
        await push_content(w, 1, *REGIONS[:2])
        await w.until(lambda: w.messages)
        w.host.hazards = dying("turn-before@1")
        await asyncio.sleep(3)
        assert "Failed" in {p.runtime_status for p in w.host.storage.instances.values()}
        await push_content(w, 1, REGIONS[2])
        await asyncio.sleep(3_600)
        assert ["overdue", "recovered"] == w.verdicts()
        assert 1 == len(set(ids(w)))
