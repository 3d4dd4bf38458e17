"""One region down is one alarm; on both hosts.

Pauses, silence for a day, full groups and crashes at every place are devhost's (test_groups.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from acr_global_rig.registry import REGIONS
from tests.e2e.scene import Scene, both

LAST = REGIONS[2]


async def without(s: Scene, silent: str, numbers: Iterable[int]) -> None:
    """Push, while a region does not report."""
    for number in numbers:
        await s.push(*(region for region in REGIONS if region != silent), push=number)


async def comes_back(s: Scene, region: str, numbers: Iterable[int]) -> None:
    """The region reports these pushes after all."""
    for number in numbers:
        await s.push(region, push=number)


async def counted(s: Scene, pushes: int, group: int = 0) -> None:
    """Return when the last of some groups counts so many pushes."""

    async def is_so() -> bool:
        listed = await s.call(
            "GET", "runtime/webhooks/durabletask/instances", None, instanceIdPrefix="_group."
        )
        marks = [found["customStatus"]["marks"] for found in listed[1] if found["customStatus"]]
        return any(pushes * 13 == len(text) for text in marks)

    await s.eventually(is_so)


async def over(s: Scene, target: str = "ops") -> None:
    """Return when a target has been told that it is over."""
    await s.until(lambda: any(m["state"] == "over" for m in s.reports(target)), target)


@both(policy="group-back")
async def test_a_region_that_is_down_and_comes_back_is_one_alarm(s: Scene) -> None:
    """The first two of six pushes are told singly, and each push to who asks for that."""
    await without(s, LAST, range(1, 7))
    for number in range(1, 7):
        await s.told("overdue", push=number, target="apart")
    await s.until(lambda: s.reports())
    await comes_back(s, LAST, range(1, 7))
    await over(s)
    for number in range(1, 7):
        await s.told("overdue", "recovered", push=number, target="apart")
    reports = s.reports()
    assert ["behind", "over"] == [m["state"] for m in reports]
    assert (0, 6, 0) == tuple(reports[-1][n] for n in ("waiting", "recovered", "incomplete"))
    alone = [n for n in range(1, 7) if s.verdicts(push=n)]
    assert 2 == len(alone)
    for number in alone:
        await s.told("overdue", "recovered", push=number)
    assert [] == s.reports("apart")
