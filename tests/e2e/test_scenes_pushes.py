"""Pushes as the app lists and shows them, and what was given up tried again; on both hosts."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from acr_global_rig.registry import REGIONS
from tests.e2e.scene import Scene, both
from tests.e2e.test_scenes_truth import seconds


async def listed(s: Scene, **query: str) -> list[Any]:
    """Of this scene's repository, all that a query finds, page by page."""
    found: list[Any] = []
    more: dict[str, str] = {}
    while True:
        status, page = await s.call(
            "GET", "api/pushes", None, repository=s.repository, **query, **more
        )
        assert 200 == status, page
        found += page["pushes"]
        if "next" not in page:
            return found
        more = {"after": page["next"]}


async def shown(s: Scene, push_id: str | None = None) -> Any:
    """One push."""
    status, push = await s.call("GET", f"api/pushes/{push_id or s.push_id()}")
    assert 200 == status, push
    return push


async def once_listed(s: Scene, state: str) -> Any:
    """The scene's only push, once it is listed in this state, which is after its notification."""

    async def there() -> Any:
        return await listed(s, state=state)

    (only,) = await s.eventually(there)
    return only


@both()
async def test_a_push_is_listed_while_it_waits_and_when_it_is_decided(s: Scene) -> None:
    """It is listed from its first arrival on, with the missing regions."""
    await s.push(*REGIONS[:2])

    async def two_are_in() -> Any:
        return await listed(s, state="waiting", missing=REGIONS[2]) and not await listed(
            s, missing=REGIONS[1]
        )

    await s.eventually(two_are_in)
    waiting = await once_listed(s, "waiting")
    assert (s.push_id(), [REGIONS[2]]) == (waiting["id"], waiting["missing"])
    assert ("plain.example", s.repository, "v1") == tuple(
        waiting[name] for name in ("registry", "repository", "tag")
    )
    await s.push(REGIONS[2])
    complete = await once_listed(s, "complete")
    assert (s.push_id(), [], []) == (complete["id"], complete["missing"], complete["undelivered"])
    assert [] == await listed(s, state="waiting")
    assert [complete["id"]] == [one["id"] for one in await listed(s)]
    assert waiting["first_at"] == complete["first_at"]
    assert 0 <= seconds(complete["first_at"], complete["decided_at"])


@both()
async def test_a_push_is_shown_with_each_region_s_way(s: Scene) -> None:
    """While it waits, with the time that is left; and when it is decided, with who was told."""
    await s.push(*REGIONS[:2])

    async def two_are_in() -> Any:
        push = await shown(s)
        return push if [REGIONS[2]] == push["missing"] else None

    waiting = await s.eventually(two_are_in)
    assert "waiting" == waiting["state"]
    assert ["arrived", "arrived", "missing"] == [r["state"] for r in waiting["regions"]]
    assert 600 >= waiting["seconds_left"] > 0
    assert [] == waiting["verdicts"] == waiting["deliveries"]
    await s.push(REGIONS[2])
    await s.told("complete")
    await s.ended()
    done = await shown(s)
    assert "complete" == done["state"]
    assert "seconds_left" not in done
    assert list(REGIONS) == [region["region"] for region in done["regions"]]
    lags = [region["lag_seconds"] for region in done["regions"]]
    assert 0.0 == min(lags) <= max(lags) < 600
    ((verdict,), deliveries) = done["verdicts"], done["deliveries"]
    assert ("complete", [], []) == (verdict["type"], verdict["missing"], deliveries)
    assert [("ops", "delivered")] == [(a["target"], a["outcome"]) for a in verdict["attempts"]]
    assert waiting["deadline"] == done["deadline"]


@both(policy="late")
async def test_an_alarm_and_what_follows_it_are_one_push(s: Scene) -> None:
    """Overdue while it listens on, then recovered: found by the region until then."""
    await s.push(*REGIONS[:2])
    overdue = await once_listed(s, "overdue")
    assert [REGIONS[2]] == overdue["missing"]
    assert [overdue["id"]] == [one["id"] for one in await listed(s, missing=REGIONS[2])]
    assert [] == await listed(s, missing=REGIONS[0])

    async def told() -> Any:
        push = await shown(s)  # the row is written before the instance knows that it was
        return push if push["verdicts"] else None

    now = await s.eventually(told)
    assert ("overdue", [[REGIONS[2]]]) == (now["state"], [v["missing"] for v in now["verdicts"]])
    window = datetime.fromisoformat(now["listens_until"]) - datetime.fromisoformat(now["deadline"])
    assert timedelta(days=1) == window
    await s.push(REGIONS[2])
    recovered = await once_listed(s, "recovered")
    assert [recovered["id"]] == [one["id"] for one in await listed(s)]
    assert [] == await listed(s, missing=REGIONS[2])
    await s.ended()
    done = await shown(s)
    assert ["overdue", "recovered"] == [v["type"] for v in done["verdicts"]]
    assert "listens_until" not in done


@both()
async def test_pushes_are_found_by_image_newest_first(s: Scene) -> None:
    """They are found by tag, digest, registry and time."""
    one, two = (f"sha256:{n * 32}" for n in ("ab", "cd"))
    for push, (tag, digest) in enumerate([("v1", one), ("v2", two), ("v1", two)], start=1):
        await s.push(push=push, tag=tag, digest=digest)
        await s.told("complete", push=push)
        await asyncio.sleep(s.spans.moment)

    async def all_three() -> Any:
        found = await listed(s, state="complete")
        return found if len(found) == 3 else None

    found = await s.eventually(all_three)
    ids = [s.push_id(push) for push in (3, 2, 1)]
    assert ids == [push["id"] for push in found]

    async def those(**query: str) -> list[str]:
        return [push["id"] for push in await listed(s, **query)]

    assert [ids[0], ids[2]] == await those(image=f"{s.repository}:v1")
    assert [ids[0], ids[1]] == await those(image=f"{s.repository}@{two}")
    assert [ids[2]] == await those(image=f"plain.example/{s.repository}:v1@{one}")
    assert [] == await those(image=f"other.example/{s.repository}:v1")
    assert ids == await those(registry="plain.example")
    assert ids[:2] == await those(since=found[1]["first_at"])


@both()
async def test_what_was_given_up_is_retried(s: Scene) -> None:
    """A dead letter's targets are named by list and push, until they have the message."""
    s.ops.answers = [400]
    await s.push()
    await s.eventually(lambda: s.ops.requests)

    async def dead() -> Any:
        push = await shown(s)
        return push if ["dead"] == [d["state"] for d in push["deliveries"]] else None

    push = await s.eventually(dead)
    assert ["ops"] == push["undelivered"] == push["deliveries"][0]["dead"]
    assert ["http-400"] == [a["reason"] for a in push["deliveries"][0]["attempts"]]
    assert ["ops"] == (await once_listed(s, "complete"))["undelivered"]
    status, answer = await s.call("POST", f"api/pushes/{s.push_id()}/retry")
    assert (202, s.push_id()) == (status, answer["push"])
    assert [["ops"]] == [replay["targets"] for replay in answer["replays"]]
    await s.told("complete")

    async def delivered() -> Any:
        push = await shown(s)
        return ["delivered"] == [d["state"] for d in push["deliveries"]]

    await s.eventually(delivered)

    async def settled() -> Any:
        return [] == (await once_listed(s, "complete"))["undelivered"]

    await s.eventually(settled)
    status, answer = await s.call("POST", f"api/pushes/{s.push_id()}/retry")
    assert (409, "nothing-given-up") == (status, answer["reason"])


@both(policy="content")
async def test_a_push_by_content_has_an_id_of_the_app_s_own(s: Scene) -> None:
    """The list says it, and by it the push is shown."""
    await s.push()
    complete = await once_listed(s, "complete")
    assert complete["id"].startswith("content-")
    assert "complete" == (await shown(s, complete["id"]))["state"]


@both()
async def test_what_is_no_push_is_not_shown(s: Scene) -> None:
    """Neither an unknown id, nor another instance's, nor what can be no id."""
    await s.push()
    for push_id in (s.push_id(2), f"_courier.eastus.{s.push_id()}", "x%2Fy", "..%2F"):
        for method, path in (("GET", ""), ("POST", "/retry")):
            status, answer = await s.call(method, f"api/pushes/{push_id}{path}")
            assert (404, "push-unknown") == (status, answer["reason"]), push_id


@both()
async def test_a_wrong_question_is_refused(s: Scene) -> None:
    """The answer says what would be right; so with a token of another list."""
    for name, value in {
        "state": "late",
        "image": "team/app@v1",
        "registry": "no host",
        "missing": "a/b",
        "since": "yesterday",
    }.items():
        status, answer = await s.call("GET", "api/pushes", None, **{name: value})
        assert (400, "filter-invalid") == (status, answer["reason"])
        assert answer["message"].startswith(f"The parameter {name}: ")
    wanted = {"image": "team/app", "repository": "other"}
    status, answer = await s.call("GET", "api/pushes", None, **wanted)
    assert (400, "filter-invalid") == (status, answer["reason"])
    status, answer = await s.call("GET", "api/pushes", None, after="00000000.x")
    assert (400, "after-invalid") == (status, answer["reason"])
