"""Notifications that arrive: retries over hours, dead letters, replay; in virtual time."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest

from acr_global.functions.app import build_app
from acr_global.functions.durable import engine
from acr_global.retry import DEFAULT_SCHEDULE, JITTER, parse_schedule
from acr_global_rig.receivers import Receiver, every_verdict, webhook_targets
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost import Hazards
from tests.e2e.test_wrong_settings import redeploy

WHOLE_SCHEDULE = sum(p.total_seconds() for p in parse_schedule(DEFAULT_SCHEDULE))
LONGEST = WHOLE_SCHEDULE * (1 + JITTER) + 60


async def letters(w: World) -> list[dict[str, Any]]:
    """The dead letters that the app lists."""
    status, answer = await w.call("GET", "deadletters")
    assert (200, None) == (status, answer["next"])
    return list(answer["deadletters"])


async def test_a_receiver_that_was_down_gets_its_notification() -> None:
    """After five refusals it is back, and gets one message; the id was the same on each attempt."""
    async with world("ops") as w:
        ops = w.receivers["ops"]
        ops.answers = [503, 500, 502, 504, 408]
        await w.push("p1")
        await w.until(lambda: len(ops.requests) == 6, LONGEST)
        await w.host.settle()
        assert 1 == len({headers["webhook-id"] for headers, _ in ops.requests})
        assert 1 == len({body["id"] for _, body in ops.requests})
        delivery = w.host.storage.instances["_delivery.complete.p1"]
        assert "Completed" == delivery.runtime_status
        assert [] == await letters(w)


async def test_a_broken_target_delays_no_other() -> None:
    """The good one has the message before the bad one's first retry; the push has ended
    meanwhile."""
    async with world("bad", "good") as w:
        w.receivers["bad"].answers = [500] * 100
        await w.push("p1")
        await w.host.settle()
        assert 1 == len(w.receivers["good"].requests)
        await asyncio.sleep(20)
        assert "Completed" == w.host.storage.instances["p1"].runtime_status
        await asyncio.sleep(LONGEST)
        assert 1 == len(w.receivers["good"].requests)
        assert 8 == len(w.receivers["bad"].requests)


async def test_a_key_that_is_changed_costs_no_notification() -> None:
    """A target that refuses the key is tried once more after five minutes; then it is dead."""
    async with world("changed", "wrong") as w:
        changed, wrong = w.receivers["changed"], w.receivers["wrong"]
        changed.answers, wrong.answers = [401], [403] * 100
        await w.push("p1")
        await w.host.settle()
        await asyncio.sleep(299)
        assert [1, 1] == [len(r.requests) for r in (changed, wrong)]
        await asyncio.sleep(100)
        assert [2, 2] == [len(r.requests) for r in (changed, wrong)]
        await asyncio.sleep(LONGEST)
        assert [2, 2] == [len(r.requests) for r in (changed, wrong)]
        (only,) = await letters(w)
        assert ["wrong"] == only["dead"]
        _, shown = await w.call("GET", f"deadletters/{only['id']}")
        of_wrong = [a["outcome"] for a in shown["attempts"] if a["target"] == "wrong"]
        assert ["retry", "dead"] == of_wrong


async def test_many_dead_letters_are_all_listed() -> None:
    """There are more than on a first page of a hundred."""
    async with world("ops", REGIONS="eastus") as w:
        w.receivers["ops"].answers = [400] * 120
        await asyncio.gather(*(w.post(event(f"p{n}"), "eastus") for n in range(120)))
        await w.host.settle()
        assert 120 == len(await letters(w))


async def test_a_long_list_goes_on_where_it_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """One answer holds so many pages; `next` leads to the others."""
    monkeypatch.setattr(engine, "MAX_PAGES", 1)
    async with world("ops", REGIONS="eastus") as w:
        w.receivers["ops"].answers = [400] * 150
        await asyncio.gather(*(w.post(event(f"p{n}"), "eastus") for n in range(150)))
        await w.host.settle()
        _, first = await w.call("GET", "deadletters")
        _, second = await w.call("GET", f"deadletters?after={quote(first['next'])}")
        assert (100, 50) == (len(first["deadletters"]), len(second["deadletters"]))
        assert second["next"] is None


@pytest.mark.parametrize(
    "query",
    ["after=zzz", "after=null", "after=%0d%0aX:y", "after=%00", "after=a&after=b"],
)
async def test_a_wrong_token_of_a_list_is_refused(query: str) -> None:
    """A wrong `after` is the caller's mistake, so the answer does not blame the storage."""
    async with world("ops") as w:
        status, answer = await w.call("GET", f"deadletters?{query}")
        assert (400, "after-invalid") == (status, answer["reason"])
        assert "given as next" in answer["message"]


async def test_other_parameters_of_a_list_are_ignored() -> None:
    """A gateway may add its own."""
    async with world("ops") as w:
        assert 200 == (await w.call("GET", "deadletters?top=x&top=y&After=zzz&%00=%ff"))[0]


async def test_incomplete_overtakes_an_alarm_that_was_never_delivered() -> None:
    """A target that asks for both gets only the later one, which says it all."""
    async with world("ops", targets=every_verdict, LATE_WINDOW="30m") as w:
        ops = w.receivers["ops"]
        ops.answers = [503] * 4
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(LONGEST)
        assert "incomplete" == ops.requests[-1][1]["type"]
        assert "superseded" in str(w.host.storage.instances["_delivery.overdue.p1"].output)
        assert [] == await letters(w)


@pytest.mark.parametrize("recovers", ["before", "after"])
async def test_an_alarm_that_is_replayed_is_overtaken_only_by_what_comes_later(
    recovers: str,
) -> None:
    """Who asks for it once the push has recovered gets it; else the recovery has the last word."""
    async with world("ops", RETRY_SCHEDULE="5s", ALARM_GROUP="0") as w:
        ops = w.receivers["ops"]
        await w.push("p1", REGIONS[:2])
        ops.answers = [503, 503]
        await asyncio.sleep(700)
        (letter,) = await letters(w)
        if recovers == "before":
            await w.push("p1", REGIONS[2:])
            await w.host.settle()
        ops.answers = [503]
        assert 202 == (await w.call("POST", f"deadletters/{quote(letter['id'])}/replay"))[0]
        await asyncio.sleep(1)
        if recovers == "after":
            await w.push("p1", REGIONS[2:])
        await asyncio.sleep(600)
        told = [body["type"] for _, body in ops.requests][2:]
        after = ["recovered", "overdue", "overdue"]
        assert told == (after if recovers == "before" else ["overdue", "recovered"])


@pytest.mark.parametrize("meanwhile", ["gone", "wrong"])
async def test_a_target_that_comes_back_is_told_only_what_it_chooses(meanwhile: str) -> None:
    """An alarm on another repository was decided while nobody knew what it chooses."""
    async with world("ops", "deploy", ALARM_GROUP="0", LATE_WINDOW="1h") as w:
        ops, deploy = webhook_targets(w.receivers.values())
        deploy |= {"on": ["complete"], "match": ["teamb/*"]}
        broken = [ops] if meanwhile == "gone" else [ops, deploy | {"timeout": "never"}]
        await w.push("p1", REGIONS[:2])
        for targets in (broken, [ops, deploy]):
            await asyncio.sleep(400)
            await redeploy(w, REGIONS=",".join(REGIONS), TARGETS=json.dumps(targets))
        await asyncio.sleep(LONGEST)
        assert ["overdue"] == w.verdicts()
        assert [] == w.receivers["deploy"].requests
        assert [] == await letters(w)


async def test_no_alarm_follows_the_recovery_of_a_push_that_is_broken_off() -> None:
    """Its status is gone; its history tells."""
    async with world("ops", RETRY_SCHEDULE="5s,1m,5m", ALARM_GROUP="0") as w:
        ops = w.receivers["ops"]
        await w.push("p1", REGIONS[:2])
        ops.answers = [503, 503]
        await w.until(lambda: len(ops.requests) == 2)
        await asyncio.sleep(5)
        w.host.hazards = Hazards.parse("python-dies=turn-before@2")
        await w.push("p1", REGIONS[2:])
        await asyncio.sleep(10)
        assert "Failed" == w.host.storage.instances["p1"].runtime_status
        await asyncio.sleep(3_600)
        assert ["overdue", "overdue", "recovered"] == [body["type"] for _, body in ops.requests]


async def test_a_delivery_that_was_broken_off_is_replayed_to_who_lacks_it() -> None:
    """One of two has got it in a later round."""
    async with world("a", "b", RETRY_SCHEDULE="5s,1h,1h") as w:
        a, b = w.receivers["a"], w.receivers["b"]
        a.answers, b.answers = [503], [503] * 9
        await w.push("p1")
        await asyncio.sleep(60)
        path = "instances/_delivery.complete.p1/terminate?reason=x"
        async with w.session.post(f"{w.host.url}/durabletask/{path}") as answer:
            assert 202 == answer.status
        await asyncio.sleep(5)
        _, letter = await w.call("GET", "deadletters/_delivery.complete.p1")
        assert ["delivered"] == [t["outcome"] for t in letter["attempts"] if t["target"] == "a"][1:]
        b.answers = []
        _, replay = await w.call("POST", "pushes/p1/retry")
        assert [["b"]] == [one["targets"] for one in replay["replays"]]
        await asyncio.sleep(60)
        assert 2 == len(a.requests)


async def test_a_target_that_hears_of_alarms_only_gets_its_alarm_late() -> None:
    """No later message would reach it."""

    def pager(there: Any) -> list[dict[str, Any]]:
        only = {"name": "ops", "kind": "webhook", "on": ["overdue"]}
        return [only | {"url": there["ops"].url}]

    async with world("ops", targets=pager) as w:
        ops = w.receivers["ops"]
        ops.answers = [503, 503]
        await w.push("p1", REGIONS[:2])
        await w.until(lambda: len(ops.requests) == 2)
        await w.push("p1", REGIONS[2:])
        await asyncio.sleep(3_600)
        assert ["overdue"] * 3 == [body["type"] for _, body in ops.requests]


async def test_a_replay_leaves_out_whom_a_later_verdict_has_told() -> None:
    """Of a dead letter's two targets, only the one that still lacks a message is told."""
    async with world("gone", "down") as w:
        w.receivers["gone"].answers = [400]
        w.receivers["down"].answers = [503, 503]
        await w.push("p1", REGIONS[:2])
        await w.until(lambda: w.receivers["gone"].requests)
        await w.push("p1", REGIONS[2:])
        await asyncio.sleep(3_600)
        (letter,) = await letters(w)
        assert ["gone"] == letter["dead"]
        _, answer = await w.call("POST", f"deadletters/{letter['id']}/replay")
        assert ["gone"] == answer["targets"]


@pytest.mark.parametrize("status", ["Failed", "Terminated"])
async def test_a_broken_off_delivery_is_replayed_to_all_who_lack_the_message(status: str) -> None:
    """These are the dead targets and those still to be tried."""
    async with world("gone", "down") as w:
        w.receivers["gone"].answers = [400]
        w.receivers["down"].answers = [503, 503]
        await w.push("p1")
        await w.host.settle()
        delivery = w.host.storage.instances["_delivery.complete.p1"]
        delivery.runtime_status, delivery.output = status, "broken off"
        (letter,) = await letters(w)
        _, answer = await w.call("POST", f"deadletters/{letter['id']}/replay")
        assert ["gone", "down"] == answer["targets"]


async def test_an_alarm_is_sent_where_its_push_cannot_be_asked_about() -> None:
    """A failed look at the push uses up no attempt."""
    async with world("ops", RETRY_SCHEDULE="5s") as w:
        ops = w.receivers["ops"]
        ops.answers = [503]
        await w.push("p1", REGIONS[:2])
        await w.until(lambda: ops.requests)
        await w.host.settle()
        w.host.hazards = Hazards(management_errors=1.0)
        await asyncio.sleep(60)
        assert ["overdue", "overdue"] == [body["type"] for _, body in ops.requests]
        delivery = w.host.storage.instances["_delivery.overdue.p1"]
        assert "delivered" == delivery.output["state"]


async def test_a_replay_beyond_the_cut_of_a_list_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter that has been replayed is not listed, wherever the list is cut."""
    monkeypatch.setattr(engine, "MAX_PAGES", 1)
    monkeypatch.setattr(engine, "PAGE_ROWS", 2)
    async with world("ops", REGIONS="eastus") as w:
        w.receivers["ops"].answers = [400] * 3
        for push in ("x", "x-b", "x.1"):
            await w.post(event(push), "eastus")
            await w.host.settle()
        assert 202 == (await w.call("POST", "deadletters/_delivery.complete.x/replay"))[0]
        await w.host.settle()
        _, answer = await w.call("GET", "deadletters")
        assert answer["next"]
        assert ["_delivery.complete.x-b"] == [d["id"] for d in answer["deadletters"]]


async def refused_while_the_engine_is_away(w: World, receiver: Receiver, seconds: float) -> None:
    """A push, whose first attempt a receiver refuses when the engine has gone, for so long."""
    receiver.answers, receiver.gate = [503], asyncio.Event()
    await w.push("p1")
    await receiver.until(lambda: receiver.requests)
    w.host.hazards = Hazards(management_errors=1.0)
    receiver.gate.set()
    await asyncio.sleep(seconds)


async def test_a_hand_over_that_fails_sends_to_nobody_again() -> None:
    """While the engine is away for a minute and a half, the good target gets one request; the bad
    one's delivery begins afterwards."""
    async with world("good", "bad") as w:
        good, bad = w.receivers["good"], w.receivers["bad"]
        await refused_while_the_engine_is_away(w, bad, 90)
        w.host.hazards = Hazards()
        await asyncio.sleep(600)
        assert 1 == len(good.requests)
        assert 2 == len(bad.requests)


@pytest.mark.parametrize(("answers", "dead"), [([503], []), ([400], ["ops"])])
async def test_a_delivery_of_which_the_last_turn_lost_its_row_is_what_its_output_says(
    answers: list[int], dead: list[str]
) -> None:
    """The engine mends such a row, but for the custom status, when the dead host's message comes
    again."""
    async with world() as w:
        w.receivers["ops"].answers = answers
        await w.push("p1")
        await asyncio.sleep(3_600)
        row = w.host.storage.instances["_delivery.complete.p1"]
        assert "Completed" == row.runtime_status
        row.custom_status = None
        _, answer = await w.call("GET", "deadletters")
        assert dead == [name for letter in answer["deadletters"] for name in letter["dead"]]
        assert {"p1"} >= {letter["push"] for letter in answer["deadletters"]}


async def test_a_late_delivery_shows_its_targets_while_they_are_tried() -> None:
    """Its first retry is due at once, and has not ended."""
    async with world() as w:
        ops = w.receivers["ops"]
        await refused_while_the_engine_is_away(w, ops, 90)
        ops.gate, w.host.hazards = asyncio.Event(), Hazards()
        await w.until(lambda: 2 == len(ops.requests))
        shown = w.host.storage.instances["_delivery.complete.p1"].custom_status
        assert ["ops"] == shown["owed"]
        ops.gate.set()


async def test_a_secret_that_is_not_there_yet_holds_up_its_own_target_only() -> None:
    """Webhooks are accepted, the health check names the secret, and the delivery waits for it."""
    environ: dict[str, str] = {}

    def secret_url(there: Any) -> list[dict[str, Any]]:
        late = {"name": "late", "kind": "webhook", "url": {"$secret": "LATE_URL"}}
        return [{"name": "ops", "kind": "webhook", "url": there["ops"].url}, late]

    def build(given: dict[str, str]) -> Any:
        environ.update(given)
        return build_app(environ)

    async with world("ops", targets=secret_url, app=build) as w:
        status, health = await w.call("GET", "health")
        assert (200, 1) == (status, len(health["problems"]))
        assert [202, 202, 202] == await w.push("p1")
        await w.host.settle()
        ops = w.receivers["ops"]
        assert 1 == len(ops.requests)
        environ["LATE_URL"] = ops.url
        await asyncio.sleep(600)
        assert 2 == len(ops.requests)


async def test_a_burst_to_a_receiver_that_asks_to_slow_down_arrives_whole() -> None:
    """Of five hundred pushes, half are at first refused with 429."""
    async with world("ops", REGIONS="eastus") as w:
        ops = w.receivers["ops"]
        ops.answers = [429, 200] * 250
        await asyncio.gather(*(w.post(event(f"p{n}"), "eastus") for n in range(500)))
        await w.until(lambda: len(ops.requests) == 750)
        await asyncio.sleep(600)
        assert 500 == len(ops.messages())
        assert 750 == len(ops.requests)


async def test_a_crash_between_sending_and_recording_repeats_with_the_same_id() -> None:
    """The receiver can tell by the id that the second is a repeat, and drop it."""
    hazards = Hazards.parse("crash=activity-after-before-result@1")
    async with world("ops", hazards=hazards) as w:
        for region in REGIONS:
            await w.insist("p1", region)
        await asyncio.sleep(600)
        ops = w.receivers["ops"]
        assert 2 == len(ops.requests)
        assert 1 == len({headers["webhook-id"] for headers, _ in ops.requests})
        assert ops.requests[0][1] == ops.requests[1][1]


async def test_deliveries_survive_every_hazard() -> None:
    """There are three pushes, a receiver that is down for a while, and a host that keeps dying."""
    async with world("ops", hazards=Hazards.azure_storage(), seed=11) as w:
        ops = w.receivers["ops"]
        ops.answers = [503] * 9
        posts = [w.insist(f"p{n}", region) for n in range(3) for region in REGIONS]
        await asyncio.gather(*posts)
        await w.until(lambda: len(ops.requests) > 11, LONGEST)
        await asyncio.sleep(LONGEST)
        assert ["complete"] * 3 == w.verdicts()
        by_push = {(b["push"]["id"], h["webhook-id"]) for h, b in ops.requests}
        assert 3 == len(by_push)


async def test_a_repeated_activity_finds_its_delivery_there() -> None:
    """Starting a delivery anew that has ended would send again what was delivered."""
    hazards = Hazards.parse("crash=activity-after-before-result@1")
    async with world("ops", hazards=hazards) as w:
        ops = w.receivers["ops"]
        ops.answers = [503, 200, 503]
        for region in REGIONS:
            await w.insist("p1", region)
        await asyncio.sleep(3_600)
        assert 3 == len(ops.requests)
        delivery = w.host.storage.instances["_delivery.complete.p1"]
        assert "delivered" in str(delivery.output)
