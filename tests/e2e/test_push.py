"""One push, one verdict: the app over real HTTP, in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.e2e.world import REGIONS, World, event, virtual, world


def output(w: World, push: str) -> Any:
    """What the push's instance left behind."""
    return w.host.storage.instances[push].output


def test_a_push_that_is_everywhere_is_complete() -> None:
    """All regions in: one notification, with each region's report in it."""

    async def test() -> None:
        async with world() as w:
            assert [202, 202, 202] == await w.push("p1")
            await w.host.settle()
            (message,) = w.messages
            assert "complete" == message["type"]
            assert list(REGIONS) == [r["region"] for r in message["regions"]]
            assert {"arrived"} == {r["state"] for r in message["regions"]}
            assert [] == message["missing"]
            await asyncio.sleep(20)
            assert "Completed" == w.host.storage.instances["p1"].runtime_status

    virtual(test)


def test_the_answer_says_what_was_kept_and_nothing_else() -> None:
    """No key, no management URL."""

    async def test() -> None:
        async with world() as w:
            expected = {"status": "accepted", "push": "p1", "region": "westeurope"}
            assert (202, expected) == await w.post(event("P1"), "West Europe")

    virtual(test)


def test_pushes_do_not_mix() -> None:
    """Interleaved over the regions, each gets its own verdict."""

    async def test() -> None:
        async with world() as w:
            for region in REGIONS:
                for push in ("p1", "p2", "p3"):
                    await w.post(event(push, tag=push), region)
            await w.host.settle()
            assert {("p1", "complete"), ("p2", "complete"), ("p3", "complete")} == {
                (m["push"]["tag"], m["type"]) for m in w.messages
            }
            assert 3 == len(w.messages)

    virtual(test)


def test_a_missing_region_is_named_at_the_deadline() -> None:
    """Not before it, and with those that have arrived."""

    async def test() -> None:
        async with world(TIMEOUT="10m", LATE_WINDOW="0") as w:
            await w.push("p1", REGIONS[:2])
            await asyncio.sleep(599)
            assert [] == w.messages
            await asyncio.sleep(5)
            (message,) = w.messages
            assert ("overdue", ["eastus"]) == (message["type"], message["missing"])
            assert ["arrived", "arrived", "missing"] == [r["state"] for r in message["regions"]]
            await asyncio.sleep(20)
            assert "Completed" == w.host.storage.instances["p1"].runtime_status

    virtual(test)


def test_repeats_change_nothing() -> None:
    """Each region several times, before and after the verdict."""

    async def test() -> None:
        async with world() as w:
            for region in (*REGIONS[:2], *REGIONS[:2], *REGIONS[:2]):
                assert 202 == (await w.post(event("p1"), region))[0]
            assert 202 == (await w.post(event("p1"), REGIONS[2]))[0]
            await w.host.settle()
            for region in REGIONS:
                decided = (200, {"status": "ignored", "reason": "already-decided"})
                assert decided == await w.post(event("p1"), region)
            await w.host.settle()
            assert ["complete"] == w.verdicts()

    virtual(test)


def test_all_regions_at_once_with_repeats() -> None:
    """Twenty pushes, every region three times, all in the same moment."""

    async def test() -> None:
        async with world() as w:
            posts = [
                w.post(event(f"p{n}"), region)
                for n in range(20)
                for region in REGIONS
                for _ in range(3)
            ]
            answers = await asyncio.gather(*posts)
            assert {200, 202} >= {status for status, _ in answers}
            await w.until(lambda: len(w.messages) == 20)
            await w.host.settle()
            assert ["complete"] * 20 == w.verdicts()

    virtual(test)


def test_a_late_arrival_without_a_window_is_answered_decided() -> None:
    """The alarm was the last word."""

    async def test() -> None:
        async with world(TIMEOUT="1m", LATE_WINDOW="0") as w:
            await w.push("p1", REGIONS[:2])
            await asyncio.sleep(90)
            _, answer = await w.post(event("p1"), "eastus")
            assert "already-decided" == answer["reason"]
            assert ["overdue"] == w.verdicts()

    virtual(test)


def test_one_region_is_a_push_of_its_own() -> None:
    """A registry without replicas is complete with its first report."""

    async def test() -> None:
        async with world(REGIONS="eastus") as w:
            await w.push("p1", ["eastus"])
            await w.host.settle()
            assert ["complete"] == w.verdicts()

    virtual(test)


def test_a_region_with_another_digest_is_named() -> None:
    """The verdict says that what is there is not the same."""

    async def test() -> None:
        async with world() as w:
            await w.push("p1", REGIONS[:2])
            await asyncio.sleep(1)
            await w.push("p1", REGIONS[2:], digest="sha256:" + "f" * 64)
            await w.host.settle()
            (message,) = w.messages
            assert [False, False, True] == [r["digest_differs"] for r in message["regions"]]

    virtual(test)


def test_a_target_that_fails_fails_no_other() -> None:
    """What failed is recorded with the verdict."""

    async def test() -> None:
        async with world("good", "bad") as w:
            w.receivers["bad"].answers = [500]
            await w.push("p1")
            await asyncio.sleep(20)
            assert ["complete"] == [m["type"] for m in w.receivers["good"].messages()]
            assert "bad" in str(output(w, "p1"))

    virtual(test)


def test_unknown_regions_are_answered_503_and_named() -> None:
    """The app loads all the same."""

    async def test() -> None:
        async with world(REGIONS="no/region") as w:
            status, answer = await w.post(event("p1"), "eastus")
            assert (503, "settings-invalid") == (status, answer["reason"])
            assert "no/region" not in str(answer)
            status, health = await w.call("GET", "health")
            assert (503, "error", ["ACR_GLOBAL_REGIONS"]) == (
                status,
                health["status"],
                [p["setting"] for p in health["problems"]],
            )
            assert {} == w.host.storage.instances

    virtual(test)


def test_a_healthy_app_says_ok() -> None:
    """And no more."""

    async def test() -> None:
        async with world() as w:
            assert (200, {"status": "ok", "problems": []}) == await w.call("GET", "health")

    virtual(test)


@pytest.mark.parametrize(
    ("body", "region", "status", "reason"),
    [
        (b"{", "eastus", 400, "body-not-json"),
        (event("p1"), "", 400, "region-missing"),
        (event("p1"), "atlantis", 400, "region-unknown"),
        (event("x/terminate?reason="), "eastus", 400, "id-invalid"),
        (b" " * 300_000, "eastus", 413, "body-too-large"),
        ({"id": "a", "action": "ping"}, "eastus", 200, "ping"),
    ],
)
def test_what_is_not_a_push_is_answered_with_a_reason(
    body: Any, region: str, status: int, reason: str
) -> None:
    """And leaves no instance behind."""

    async def test() -> None:
        async with world() as w:
            got, answer = await w.post(body, region)
            assert (status, reason) == (got, answer["reason"])
            assert {} == w.host.storage.instances

    virtual(test)


def test_an_envelope_is_answered_event_by_event() -> None:
    """A bad event loses no good one."""

    async def test() -> None:
        async with world() as w:
            envelope = {"events": [event("p1"), {"id": 7}, event("p2")]}
            status, answer = await w.post(envelope, "eastus")
            assert 202 == status
            assert ["accepted", "error", "accepted"] == [r["status"] for r in answer["results"]]
            assert (400, 1) == await _status_and_count(w, {"events": [{"id": 7}]})
            assert (200, 0) == await _status_and_count(w, {"events": []})

    virtual(test)


async def _status_and_count(w: World, envelope: Any) -> tuple[int, int]:
    status, answer = await w.post(envelope, "eastus")
    return status, len(answer["results"])
