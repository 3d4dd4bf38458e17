"""A row that says Pending to its instance's end, as a crash can leave it: the endpoint shows no
history then. In virtual time."""

from __future__ import annotations

import asyncio

from acr_global_rig.registry import REGIONS
from acr_global_rig.world import world
from devhost import Hazards
from tests.e2e.test_pushes import pages, shown


async def test_an_alarm_that_was_told_is_shown_by_every_view() -> None:
    """The push is listed as overdue, once, and not as waiting, as long as it listens on."""
    async with world(hazards=Hazards.parse("crash=after-history-before-row")) as w:
        for region in REGIONS[:2]:
            await w.insist("p1", region)
        await asyncio.sleep(100)
        assert [["p1"]] == await pages(w, "state=waiting")
        await w.until(lambda: w.messages)
        await asyncio.sleep(60)
        assert "Pending" == w.host.storage.instances["p1"].runtime_status
        assert [[]] == await pages(w, "state=waiting")
        assert [["p1"]] == await pages(w, "state=overdue") == await pages(w)
        push, (message,) = await shown(w), w.messages
        assert ("overdue", message["decided_at"]) == (push["state"], push["decided_at"])
        assert ["overdue"] == [verdict["type"] for verdict in push["verdicts"]]
