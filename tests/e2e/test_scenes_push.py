"""One push, one verdict: events in every order, and their answers; on both hosts."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from acr_global_rig.registry import REGIONS
from tests.e2e.props import host
from tests.e2e.scene import DURABLE, Scene, both


@both()
async def test_a_push_that_is_everywhere_is_complete(s: Scene) -> None:
    """All regions report, and one notification has each region's arrival."""
    assert [202, 202, 202] == await s.push()
    await s.told("complete")
    (message,) = s.ops.messages()
    assert list(REGIONS) == [r["region"] for r in message["regions"]]
    assert ["arrived"] * 3 == [r["state"] for r in message["regions"]]
    assert [] == message["missing"]
    assert UTC.utcoffset(None) == datetime.fromisoformat(message["decided_at"]).utcoffset()
    assert "Completed" == (await s.ended())["runtimeStatus"]
    assert 1 == len(s.ops.requests)


@both()
async def test_the_answer_says_what_was_kept_and_nothing_else(s: Scene) -> None:
    """It holds no key and no management URL."""
    body = s.event()
    expected = {"status": "accepted", "push": body["id"], "region": "westeurope"}
    assert (202, expected) == await s.insist(body | {"id": body["id"].upper()}, "West Europe")


@both()
async def test_a_region_that_is_meant_is_found(s: Scene) -> None:
    """In other letters, as it stands in a page's source, and said twice: the registry posts an
    event once."""
    first, second, third = REGIONS
    body = json.dumps(s.event()).encode()
    for query in (f"Region={first}", f"amp;region={second}", f"region={third}&region={third}"):

        async def is_kept(query: str = query) -> bool:
            return (await s.call("POST", f"api/ImagePush?{query}", body))[0] == 202

        await s.eventually(is_kept)  # a busy machine may refuse it at first
    await s.told("complete")


@both()
async def test_pushes_do_not_mix(s: Scene) -> None:
    """Their events are interleaved, and each has its own verdict."""
    for region in REGIONS:
        for n in (1, 2, 3):
            await s.push(region, push=n, tag=f"v{n}")
    for n in (1, 2, 3):
        await s.told("complete", push=n)
    assert {(s.push_id(n), f"v{n}") for n in (1, 2, 3)} == {
        (m["push"]["id"], m["push"]["tag"]) for m in s.ops.messages()
    }
    assert 3 == len(s.ops.messages())


@both()
async def test_everything_at_once_gives_each_push_one_verdict(s: Scene) -> None:
    """Many pushes come at the same moment, three times from every region."""
    pushes = range(s.spans.crowd)
    posts = [s.insist(s.event(n), region) for n in pushes for region in REGIONS for _ in range(3)]
    assert {200, 202} >= {status for status, _ in await asyncio.gather(*posts)}
    for n in pushes:
        await s.told("complete", push=n)
        await s.ended(s.push_id(n))
    assert s.spans.crowd == len(s.ops.requests)


@both()
async def test_repeats_change_nothing(s: Scene) -> None:
    """Each region repeats its event several times before the verdict, and after it."""
    assert [202] * 6 == await s.push(*REGIONS[:2], *REGIONS[:2], *REGIONS[:2])
    await s.push(REGIONS[2])
    await s.told("complete")
    for region in REGIONS:
        await s.decided(s.event(), region)
    await s.ended()
    assert [200, 200, 200] == await s.push()
    assert 1 == len(s.ops.requests)


@both(policy="far")
async def test_a_registry_of_one_region_is_complete_at_once(s: Scene) -> None:
    """Its only arrival decides the push."""
    assert [202] == await s.push("brazilsouth")
    await s.told("complete", target="second")


@both()
async def test_a_region_with_another_digest_is_named(s: Scene) -> None:
    """The message says that the region reported other content."""
    await s.push(*REGIONS[:2])
    await asyncio.sleep(s.spans.moment)
    await s.push(REGIONS[2], digest="sha256:" + "f" * 64)
    await s.told("complete")
    (message,) = s.ops.messages()
    assert [False, False, True] == [r["digest_differs"] for r in message["regions"]]


@both(policy="many")
async def test_a_push_with_a_hundred_regions_is_decided(s: Scene) -> None:
    """The last of them completes it; its status can be read while it waits."""
    regions = [f"region{n}" for n in range(100)]
    assert {202} == set(await s.push(*regions[:-1]))
    assert "Running" == (await s.instance())["runtimeStatus"]
    await s.push(regions[-1])
    await s.told("complete")
    assert regions == [r["region"] for r in s.ops.messages()[0]["regions"]]
    assert "Completed" == (await s.ended())["runtimeStatus"]


async def answer(s: Scene, body: Any, region: str, **query: str) -> tuple[int, str]:
    """Status and reason of the answer to a webhook."""
    status, answered = await s.insist(body, region, **query)
    return status, answered["reason"]


async def left_behind(s: Scene) -> list[Any]:
    """The instances of this scene's pushes."""
    status, instances = await s.call("GET", f"{DURABLE}/instances", instanceIdPrefix=s.name)
    assert 200 == status
    return list(instances)


@both()
async def test_what_is_not_a_push_is_answered_with_a_reason(s: Scene) -> None:
    """Each answer has its reason, and no instance is left behind."""
    good = s.event()
    odd = good | {"id": f"{s.name}/terminate?reason="}
    assert (400, "body-not-json") == await answer(s, b"{", "eastus")
    assert (400, "region-missing") == await answer(s, good, "")
    assert (400, "region-unknown") == await answer(s, good, "atlantis")
    assert (400, "id-invalid") == await answer(s, odd, "eastus")
    assert (400, "registry-invalid") == await answer(s, good, "eastus", registry="a b")
    assert (413, "body-too-large") == await answer(s, b" " * 300_000, "eastus")
    assert (200, "ping") == await answer(s, {"id": good["id"], "action": "ping"}, "eastus")
    deleted = good | {"action": "delete"}
    assert (200, "action-not-watched") == await answer(s, deleted, "eastus")
    assert [] == await left_behind(s)


@both(policy="filtered")
async def test_a_multi_arch_image_is_one_push(s: Scene) -> None:
    """Its children without a tag and unreleased tags are filtered out; the index is notified."""
    index = {"mediaType": "application/vnd.oci.image.index.v1+json", "tag": "v1"}
    for n in (1, 2):
        child = s.event(n)
        del child["target"]["tag"]
        assert (200, "filtered") == await answer(s, child, REGIONS[0])
    assert (200, "filtered") == await answer(s, s.event(3, tag="dev"), REGIONS[0])
    assert [202, 202, 202] == await s.push(push=4, **index)
    await s.told("complete", push=4)
    assert index["mediaType"] == s.ops.messages()[0]["push"]["media_type"]
    assert [s.push_id(4)] == [i["instanceId"] for i in await left_behind(s)]


@both()
async def test_an_envelope_is_answered_event_by_event(s: Scene) -> None:
    """A bad event costs no good one."""
    status, body = await s.insist({"events": [s.event(1), {"id": 7}, s.event(2)]}, "eastus")
    assert 202 == status
    assert ["accepted", "error", "accepted"] == [r["status"] for r in body["results"]]
    assert (400, 1) == await _status_and_count(s, {"events": [{"id": 7}]})
    assert (200, 0) == await _status_and_count(s, {"events": []})


async def _status_and_count(s: Scene, envelope: Any) -> tuple[int, int]:
    status, body = await s.post(envelope, "eastus")
    return status, len(body["results"])


@both(policy="far")
async def test_each_registry_has_its_own_policy(s: Scene) -> None:
    """It has regions, filters and targets; another registry goes by the plain settings."""
    mine = s.event()
    mine["request"]["host"] = "far.brazilsouth.geo.azurecr.io"
    by_query = {"registry": host("far")}
    assert (400, "region-unknown") == await answer(s, s.event(), "eastus")
    assert (200, "filtered") == await answer(s, s.event(tag="dev"), "brazilsouth")
    assert 202 == (await s.insist(mine, "brazilsouth", **by_query))[0]
    await s.told("complete", target="second")
    assert host("far") == s.receiver("second").messages()[0]["push"]["registry"]
    other = s.event(2)
    other["request"]["host"] = "somebody.example"
    for region in REGIONS:
        assert 202 == (await s.insist(other, region))[0]
    await s.told("complete", push=2)
    assert [] == s.verdicts("ops", push=1)


@both()
async def test_a_healthy_app_says_ok(s: Scene) -> None:
    """The answer holds a status and an empty list of problems, and nothing else."""
    assert (200, {"status": "ok", "problems": []}) == await s.call("GET", "api/health")
