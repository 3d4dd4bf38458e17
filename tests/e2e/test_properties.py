"""Whatever happens in whatever order, what the app says of a push is true, and said once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acr_global_rig.receivers import every_verdict
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from devhost import Hazards
from devhost.clock import utcnow
from tests.registry.fakes import DIGEST, FakeRegistry

ALLOWED = (
    ["complete"],
    ["overdue"],
    ["overdue", "recovered"],
    ["overdue", "incomplete"],
)
VISIBILITY = timedelta(seconds=61)
"""What a crashed host had in hand is away for so long."""

examples = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Step:
    """Wait so many seconds, then do something."""

    wait: int
    what: str
    region: str = REGIONS[0]


@dataclass
class Log:
    """What was accepted, and when; and whether a host died meanwhile."""

    accepted: list[tuple[str, datetime]] = field(default_factory=list)
    crashed: bool = False


posts = st.builds(Step, st.integers(0, 400), st.just("post"), st.sampled_from(REGIONS))
crashes = st.builds(Step, st.integers(0, 400), st.just("crash"))
schedules = st.lists(posts | posts | posts | crashes, max_size=9)


async def play(w: World, steps: list[Step]) -> Log:
    """Post the first arrival, and then follow the schedule."""
    log = Log()
    for step in [Step(0, "post"), *steps]:
        await asyncio.sleep(step.wait)
        if step.what == "crash":
            log.crashed = True
            await w.host.crash()
            await w.host.restart()
            continue
        status, _ = await w.post(event("p1", digest=DIGEST), step.region)
        if status == 202:
            log.accepted.append((step.region, utcnow()))
    return log


def check(messages: list[Any], log: Log, evidence: bool) -> None:
    """Compare the verdicts of one push with what really happened."""
    assert [m["type"] for m in messages] in ALLOWED
    reported = {region for region, _ in log.accepted}
    for message in messages:
        decided = datetime.fromisoformat(message["decided_at"])
        slack = VISIBILITY if log.crashed else timedelta(0)
        in_time = {r for r, at in log.accepted if at + slack < decided}
        assert not in_time & set(message["missing"])
        for region in message["regions"]:
            if region["state"] == "arrived":
                assert region["region"] in reported
            elif region["state"] == "evidence":
                assert evidence
            else:
                assert region["region"] in message["missing"]
        good = message["type"] in ("complete", "recovered")
        assert good is (message["missing"] == [])


@examples
@given(schedules, st.sampled_from([None, 200, 404]), st.sampled_from(["0", "30m"]))
async def test_what_is_said_of_a_push_is_true(
    steps: list[Step], evidence: int | None, late_window: str
) -> None:
    """Arrivals, repeats, lost webhooks, crashes and evidence come in any order."""
    registry = FakeRegistry(status=evidence or 404)
    async with (
        registry.running() as url,
        world(
            EVIDENCE="manifest" if evidence else "",
            REGION_ENDPOINTS=json.dumps(dict.fromkeys(REGIONS, url)),
            LATE_WINDOW=late_window,
            targets=every_verdict,
        ) as w,
    ):
        log = await play(w, steps)
        await asyncio.sleep(7_200)
        check(w.messages, log, evidence == 200)
        requests = w.receivers["ops"].requests
        assert log.crashed or len(requests) == len(w.messages)


def interleavings() -> st.SearchStrategy[list[tuple[int, str, int]]]:
    """Two pushes over all regions: each region reports the first before the second."""
    order = st.permutations([region for region in REGIONS for _ in (1, 2)])
    return st.tuples(order, st.lists(st.integers(0, 60), min_size=6, max_size=6)).map(
        lambda drawn: [
            (drawn[0][:at].count(region) + 1, region, wait)
            for at, (region, wait) in enumerate(zip(*drawn, strict=True))
        ]
    )


@examples
@given(interleavings(), st.booleans())
async def test_two_pushes_of_the_same_content_raise_no_false_alarm(
    arrivals: list[tuple[int, str, int]], at_once: bool
) -> None:
    """They get one verdict or two, never none."""
    async with world(CORRELATION="content", hazards=Hazards(gap=(0, 1))) as w:
        waiting = []
        for number, region, wait in arrivals:
            await asyncio.sleep(0 if at_once else wait)
            post = w.post(event(f"{number}-{region}"), region)
            waiting.append(asyncio.create_task(post))
            if not at_once:
                await waiting[-1]
        assert {202} == {status for status, _ in await asyncio.gather(*waiting)}
        await asyncio.sleep(7_200)
        assert w.verdicts() in (["complete"], ["complete", "complete"])


@examples
@given(st.permutations([r for r in REGIONS for _ in range(3)]), st.integers(0, 99))
async def test_any_order_of_repeats_gives_one_verdict(order: list[str], seed: int) -> None:
    """Three events of each region come at once, on a host that misbehaves."""
    hazards = Hazards(
        gap=(0, 1.5), start_race=0.4, row_late=0.1, events_twice=0.3, events_shuffled=0.3
    )
    async with world(hazards=hazards, seed=seed) as w:
        await asyncio.gather(*(w.insist("p1", region) for region in order))
        await asyncio.sleep(7_200)
        assert ["complete"] == w.verdicts()
