"""Rare cases: broken-off instances, an engine that does not answer, changes by hand."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from acr_global.functions.activities import fire_push_notification, gather_evidence
from acr_global.functions.durable.engine import Engine, EngineError
from acr_global_rig.receivers import Receiver
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from devhost.storage import Instance
from tests.e2e.test_delivery import letters, refused_while_the_engine_is_away


async def durable(w: World, path: str, data: Any) -> int:
    """Call the engine's own API, as an operator with the system key can."""
    async with w.session.post(f"{w.host.url}/durabletask/{path}", json=data) as answer:
        return answer.status


async def test_a_push_whose_instance_has_failed_is_answered_503() -> None:
    """It has not been decided, and starting it anew would lose what it held."""
    async with world() as w:
        await durable(w, "orchestrators/WaitForAllRegions/p1", {"v": "nonsense"})
        await w.host.settle()
        assert "Failed" == w.host.storage.instances["p1"].runtime_status
        status, answer = await w.post(event("p1"), "eastus")
        assert (503, "instance-failed") == (status, answer["reason"])


async def test_a_generation_that_has_failed_is_followed_by_the_next() -> None:
    """The same content goes on as if it were new."""
    async with world(REGIONS="eastus", CORRELATION="content") as w:
        await w.post(event("a"), "eastus")
        await asyncio.sleep(60)
        (first,) = (i for i in w.host.storage.instances if i.startswith("content-"))
        await durable(w, f"orchestrators/WaitForAllRegions/{first}", {"v": "nonsense"})
        await w.host.settle()
        assert 202 == (await w.post(event("a"), "eastus"))[0]
        await w.host.settle()
        assert ["complete", "complete"] == w.verdicts()


async def test_a_terminated_push_is_not_said_to_be_decided(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An operator ended it: no event is accepted any more, and the answer says so."""
    async with world() as w:
        await w.push("p1", REGIONS[:1])
        await w.host.settle()
        assert 202 == await durable(w, "instances/p1/terminate?reason=enough", None)
        await w.host.settle()
        _, answer = await w.post(event("p1"), "eastus")
        assert "terminated" == answer["reason"]
        assert "enough" == logged(caplog, "push-terminated")["cause"]


async def test_an_engine_that_is_away_for_a_while_costs_no_notification() -> None:
    """The activity is tried again until it can hand over what failed."""
    async with world() as w:
        ops = w.receivers["ops"]
        await refused_while_the_engine_is_away(w, ops, 3)
        w.host.hazards = Hazards()
        await asyncio.sleep(60)
        assert ["complete"] == w.verdicts()
        assert "Completed" == w.host.storage.instances["p1"].runtime_status


async def test_a_notification_that_cannot_be_handed_over_is_kept_until_it_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is tried as long as a delivery would be; then it is a dead letter, with an error line."""
    async with world() as w:
        ops = w.receivers["ops"]
        await refused_while_the_engine_is_away(w, ops, 24 * 3_600)
        assert "Running" == w.host.storage.instances["p1"].runtime_status
        assert 1 == len(ops.requests)
        await asyncio.sleep(6 * 3_600)
        (record,) = w.host.storage.instances["p1"].output["verdicts"]
        assert "not handed over" in record["error"]
        assert "complete" == logged(caplog, "verdict-given-up")["verdict"]
        w.host.hazards = Hazards()
        _, answer = await w.call("GET", "deadletters")
        (letter,) = answer["deadletters"]
        assert ["ops"] == letter["dead"]
        assert 202 == (await w.call("POST", f"deadletters/{letter['id']}/replay"))[0]
        await w.until(lambda: len(ops.requests) == 2)


async def test_a_firing_that_breaks_down_for_hours_is_done_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The instance does not end before its verdict was sent."""
    fire, times = fire_push_notification.fire, []

    async def broken(*args: Any) -> Any:
        times.append(utcnow())
        if (utcnow() - times[0]).total_seconds() < 5 * 3_600:
            raise RuntimeError("the storage is away")
        return await fire(*args)

    monkeypatch.setattr(fire_push_notification, "fire", broken)
    async with world() as w:
        await w.push("p1")
        await asyncio.sleep(4 * 3_600)
        assert "Running" == w.host.storage.instances["p1"].runtime_status
        assert "decided" in str(w.host.storage.instances["p1"].custom_status)
        await asyncio.sleep(6 * 3_600)
        assert ["complete"] == w.verdicts()
        assert "Completed" == w.host.storage.instances["p1"].runtime_status


async def test_a_firing_that_never_works_leaves_a_dead_letter(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is for all targets, and can be replayed."""
    fire = fire_push_notification.fire

    async def broken(*_: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(fire_push_notification, "fire", broken)
    async with world() as w:
        await w.push("p1")
        await asyncio.sleep(40 * 3_600)
        assert "a bug" in logged(caplog, "verdict-given-up")["cause"]
        assert "Completed" == w.host.storage.instances["p1"].runtime_status
        monkeypatch.setattr(fire_push_notification, "fire", fire)
        _, answer = await w.call("GET", "deadletters")
        (letter,) = answer["deadletters"]
        assert 202 == (await w.call("POST", f"deadletters/{letter['id']}/replay"))[0]
        await w.until(lambda: ["complete"] == w.verdicts())


def logged(caplog: pytest.LogCaptureFixture, event: str) -> Any:
    """What one event's log line holds."""
    (line,) = (r.getMessage() for r in caplog.records if r.getMessage().startswith(event))
    return json.loads(line.removeprefix(event))


async def test_a_webhook_that_was_not_kept_stands_whole_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It can be posted again; a key in its query is not logged."""
    async with world(hazards=Hazards(management_errors=1.0)) as w:
        status, _ = await w.post(event("p1"), "eastus", code="a-key", registry="r.io")
        assert 503 == status
        line = logged(caplog, "arrival-not-kept")
        assert {"region": "eastus", "registry": "r.io", "body": event("p1")} == (line["received"])
        assert "EngineError" in line["cause"] or "answered" in line["cause"]
    assert "a-key" not in caplog.text.replace("devhost", "")


async def test_a_webhook_refused_for_a_setting_stands_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The registry does not send it again when the setting is put right."""
    async with world(REGIONS="a/b") as w:
        assert 503 == (await w.post(event("p1"), "eastus"))[0]
        received = logged(caplog, "settings-wrong")["received"]
        assert {"region": "eastus", "body": event("p1")} == received


@pytest.mark.parametrize(
    ("said", "logged_as"),
    [("Brazil South", "brazilsouth"), ("eastus?code=a-key", None), ("a" * 60, None), ("", None)],
)
async def test_a_rejected_webhook_is_logged_with_its_region(
    caplog: pytest.LogCaptureFixture, said: str, logged_as: str | None
) -> None:
    """Which one the settings lack, or who sends what cannot be read; not what can be no region."""
    async with world() as w:
        assert 400 == (await w.post(event("p1"), said))[0]
        assert logged_as == logged(caplog, "webhook").get("region")
    assert "a-key" not in caplog.text.replace("devhost", "")


async def test_unusable_fields_of_a_webhook_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The webhook itself is kept, and the push is notified."""
    caplog.set_level(logging.INFO)
    odd = {"timestamp": "0001-01-01T00:00:00+14:00", "request": {"host": "a b"}}
    async with world(REGIONS="eastus") as w:
        assert 202 == (await w.post(event("p1") | odd, "eastus"))[0]
        assert ["timestamp", "request.host"] == logged(caplog, "webhook")["dropped"]
        await w.until(lambda: ["complete"] == w.verdicts())


async def test_problems_are_logged_again_at_the_first_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The Functions host drops what is logged while the app is built."""
    async with world(REGIONS="a/b") as w:
        for times in (1, 2, 2, 2):
            said = [r for r in caplog.records if r.getMessage().startswith("setting-wrong")]
            assert times == len(said)
            await w.call("GET", "health")


async def test_a_webhook_far_too_long_for_a_log_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    """The telemetry service would cut the line at any place."""
    async with world(REGIONS="a/b") as w:
        await w.post(event("p1") | {"more": "x" * 100_000}, "eastus")
        assert 16_000 == len(logged(caplog, "settings-wrong")["received"]["body"])


def failing_once(monkeypatch: pytest.MonkeyPatch, method: str, about: str) -> list[str]:
    """Let the engine's first call of a method about something fail; returns the calls about it."""
    real, seen = getattr(Engine, method), []

    async def call(self: Engine, *args: Any, **options: Any) -> Any:
        if any(about in str(arg) for arg in args):
            seen.append(str(args[0]))
            if len(seen) == 1:
                raise EngineError("just this once")
        return await real(self, *args, **options)

    monkeypatch.setattr(Engine, method, call)
    return seen


async def test_a_couriers_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An arrival has no other place to go."""
    starts = failing_once(monkeypatch, "start", "_courier")
    async with world() as w:
        w.host.storage.insert(pending("p1"))
        assert 202 == (await w.post(event("p1"), "eastus"))[0]
        assert 2 == len(starts)


async def test_a_failed_look_for_a_courier_is_no_reason_for_an_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The activity looks again before it says that nothing was accepted."""
    async with world(TIMEOUT="1s", LATE_WINDOW="0", hazards=Hazards(invisible=1.0)) as w:
        await w.push("p1", REGIONS[:1])
        await w.host.settle()
        w.host.hazards = Hazards()
        await asyncio.sleep(3.1)  # so that a courier's next look comes after the deadline
        await w.push("p1", REGIONS[1:])
        looks = failing_once(monkeypatch, "look", "_courier.eastus")
        await asyncio.sleep(300)
        assert 2 == len(looks)
        assert ["complete"] == w.verdicts()


async def test_a_start_whose_reading_back_hangs_still_has_a_courier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The instance is known to be there, so the arrival can be carried to it."""
    real = Engine.look

    async def look(self: Engine, instance_id: str, *, show_input: bool = False) -> Any:
        if show_input and instance_id == "p1":
            await asyncio.sleep(4)
        return await real(self, instance_id, show_input=show_input)

    monkeypatch.setattr(Engine, "look", look)
    async with world() as w:
        assert [202] * 3 == await w.push("p1")
        assert "_courier.westeurope.p1" in w.host.storage.instances
        await asyncio.sleep(60)
        assert ["complete"] == w.verdicts()


async def test_failing_calls_cost_no_other_arrivals() -> None:
    """In a burst on an endpoint that fails now and then, everything is kept."""
    async with world(REGIONS="eastus", hazards=Hazards(management_errors=0.02)) as w:
        posts = [w.post(event(f"p{n}"), "eastus") for n in range(300)]
        answers = await asyncio.gather(*posts)
        assert {202} == {status for status, _ in answers}


async def test_a_look_that_breaks_down_does_not_hold_up_the_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The alarm says that the check failed."""

    async def broken(*_: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(gather_evidence, "gather", broken)
    async with world(EVIDENCE="manifest", LATE_WINDOW="0") as w:
        await w.push("p1", REGIONS[:2])
        await asyncio.sleep(700)
        (message,) = w.messages
        assert "overdue" == message["type"]
        (evidence,) = message["regions"][2]["evidence"]
        assert "check failed" in evidence["detail"]


async def test_an_engine_that_is_away_at_the_deadline_does_not_hold_up_the_alarm() -> None:
    """Couriers cannot be looked for, but the events count."""
    async with world(LATE_WINDOW="0", TIMEOUT="1m") as w:
        await w.push("p1", REGIONS[:2])
        await w.host.settle()
        w.host.hazards = Hazards(management_errors=1.0)
        await asyncio.sleep(90)
        assert ["overdue"] == w.verdicts()


def pending(push: str) -> Instance:
    """A row without a history, and without a message that would begin it."""
    return Instance(push, "WaitForAllRegions", "x", "Pending", utcnow(), utcnow())


async def test_a_courier_outlives_the_failures_of_its_activity() -> None:
    """Here the engine is away for ten minutes."""
    async with world(hazards=Hazards(invisible=1.0)) as w:
        await w.push("p1", REGIONS[:1])
        await w.host.settle()
        w.host.hazards = Hazards()
        await w.push("p1", REGIONS[1:2])
        w.host.hazards = Hazards(management_errors=1.0)
        await asyncio.sleep(300)
        w.host.hazards = Hazards()
        await asyncio.sleep(60)
        await w.push("p1", REGIONS[2:])
        await w.host.settle()
        assert ["complete"] == w.verdicts()


async def test_where_no_courier_can_be_sent_the_answer_says_so() -> None:
    """The registry's event log then shows a 503, and the app's log the whole event."""
    async with world() as w:
        w.host.storage.insert(pending("p1"))
        posting = asyncio.create_task(w.post(event("p1"), "eastus"))
        await asyncio.sleep(1.5)
        w.host.hazards = Hazards(management_errors=1.0)
        status, answer = await posting
        assert (503, "engine-unavailable") == (status, answer["reason"])


async def test_a_target_is_tried_from_the_running_app() -> None:
    """One marked message is sent, and its result returned; an unknown name is named as such."""
    async with world() as w:
        w.receivers["ops"].answers = [200, 503]
        outcomes = [await w.call("POST", "targets/ops/test") for _ in range(2)]
        assert ["delivered", "retry"] == [answer["outcome"] for _, answer in outcomes]
        assert {200} == {status for status, _ in outcomes}
        assert all(body["test"] for _, body in w.receivers["ops"].requests)
        status, answer = await w.call("POST", "targets/nobody/test")
        assert (404, "target-unknown") == (status, answer["reason"])


async def test_operators_are_told_when_the_engine_does_not_answer() -> None:
    """The answer is one sentence without internals."""
    async with world() as w:
        w.host.hazards = Hazards(management_errors=1.0)
        for method, path in (
            ("GET", "deadletters"),
            ("GET", "deadletters/_delivery.complete.p1"),
            ("POST", "deadletters/_delivery.complete.p1/replay"),
        ):
            status, answer = await w.call(method, path)
            assert (503, "engine-unavailable") == (status, answer["reason"])


async def test_a_broken_off_delivery_is_a_dead_letter() -> None:
    """Terminated or failed, it can be replayed to all its targets."""
    async with world() as w:
        w.receivers["ops"].answers = [503] * 3
        await w.push("p1")
        await w.host.settle()
        delivery = w.host.storage.instances["_delivery.complete.p1"]
        delivery.runtime_status, delivery.output = "Failed", "a bug"
        _, answer = await w.call("GET", "deadletters")
        assert ["_delivery.complete.p1"] == [d["id"] for d in answer["deadletters"]]
        assert 202 == (await w.call("POST", "deadletters/_delivery.complete.p1/replay"))[0]
        await asyncio.sleep(3_600)
        assert ["complete"] == w.verdicts()


async def test_a_target_that_has_left_the_settings_ends_as_a_dead_letter() -> None:
    """Instances in flight make its loss visible."""

    def renamed(there: dict[str, Receiver]) -> list[dict[str, Any]]:
        return [{"name": "new", "kind": "webhook", "url": there["ops"].url}]

    async with world(targets=renamed, RETRY_SCHEDULE="5s") as w:
        await w.push("p0", REGIONS[:1])
        await w.host.settle()
        given = w.host.storage.instances["p0"].input.replace('"new"', '"old"')
        given = given.replace("p0", "p1")
        await durable(w, "orchestrators/WaitForAllRegions/p1", given)
        await w.push("p1", REGIONS[1:])
        await asyncio.sleep(60)
        _, answer = await w.call("GET", "deadletters")
        (letter,) = answer["deadletters"]
        assert ["old"] == letter["dead"]
        _, shown = await w.call("GET", f"deadletters/{letter['id']}")
        assert {"target-unknown"} == {a["reason"] for a in shown["attempts"]}


async def test_what_was_started_by_hand_hides_no_dead_letter() -> None:
    """Whatever its id looks like, it is none itself, and nothing of it can be sent again."""
    by_hand = ("_delivery.complete.p1~x", "_delivery.complete.p2", "_delivery.unsaid.p3")
    async with world() as w:
        w.receivers["ops"].answers = [400]
        await w.push("p1")
        await w.host.settle()
        for instance in by_hand:
            await durable(w, f"orchestrators/DeliverNotification/{instance}", {})
        await w.host.settle()
        assert "_delivery.complete.p1" in [letter["id"] for letter in await letters(w)]
        for instance in by_hand:
            for method, path in (("GET", ""), ("POST", "/replay")):
                status, said = await w.call(method, f"deadletters/{instance}{path}")
                assert (404, "dead-letter-unknown") == (status, said["reason"])
        assert ["ops"] == (await w.call("GET", "pushes/p1"))[1]["undelivered"]
        assert 202 == (await w.call("POST", "pushes/p1/retry"))[0]
