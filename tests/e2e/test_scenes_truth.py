"""What is said at the deadline and after it: alarms, the late window, evidence; on both hosts."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from acr_global import correlation
from acr_global.functions.durable import wire
from acr_global.model import Arrival
from acr_global_rig.registry import REGIONS
from devhost.clock import utcnow
from tests.e2e.scene import DURABLE, Scene, both
from tests.registry.fakes import DIGEST

MISSING = REGIONS[2]


def seconds(earlier: str, later: str) -> float:
    """The seconds between two times of a message."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def region(message: Any, name: str = MISSING) -> Any:
    """What a message says of a region."""
    return next(r for r in message["regions"] if r["region"] == name)


@both(policy="final")
async def test_a_missing_region_is_named_at_the_deadline(s: Scene) -> None:
    """The alarm also names the regions that have arrived; without a late window it is the last
    message."""
    await s.push(*REGIONS[:2])
    await s.told("overdue")
    (message,) = s.ops.messages()
    assert [MISSING] == message["missing"]
    assert ["arrived", "arrived", "missing"] == [r["state"] for r in message["regions"]]
    assert message["deadline"] <= message["decided_at"]
    assert s.spans.deadline <= seconds(message["regions"][0]["received_at"], message["decided_at"])
    assert [200] == await s.push(MISSING)
    assert "Completed" == (await s.ended())["runtimeStatus"]
    assert [200] == await s.push(MISSING)
    assert 1 == len(s.ops.requests)


@both(policy="final")
async def test_what_was_on_its_way_recovers_without_a_late_window(s: Scene) -> None:
    """A webhook was about to raise its event when the alarm was decided."""
    await s.push(*REGIONS[:2])
    await s.told("overdue")
    arrival = Arrival(region=MISSING, event_id=s.push_id(), received_at=utcnow())
    body = arrival.model_dump_json().encode()
    assert 202 == await s.raise_event(correlation.event_name(MISSING), body)
    await s.told("overdue", "recovered")
    assert [] == (await s.ended())["output"]["missing"]
    assert 2 == len(s.ops.requests)


@both(policy="late")
async def test_a_late_arrival_recovers(s: Scene) -> None:
    """The message after the alarm says how late it was."""
    await s.push(*REGIONS[:2])
    await s.told("overdue")
    assert [MISSING] == s.ops.messages()[0]["missing"]
    await asyncio.sleep(s.spans.moment)
    assert [202] == await s.push(MISSING)
    await s.told("overdue", "recovered")
    recovered = s.ops.messages()[1]
    assert [] == recovered["missing"]
    late = seconds(recovered["deadline"], region(recovered)["received_at"])
    assert late == recovered["late_seconds"] > 0
    assert s.spans.deadline <= region(recovered)["lag_seconds"]
    assert "Completed" == (await s.ended())["runtimeStatus"]
    assert 2 == len(s.ops.requests)


@both(policy="closing")
async def test_the_late_window_closes_quietly(s: Scene) -> None:
    """Incomplete is recorded, and sent only to targets that ask for it."""
    await s.push(*REGIONS[:2])
    await s.told("overdue", "incomplete", target="every")
    assert [200] == await s.push(MISSING)
    assert [MISSING] == s.receiver("every").messages()[1]["missing"]
    ended = await s.ended()
    assert "Completed" == ended["runtimeStatus"]
    assert "incomplete" in str(ended["output"])
    assert ["overdue"] == s.verdicts()
    assert [200] == await s.push(MISSING)


@both(policy="choosy")
async def test_a_target_chooses_verdicts_and_repositories(s: Scene) -> None:
    """It gets nothing else."""
    elsewhere = f"other/{s.name}"
    await asyncio.gather(
        s.push(push=1),
        s.push(REGIONS[0], push=2),
        s.push(REGIONS[0], push=3, repository=elsewhere),
    )
    await s.told("overdue", "incomplete", target="alarms", push=2)
    for n in (1, 2, 3):
        await s.ended(s.push_id(n))
    everything = s.ops.messages() + s.board.receiver("ops", elsewhere).messages()
    assert ["complete", "overdue", "overdue"] == sorted(m["type"] for m in everything)
    assert [] == s.verdicts("alarms", push=1)
    assert [] == s.board.receiver("alarms", elsewhere).requests


@both(policy="late")
async def test_an_arrival_while_the_alarm_is_sent_counts(s: Scene) -> None:
    """It comes between two phases, and twice: the recovery follows the alarm at once."""
    s.ops.gate = asyncio.Event()
    await s.push(*REGIONS[:2])
    await s.until(lambda: s.ops.requests)
    assert [202, 202] == await s.push(MISSING, MISSING)
    s.ops.gate.set()
    await s.told("overdue", "recovered")
    await s.ended()
    assert 2 == len(s.ops.requests)


async def push_two(s: Scene) -> None:
    """Post a push about which the third region is silent."""
    assert [202, 202] == await s.push(*REGIONS[:2], digest=DIGEST)


async def found(s: Scene) -> tuple[str, str, str]:
    """The only verdict, and the state and evidence of the silent region."""
    await s.until(lambda: s.ops.requests)
    (message,) = s.ops.messages()
    (evidence,) = region(message)["evidence"]
    assert "manifest" == evidence["kind"]
    return message["type"], region(message)["state"], evidence["detail"]


@both(policy="evidence-found")
async def test_evidence_of_the_image_prevents_an_alarm(s: Scene) -> None:
    """The webhook was lost, but the image is there, so the push is complete."""
    await push_two(s)
    assert ("complete", "evidence", "readable there") == await found(s)


@both(policy="evidence-absent")
async def test_evidence_against_a_region_is_in_the_alarm(s: Scene) -> None:
    """The image is not there, and the alarm says so."""
    await push_two(s)
    assert ("overdue", "missing", "not readable there (404)") == await found(s)


@both(policy="evidence-failing")
async def test_a_check_that_fails_is_no_evidence(s: Scene) -> None:
    """The registry breaks down, and the alarm says that the check failed."""
    await push_two(s)
    verdict, state, detail = await found(s)
    assert ("overdue", "missing", True) == (verdict, state, "check failed" in detail)


@both(policy="evidence-unknown")
async def test_a_registry_that_is_not_there_is_no_evidence(s: Scene) -> None:
    """Nobody listens at the region's endpoint."""
    await push_two(s)
    verdict, state, detail = await found(s)
    assert ("overdue", "missing", True) == (verdict, state, "check failed" in detail)


@both(policy="evidence-early")
async def test_looking_at_intervals_finds_a_lost_webhook_early(s: Scene) -> None:
    """The first look finds nothing, and the second completes the push, long before the deadline."""
    registry = s.board.endpoints["absent"]
    await push_two(s)
    await s.eventually(lambda: asked(s, "GET"))  # which a look ends with that finds nothing
    registry.statuses[s.repository] = 200
    await s.told("complete")
    (message,) = s.ops.messages()
    assert message["decided_at"] < message["deadline"]
    assert ["HEAD", "GET", "HEAD"] == asked(s)


def asked(s: Scene, *methods: str) -> list[str]:
    """The requests for this scene's image, in order; those by some methods, if any are named."""
    seen = s.board.endpoints["absent"].seen
    ours = [method for method, path in seen if s.repository in path]
    return [method for method in ours if not methods or method in methods]


@both()
async def test_an_event_raised_by_hand_counts_as_the_regions_arrival(s: Scene) -> None:
    """Its data does not matter: an operator vouches for the region."""
    await s.push(*REGIONS[:2])
    assert 202 == await s.raise_event(f"pushevent-{MISSING}", b'"it is there, I have looked"')
    await s.told("complete")
    assert s.push_id() == region(s.ops.messages()[0])["event_id"]


@both()
async def test_an_arrival_that_a_courier_carries_counts(s: Scene) -> None:
    """The courier is started by hand, as the app starts one for a push that does not begin."""
    await s.push(*REGIONS[:1])
    await s.eventually(lambda: running(s))
    arrival = Arrival(region=REGIONS[1], event_id="carried", received_at=utcnow())
    courier = correlation.courier_id(s.push_id(), REGIONS[1])
    cargo = wire.CourierInput(push_id=s.push_id(), arrivals=(arrival,)).model_dump_json().encode()
    assert 202 == (await s.call("POST", f"{DURABLE}/orchestrators/Courier/{courier}", cargo))[0]
    assert "Completed" == (await s.ended(courier))["runtimeStatus"]
    assert [202] == await s.push(MISSING)
    await s.told("complete")
    (message,) = s.ops.messages()
    assert "carried" == region(message, REGIONS[1])["event_id"]
    assert message["decided_at"] < message["deadline"]


async def running(s: Scene) -> Any:
    """The push's instance, once it has begun."""
    instance = await s.instance()
    return instance if instance and instance["runtimeStatus"] == "Running" else None


def reports(output: Any) -> dict[str, str]:
    """When each region reported, as a push's output has it."""
    return {arrival["region"]: arrival["received_at"] for arrival in output["arrivals"]}


@both(policy="final")
async def test_a_start_that_comes_after_the_end_raises_no_alarm(s: Scene) -> None:
    """It was held up, and took the place of the instance that had ended."""
    await s.push()
    await s.told("complete")
    first = (await s.ended())["output"]
    again = await s.begin_again()
    assert reports(first) == reports(again)
    assert ["complete"] == [said["type"] for said in again["verdicts"]] == s.verdicts()
    await s.decided(s.event(), MISSING)
