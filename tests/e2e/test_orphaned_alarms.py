"""A host dies as it hands an alarm's activity to the engine: the alarm is in a queue, and its turn
has not happened. Only what the turn comes to when it is taken again is told; in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from acr_global_rig.receivers import Receiver
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.hazards import CHECKPOINTS, PYTHON_CHECKPOINTS
from tests.e2e.test_corners import logged

DEATHS = [
    *(f"crash={checkpoint}" for checkpoint in CHECKPOINTS),
    *(f"python-dies={checkpoint}" for checkpoint in PYTHON_CHECKPOINTS),
]


async def crash_in_the_alarm(w: World, silent: int = 1) -> None:
    """Report all regions but so many; the host dies in the turn that decides the alarm."""
    await w.push("p1", REGIONS[silent:])
    await asyncio.sleep(30)
    w.host.hazards = Hazards.parse("crash=after-outbox-before-history@2")
    await asyncio.sleep(32)
    assert ["after-outbox-before-history"] == w.host.crashed_at


async def test_a_region_that_reports_before_the_turn_is_taken_again_leaves_no_alarm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with world(TIMEOUT="1m") as w:
        await crash_in_the_alarm(w)
        await asyncio.sleep(10)
        await w.insist("p1", REGIONS[0])
        await asyncio.sleep(600)
        assert ["complete"] == w.verdicts()
        assert "complete" == logged(caplog, "verdict-dropped")["instead"]


async def test_of_two_silent_regions_the_alarm_names_the_one_that_still_is() -> None:
    """Both alarms have one message id, so a receiver would keep the one that comes first. It takes
    some seconds for its answer, in which the push shows that it is overdue."""
    ops = Receiver("ops", gate=asyncio.Event())
    async with world(ops, TIMEOUT="1m", LATE_WINDOW="1h") as w:
        await crash_in_the_alarm(w, silent=2)
        await asyncio.sleep(10)
        await w.insist("p1", REGIONS[1])
        await w.until(lambda: ops.requests)
        await asyncio.sleep(5)
        assert ops.gate
        ops.gate.set()
        await asyncio.sleep(600)
        assert {("overdue", REGIONS[0])} == {(m["type"], *m["missing"]) for _, m in ops.requests}


async def test_where_it_stays_silent_the_alarm_is_told() -> None:
    async with world(TIMEOUT="1m", LATE_WINDOW="1h") as w:
        await crash_in_the_alarm(w)
        await asyncio.sleep(300)
        assert {"overdue"} == set(w.verdicts())
        assert 1 == len({m["id"] for m in w.messages})
        await w.insist("p1", REGIONS[0])
        await asyncio.sleep(60)
        assert "recovered" == w.verdicts()[-1]


@pytest.mark.parametrize("nth", range(1, 7))
@pytest.mark.parametrize("death", DEATHS)
async def test_a_death_at_any_place_about_an_alarm_tells_nothing_wrong(
    death: str, nth: int
) -> None:
    """The region reports ten seconds after the deadline."""
    async with world(TIMEOUT="1m", LATE_WINDOW="1h") as w:
        await w.push("p1", REGIONS[1:])
        await asyncio.sleep(50)
        w.host.hazards = Hazards.parse(f"{death}@{nth}")
        await asyncio.sleep(20)
        await w.insist("p1", REGIONS[0])
        await asyncio.sleep(900)
        told = list(dict.fromkeys(w.verdicts()))
        assert told in (["complete"], ["overdue", "recovered"])


async def test_an_orphaned_look_is_no_answer_to_what_was_to_be_told() -> None:
    """The turn that looked before an alarm is not in storage; the region's comes first then."""
    async with world(TIMEOUT="1m") as w:
        await w.push("p1", REGIONS[1:])
        await asyncio.sleep(50)
        w.host.hazards = Hazards.parse("crash=after-outbox-before-history")
        await asyncio.sleep(20)
        await w.insist("p1", REGIONS[0])
        await asyncio.sleep(900)
        assert ["after-outbox-before-history"] == w.host.crashed_at
        assert ["complete"] == w.verdicts()
        _, shown = await w.call("GET", "pushes/p1")
        assert ["delivered"] == [a["outcome"] for a in shown["verdicts"][0]["attempts"]]
