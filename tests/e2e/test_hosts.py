"""The app as a process, or wherever it runs: what its address alone shows, in real time."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.e2e.hosts import Served, served

KINDS = ["embedded", "url"]
WITHIN = 60.0

pytestmark = pytest.mark.real_time


@asynccontextmanager
async def on(kind: str, **settings: str) -> AsyncIterator[Served]:
    """A host for no longer than a test may take."""
    async with served(kind, **settings) as app, asyncio.timeout(WITHIN + 120):
        yield app


@pytest.mark.parametrize("kind", KINDS)
async def test_pushes_are_decided_once(kind: str) -> None:
    """They come simply, interleaved, and all at once with repeats."""
    async with on(kind) as app:
        simple, *others = (uuid.uuid4().hex for _ in range(4))
        for region in app.regions:
            assert 202 == (await app.post(simple, region))[0]
        posts = [app.post(p, r) for r in app.regions for p in others for _ in range(2)]
        assert {200, 202} >= {status for status, _ in await asyncio.gather(*posts)}
        async with asyncio.timeout(WITHIN):
            for push in (simple, *others):
                await app.until_decided(push)
        if app.receiver:
            found = [(m["push"]["id"], m["type"]) for m in app.receiver.messages()]
            assert {(p, "complete") for p in (simple, *others)} == set(found)
            assert 4 == len(found)


@pytest.mark.parametrize("kind", KINDS)
async def test_bad_input_is_answered_with_a_reason(kind: str) -> None:
    """The answer shows nothing internal."""
    async with on(kind) as app:
        assert "region-unknown" == (await app.post("a", "atlantis"))[1]["reason"]
        assert "id-invalid" == (await app.post("x/terminate?reason=", app.regions[0]))[1]["reason"]


async def test_a_missing_region_is_named_and_recovers() -> None:
    """The alarm comes at a short deadline, and the region's arrival after it."""
    async with on("embedded", TIMEOUT="1s") as app:
        push, receiver = uuid.uuid4().hex, app.receiver
        assert receiver is not None
        for region in app.regions[:2]:
            await app.post(push, region)
        await receiver.until(lambda: receiver.requests, WITHIN)
        await app.post(push, app.regions[2])
        await receiver.until(lambda: len(receiver.messages()) == 2, WITHIN)
        alarm, recovered = receiver.messages()
        assert ("overdue", [app.regions[2]]) == (alarm["type"], alarm["missing"])
        assert ("recovered", []) == (recovered["type"], recovered["missing"])
