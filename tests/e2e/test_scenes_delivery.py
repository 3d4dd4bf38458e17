"""Notifications that arrive: retries, dead letters, replay, alarms overtaken; on both hosts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from acr_global_rig.receivers import Receiver
from acr_global_rig.registry import REGIONS
from tests.e2e.scene import Scene, both


def ids(receiver: Receiver) -> set[tuple[str, str]]:
    """The message ids of all attempts, by which a receiver drops repeats."""
    return {(headers["webhook-id"], body["id"]) for headers, body in receiver.requests}


async def letters(s: Scene) -> list[Any]:
    """The dead letters of this scene's pushes, as the app lists them."""
    found: list[Any] = []
    more: dict[str, str] = {}
    while True:
        status, page = await s.call("GET", "api/deadletters", None, **more)
        assert 200 == status
        found += [letter for letter in page["deadletters"] if s.name in letter["id"]]
        if not page["next"]:
            return found
        more = {"after": page["next"]}


async def letter(s: Scene) -> Any:
    """The one dead letter, once there is one."""

    (only,) = await s.eventually(lambda: letters(s))
    return only


async def replay(s: Scene, letter_id: str) -> tuple[int, Any]:
    """Send a dead letter anew, as an operator does."""
    return await s.call("POST", f"api/deadletters/{letter_id}/replay")


async def delivery(s: Scene, verdict: str = "complete", suffix: str = "") -> Any:
    """The delivery's instance, once it has ended."""
    return (await s.ended(f"_delivery.{verdict}.{s.push_id()}{suffix}"))["output"]


@both()
async def test_a_refused_notification_is_tried_again(s: Scene) -> None:
    """Each attempt has the same message id, until one is delivered; there is no dead letter."""
    s.ops.answers = [503, 500, 408]
    await s.push()
    assert "delivered" == (await delivery(s))["state"]
    assert 4 == len(s.ops.requests)
    assert 1 == len(ids(s.ops))
    assert "Completed" == (await s.ended())["runtimeStatus"]
    assert [] == await letters(s)


@both()
async def test_a_receiver_that_asks_for_time_gets_it(s: Scene) -> None:
    """Retry-After counts before a shorter pause of the schedule."""
    longer = s.spans.pauses[0] + 3
    s.ops.answers, s.ops.retry_after = [429], str(longer)
    await s.push()
    state = (await delivery(s))["delivery"]
    first, second = (datetime.fromisoformat(a["at"]) for a in state["attempts"])
    assert longer == state["attempts"][0]["retry_after"]
    assert longer <= (second - first).total_seconds()
    assert 2 == len(s.ops.requests)


@both(policy="three")
async def test_a_target_that_is_gone_is_dead_at_once(s: Scene) -> None:
    """A 410 is not tried again, and delays no other target of the same delivery."""
    s.receiver("second").answers = [410]
    s.receiver("third").answers = [503]
    await s.push()
    only = await letter(s)
    assert ["second"] == only["dead"]
    assert "dead" == (await delivery(s))["state"]
    assert [1, 1, 2] == [len(s.receiver(t).requests) for t in ("ops", "second", "third")]
    assert "second" in str((await s.ended())["output"])


@both()
async def test_a_dead_letter_is_seen_and_replayed(s: Scene) -> None:
    """It shows its attempts; the replay has the same message id, and empties the list."""
    attempts = len(s.spans.pauses) + 1
    s.ops.answers = [500] * attempts
    await s.push()
    only = await letter(s)
    assert f"_delivery.complete.{s.push_id()}" == only["id"]
    status, shown = await s.call("GET", f"api/deadletters/{only['id']}")
    assert (200, attempts) == (status, len(shown["attempts"]))
    assert {"http-500"} == {a["reason"] for a in shown["attempts"]}
    assert "127.0.0.1" not in str(shown)
    status, answer = await replay(s, only["id"])
    assert (202, ["ops"]) == (status, answer["targets"])
    assert "delivered" == (await delivery(s, suffix="~1"))["state"]
    assert attempts + 1 == len(s.ops.requests)
    assert 1 == len(ids(s.ops))
    assert [] == await letters(s)


@both()
async def test_a_replay_that_fails_is_a_dead_letter_again(s: Scene) -> None:
    """The new dead letter can be replayed too, by its own id or the first one's."""
    s.ops.answers = [400, 400, 400]
    await s.push()
    first = (await letter(s))["id"]
    for number in (1, 2):
        assert 202 == (await replay(s, first))[0]
        assert "dead" == (await delivery(s, suffix=f"~{number}"))["state"]
        assert number + 1 == len(s.ops.requests)
    assert f"{first}~2" == (await letter(s))["id"]
    assert 202 == (await replay(s, f"{first}~2"))[0]
    assert "delivered" == (await delivery(s, suffix="~3"))["state"]
    assert [] == await letters(s)
    status, answer = await replay(s, f"{first}~2")
    assert (409, "not-a-dead-letter") == (status, answer["reason"])


@both()
async def test_unknown_dead_letters_are_404(s: Scene) -> None:
    """No other instance can be reached through these functions."""
    await s.push()
    unknown = f"_delivery.complete.{s.push_id(2)}"
    for instance_id in (s.push_id(), unknown, f"_courier.eastus.{s.push_id()}", "x%2Fy"):
        for method, path in (("GET", ""), ("POST", "/replay")):
            status, answer = await s.call(method, f"api/deadletters/{instance_id}{path}")
            assert (404, "dead-letter-unknown") == (status, answer["reason"])


@both(policy="late")
async def test_an_alarm_that_never_arrived_is_dropped_when_the_push_recovers(s: Scene) -> None:
    """The receiver is back, and hears of the recovery only."""
    s.ops.answers = [503, 503]
    await s.push(*REGIONS[:2])
    await s.until(lambda: s.ops.requests)
    await s.push(REGIONS[2])
    assert "superseded" == (await delivery(s, "overdue"))["state"]
    await s.ended()
    await s.until(lambda: not s.ops.answers)
    requests = [body["type"] for _, body in s.ops.requests]
    assert ["overdue", "recovered"] == list(dict.fromkeys(requests))
    assert requests.count("overdue") <= 2
    assert "recovered" == requests[-1]
    assert [] == await letters(s)


@both(policy="late")
async def test_an_alarm_that_is_replayed_gives_way_to_a_later_recovery(s: Scene) -> None:
    """It had not been overtaken when an operator asked for it."""
    s.ops.answers = [400]
    await s.push(*REGIONS[:2])
    only = await letter(s)
    s.ops.answers = [503, 503]
    assert 202 == (await replay(s, only["id"]))[0]
    await s.until(lambda: len(s.ops.requests) > 1)
    await s.push(REGIONS[2])
    assert "superseded" == (await delivery(s, "overdue", "~1"))["state"]
    await s.ended()
    await s.until(lambda: s.ops.requests[-1][1]["type"] == "recovered")
    assert [] == await letters(s)


@both(policy="down")
async def test_a_receiver_that_is_down_at_the_verdict_gets_it_when_it_is_back(s: Scene) -> None:
    """The other targets have it meanwhile."""
    await s.push()
    await s.told("complete")
    state = await s.eventually(lambda: owed(s))
    assert ["down"] == state["owed"]
    async with s.board.open_late():
        await s.told("complete", target="down")
    assert 1 == len(s.ops.requests)


async def owed(s: Scene) -> Any:
    """The custom status of a delivery that goes on."""
    found = await s.instance(f"_delivery.complete.{s.push_id()}")
    return (found or {}).get("customStatus")
