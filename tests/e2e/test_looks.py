"""How often a webhook asks for its push: not again where that was seen to have begun just now."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from acr_global.functions.durable import wire
from acr_global.functions.durable.engine import Engine, EngineError
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost.protocol import Status
from tests.e2e.test_corners import durable


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the app looks at, in the order of the looks."""
    real, seen = Engine.look, []

    async def look(self: Engine, instance_id: str, **options: Any) -> Any:
        seen.append(instance_id)
        return await real(self, instance_id, **options)

    monkeypatch.setattr(Engine, "look", look)
    return seen


async def begun(w: World, looks: list[str]) -> None:
    """A push that two regions have reported, the second after a look."""
    assert [202] == await w.push("p1", REGIONS[:1])
    await asyncio.sleep(1)
    looks.clear()
    assert [202] == await w.push("p1", REGIONS[1:2])
    assert ["p1"] == looks
    looks.clear()


@pytest.mark.parametrize(("pause", "asked"), [(3.0, []), (5.0, ["p1"])])
async def test_a_push_seen_to_have_begun_is_not_looked_at_for_some_seconds(
    looks: list[str], pause: float, asked: list[str]
) -> None:
    """Its regions count all the same."""
    async with world() as w:
        await begun(w, looks)
        await asyncio.sleep(pause)
        assert [202] == await w.push("p1", REGIONS[2:])
        assert asked == looks
        await w.until(lambda: w.messages)
        assert ["complete"] == w.verdicts()


async def test_a_push_that_has_ended_meanwhile_is_looked_at(looks: list[str]) -> None:
    """The engine refuses the event, and the answer says that the push is decided."""
    async with world() as w:
        await begun(w, looks)
        await w.push("p1", REGIONS[2:])
        await w.until(lambda: w.messages)
        await w.host.settle()
        looks.clear()
        status, answer = await w.post(event("p1"), REGIONS[0])
        assert (200, "already-decided") == (status, answer["reason"])
        assert ["p1"] == looks


async def test_a_push_that_has_broken_off_meanwhile_begins_anew(looks: list[str]) -> None:
    """With the arrival that found it so."""
    async with world() as w:
        await begun(w, looks)
        w.host.storage.instances["p1"].runtime_status = Status.FAILED
        assert [202] == await w.push("p1", REGIONS[2:])
        await w.until(lambda: w.messages)
        assert ["complete"] == w.verdicts()


async def test_a_push_that_was_begun_anew_is_looked_at(looks: list[str]) -> None:
    """It may not have begun."""
    async with world() as w:
        await begun(w, looks)
        w.host.storage.instances["p1"].runtime_status = Status.FAILED
        assert [202] == await w.push("p1", REGIONS[:1])
        looks.clear()
        assert [202] == await w.push("p1", REGIONS[2:])
        assert looks
        await w.until(lambda: w.messages)
        assert ["complete"] == w.verdicts()


async def test_a_push_that_a_courier_has_begun_anew_is_looked_at(looks: list[str]) -> None:
    """The courier had its turn in this process."""
    async with world() as w:
        await begun(w, looks)
        w.host.storage.instances["p1"].runtime_status = Status.FAILED
        cargo = wire.CourierInput(push_id="p1").model_dump(mode="json")
        assert 202 == await durable(w, "orchestrators/Courier/_courier.-.p1", cargo)
        await w.host.settle()
        looks.clear()
        assert [202] == await w.push("p1", REGIONS[2:])
        assert "p1" in looks
        await w.until(lambda: w.messages)
        assert ["complete"] == w.verdicts()


async def test_an_event_that_fails_is_raised_after_a_look(
    looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The push was purged, say: then it begins anew."""
    real, calls = Engine.raise_event, []

    async def raise_event(self: Engine, *args: Any) -> bool:
        calls.append(args)
        if len(calls) == 1:
            raise EngineError("event: answered 404")
        return await real(self, *args)

    async with world() as w:
        await begun(w, looks)
        monkeypatch.setattr(Engine, "raise_event", raise_event)
        assert [202] == await w.push("p1", REGIONS[2:])
        assert ["p1"] == looks
        await w.until(lambda: w.messages)
        assert ["complete"] == w.verdicts()


async def test_a_suspended_push_is_looked_at_each_time(
    looks: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """That it is suspended is said each time."""
    async with world() as w:
        await begun(w, looks)
        await asyncio.sleep(5)
        w.host.storage.instances["p1"].runtime_status = Status.SUSPENDED
        assert [202, 202] == await w.push("p1", REGIONS[1:])
        assert ["p1", "p1"] == looks
        assert 2 == caplog.text.count("push-suspended")
