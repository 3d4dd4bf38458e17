"""One region down is one alarm; in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from acr_global_rig.receivers import Receiver
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import World, world

LAST = REGIONS[2:]
"""The region that is down."""


def told(receiver: Receiver) -> Counter[str]:
    """How many messages of each kind a receiver was told, repeats left out."""
    return Counter(m["state"] if m["type"] == "group" else m["type"] for m in receiver.messages())


def reports(receiver: Receiver) -> list[Any]:
    """What a receiver was told of groups."""
    return [m for m in receiver.messages() if m["type"] == "group"]


def pushes(count: int, of: str = "p") -> list[str]:
    """Ids."""
    return [f"{of}{n}" for n in range(count)]


async def without(w: World, silent: Iterable[str], names: Iterable[str], every: float = 5) -> None:
    """Push, while some regions do not report."""
    there = [region for region in REGIONS if region not in set(silent)]
    for name in names:
        await w.push(name, there)
        await asyncio.sleep(every)


async def with_all(w: World, regions: Iterable[str], names: Iterable[str]) -> None:
    """The regions report these pushes after all."""
    for name in names:
        await w.push(name, regions)


def groups(w: World) -> list[Any]:
    """The instances of groups."""
    return [i for i in w.host.storage.instances.values() if i.id.startswith("_group.")]


@pytest.mark.parametrize(("setting", "singly", "messages"), [("5 in 10m", 4, 11), ("0", 200, 400)])
async def test_two_hundred_pushes_without_a_region_are_one_alarm(
    setting: str, singly: int, messages: int
) -> None:
    """It comes back within the hour: 11 messages in the place of 400."""
    names = pushes(200)
    async with world(ALARM_GROUP=setting) as w:
        await without(w, LAST, names, every=1)
        await asyncio.sleep(1_800)
        await with_all(w, LAST, names)
        await asyncio.sleep(1_800)
        ops = w.receivers["ops"]
        assert messages == len(ops.requests) == sum(told(ops).values())
        assert singly == told(ops)["overdue"] == told(ops)["recovered"]
        if setting != "0":
            last = reports(ops)[-1]
            assert ("over", 0, 200, 0) == tuple(
                last[name] for name in ("state", "waiting", "recovered", "incomplete")
            )
            assert 150 <= last["omitted"] < 200
