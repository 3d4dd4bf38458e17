"""Each region's lags and missed webhooks, as the app tells them; on both hosts."""

from __future__ import annotations

from typing import Any

from acr_global_rig.registry import REGIONS
from tests.e2e.scene import Scene, both
from tests.e2e.test_scenes_pushes import once_listed
from tests.e2e.test_scenes_truth import seconds
from tests.registry.fakes import DIGEST


async def told(s: Scene, **query: str) -> dict[str, Any]:
    """Of this scene's repository, each region."""
    status, answer = await s.call("GET", "api/regions", None, repository=s.repository, **query)
    assert 200 == status, answer
    return {region["region"]: region for region in answer["regions"]}


def counts(region: dict[str, Any]) -> tuple[int, ...]:
    """Pushes, and how each of them was accounted for."""
    return tuple(region[n] for n in ("pushes", "reported", "caught_up", "evidence", "missing"))


@both()
async def test_a_region_s_lags_are_told(s: Scene) -> None:
    """What was caught up is counted apart, and has no webhook that was last seen."""
    await s.push(*REGIONS[:2])
    await s.post(s.event(), REGIONS[2], caught_up="true")
    complete = await once_listed(s, "complete")
    there = await told(s, registry="plain.example", since=complete["first_at"])
    assert sorted(REGIONS) == list(there)
    first, second, third = (there[region] for region in REGIONS)
    assert [(1, 1, 0, 0, 0)] * 2 + [(1, 0, 1, 0, 0)] == [*map(counts, (first, second, third))]
    assert complete["first_at"] == first["last_seen"]
    assert 0 <= seconds(first["last_seen"], second["last_seen"])
    assert "last_seen" not in third
    assert second["lag_p50"] == second["lag_p95"] == second["lag_max"] >= 0.0
    status, nothing = await s.call("GET", "api/regions", None, repository=f"{s.repository}-x")
    assert (200, 0) == (status, nothing["pushes"])
    (idle,) = (await told(s, registry="far.example")).values()
    assert ("brazilsouth", (0, 0, 0, 0, 0)) == (idle["region"], counts(idle))


@both(policy="final")
async def test_a_webhook_that_never_came_is_counted(s: Scene) -> None:
    """A second push has come from everywhere."""
    await s.push(*REGIONS[:2])
    await s.push(push=2)
    await once_listed(s, "overdue")
    await once_listed(s, "complete")
    there = await told(s)
    assert [(2, 2, 0, 0, 0), (2, 2, 0, 0, 0), (2, 1, 0, 0, 1)] == [
        counts(there[r]) for r in REGIONS
    ]


@both(policy="evidence-found")
async def test_what_only_the_registry_says_is_counted_apart(s: Scene) -> None:
    """It has no lag: nobody knows when it arrived."""
    await s.push(*REGIONS[:2], digest=DIGEST)
    await once_listed(s, "complete")
    silent = (await told(s))[REGIONS[2]]
    assert (1, 0, 0, 1, 0) == counts(silent)
    assert {"lag_p50", "lag_p95", "lag_max", "last_seen"}.isdisjoint(silent)


@both()
async def test_a_wrong_question_about_regions_is_refused(s: Scene) -> None:
    """The answer says what would be right."""
    for name, value in {"since": "yesterday", "registry": "no host"}.items():
        status, answer = await s.call("GET", "api/regions", None, **{name: value})
        assert (400, "filter-invalid") == (status, answer["reason"])
        assert answer["message"].startswith(f"The parameter {name}: ")
