"""Instances that an operator has changed by hand are reported, and never ignored; on both hosts."""

from __future__ import annotations

from typing import Any

from acr_global_rig.registry import REGIONS
from tests.e2e.scene import DURABLE, Scene, both
from tests.e2e.test_scenes_content import keyed, post


async def by_hand(s: Scene, operation: str, push: str | None = None) -> None:
    """Do something to the push's instance, once it has begun, and wait for the effect."""
    states = {
        "suspend": ["Suspended"],
        "resume": ["Running", "Completed"],  # with all that came meanwhile it may end at once
        "terminate": ["Terminated"],
    }
    await s.eventually(lambda: is_now(s, "Running", "Suspended", push=push))
    path = f"{DURABLE}/instances/{push or s.push_id()}/{operation}"
    assert 202 == (await s.call("POST", path, reason="by hand"))[0]
    await s.eventually(lambda: is_now(s, *states[operation], push=push))


async def is_now(s: Scene, *states: str, push: str | None = None) -> Any:
    """Whether the instance is in one of these states."""
    found = await s.instance(push)
    return found and found["runtimeStatus"] in states


async def is_suspended(s: Scene) -> Any:
    """What the push's view says of it."""
    return (await s.call("GET", f"api/pushes/{s.push_id()}"))[1]["suspended"]


@both()
async def test_a_suspended_push_goes_on_with_all_that_came_meanwhile(s: Scene) -> None:
    """Its webhooks are kept, and log and view say what they wait for."""
    await s.push(*REGIONS[:1])
    assert not await is_suspended(s)
    await by_hand(s, "suspend")
    assert await is_suspended(s)
    assert [202, 202] == await s.push(*REGIONS[1:])
    assert "push-suspended" in s.log()
    assert [] == s.verdicts()
    await by_hand(s, "resume")
    await s.told("complete")
    assert not await is_suspended(s)


@both()
async def test_a_terminated_push_is_not_said_to_be_decided(s: Scene) -> None:
    """Its webhooks are answered that it was terminated."""
    await s.push(*REGIONS[:1])
    await by_hand(s, "terminate")
    status, answer = await s.post(s.event(), REGIONS[1])
    assert (200, "terminated") == (status, answer["reason"])
    assert "push-terminated" in s.log()
    assert [] == s.verdicts()


@both(policy="content")
async def test_what_a_terminated_push_of_a_content_waited_for_begins_no_other(s: Scene) -> None:
    """It would be overdue, though nobody has pushed. Once more from a region that had reported is
    another push."""
    status, answer = await post(s, 1, REGIONS[0])
    assert 202 == status
    await by_hand(s, "terminate", answer["push"])
    assert (200, "terminated") == await reason(s, 1, REGIONS[1])
    for region in REGIONS:
        assert 202 == (await post(s, 2, region))[0]
    await s.told("complete")


async def reason(s: Scene, number: int, region: str) -> tuple[int, str]:
    """The answer to a webhook that is not kept."""
    status, answer = await s.post(keyed(s, number, region), region)
    return status, answer["reason"]


@both(policy="late")
async def test_a_push_that_was_purged_while_open_begins_anew(s: Scene) -> None:
    """What it had heard is lost; the log says what to do."""
    await s.push(*REGIONS[:1])
    await by_hand(s, "terminate")
    assert 200 == (await s.call("DELETE", f"{DURABLE}/instances/{s.push_id()}"))[0]
    assert [202, 202] == await s.push(*REGIONS[1:])
    # The process that had seen the push says so; of two hosts it need not be the one that is asked.
    assert s.others or "push-purged" in s.log()
    await s.told("overdue")
    assert [REGIONS[0]] == s.ops.messages()[0]["missing"]
    assert [202] == await s.push(REGIONS[0])
    await s.told("overdue", "recovered")
