"""What is noted as open is looked after by the timer; on the engine.

What it does for each kind of instance is devhost's (test_patrol.py). Not covered here: that the
platform fires it, once for all hosts; the stand-in for it fires on each host.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import Any
from urllib.parse import unquote

from acr_global.functions.durable import names
from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from tests.e2e import tables
from tests.e2e.scene import DURABLE, Scene, Stage, engine_only
from tests.e2e.test_scenes_kills import HELD_UP, heard

NOTED_SOON = f"""
from acr_global.functions.durable import journal
from acr_global.functions.recovery import noting

noting.EVERY_SECONDS = journal.OPEN_SECONDS = 0.5
{HELD_UP}"""
"""Our app with turns that can be held up, and with notes of what is open after half a second."""

STILL_SOON = f"""
from datetime import timedelta
from acr_global.functions.recovery import reviving
from acr_global.functions.timers import revive_interrupted

reviving.STANDS_STILL_AFTER = timedelta(seconds=2)
reviving.CHECKS_WITHIN = timedelta(seconds=10)
revive_interrupted.BEGINS_WITHIN = timedelta(seconds=1)
{NOTED_SOON}"""
"""The same, to which a push stands still that has had no turn for two seconds since its time."""

KEPT = 1_200
"""Instances; a request to the table answers 1,000 rows at most, or looks through so many."""


async def listed(s: Scene, prefix: str) -> list[Any]:
    """The instances whose ids begin with this prefix."""
    query = {"instanceIdPrefix": prefix, "top": "100"}
    found: list[Any] = (await s.call("GET", f"{DURABLE}/instances", None, **query))[1]
    return found


async def is_noted(s: Scene) -> bool:
    """Whether a note that has ended names the push."""
    found = await listed(s, "_open.")
    return any(s.push_id() in str(n["input"]) for n in found if n["runtimeStatus"] == "Completed")


async def run_timer(s: Scene) -> None:
    """Fire the timer now, as an operator can."""
    assert 202 == (await s.call("POST", f"admin/functions/{names.REVIVE_INTERRUPTED}", b"{}"))[0]


@engine_only(stage=Stage(function_app=NOTED_SOON))
async def test_a_push_goes_on_although_its_machine_is_gone(s: Scene) -> None:
    """Python dies in its turn, then the host with all its files. The timers of other hosts find the
    push at the same time, and it is told once. No webhook has come meanwhile."""
    assert isinstance(s.host, engine.Host)
    hold, held = s.host.folder / "hold", s.host.folder / "held"
    await s.push(*REGIONS[:2])
    await s.eventually(lambda: heard(s, REGIONS[1]))
    await s.eventually(lambda: is_noted(s))
    hold.touch()
    assert 202 == await s.raise_event("hello", b"{}")
    await s.eventually(held.exists)
    for journals in s.host.folder.glob("acr-global-*"):
        shutil.rmtree(journals)
    assert s.host.kill_python()
    hold.unlink()
    assert "Failed" == (await s.ended())["runtimeStatus"]
    s.host.kill()
    assert "push-begun-anew" not in s.log()
    other = engine.Host(s.host.folder, s.host.environ)
    await asyncio.gather(s.host.start(), other.start())
    try:
        there = Scene(other.url, s.session, s.board, s.spans, name=s.name)
        await asyncio.gather(run_timer(s), run_timer(there))
        await s.eventually(lambda: is_running(s))
        assert 202 == (await s.insist(s.event(), REGIONS[2]))[0]
        await s.told("complete")
        await s.ended()
        assert 1 == len(s.ops.requests)

        async def is_empty_after_a_run() -> bool:
            await run_timer(s)  # again and again: the other host may note the push once more
            return await is_empty(s)

        await s.eventually(is_empty_after_a_run)
    finally:
        other.kill()


@engine_only(stage=Stage({"TIMEOUT": "20s", "LATE_WINDOW": "0"}, function_app=STILL_SOON))
async def test_a_push_is_decided_although_its_timer_is_lost(s: Scene) -> None:
    """The engine's message of the deadline is gone: nothing but the timer function wakes the
    push."""
    host, storage = where(s)
    await s.push(*REGIONS[:2])
    await s.eventually(lambda: is_noted(s))
    await tables.lose_messages(storage, s.session, host.hub)

    async def is_told_after_a_run() -> bool:
        await run_timer(s)
        return bool(s.verdicts())

    await s.eventually(is_told_after_a_run)
    await s.ended()
    assert ["overdue"] == s.verdicts()
    assert "push-stands-still" in s.log()
    assert "push-stood-still" in s.log()


async def is_running(s: Scene) -> bool:
    """Whether the push has begun anew."""
    return bool((await s.instance())["runtimeStatus"] == "Running")


async def is_empty(s: Scene) -> bool:
    """Whether no note is left, and nothing but notes was purged."""
    return not await listed(s, "_open.") and await s.instance() is not None


@engine_only(stage=Stage())
async def test_a_timers_run_costs_one_request_however_much_is_kept(s: Scene) -> None:
    """It reads a range of the table's keys, not the whole table."""
    await s.push()
    await s.ended()  # nobody asks after it any more
    few = await requests_of_a_run(s)
    await keep(s, KEPT)
    many = await requests_of_a_run(s)
    assert few == many
    (request,) = many
    assert "(PartitionKey ge '_open.') and (PartitionKey lt '_open/')" in request


async def keep(s: Scene, count: int) -> None:
    """Leave this many more instances that have ended."""
    host, storage = where(s)
    places = asyncio.Semaphore(20)

    async def one(n: int) -> None:
        row = {"PartitionKey": f"kept-{n}", "RowKey": "", "RuntimeStatus": "Completed"}
        async with places:
            made = await tables.write(storage, s.session, "POST", f"{host.hub}Instances", row)
            assert 201 == made

    await asyncio.gather(*map(one, range(count)))


async def requests_of_a_run(s: Scene) -> set[str]:
    """The distinct requests of a timer's run to the instance table: its own schedule may fire as
    well, and a further page would be another request. Storage may log late what we have asked of
    our push."""
    host, storage = where(s)
    since = storage.log.stat().st_size
    await run_timer(s)
    asked = re.compile(rf"RequestMethod=GET RequestURL=(\S*/{host.hub}Instances\S*)")

    def of_the_run() -> set[str]:
        found = map(unquote, asked.findall(storage.logged(since)))
        return {url for url in found if s.push_id() not in url}

    await s.eventually(of_the_run)
    return of_the_run()


def where(s: Scene) -> tuple[engine.Host, engine.Azurite]:
    """The host, and its storage."""
    assert isinstance(s.host, engine.Host)
    assert s.host.storage
    return s.host, s.host.storage
