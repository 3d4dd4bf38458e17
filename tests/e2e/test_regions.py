"""What each region has done, where much is kept or the table fails; in virtual time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from acr_global import ledger
from acr_global.functions.records.ledgers import MemoryLedger, Page
from acr_global.functions.views import pushlists, regionlists
from acr_global.ledger import Span, row_of
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import world
from devhost.clock import utcnow
from tests.e2e.test_pushes import Broken, with_ledger
from tests.notify.samples import verdict


async def kept(pushes: int, every: timedelta) -> MemoryLedger:
    """A ledger of pushes that began one after the other, the newest now."""
    rows, now = MemoryLedger(), utcnow()
    for n in range(pushes):
        row = row_of(verdict()).model_copy(update={"first_at": now - n * every, "id": f"p{n}"})
        await rows.put(ledger.keys(row), ledger.written(row))
    return rows


async def test_a_day_is_counted_if_no_time_is_said() -> None:
    """Older pushes are counted if they are asked for."""
    rows = await kept(6, timedelta(hours=5))
    async with world(app=with_ledger(rows)) as w:
        status, day = await w.call("GET", "regions")
        assert (200, 5, False) == (status, day["pushes"], day["cut"])
        long = f"{utcnow() - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
        assert 6 == (await w.call("GET", f"regions?since={long}"))[1]["pushes"]


async def test_only_so_many_pushes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest; the answer says since when, and that there are more."""
    monkeypatch.setattr(regionlists, "MAX_PUSHES", 3)
    rows = await kept(5, timedelta(hours=1))
    async with world(app=with_ledger(rows)) as w:
        answer = (await w.call("GET", "regions"))[1]
        assert (3, True) == (answer["pushes"], answer["cut"])
        oldest = await w.call("GET", "pushes")
        assert oldest[1]["pushes"][2]["first_at"] == answer["since"]
        assert [3, 3, 3] == [region["pushes"] for region in answer["regions"]]


async def test_a_table_that_says_nothing_is_not_asked_for_ever() -> None:
    """It may find nothing in what it read, and more may be there: nothing is counted then."""

    class Silent(MemoryLedger):
        asked = 0

        async def read(self, span: Span, top: int, after: str | None) -> Page:
            self.asked += 1
            return Page((), "on")

    rows = Silent()
    async with world(app=with_ledger(rows)) as w:
        answer = (await w.call("GET", "regions"))[1]
        assert (0, True, pushlists.MAX_READS) == (answer["pushes"], answer["cut"], rows.asked)
        assert utcnow() - datetime.fromisoformat(answer["since"]) < timedelta(hours=1)


async def test_regions_without_a_table_are_not_guessed() -> None:
    """It is the answer of the list of pushes."""
    async with world(app=with_ledger(Broken())) as w:
        status, answer = await w.call("GET", "regions")
        assert (503, "list-unavailable") == (status, answer["reason"])


async def test_a_repeated_activity_counts_once() -> None:
    """A push has one row, whatever is said of it, and however often."""
    async with world(TIMEOUT="10m", LATE_WINDOW="1h") as w:
        await w.push("p1", REGIONS[:2])
        await w.until(lambda: w.verdicts() == ["overdue"])
        await w.push("p1", REGIONS[2:])
        await w.until(lambda: w.verdicts() == ["overdue", "recovered"])
        regions = (await w.call("GET", "regions"))[1]["regions"]
        assert [(1, 1, 0)] * 3 == [(r["pushes"], r["reported"], r["missing"]) for r in regions]
        late = next(r for r in regions if r["region"] == REGIONS[2])
        assert late["lag_max"] >= 600
