"""One region down is one alarm; on both hosts.

Updates, silence for a day, full groups and deaths at every place are devhost's (test_groups.py).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from tests.e2e.scene import Scene, Stage, both, engine_only
from tests.e2e.test_scenes_kills import a_second_host, on_a_doomed_host

LAST = REGIONS[2]
PARTS = 4
"""Of a hub: the engine's own number, which host.json leaves."""


async def without(s: Scene, silent: str, numbers: Iterable[int]) -> None:
    """Push, while a region does not report."""
    for number in numbers:
        await s.push(*(region for region in REGIONS if region != silent), push=number)


async def comes_back(s: Scene, region: str, numbers: Iterable[int]) -> None:
    """The region reports these pushes after all."""
    for number in numbers:
        await s.push(region, push=number)


async def told_to_the_end(s: Scene, number: int, target: str, *, held: bool) -> None:
    """Return when a target has heard the last of a push that it was told of by itself. Of one that
    a group holds that is so where the group's host was dead when the push recovered."""
    ends = [["overdue", "recovered"], ["recovered"] if held else ["complete"]]
    await s.until(lambda: s.verdicts(target, number) in ends, target)


async def all_decided(s: Scene, pushes: int) -> None:
    """Return when all pushes are decided."""
    for number in range(1, pushes + 1):
        await s.decided(s.event(number), LAST)


async def behind(s: Scene, target: str = "ops") -> None:
    """Return when a target has been told of the group."""
    await s.until(lambda: s.reports(target), target)


async def over(s: Scene, pushes: int, target: str = "ops") -> None:
    """Return when a target has been told that each group is over. Each push was told by itself or
    by a group, and its recovery likewise. (On a slow machine the first alarms may be too far apart
    to count, and a push whose deadline passed while its host was dead may be complete.)"""

    def newest() -> dict[str, Any]:
        return {m["group"]: m for m in s.reports(target)}

    def is_over() -> bool:
        return {"over"} == {m["state"] for m in newest().values()}

    # What a dead host had in hand is away for a minute, and then the window begins.
    await s.receiver(target).until(is_over, 2 * s.spans.patience)
    in_groups = {push["id"] for report in newest().values() for push in report["pushes"]}
    assert {(0, 0)} == {(m["waiting"], m["incomplete"]) for m in newest().values()}
    for number in range(1, pushes + 1):
        held = s.push_id(number) in in_groups
        assert held or s.verdicts(target, number)
        if s.verdicts(target, number):
            await told_to_the_end(s, number, target, held=held)


@both(policy="group-back")
async def test_a_region_that_is_down_and_comes_back_is_one_alarm(s: Scene) -> None:
    """The first two of six pushes are told singly, and each push to who asks for that."""
    await without(s, LAST, range(1, 7))
    for number in range(1, 7):
        await s.told("overdue", push=number, target="apart")
    await behind(s)
    await comes_back(s, LAST, range(1, 7))
    await over(s, 6)
    for number in range(1, 7):
        await s.told("overdue", "recovered", push=number, target="apart")
    assert ["behind", "over"] == [m["state"] for m in s.reports()]
    assert 2 <= sum(bool(s.verdicts(push=number)) for number in range(1, 7)) < 6
    assert [] == s.reports("apart")


@both(policy="group-many", stage=Stage())
async def test_alarms_that_come_in_a_crowd_are_one_alarm(s: Scene) -> None:
    """So are their ends. (A history that went on in a fresh one took all events along, once.)"""
    pushes = range(1, 33)
    await asyncio.gather(*(without(s, LAST, pushes[at::4]) for at in range(4)))
    await behind(s)
    await comes_back(s, LAST, pushes)
    await all_decided(s, 32)
    await over(s, 32)


@both(policy="group-twice")
async def test_two_regions_that_are_down_are_two_alarms(s: Scene) -> None:
    """Each names its own, and ends by itself."""
    for number in range(1, 9, 2):
        await without(s, REGIONS[0], [number])
        await without(s, LAST, [number + 1])
    await s.until(lambda: 2 == len({m["group"] for m in s.reports()}))
    await comes_back(s, REGIONS[0], range(1, 9, 2))
    await comes_back(s, LAST, range(2, 9, 2))
    await over(s, 8)
    assert {(REGIONS[0],), (LAST,)} == {tuple(m["missing"]) for m in s.reports()}


@both(policy="group-down")
async def test_a_target_that_was_down_hears_of_the_group_when_it_is_back(s: Scene) -> None:
    """The other targets have it meanwhile."""
    second = s.receiver("second")
    second.answers = [200, 200, 503, 503]  # it has two alarms, and then goes down
    await without(s, LAST, range(1, 5))
    await behind(s)
    await s.until(lambda: not second.answers and s.reports("second"), "second")
    await comes_back(s, LAST, range(1, 5))
    await over(s, 4)
    await over(s, 4, target="second")


@engine_only(policy="group-killed", stage=Stage())
async def test_a_group_survives_the_hosts_death(s: Scene) -> None:
    """Alarms come before it and after it."""
    assert isinstance(s.host, engine.Host)
    await without(s, LAST, range(1, 6))
    await behind(s)
    await without(s, LAST, range(6, 9))
    s.host.kill()
    await s.host.start()
    await comes_back(s, LAST, range(1, 9))
    await all_decided(s, 8)
    await over(s, 8)


async def works_everywhere(s: Scene) -> None:
    """Return when a host that came after a dead one works on each part of the hub: the dead one's
    leases end after a while, one by one, and an alarm waits for its group no longer than 17 s."""
    pushes = range(100, 100 + PARTS * 6)
    await asyncio.gather(*(s.push(push=number) for number in pushes))
    for number in pushes:
        await s.told("complete", push=number)


@engine_only(policy="group-hidden", stage=Stage())
async def test_a_report_is_told_as_its_turn_makes_it_when_it_is_taken_again(s: Scene) -> None:
    """A dead host did not write the turn, but its activity is in the queue. One id, one content."""
    async with on_a_doomed_host(s) as (there, withheld):
        await works_everywhere(there)
        withheld.histories = {"_group.": b"TellGroup"}
        await asyncio.gather(*(without(there, LAST, [number]) for number in range(1, 4)))
        await s.eventually(lambda: "_group." in withheld.stuck)
    await comes_back(s, LAST, range(1, 4))
    await all_decided(s, 3)
    await over(s, 3)
    sent = [message for _, message in s.ops.requests if message["type"] == "group"]
    assert len({m["id"] for m in sent}) == len({json.dumps(m) for m in sent})


@engine_only(policy="group-killed", stage=Stage())
async def test_a_group_survives_pythons_death(s: Scene) -> None:
    """The host lives; a turn of the group that broke off goes on."""
    assert isinstance(s.host, engine.Host)
    await without(s, LAST, range(1, 6))
    await behind(s)
    assert s.host.kill_python()
    for number in range(1, 6):
        while (await s.insist(s.event(number), LAST))[0] not in (200, 202):
            pass  # answered 500: its process died under it
    await all_decided(s, 5)
    await over(s, 5)


@engine_only(policy="group-hosts", stage=Stage())
async def test_a_group_of_two_hosts_outlives_one(s: Scene) -> None:
    """Webhooks go to either; the one that dies does not come back."""
    assert isinstance(s.host, engine.Host)
    async with a_second_host(s) as other:
        other.policy = s.policy
        await without(s, LAST, range(1, 6, 2))
        await without(other, LAST, range(2, 6, 2))
        await behind(s)
        s.host.kill()
        await comes_back(other, LAST, range(1, 6))
        await all_decided(other, 5)
        await over(other, 5)


@engine_only(policy="group-upgrade", stage=Stage())
async def test_pushes_that_were_under_way_at_an_upgrade_come_together(s: Scene) -> None:
    """Before it nothing was a group."""
    assert isinstance(s.host, engine.Host)
    s.host.kill()
    environ = dict(s.host.environ)
    registries = environ["ACR_GLOBAL_REGISTRIES"]
    environ["ACR_GLOBAL_REGISTRIES"] = registries.replace(f'"3 in {s.spans.together}s"', '"0"')
    before = engine.Host(s.host.folder, environ)
    await before.start()
    there = Scene(before.url, s.session, s.board, s.spans, s.policy, name=s.name)
    await without(there, LAST, range(1, 6))
    before.kill()
    await s.host.start()
    await behind(s)
    await comes_back(s, LAST, range(1, 6))
    await all_decided(s, 5)
    await over(s, 5)
