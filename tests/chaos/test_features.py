"""The registry's logs of a round are read by the app itself, as its identity, over plain http."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from acr_global.functions.catching_up.logs import Found, Logs
from acr_global.registry.look import Access, Identity
from acr_global_rig.registry import REGIONS, event
from benchmarks.chaos.features import EventLogs, signing_in
from benchmarks.chaos.schedule import Fault
from tests.registry.fakes import REGISTRY_ID


async def read(arm: str) -> Found:
    """All that nobody took, as a new process finds it."""
    identity = Identity(None)
    access = Access(kinds=(), resource_id=REGISTRY_ID, arm_endpoint=arm)
    try:
        return await Logs().undelivered(access, REGIONS, identity.get, datetime.now(UTC), 10.0)
    finally:
        await identity.close()


@pytest.mark.real_time
async def test_what_was_not_answered_is_in_the_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was refused is in them, too, and what was kept is not. While the registry fails, none
    can be read."""
    logs = EventLogs()
    for region, status in zip(REGIONS, (None, 503, 202), strict=True):
        logs.note(region, event("p1"), status)
    async with logs.serving() as arm, signing_in() as environ:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        found = await read(arm)
        assert {(REGIONS[0], 504), (REGIONS[1], 503)} == {
            (entry.query["region"], entry.status) for entry in found.entries
        }
        assert [] == found.problems
        failing = asyncio.create_task(logs.fail(Fault(0.0, "registry", "500", 2.0)))
        await asyncio.sleep(0)
        assert [] == (await read(arm)).entries
        await failing
        assert 2 == len((await read(arm)).entries)
