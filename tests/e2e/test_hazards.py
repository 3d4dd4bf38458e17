"""What Azure Storage does to an app, done to this one and to the textbook's beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from acr_global.functions.app import build_app
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost import Hazards, run_virtual
from devhost.hazards import CHECKPOINTS
from tests.e2e.test_together import apart
from tests.e2e.textbook import build_textbook

RACE = Hazards(gap=(0.0, 1.5), start_race=0.5, row_late=0.05)


async def race(w: World) -> list[str]:
    """Post twenty pushes from all regions at once; the verdicts after every deadline has passed."""
    posts = [w.post(event(f"p{n}"), region) for n in range(20) for region in REGIONS]
    answers = await asyncio.gather(*posts)
    assert {202} == {status for status, _ in answers if status != 500}
    await asyncio.sleep(1_200)
    return sorted(w.verdicts())


async def crash_after_the_first(w: World) -> list[str]:
    """The host dies while it holds each push's start; the other regions report at once."""
    for n in range(5):
        w.host.hazards = Hazards(gap=(0.5, 0.5))
        assert [202] == await w.push(f"p{n}", REGIONS[:1])
        await w.host.crash()
        await w.host.restart()
        w.host.hazards = Hazards(invisible=1.0)
        await asyncio.gather(*(w.insist(f"p{n}", region) for region in REGIONS[1:]))
    w.host.hazards = Hazards()
    await asyncio.sleep(1_200)
    return sorted(w.verdicts())


def outcome(
    app: Callable[[Any], Any],
    scenario: Callable[[World], Awaitable[list[str]]],
    hazards: Hazards | None = None,
) -> list[str]:
    """The verdicts that a scenario leads to."""

    async def play() -> list[str]:
        async with world(app=app, hazards=hazards, seed=3) as w:
            return await scenario(w)

    return run_virtual(play)


async def race_insisting(w: World) -> list[str]:
    """The regions race on a host that also fails to answer, so each posts until it is answered."""
    await asyncio.gather(*(w.insist(f"p{n}", region) for n in range(20) for region in REGIONS))
    await asyncio.sleep(7_200)
    return sorted(w.verdicts())


async def crashes_insisting(w: World) -> list[str]:
    """The host dies after each push's first webhook, while everything else goes wrong as well."""
    for n in range(8):
        await w.insist(f"p{n}", REGIONS[0])
        await w.host.crash()
        await w.host.restart()
        await asyncio.gather(*(w.insist(f"p{n}", region) for region in REGIONS[1:]))
    await asyncio.sleep(7_200)
    return sorted(w.verdicts())


ALL_HAZARDS = Hazards.parse("azure-storage")
SCENARIOS = [
    pytest.param(20, race, RACE, id="race"),
    pytest.param(20, race_insisting, ALL_HAZARDS, id="race-azure-storage"),
    pytest.param(5, crash_after_the_first, None, id="crash"),
    pytest.param(8, crashes_insisting, ALL_HAZARDS, id="crash-azure-storage"),
]


@pytest.mark.parametrize("processes", ["one", "many"])
@pytest.mark.parametrize(("pushes", "scenario", "hazards"), SCENARIOS)
def test_races_and_crashes_cost_this_app_nothing(
    pushes: int,
    scenario: Callable[[World], Awaitable[list[str]]],
    hazards: Hazards | None,
    processes: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every push is complete, once; whether its webhooks come to one process or to many."""
    if processes == "many":
        apart(monkeypatch)
    assert ["complete"] * pushes == outcome(build_app, scenario, hazards)


@pytest.mark.parametrize(("pushes", "scenario", "hazards"), SCENARIOS)
def test_the_textbook_way_loses_arrivals(
    pushes: int, scenario: Callable[[World], Awaitable[list[str]]], hazards: Hazards | None
) -> None:
    """Alarms come for images that are everywhere, which shows that the hazards work."""
    verdicts = outcome(build_textbook, scenario, hazards)
    assert verdicts.count("complete") < pushes


@pytest.mark.parametrize("seconds", [0.0, 0.2, 1.0])
async def test_a_crash_after_the_last_webhook_costs_nothing(seconds: float) -> None:
    """What the host was working on comes back, and the verdict comes once."""
    async with world() as w:
        await w.push("p1")
        await asyncio.sleep(seconds)
        await w.host.crash()
        await w.host.restart()
        await w.until(lambda: w.messages)
        await asyncio.sleep(1_200)
        assert ["complete"] == w.verdicts()


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("nth", [1, 2, 4])
async def test_a_crash_at_any_checkpoint_costs_nothing(checkpoint: str, nth: int) -> None:
    """The host dies at every possible place, early and late in a push's life."""
    hazards = Hazards.parse(f"crash={checkpoint}@{nth}")
    async with world(hazards=hazards) as w:
        for region in REGIONS:
            await w.insist("p1", region)
        await w.until(lambda: w.messages)
        await asyncio.sleep(1_200)
        assert ["complete"] == w.verdicts()


@pytest.mark.parametrize("seed", range(5))
async def test_all_hazards_at_once_cost_nothing(seed: int) -> None:
    """Of ten pushes one lacks a region: there are ten verdicts, all of them right."""
    async with world(
        hazards=Hazards.azure_storage(), seed=seed, TIMEOUT="30m", LATE_WINDOW="0"
    ) as w:
        posts = [w.insist(f"p{n}", region) for n in range(9) for region in REGIONS]
        posts += [w.insist("p9", region) for region in REGIONS[1:]]
        await asyncio.gather(*posts)
        await w.until(lambda: len(w.messages) == 10, 36_000)
        await asyncio.sleep(3_600)
        assert ["complete"] * 9 + ["overdue"] == sorted(w.verdicts())
        (alarm,) = [m for m in w.messages if m["type"] == "overdue"]
        assert ("p9", [REGIONS[0]]) == (alarm["push"]["id"], alarm["missing"])


async def test_three_hundred_pushes_at_once_are_each_decided_once() -> None:
    """None is lost."""
    async with world(REGIONS="westeurope,eastus", hazards=Hazards(gap=(0.0, 1.0))) as w:
        posts = [
            w.post(event(f"p{n}"), region)
            for n in range(300)
            for region in ("westeurope", "eastus")
        ]
        assert {202} == {status for status, _ in await asyncio.gather(*posts)}
        await w.until(lambda: len(w.messages) == 300)
        await w.host.settle()
        assert ["complete"] * 300 == w.verdicts()
        receiver = next(iter(w.receivers.values()))
        assert 300 == len(receiver.requests)


async def test_an_endpoint_that_fails_is_tried_again_before_a_refusal() -> None:
    """Only what was kept is answered 202; the log holds the rest."""
    async with world(hazards=Hazards(management_errors=1.0)) as w:
        status, answer = await w.post(event("p1"), "eastus")
        assert (503, "engine-unavailable") == (status, answer["reason"])
        w.host.hazards = Hazards(management_errors=0.4)
        assert 202 == (await w.post(event("p2"), "eastus"))[0]
