"""The list of pushes and one push, where something is amiss; in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from acr_global.correlation import NOTES, event_name
from acr_global.functions.app import build_app
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.journal import Journal, OpenList
from acr_global.functions.records.ledgers import LedgerError, MemoryLedger, Page
from acr_global.functions.recovery import noting
from acr_global.functions.views import openpushes, pushlists
from acr_global.ledger import Properties, Span
from acr_global.model import Arrival
from acr_global_rig.receivers import Receiver
from acr_global_rig.registry import REGIONS, event, timestamp
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from devhost.protocol import EventType
from tests.e2e.test_couriers import lines
from tests.e2e.test_reviving import break_off, engine_of, give_up, insist, next_process


async def pages(w: World, query: str = "") -> list[list[str]]:
    """The ids in the list, page by page."""
    found: list[list[str]] = []
    after = ""
    while True:
        status, page = await w.call("GET", f"pushes?{query}{after}")
        assert 200 == status, page
        found.append([push["id"] for push in page["pushes"]])
        if "next" not in page:
            return found
        after = f"&after={page['next']}"


async def shown(w: World, push: str = "p1") -> Any:
    """One push."""
    return (await w.call("GET", f"pushes/{push}"))[1]


def with_ledger(ledger: MemoryLedger) -> Any:
    """The app with a ledger of the test's."""
    return lambda environ: build_app(environ, ledgers=lambda _: ledger)


class Broken(MemoryLedger):
    """Cannot be reached."""

    async def put(self, keys: Iterable[str], row: Properties) -> None:
        raise LedgerError("HttpResponseError 403")

    async def read(self, span: Span, top: int, after: str | None) -> Page:
        raise LedgerError("HttpResponseError 403")


async def test_a_ledger_that_fails_costs_the_row_alone(caplog: pytest.LogCaptureFixture) -> None:
    """The push is decided, told once, and shown by its id; the log says why no list has it."""
    async with world(app=with_ledger(Broken())) as w:
        await w.push("p1")
        await asyncio.sleep(60)
        assert ["complete"] == w.verdicts()
        assert "complete" == (await shown(w))["state"]
        (line,) = lines(caplog, "push-not-listed")
        assert ("p1", "complete", "HttpResponseError 403") == (
            line["push"],
            line["verdict"],
            line["cause"],
        )
        status, answer = await w.call("GET", "pushes")
        assert (503, "list-unavailable") == (status, answer["reason"])
        await w.push("p2", REGIONS[:2])
        assert [["p2"]] == await pages(w, "state=waiting")


async def test_what_is_shown_of_a_push_is_what_was_told() -> None:
    """Its regions, with their digests and the lags of those that were caught up."""
    async with world() as w:
        for region, digit in zip(REGIONS[:2], "ab", strict=True):
            await w.post(event("p1", digest=f"sha256:{digit * 64}"), region)
            await asyncio.sleep(5)
        made = timestamp(utcnow())
        await asyncio.sleep(60)
        await w.post(event("p1", at=made), REGIONS[2], caught_up="true")
        await w.until(lambda: w.messages)
        await asyncio.sleep(60)
        (message,) = w.messages
        found = (await shown(w))["regions"]
        for name in ("lag_seconds", "digest_differs", "evidence"):
            assert [r[name] for r in message["regions"]] == [r[name] for r in found], name
        assert [True, True] == [r["digest_differs"] for r in found[1:]]


@pytest.mark.parametrize("dies", [False, True])
async def test_an_alarm_is_shown_as_it_was_told(dies: bool) -> None:
    """A region that reports while receivers are slow to take the alarm was missing in it."""
    taken = asyncio.Event()
    async with world(Receiver("ops", gate=taken)) as w:
        await w.push("p1", REGIONS[:1])
        await w.until(lambda: w.messages)
        await asyncio.sleep(2)
        await w.push("p1", REGIONS[1:2])
        taken.set()
        await asyncio.sleep(60)
        if dies:
            await break_off(w)
            await next_process(w, "p1")
            await asyncio.sleep(60)
        found, (listed,), (message,) = (
            await shown(w),
            (await w.call("GET", "pushes"))[1]["pushes"],
            w.messages,
        )
        (said,) = found["verdicts"]
        assert (REGIONS[1:], REGIONS[2:]) == (tuple(said["missing"]), tuple(found["missing"]))
        assert {message["decided_at"]} == {said["at"], found["decided_at"], listed["decided_at"]}


async def test_a_ledger_that_fails_holds_back_no_alarm() -> None:
    """It is asked whether the push had ended before."""
    async with world(app=with_ledger(Broken())) as w:
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(660)
        assert ["overdue"] == w.verdicts()


async def test_nothing_waits_for_the_ledger() -> None:
    """A notification is out before its row is begun; and no webhook's answer is behind one."""
    told: list[int] = []

    class Slow(MemoryLedger):
        async def put(self, keys: Iterable[str], row: Properties) -> None:
            told.append(len(w.messages))
            await super().put(keys, row)
            await asyncio.sleep(30)

    async with world(app=with_ledger(Slow())) as w:
        assert [202, 202, 202] == await w.push("p1")
        await w.until(lambda: w.messages, seconds=5)
        await asyncio.sleep(5)
        assert [1] == told
        assert [202] == await w.push("p2", REGIONS[:1])
        # The engine does not know yet that p1 was told, the ledger does: it is listed once.
        assert [["p2", "p1"]] == await pages(w)


class Short(MemoryLedger):
    """Answers every other time with nothing, and else with one row: as a table may."""

    asked = 0

    async def read(self, span: Span, top: int, after: str | None) -> Page:
        self.asked += 1
        if self.asked % 2:
            return Page((), after or span.low)
        return await super().read(span, 1, after)


async def test_short_pages_are_read_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a bound, which may leave a page empty; with what follows nothing is lost."""
    ledger = Short()
    async with world(app=with_ledger(ledger)) as w:
        for push in range(5):
            await w.push(f"p{push}")
            await asyncio.sleep(60)
        assert [["p4", "p3"], ["p2", "p1", "p0"]] == await pages(w, "state=complete")
        monkeypatch.setattr(pushlists, "MAX_READS", 1)
        found = await pages(w, "state=complete")
        assert [] in found
        assert ["p4", "p3", "p2", "p1", "p0"] == [push for page in found for push in page]


async def test_a_page_s_end_is_of_its_own_list() -> None:
    """What another list has given as next is refused."""
    async with world(app=with_ledger(Short())) as w:
        for push in range(4):
            await w.push(f"p{push}")
            await asyncio.sleep(60)
        _, page = await w.call("GET", "pushes?state=complete")
        assert (await w.call("GET", f"pushes?state=overdue&after={page['next']}"))[0] == 400


async def test_a_row_that_cannot_be_read_costs_no_other() -> None:
    """Somebody may write into the table."""
    ledger = MemoryLedger()
    async with world(app=with_ledger(ledger)) as w:
        await w.push("p1")
        await asyncio.sleep(60)
        await ledger.put(["t!0", "t!1"], {"id": "odd", "missing": "{"})
        assert [["p1"]] == await pages(w)


async def test_open_pushes_are_looked_at_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first; the answer says how many more there may be."""
    monkeypatch.setattr(openpushes, "MAX_LOOKS", 2)
    async with world() as w:
        for push in range(3):
            await w.push(f"p{push}", REGIONS[:1])
            await asyncio.sleep(60)
        _, page = await w.call("GET", "pushes")
        assert (["p2", "p1"], 1) == ([push["id"] for push in page["pushes"]], page["open_more"])


async def test_a_region_that_was_held_up_from_before_makes_no_second_row() -> None:
    """A row stands under the time of the arrival that began its push. One that a dead host had in
    hand can be older, and counts only after the alarm."""
    async with world(TIMEOUT="1m") as w:
        await w.push("p1", REGIONS[1:])
        await w.until(lambda: w.messages)
        _, before = await w.call("GET", "pushes/p1")
        early = utcnow() - timedelta(minutes=5)
        arrival = Arrival(region=REGIONS[0], event_id="p1", received_at=early)
        await engine_of(w).raise_event("p1", event_name(REGIONS[0]), arrival)
        await asyncio.sleep(60)
        assert ["overdue", "recovered"] == w.verdicts()
        _, listed = await w.call("GET", "pushes")
        (row,) = listed["pushes"]
        assert ("recovered", before["first_at"]) == (row["state"], row["first_at"])


async def test_a_push_that_is_broken_off_is_interrupted_until_it_goes_on() -> None:
    """It keeps all that was heard of it."""
    async with world() as w:
        await insist(w, *REGIONS[:2])
        await break_off(w)
        push = await shown(w)
        assert ("interrupted", [REGIONS[2]]) == (push["state"], push["missing"])
        assert [["p1"]] == await pages(w, "state=interrupted")
        await next_process(w, "p1")
        await asyncio.sleep(60)
        push = await shown(w)
        assert ("waiting", [REGIONS[2]]) == (push["state"], push["missing"])
        await insist(w, REGIONS[2])
        await asyncio.sleep(60)
        assert ("complete", ["complete"]) == (
            (await shown(w))["state"],
            [verdict["type"] for verdict in (await shown(w))["verdicts"]],
        )


async def test_what_was_given_up_of_an_earlier_push_is_not_of_this_one() -> None:
    """Whose id is the same, because that one was purged."""
    async with world(TIMEOUT="2h") as w:
        await give_up(w)
        await engine_of(w).purge("p1")
        await w.push("p1")
        await asyncio.sleep(60)
        assert "complete" == (await shown(w))["state"]
        assert 409 == (await w.call("POST", "pushes/p1/retry"))[0]


async def test_a_push_that_was_given_up_is_retried() -> None:
    """It goes on with what it knew."""
    async with world(TIMEOUT="2h") as w:
        await give_up(w)
        push, (listed,) = await shown(w), (await w.call("GET", "pushes"))[1]["pushes"]
        assert ("given-up", "it was broken off again and again") == (push["state"], push["cause"])
        assert "given-up" == listed["state"]
        assert [[]] == await pages(w, "state=interrupted")
        status, answer = await w.call("POST", "pushes/p1/retry")
        assert (202, ["p1"]) == (status, [replay["push"] for replay in answer["replays"]])
        await asyncio.sleep(60)
        assert "waiting" == (await shown(w))["state"]
        await insist(w, REGIONS[2])
        await w.host.settle()
        assert ["complete"] == w.verdicts()
        assert "complete" == (await shown(w))["state"]


async def test_a_push_that_somebody_ended_is_terminated() -> None:
    """It is in no list any more, and nothing of it was given up."""
    async with world() as w:
        await w.push("p1", REGIONS[:1])
        await w.host.settle()
        async with w.session.post(
            f"{w.host.url}/durabletask/instances/p1/terminate", params={"reason": "by hand"}
        ) as answer:
            assert answer.status == 202
        await asyncio.sleep(10)
        assert "terminated" == (await shown(w))["state"]
        assert [[]] == await pages(w)
        assert 409 == (await w.call("POST", "pushes/p1/retry"))[0]


async def test_what_waits_elsewhere_is_found_by_its_note() -> None:
    """Whoever answers has not had a turn of it; what else is noted, or was by hand, is passed
    over."""
    journal = Journal()
    async with world(app=lambda environ: build_app(environ, journal=journal)) as w:
        await w.push("p1", REGIONS[:1])
        await w.push("p2")
        await w.host.settle()
        engine = engine_of(w)
        journal.open.found("p2")
        journal.open.found("p1")
        await noting.note(journal, engine)
        await engine.start(names.NOTE_OPEN, f"{NOTES}9", wire.CourierInput(push_id="p3"))
        journal.open = OpenList()
        assert [["p1"]] == await pages(w, "state=waiting")


async def test_a_delivery_that_goes_on_is_shown_with_what_it_has_tried() -> None:
    """Also what it tried since it was begun."""
    async with world("ops", "mail") as w:
        w.receivers["ops"].answers = [503] * 3
        await w.push("p1")
        await asyncio.sleep(60)
        push = await shown(w)
        (delivery,) = push["deliveries"]
        assert ("retrying", ["ops"], []) == (delivery["state"], delivery["owed"], delivery["dead"])
        assert ["http-503"] * 2 == [attempt["reason"] for attempt in delivery["attempts"]]
        assert ["ops"] == push["undelivered"]
        assert 409 == (await w.call("POST", "pushes/p1/retry"))[0]


async def test_who_was_told_by_a_replay_stays_told() -> None:
    """A further one is for those alone who were not."""
    async with world("ops", "mail") as w:
        w.receivers["ops"].answers, w.receivers["mail"].answers = [410] * 2, [410]
        await w.push("p1")
        for _ in range(2):
            await asyncio.sleep(60)
            assert 202 == (await w.call("POST", "pushes/p1/retry"))[0]
        await asyncio.sleep(60)
        (delivery,) = (await shown(w))["deliveries"]
        assert ("_delivery.complete.p1~2", "delivered") == (delivery["id"], delivery["state"])
        assert {("ops", "gone"): 2, ("ops", "delivered"): 1, ("mail", "gone"): 1} | {
            ("mail", "delivered"): 1
        } == Counter((a["target"], a["reason"]) for a in delivery["attempts"])


async def test_a_round_that_cannot_be_read_hides_no_delivery() -> None:
    """Its targets are still owed, as far as is known."""
    async with world() as w:
        w.receivers["ops"].answers = [503] * 3
        await w.push("p1")
        await asyncio.sleep(60)
        history = w.host.storage.instances["_delivery.complete.p1"].history
        (round_,) = [e for e in history if e["EventType"] == EventType.TASK_COMPLETED]
        round_["Result"] = "[]"
        (delivery,) = (await shown(w))["deliveries"]
        assert (["ops"], 1) == (delivery["owed"], len(delivery["attempts"]))
        status, letter = await w.call("GET", f"deadletters/{delivery['id']}")
        assert (200, 1) == (status, len(letter["attempts"]))


async def test_a_delivery_that_was_purged_is_shown_no_more() -> None:
    """The push is, with its first attempts."""
    async with world() as w:
        w.receivers["ops"].answers = [410]
        await w.push("p1")
        await asyncio.sleep(60)
        assert ["dead"] == [d["state"] for d in (await shown(w))["deliveries"]]
        await engine_of(w).purge("_delivery.complete.p1")
        push = await shown(w)
        assert ([], ["gone"]) == (
            push["deliveries"],
            [attempt["reason"] for attempt in push["verdicts"][0]["attempts"]],
        )


DEATHS = (
    "crash=activity-after-before-result@1",  # all is done, and the engine does not know
    "crash=after-row@2",  # the delivery is begun, and not handed over yet
    "python-dies=activity-after@1",
)


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize(
    ("ops", "mail", "named"),
    [
        ([503, 200, 503], [], []),  # the delivery has told it before it refuses the repeat
        ([503, 200], [200, 503], []),  # it was told at once, and no delivery is to tell it
        ([503, 503, 200], [503, 200], []),
        ([503] * 9, [200, 503], ["ops"]),
    ],
)
async def test_a_repeat_names_nobody_who_has_been_told(
    death: str, ops: list[int], mail: list[int], named: list[str]
) -> None:
    """A host or Python dies where a verdict's first attempts are handed over, so that they are
    made again, while the first ones' delivery goes on."""
    schedule = "2s,5m"
    async with world("ops", "mail", hazards=Hazards.parse(death), RETRY_SCHEDULE=schedule) as w:
        w.receivers["ops"].answers, w.receivers["mail"].answers = [*ops], [*mail]
        await insist(w, *REGIONS)
        await asyncio.sleep(3_600)
        assert 1 == len(w.host.crashed_at) + w.host.stats["python-deaths"]
        (push,) = (await w.call("GET", "pushes"))[1]["pushes"]
        assert ("complete", named) == (push["state"], push["undelivered"])
        assert named == (await shown(w))["undelivered"]
