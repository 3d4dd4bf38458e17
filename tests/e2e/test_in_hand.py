"""A host dies with an accepted webhook in hand, shortly before the deadline; in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from acr_global.functions.app import build_app
from acr_global.functions.durable.journal import Journal
from acr_global.functions.records import bookkeeping
from acr_global.model import Arrival
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from tests.e2e.test_corners import logged

DIES_AFTER_THE_OUTBOX = "turn-takes=0.5,crash=after-outbox-before-history"
"""In the next turn, once its activities are in the queue; the webhook is answered before."""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal in a folder of its own."""
    noted = Journal(tmp_path)
    yield noted
    noted.close()


def with_journal(journal: Journal) -> Callable[[dict[str, str]], Any]:
    """The app, which notes there what it has accepted."""
    return lambda environ: build_app(environ, journal=journal)


async def report_before_the_deadline(w: World, hazards: str) -> None:
    """The last region reports nine seconds before it, and is answered that it is kept."""
    await w.push("p1", REGIONS[1:])
    await asyncio.sleep(51)
    w.host.hazards = Hazards.parse(hazards)
    assert [202] == await w.push("p1", REGIONS[:1])


async def die_with_it_in_hand(w: World) -> None:
    """The last region's turn takes three seconds, and ends with the host."""
    await report_before_the_deadline(w, "turn-takes=3")
    await asyncio.sleep(1)
    await w.host.crash()
    w.host.hazards = Hazards()
    await w.host.restart()


async def test_what_was_accepted_before_the_deadline_is_not_missing(journal: Journal) -> None:
    """The engine has it again after a minute; the machine has noted it."""
    async with world(TIMEOUT="1m", LATE_WINDOW="1h", app=with_journal(journal)) as w:
        await die_with_it_in_hand(w)
        await asyncio.sleep(900)
        assert ["complete"] == w.verdicts()


async def test_where_the_machine_is_gone_the_alarm_is_taken_back() -> None:
    async with world(TIMEOUT="1m", LATE_WINDOW="1h", app=with_journal(Journal())) as w:
        await die_with_it_in_hand(w)
        await asyncio.sleep(900)
        assert ["overdue", "recovered"] == w.verdicts()


async def test_what_an_orphan_tells_is_no_answer_to_the_look_before_an_alarm(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn that found the push complete is not in storage; the timer's comes first then. That
    the list shows what was told would help, but is not there always."""

    async def unknown(*_: Any) -> None:
        return None

    monkeypatch.setattr(bookkeeping, "said_before", unknown)
    async with world(TIMEOUT="1m", LATE_WINDOW="1h", app=with_journal(journal)) as w:
        await report_before_the_deadline(w, DIES_AFTER_THE_OUTBOX)
        await asyncio.sleep(900)
        assert ["after-outbox-before-history"] == w.host.crashed_at
        assert ["complete"] == w.verdicts()


async def test_a_verdict_that_comes_late_is_not_told_after_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A dead host had it in hand, and the turn that decided it, too; the machine is gone. So an
    alarm was told, and is taken back before it comes."""
    async with world(TIMEOUT="1m", LATE_WINDOW="1h", app=with_journal(Journal())) as w:
        await report_before_the_deadline(w, DIES_AFTER_THE_OUTBOX)
        await asyncio.sleep(1)
        w.host.hazards = Hazards(invisible=1.0)
        await asyncio.sleep(3)
        w.host.hazards = Hazards()
        await asyncio.sleep(900)
        assert ["overdue", "recovered"] == w.verdicts()
        assert "recovered" == logged(caplog, "verdict-dropped")["instead"]


@pytest.mark.parametrize(("minutes", "told"), [(10, ["overdue"]), (0, ["complete"])])
async def test_what_was_accepted_for_an_earlier_push_of_the_id_does_not_count(
    journal: Journal, minutes: int, told: list[str]
) -> None:
    """That one was purged; some seconds are left to what came before and was kept after."""
    async with world(TIMEOUT="1m", LATE_WINDOW="0", app=with_journal(journal)) as w:
        before = utcnow() - timedelta(minutes=minutes)
        journal.accepted("p1", Arrival(region=REGIONS[0], event_id="p1", received_at=before))
        await w.push("p1", REGIONS[1:])
        await asyncio.sleep(120)
        assert told == w.verdicts()
