"""Pushes of one content, one after another, while Python dies; in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from acr_global.functions.durable import names, wire
from acr_global.functions.durable.engine import STOOD_STILL
from acr_global.functions.recovery import givingup, mending, reviving
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from tests.e2e.test_couriers import lines
from tests.e2e.test_patrol import break_turns
from tests.e2e.test_reviving import dying, engine_of


async def push_content(w: World, number: int, *regions: str) -> None:
    """Post the nth push of the same content from regions at once, until each is kept. Each region's
    event has an id of its own."""
    async with asyncio.TaskGroup() as together:
        for region in regions or REGIONS:
            together.create_task(w.insist(f"push{number}-{region}", region))


def ids(w: World) -> list[str]:
    """Of the pushes that were told of, one by one."""
    return [m["push"]["id"] for m in w.messages]


def generations(w: World) -> list[str]:
    """The ids of all pushes of the content, the newest first."""
    return sorted(i for i in w.host.storage.instances if i.startswith("content-"))


def status(w: World, push_id: str) -> str:
    """How an instance is, as the engine has it."""
    return str(w.host.storage.instances[push_id].runtime_status)


async def broken_off(w: World, *where: str) -> None:
    """Push the content, and let Python die at these places once it is decided."""
    await push_content(w, 1, *REGIONS[:2])
    await asyncio.sleep(2)
    w.host.hazards = dying(*where)
    await w.post(event(f"push1-{REGIONS[2]}"), REGIONS[2])  # where Python dies, nobody hears of it
    await asyncio.sleep(3)
    assert ["Failed"] == [status(w, push) for push in generations(w)]


TOLD, OWED = ["turn-before@2"], ["activity-before@1", "turn-before@2"]
"""Where Python dies: after the verdict was told, or before."""

DECIDING, AGAIN = ["turn-before@1"], ["turn-before@1", "turn-before@2"]
"""In the turn that would decide; and in that of its next life, which a redelivery begins."""


@pytest.mark.parametrize("where", [TOLD, OWED, DECIDING, AGAIN])
async def test_content_that_is_pushed_again_right_after_a_death_is_another_push(
    where: list[str],
) -> None:
    """Its generation was decided, and nobody has begun it anew yet; what it owes is told, too."""
    async with world(CORRELATION="content") as w:
        await broken_off(w, *where)
        if where == AGAIN:
            await w.post(event(f"push1-{REGIONS[2]}"), REGIONS[2])
            await asyncio.sleep(3)
            assert ["Failed"] == [status(w, push) for push in generations(w)]
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


@pytest.mark.parametrize("where", [TOLD, OWED, DECIDING])
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


async def test_a_push_that_an_earlier_report_completes_is_over_where_python_dies() -> None:
    """Python dies as it is told, at the deadline; without that report it would be an alarm, and its
    late window would take in what is pushed next."""
    async with world(CORRELATION="content", LATE_WINDOW="1h", TIMEOUT="1m") as w:
        await push_content(w, 1)
        await w.until(lambda: w.messages)
        await push_content(w, 2, *REGIONS[:2])
        await asyncio.sleep(50)
        w.host.hazards = dying("activity-before@2", "turn-before@3")
        await asyncio.sleep(15)
        assert "Failed" == status(w, generations(w)[0])
        assert ["complete"] == w.verdicts()
        await push_content(w, 3)
        await asyncio.sleep(7_200)
        assert ["complete"] * 3 == w.verdicts()
        assert {f"push3-{r}" for r in REGIONS} in [
            {r["event_id"] for r in m["regions"]} for m in w.messages
        ]


async def test_an_earlier_report_that_has_counted_at_the_alarm_counts_in_the_next_life() -> None:
    """Python dies in the turn that would recover the push. It does not wait out its late window for
    that region, and takes nothing of the next push."""
    async with world(CORRELATION="content", LATE_WINDOW="1h", TIMEOUT="1m") as w:
        await push_content(w, 1, *REGIONS[:2])
        await asyncio.sleep(7_200)
        await push_content(w, 2, REGIONS[0])
        await w.until(lambda: 2 == len(w.messages))
        assert ("overdue", [REGIONS[2]]) == (w.messages[-1]["type"], w.messages[-1]["missing"])
        await asyncio.sleep(10)
        w.host.hazards = dying("turn-before@1")
        await w.post(event(f"push2-{REGIONS[2]}"), REGIONS[2])
        await asyncio.sleep(3)
        assert "Failed" == status(w, generations(w)[0])
        await push_content(w, 3)
        await asyncio.sleep(60)
        assert ["complete", "recovered"] == sorted(w.verdicts()[2:])
        assert 3 == len(set(ids(w)))


async def test_content_is_told_of_after_a_push_of_it_was_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A redelivery begins no other push. An operator who tries the dead one again later is told
    what became of that one, too."""
    async with world(CORRELATION="content", LATE_WINDOW="0") as w:
        await push_content(w, 1, REGIONS[0])
        await w.host.settle()
        (dead,) = generations(w)
        break_turns(w, names.WAIT_FOR_ALL_REGIONS, dead, times=6)
        await push_content(w, 1, REGIONS[1])
        await mending.send_courier(engine_of(w), dead)
        await asyncio.sleep(3_600)
        await push_content(w, 1, REGIONS[0])
        await asyncio.sleep(60)
        assert [dead] == generations(w)
        given_up = len(lines(caplog, "push-given-up"))
        for number in (2, 3):
            await push_content(w, number)
            await asyncio.sleep(3_600)
        assert ["complete", "complete"] == w.verdicts()
        assert dead not in ids(w)
        assert given_up == len(lines(caplog, "push-given-up"))
        assert 202 == (await w.call("POST", f"pushes/{dead}/retry"))[0]
        await asyncio.sleep(3_600)
        assert ["complete", "complete", "overdue"] == w.verdicts()
        assert (dead, [REGIONS[2]]) == (ids(w)[2], w.messages[2]["missing"])


@pytest.mark.parametrize("why", [reviving.DID_NOT_BEGIN, STOOD_STILL])
async def test_content_is_told_of_after_a_push_of_it_was_ended_and_given_up(why: str) -> None:
    """It was ended to be begun anew; the next event is not taken for what it still waited for."""
    async with world(CORRELATION="content") as w:
        await push_content(w, 1, *REGIONS[:2])
        await w.host.settle()
        (dead,) = generations(w)
        await engine_of(w).terminate(dead, why)
        await w.host.settle()
        await givingup.give_up(engine_of(w), wire.CourierInput(push_id=dead), "it cannot begin")
        await push_content(w, 2, REGIONS[2])
        await push_content(w, 2, *REGIONS[:2])
        await asyncio.sleep(60)
        assert ["complete"] == w.verdicts()
        assert dead not in ids(w)


async def test_content_is_told_of_after_an_instance_that_cannot_be_read() -> None:
    """It looks as if it were to be begun anew, and its input is not ours."""
    async with world(CORRELATION="content") as w:
        await push_content(w, 1)
        await asyncio.sleep(60)
        (push,) = generations(w)
        row = w.host.storage.instances[push]
        row.runtime_status, row.output, row.input = "Terminated", reviving.DID_NOT_BEGIN, "{}"
        assert 202 == (await w.post(event("push2"), REGIONS[0]))[0]
        await push_content(w, 2, *REGIONS[1:])
        await asyncio.sleep(60)
        assert ["complete", "complete"] == w.verdicts()
