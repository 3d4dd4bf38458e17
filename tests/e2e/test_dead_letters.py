"""When a message is a dead letter, and when not yet; in virtual time."""

from __future__ import annotations

import asyncio

from acr_global_rig.world import world
from tests.e2e.test_delivery import LONGEST, letters


async def test_a_target_that_is_dead_beside_one_that_is_tried_is_a_dead_letter_afterwards() -> None:
    """Until then its push shows it as dead, and a retry says why there is nothing to retry."""
    async with world("gone", "down") as w:
        w.receivers["gone"].answers = [410]
        w.receivers["down"].answers = [503] * 100
        await w.push("p1")
        await asyncio.sleep(20)
        _, shown = await w.call("GET", "pushes/p1")
        [delivery] = shown["deliveries"]
        assert ("retrying", ["gone"]) == (delivery["state"], delivery["dead"])
        assert [] == await letters(w)
        status, answer = await w.call("POST", "pushes/p1/retry")
        assert (409, "nothing-given-up") == (status, answer["reason"])
        assert "still tried for other targets" in answer["message"]
        await asyncio.sleep(LONGEST)
        [letter] = await letters(w)
        assert {"gone", "down"} == set(letter["dead"])
