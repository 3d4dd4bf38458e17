"""What is counted is what happened: seen from outside, by the receivers and the registry."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from opentelemetry.trace import get_tracer

from acr_global import spans
from acr_global.functions.durable import names
from acr_global.functions.http import image_push
from acr_global.functions.telemetry.observer import FRESH
from acr_global.instruments import INSTRUMENTS, SECONDS
from acr_global.settings import load_settings
from acr_global_rig.receivers import every_verdict
from acr_global_rig.registry import REGIONS, event, ping
from acr_global_rig.world import World, world
from devhost import Hazards
from tests.e2e.test_patrol import RUN, note_while_open, noted_world
from tests.e2e.test_reviving import break_off, dying, engine_of, give_up, insist, next_process
from tests.meter import measured
from tests.tracer import made

PUSHES = 1_000
AT_ONCE = 20
FIRST, SECOND = REGIONS[:2]


MOODS = [410 if n % 50 == 0 else 503 if n % 7 == 0 else 200 for n in range(1, 3_000)]
"""The answers of a receiver that refuses each seventh message for now, each fiftieth for good."""


async def play(w: World, pushes: int) -> Counter[int]:
    """Pushes of all kinds, some side by side, and what is no push; the answers' statuses."""
    statuses: Counter[int] = Counter()
    places = asyncio.Semaphore(AT_ONCE)

    async def one(n: int) -> None:
        async with places:
            match n % 10:
                case 7:  # its second region is late
                    statuses.update(await w.push(f"p{n}", [FIRST]))
                    await asyncio.sleep(90)
                    statuses.update(await w.push(f"p{n}", [SECOND]))
                case 8:  # its second region never comes
                    statuses.update(await w.push(f"p{n}", [FIRST]))
                case 9:  # a repeat
                    statuses.update(await w.push(f"p{n}", [FIRST, SECOND, FIRST]))
                case _:
                    statuses.update(await w.push(f"p{n}", [FIRST, SECOND]))

    await asyncio.gather(*map(one, range(pushes)))
    for body, region in ((ping(), FIRST), ({"id": "x"}, FIRST), (ping(), "")):
        statuses[(await w.post(body, region))[0]] += 1
    return statuses


async def test_counters_equal_what_happened_to_a_thousand_pushes() -> None:
    """Complete, late, incomplete and repeated ones; one receiver fails now and then."""
    measured()
    about: dict[str, Any] = {"REGIONS": f"{FIRST},{SECOND}", "TIMEOUT": "1m", "LATE_WINDOW": "2m"}
    about["ALARM_GROUP"] = "0"  # each verdict is told by itself
    async with world("ops", "moody", targets=every_verdict, **about) as w:
        w.receivers["moody"].answers = list(MOODS)
        statuses = await play(w, PUSHES)
        await asyncio.sleep(100_000)
        said, asked = Counter(w.verdicts()), len(w.receivers["ops"].requests)
        moody = Counter(MOODS[: len(w.receivers["moody"].requests)])
        seen = measured()
    assert 2_003 == statuses.total()
    assert {"accepted": statuses[202], "ignored": statuses[200], "rejected": 2} == seen.by(
        "webhooks", "answer"
    )
    assert {"complete": 800, "overdue": 200, "recovered": 100, "incomplete": 100} == said
    assert said == seen.by("verdicts", "verdict") == seen.by("decision.duration", "verdict")
    assert {FIRST: 1_000, SECOND: 900} == seen.by("region.lag", "region")
    assert {"ops": asked, "moody": moody.total()} == seen.by("attempts", "target")
    outcomes = {"delivered": moody[200], "retry": moody[503]}
    outcomes |= {"dead": moody[410]}
    assert outcomes == {
        outcome: seen.total("attempts", target="moody", outcome=outcome) for outcome in outcomes
    }
    assert asked + moody[200] == seen.total("delivery.duration")
    assert {"message": moody[410]} == seen.by("dead_letters", "kind")


async def test_times_are_those_of_the_receivers_and_the_registry() -> None:
    """In seconds, under buckets that reach from a delivery at once to a day."""
    measured()
    async with world("ops", targets=every_verdict, TIMEOUT="10m", LATE_WINDOW="2h") as w:
        w.receivers["ops"].answers = [503]
        await w.push("p1", [FIRST])
        await asyncio.sleep(100)
        await w.push("p1", [SECOND])
        await asyncio.sleep(3_500)
        await w.push("p1", REGIONS[2:])
        await w.until(lambda: "recovered" in w.verdicts())
        await w.host.settle()
        seen = measured()
    lags = {dict(k[1])["region"]: round(v) for k, v in seen.sums.items() if k[0] == "region.lag"}
    assert {FIRST: 0, SECOND: 100, REGIONS[2]: 3_600} == lags
    took = {dict(k[1])["verdict"]: v for k, v in seen.sums.items() if k[0] == "decision.duration"}
    assert {"overdue": 60, "recovered": 360} == {k: round(v / 10) for k, v in took.items()}
    waited = {dict(k[1])["verdict"]: v for k, v in seen.sums.items() if k[0] == "delivery.duration"}
    assert 4 < waited["overdue"] < 10
    assert waited["recovered"] < 2
    assert {SECONDS} == set(seen.bounds.values())
    units = {i.name: i.unit for i in INSTRUMENTS}
    assert seen.units == {name: units[name] for name in seen.units}


async def test_replays_count_nothing_and_a_repeated_activity_counts_its_repeats() -> None:
    """Attempts are those that the receiver saw; an activity that the engine delivers twice runs
    twice, and says its verdict twice (under one id)."""
    measured()
    async with world(hazards=Hazards(activities_twice=1.0)) as w:
        await w.push("p1")
        await w.until(lambda: len(w.receivers["ops"].requests) == 2)
        await w.host.settle()
        assert 1 == len(w.messages)
        seen = measured()
    assert 2 == seen.total("attempts") == seen.total("verdicts")


async def test_what_was_caught_up_is_told_apart_from_webhooks() -> None:
    """The alarm for silent webhooks must not be calmed by the registry's log."""
    measured()
    async with world() as w:
        await w.push("p1", [FIRST])
        await w.push("p1", [SECOND], caught_up="true")
        seen = measured()
    assert {"webhook": 2} == seen.by("webhooks", "source")


async def test_open_pushes_are_told_by_the_timer_while_its_look_is_fresh() -> None:
    """All that are noted, with the age of the oldest; one that listens after its alarm is open.
    What has ended is gone with the next run."""
    async with noted_world(TIMEOUT="10m", LATE_WINDOW="2h") as (w, journal):
        await w.push("p1", [FIRST])
        await asyncio.sleep(700)
        await w.push("p2", [FIRST])
        await note_while_open(w, journal)
        await w.host.run_timer(names.REVIVE_INTERRUPTED)
        await w.host.settle()
        seen = measured()
        assert 2 == seen.total("pushes.open")
        assert 700 <= seen.total("pushes.oldest_age") < 800
        await w.push("p1", REGIONS[1:])
        await w.push("p2", REGIONS[1:])
        await asyncio.sleep(30)
        await w.host.run_timer(names.REVIVE_INTERRUPTED)
        await w.host.settle()
        assert {"": 0} == measured().by("pushes.open", "any")


async def test_a_process_whose_timer_is_gone_shows_no_gauge() -> None:
    """Another process may run it, and has newer values."""
    async with noted_world(TIMEOUT="10m") as (w, _):
        await w.host.run_timer(names.REVIVE_INTERRUPTED)
        await w.host.settle()
        assert {"": 0} == measured().by("pushes.open", "any")
    async with world():
        await asyncio.sleep(FRESH.total_seconds() + 1)
        assert {} == measured().by("pushes.open", "any")


async def test_what_begins_anew_is_counted() -> None:
    """Once, however many find it."""
    measured()
    async with noted_world(TIMEOUT="1h", LATE_WINDOW="0") as (w, journal):
        await insist(w, *REGIONS[:2])
        await note_while_open(w, journal)
        await break_off(w)
        await asyncio.sleep(2 * RUN)
        await insist(w, REGIONS[2])
        await w.until(lambda: w.messages)
    assert {"push": 1} == measured().by("revived", "kind")


async def test_a_delivery_that_begins_anew_is_counted_and_so_is_its_end() -> None:
    """It is one dead letter, whatever lives it had."""
    measured()
    async with world(RETRY_SCHEDULE="5s,5m,5m") as w:
        w.receivers["ops"].answers = [503] * 9
        await w.push("p1")
        await w.until(lambda: len(w.receivers["ops"].requests) == 2)
        await asyncio.sleep(20)
        w.host.hazards = dying("turn-before@1")
        await asyncio.sleep(400)
        await next_process(w, "_delivery.complete.p1")
        await asyncio.sleep(3_600)
        seen = measured()
    assert {"delivery": 1} == seen.by("revived", "kind")
    assert {"ops": 1} == seen.by("dead_letters", "target")
    assert 4 == seen.total("attempts", outcome="retry")


async def test_a_region_that_nobody_expects_is_no_label() -> None:
    """A caller could make as many series as it likes."""
    measured()
    async with world() as w:
        assert 400 == (await w.post(event("p1"), "nowhere"))[0]
        seen = measured()
    assert {"": 1} == seen.by("webhooks", "region") == seen.by("webhooks", "registry")


async def test_a_push_that_is_given_up_is_a_dead_letter() -> None:
    """After all of its lives."""
    measured()
    async with world(TIMEOUT="2h") as w:
        await give_up(w)
        seen = measured()
    assert {"push": 5} == seen.by("revived", "kind")
    assert {"push": 1} == seen.by("dead_letters", "kind")


async def test_a_push_is_one_trace_over_webhooks_looks_and_attempts() -> None:
    """All its spans have one trace, derived from its id, whatever process made them."""
    made()
    async with world("ops", targets=every_verdict, TIMEOUT="10m", LATE_WINDOW="1h") as w:
        w.receivers["ops"].answers = [503]
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(1_000)
        await w.push("p1", REGIONS[2:])
        await w.until(lambda: "recovered" in w.verdicts())
        await w.host.settle()
    found = made()
    trace_id, parent_id = spans.trace_of("p1")
    assert {(trace_id, parent_id)} == {
        (s.context.trace_id, s.parent.span_id) for s in found if s.context and s.parent
    }
    assert {"arrival": 3, "look": 1, "wait": 2, "attempt": 3} == Counter(s.name for s in found)
    states = [s.status.status_code.name for s in found if s.name == "attempt"]
    assert ["ERROR", "UNSET", "UNSET"] == states
    alarm = next(s for s in found if s.name == "wait")
    assert {FIRST, SECOND} == {(e.attributes or {})["acr_global.region"] for e in alarm.events}
    assert 600 == round(((alarm.end_time or 0) - (alarm.start_time or 0)) / 1e9, -1)
    assert {} == {s.name: s.links for s in found if s.links}


async def test_a_span_of_the_host_is_linked_to() -> None:
    """The request has a trace of its own, as the host has it."""
    made()
    async with world() as w:
        engine, loaded = engine_of(w), load_settings({"ACR_GLOBAL_REGIONS": "eastus"})
        with get_tracer("host").start_as_current_span("request") as request:
            body = json.dumps(event("p1")).encode()
            await image_push.answer(loaded, engine, {"region": "eastus"}, body)
        await w.host.settle()
    (arrival,) = (s for s in made() if s.name == "arrival")
    assert [request.get_span_context()] == [link.context for link in arrival.links]
