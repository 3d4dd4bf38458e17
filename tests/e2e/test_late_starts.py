"""A repeat of a webhook finds no instance, and its start is held up until the push has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from acr_global.functions.durable.engine import AlreadyExistsError, Engine
from acr_global.functions.records.ledgers import LedgerError, MemoryLedger, Page
from acr_global.ledger import Span
from acr_global_rig.receivers import Receiver
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from tests.e2e.test_pushes import Broken, with_ledger
from tests.e2e.test_scenes_truth import reports
from tests.e2e.test_together import apart, row

Late = Callable[[], Awaitable[None]]


@asynccontextmanager
async def held_up(
    monkeypatch: pytest.MonkeyPatch, *receivers: Receiver, **options: Any
) -> AsyncIterator[tuple[World, Late]]:
    """A push that the first region has begun; and what lets a start take effect that another one's
    webhook made at the same moment, in another process. That webhook can be posted again, as if
    nothing was."""
    apart(monkeypatch)
    start, late = Engine.start, list[tuple[Engine, str, str, Any]]()

    async def hold_up_the_second(*args: Any) -> None:
        if f'"region":"{REGIONS[1]}"' in args[3].model_dump_json(include={"arrival", "arrivals"}):
            late.append(args)
            await asyncio.sleep(60)
        await asyncio.sleep(0.2)
        await start(*args)

    monkeypatch.setattr(Engine, "start", hold_up_the_second)
    async with world(*receivers, **options) as w:
        posts = [asyncio.create_task(w.post(event("p1"), region)) for region in REGIONS[:2]]
        await asyncio.sleep(0.5)
        yield w, lambda: start(*late[0])
        await asyncio.gather(*posts)


async def test_what_was_said_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second instance ends at once with the record of the first, and says nothing. That its own
    region had reported before, it knows better."""
    async with held_up(monkeypatch) as (w, late):
        await w.push("p1", REGIONS[1:])
        await w.until(lambda: w.messages)
        await w.host.settle()
        first = row(w)
        await late()
        await asyncio.sleep(5)
        second = row(w)
        assert (0, "Completed") == (first.generation, first.runtime_status)
        assert (1, "Completed") == (second.generation, second.runtime_status)
        assert set(REGIONS) == set(reports(second.output))
        assert {REGIONS[1]} == {
            r for r in REGIONS if reports(first.output)[r] != reports(second.output)[r]
        }
        assert "complete" == second.custom_status["state"]
        await asyncio.sleep(3_600)
        assert ["complete"] == w.verdicts()


async def test_a_webhook_of_another_id_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """By content each region's event has its own; none of them begins a generation again."""
    async with held_up(monkeypatch, CORRELATION="content") as (w, late):
        await w.push("p1", REGIONS[1:])
        await w.until(lambda: w.messages)
        await w.host.settle()
        await late()
        await asyncio.sleep(5)
        assert [200, 200, 200] == await w.push("p1")
        await asyncio.sleep(3_600)
        assert ["complete"] == w.verdicts()


async def test_without_a_row_the_push_stays_to_refuse_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was said could not be recalled, so the first instance runs on for 10 s."""
    async with held_up(monkeypatch, app=with_ledger(Broken())) as (w, late):
        await w.push("p1", REGIONS[1:])
        await w.until(lambda: w.messages)
        with pytest.raises(AlreadyExistsError):
            await late()
        await asyncio.sleep(3_600)
        assert ["complete"] == w.verdicts()


async def test_what_cannot_be_recalled_at_once_is_looked_up_before_an_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ledger did not answer the first time."""

    class Away(MemoryLedger):
        reads = 0

        async def read(self, span: Span, top: int, after: str | None) -> Page:
            self.reads += 1
            if self.reads == 1:
                raise LedgerError("HttpResponseError 503")
            return await super().read(span, top, after)

    ledger = Away()
    async with held_up(monkeypatch, app=with_ledger(ledger)) as (w, late):
        await w.push("p1", REGIONS[1:])
        await w.host.settle()
        await late()
        await asyncio.sleep(5)
        assert "Running" == row(w).runtime_status
        await asyncio.sleep(3_600)
        assert (2, ["complete"]) == (ledger.reads, w.verdicts())
        assert ["complete"] == [said["type"] for said in row(w).output["verdicts"]]
        assert [] == row(w).output["missing"]
        assert set(REGIONS) == set(reports(row(w).output))


@pytest.mark.parametrize("refuses", [False, True])
async def test_it_is_shown_as_the_list_has_it(
    monkeypatch: pytest.MonkeyPatch, refuses: bool
) -> None:
    """When it began, what its deadline was, and who was not told, which can be tried again."""
    ops = Receiver("ops", answers=[400] if refuses else [])
    async with held_up(monkeypatch, ops) as (w, late):
        await w.push("p1", REGIONS[1:])
        await w.until(lambda: w.messages)
        await asyncio.sleep(60)
        await late()
        await asyncio.sleep(60)
        (listed,) = (await w.call("GET", "pushes"))[1]["pushes"]
        _, shown = await w.call("GET", "pushes/p1")
        assert listed == {name: shown[name] for name in listed}
        assert (["ops"] if refuses else []) == shown["undelivered"]
        assert (202 if refuses else 409) == (await w.call("POST", "pushes/p1/retry"))[0]


async def test_an_alarm_that_was_said_is_followed_by_its_recovery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first instance broke off in its late window; the one that takes its place listens on,
    and knows which regions had reported."""
    async with held_up(monkeypatch, TIMEOUT="1s") as (w, late):
        await w.push("p1", REGIONS[2:])
        await w.until(lambda: w.messages)
        row(w).runtime_status = "Failed"
        await late()
        await asyncio.sleep(3_600)
        assert ["overdue", "recovered"] == w.verdicts()
        assert set(REGIONS) == set(reports(row(w).output))


async def test_a_start_that_replaces_nothing_that_was_said_is_a_push_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first instance broke off before anything was said of it."""
    async with held_up(monkeypatch) as (w, late):
        row(w).runtime_status = "Failed"
        await late()
        await w.push("p1", (REGIONS[0], *REGIONS[2:]))
        await w.until(lambda: w.messages)
        assert ["complete"] == w.verdicts()
