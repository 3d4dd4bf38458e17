"""An app that is not well, and what its probe of the engine says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from acr_global.functions import app
from acr_global.functions.activities import gather_evidence
from acr_global.functions.durable import probing, wire
from acr_global_rig.world import World, world
from devhost import Hazards

PROBES = "/runtime/webhooks/durabletask/instances/?instanceIdPrefix=_probe."


async def probe(w: World) -> dict[str, Any]:
    """What became of one more."""
    status, said = await w.call("GET", "diagnosis")
    assert 200 == status
    return dict(said["probe"])


async def left(w: World) -> list[str]:
    """The states of the probes that are in storage."""
    async with w.session.get(w.host.url + PROBES) as answer:
        return [row["runtimeStatus"] for row in await answer.json()]


class Instead:
    """An activity of the name of one of ours."""

    def __init__(self, name: str, does: Callable[[], Awaitable[None]]) -> None:
        self.name, self.does = name, does

    def register(self, app: Any, setup: Any) -> None:
        """As the app's own are."""

        @app.function_name(self.name)  # type: ignore[untyped-decorator] # the SDK's
        @app.activity_trigger(input_name="work", activity=self.name)  # type: ignore[untyped-decorator]
        async def instead(work: wire.JsonObject) -> str:
            await self.does()
            return ""


def with_evidence(monkeypatch: pytest.MonkeyPatch, *other: Instead) -> None:
    """Build apps with this, or nothing, where `GatherEvidence` is."""
    there = [function for function in app.FUNCTIONS if function is not gather_evidence]
    monkeypatch.setattr(app, "FUNCTIONS", (*there, *other))


async def test_an_activity_that_the_host_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The activities before it have come back."""
    with_evidence(monkeypatch)
    async with world() as w:
        said = await probe(w)
        assert ("not-ended", "GatherEvidence") == (said["state"], said["at"])
        assert [] == await left(w)


async def test_an_activity_that_ends_in_an_error_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Functions host says the same of a disabled one; the others are called all the same."""

    async def fail() -> None:
        raise RuntimeError

    with_evidence(monkeypatch, Instead("GatherEvidence", fail))
    async with world() as w:
        said = await probe(w)
        assert ("done", ["GatherEvidence"]) == (said["state"], said["failed"])
        assert [] == await left(w)


async def test_an_endpoint_that_fails_is_said_at_once() -> None:
    """The app itself answers."""
    async with world(hazards=Hazards(management_errors=1.0)) as w:
        said = await probe(w)
    assert {"state": "engine-unavailable", "failed": []} == {
        "state": said["state"],
        "failed": said["failed"],
    }


async def test_where_python_dies_the_host_answers_for_the_question_under_way() -> None:
    """With 500, as for any function; it takes seconds, so it is often under way. A later one is
    answered by the next process."""
    async with world(hazards=Hazards.parse("python-dies=activity-after@3")) as w:
        assert 500 == (await w.call("GET", "diagnosis"))[0]
        await asyncio.sleep(30)  # what was run in the dead process goes on here, and is over then
        said = await probe(w)
        assert ("done", []) == (said["state"], said["failed"])


async def test_a_probe_that_nobody_takes_up_is_removed_by_a_later_one() -> None:
    """The first question waits only so long for it."""
    async with world(hazards=Hazards(gap=(200.0, 200.0))) as w:
        said = await probe(w)
        assert "not-begun" == said["state"]
        assert probing.WITHIN_SECONDS <= said["seconds"] < probing.WITHIN_SECONDS + 3
        assert ["Pending"] == await left(w)
        await asyncio.sleep(400)
        assert ["Completed"] == await left(w)
        await probe(w)
        assert ["Pending"] == await left(w)


async def test_a_probe_that_another_process_looks_at_is_left_alone() -> None:
    """It may have ended a moment ago, and not be seen yet."""
    async with world(hazards=Hazards(gap=(30.0, 30.0))) as w:
        await probe(w)
        await asyncio.sleep(10)
        assert ["Completed"] == await left(w)
        await probe(w)
        assert 2 == len(await left(w))


async def test_questions_at_once_share_one_probe() -> None:
    """Their number does not matter."""
    async with world(hazards=Hazards(gap=(200.0, 200.0))) as w:
        assert ["not-begun"] * 5 == [
            said["state"] for said in await asyncio.gather(*(probe(w) for _ in range(5)))
        ]
        assert ["Pending"] == await left(w)


async def test_a_probe_that_is_stuck_is_ended_and_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Later probes do that, after some minutes."""
    over = asyncio.Event()

    async def hang() -> None:
        await over.wait()

    with_evidence(monkeypatch, Instead("GatherEvidence", hang))
    async with world() as w:
        said = await probe(w)
        assert ("not-ended", "GatherEvidence") == (said["state"], said["at"])
        assert ["Running"] == await left(w)
        await asyncio.sleep(400)
        await probe(w)
        assert ["Terminated", "Running"] == await left(w)
        await probe(w)
        assert 2 == len(await left(w))
        over.set()
