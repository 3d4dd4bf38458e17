"""A host dies as it hands a group's report to the engine: only what its turn comes to when it is
taken again is told. In virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

import pytest

from acr_global_rig.receivers import every_verdict
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import World, world
from devhost import Hazards
from tests.e2e.test_groups import LAST, check, pushes

TOGETHER, LATER = pushes(5), "q0"


async def after(seconds: float, what: Awaitable[None]) -> None:
    await asyncio.sleep(seconds)
    await what


async def report(w: World, names: Iterable[str], regions: Iterable[str]) -> None:
    """Post these pushes' webhooks until each is kept."""
    for name in names:
        for region in regions:
            await w.insist(name, region)


async def will_die(w: World, nth: int) -> None:
    """The host dies in the nth turn from here on, once its activities are in the queue."""
    w.host.hazards = Hazards.parse(f"crash=after-outbox-before-history@{nth}")


def contents(w: World) -> dict[str, list[Any]]:
    """What each message's id was sent with, reports alone, repeats left out."""
    found: dict[str, list[Any]] = {}
    for _, message in w.receivers["ops"].requests:
        if message["type"] == "group" and message not in found.setdefault(message["id"], []):
            found[message["id"]].append(message)
    return found


@pytest.mark.parametrize("nth", range(1, 5))
@pytest.mark.parametrize("later", [61, 65, 70])
@pytest.mark.parametrize("back", [75, 130])
async def test_a_report_whose_turn_is_taken_again_is_told_as_that_turn_makes_it(
    caplog: pytest.LogCaptureFixture, nth: int, later: int, back: int
) -> None:
    """Five alarms are a group, which is to be over when a sixth comes; about then the host dies.
    One id has one content, and nobody is left out."""
    async with world(
        targets=every_verdict, ALARM_GROUP="3 in 2m", TIMEOUT="1m", LATE_WINDOW="2h"
    ) as w:
        there = [region for region in REGIONS if region != LAST]
        async with asyncio.TaskGroup() as play:
            play.create_task(report(w, TOGETHER, there))
            play.create_task(after(later + 60, report(w, [LATER], there)))
            play.create_task(after(back, report(w, TOGETHER, [LAST])))
            play.create_task(after(150, will_die(w, nth)))
        await asyncio.sleep(4 * 3_600)
        assert w.host.crashed_at
        check(w, {*TOGETHER, LATER}, set(TOGETHER))
        assert [1] == list({len(said) for said in contents(w).values()})
        assert "orchestration failed" not in caplog.text
