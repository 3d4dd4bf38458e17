"""As much as the settings allow: hundreds of regions and targets."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from acr_global.functions.durable.statuses import MAX_STATUS_CHARS
from acr_global_rig.receivers import Receiver
from acr_global_rig.registry import event
from acr_global_rig.world import World, world

MANY = tuple(f"region{n:044}" for n in range(500))
"""Regions of 50 characters."""


def custom_status(w: World, instance_id: str) -> Any:
    """The custom status of an instance, if the engine accepts it at all."""
    status = w.host.storage.instances[instance_id].custom_status
    assert MAX_STATUS_CHARS >= len(json.dumps(status, separators=(",", ":")))
    return status


async def test_a_push_to_a_hundred_regions_is_complete() -> None:
    """All of them report at once, each once."""
    async with world(REGIONS=",".join(MANY[:100])) as w:
        answers = await asyncio.gather(*(w.post(event("p1"), region) for region in MANY[:100]))
        assert {202} == {status for status, _ in answers}
        await w.until(lambda: w.messages)
        (message,) = w.messages
        assert ("complete", 100) == (message["type"], len(message["regions"]))
        await asyncio.sleep(60)
        assert "Completed" == w.host.storage.instances["p1"].runtime_status


async def test_five_hundred_regions_of_long_names_are_overdue_and_recover() -> None:
    """The message names each missing one; the custom status holds the first and a count."""
    async with world(REGIONS=",".join(MANY)) as w:
        await w.push("p1", MANY[:1])
        await w.host.settle()
        first = custom_status(w, "p1")
        assert 499 == len(first["missing"]) + first["missing_more"]
        await w.until(lambda: w.messages)
        assert list(MANY[1:]) == w.messages[0]["missing"]
        assert "overdue" == custom_status(w, "p1")["state"]
        await asyncio.gather(*(w.post(event("p1"), region) for region in MANY[1:]))
        await asyncio.sleep(60)
        assert ["overdue", "recovered"] == w.verdicts()
        assert ("recovered", []) == (
            custom_status(w, "p1")["state"],
            custom_status(w, "p1")["missing"],
        )


async def test_two_hundred_targets_that_refuse_are_one_dead_letter() -> None:
    """The list names the first of them; the letter itself names all, and a replay reaches all."""

    def many(there: dict[str, Receiver]) -> list[dict[str, Any]]:
        return [
            {"name": f"{n:050}", "kind": "webhook", "url": there["ops"].url} for n in range(200)
        ]

    async with world(targets=many) as w:
        w.receivers["ops"].answers = [400] * 200 + [503] * 200
        await w.push("p1")
        await asyncio.sleep(60)
        _, answer = await w.call("GET", "deadletters")
        (letter,) = answer["deadletters"]
        assert 200 == len(letter["dead"]) + letter["dead_more"]
        _, shown = await w.call("GET", f"deadletters/{letter['id']}")
        assert (200, [], []) == (len(shown["dead"]), shown["owed"], shown["delivered"])
        assert 202 == (await w.call("POST", f"deadletters/{letter['id']}/replay"))[0]
        await w.host.settle()
        status = custom_status(w, f"{letter['id']}~1")
        assert ("retrying", letter["id"]) == (status["state"], status["replay_of"])
        assert 200 == len(status["owed"]) + status["owed_more"]
        await asyncio.sleep(600)
        assert 600 == len(w.receivers["ops"].requests)
        status = custom_status(w, f"{letter['id']}~1")
        assert ("delivered", 200) == (
            status["state"],
            len(status["delivered"]) + status["delivered_more"],
        )
