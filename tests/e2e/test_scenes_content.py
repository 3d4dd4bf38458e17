"""Pushes told apart by content, not by id: generations, and OCI envelopes; on both hosts."""

from __future__ import annotations

import json
from typing import Any

from acr_global_rig.registry import REGIONS
from tests.e2e.props import host
from tests.e2e.scene import Scene, both
from tests.registry.fakes import SAMPLES


def keyed(s: Scene, number: int, region: str) -> dict[str, Any]:
    """One region's event for the nth push of the same content: an id of its own."""
    return s.event() | {"id": f"{s.name}-{number}-{region}"}


async def post(s: Scene, number: int, region: str) -> tuple[int, Any]:
    """Post one region's webhook about the nth push of the same content."""
    return await s.insist(keyed(s, number, region), region)


@both(policy="content")
async def test_the_same_content_again_is_another_push(s: Scene) -> None:
    """Each of five pushes, one after the other, has a verdict, although each region has its own
    ids; a redelivery is no push."""
    for number in range(1, 6):
        for region in REGIONS:
            assert 202 == (await post(s, number, region))[0]
        await s.told(*["complete"] * number)
        await s.decided(keyed(s, number, REGIONS[0]), REGIONS[0])
    messages = s.ops.messages()
    assert 5 == len({m["push"]["id"] for m in messages})
    for number, message in enumerate(messages, 1):
        ids = [r["event_id"] for r in message["regions"]]
        assert [f"{s.name}-{number}-{region}" for region in REGIONS] == ids


@both(policy="content-two")
async def test_two_interleaved_pushes_of_the_same_content_raise_no_alarm(s: Scene) -> None:
    """The events come as A1 A2 B1 B2: the second generation knows from the first that A has the
    content."""
    a, b = REGIONS[:2]
    for number, region in ((1, a), (2, a), (1, b)):
        assert 202 == (await post(s, number, region))[0]
    await s.told("complete")
    await s.decided(keyed(s, 1, b), b)
    assert 202 == (await post(s, 2, b))[0]
    await s.told("complete", "complete")
    silent = next(r for r in s.ops.messages()[1]["regions"] if r["region"] == a)
    assert "earlier-report" == silent["evidence"][0]["kind"]


@both(policy="content")
async def test_a_real_distribution_envelope_is_understood(s: Scene) -> None:
    """Of the captured events of a docker-registry push, layers are ignored and the manifest is
    kept."""
    for region in REGIONS:
        kinds = []
        for sample in sorted(SAMPLES.glob("13_*.json")):
            envelope = json.loads(sample.read_text())
            for event in envelope["events"]:
                event["target"]["repository"] = s.repository
            _, answer = await s.insist(envelope, region, registry=host("content"))
            kinds += [r.get("reason", r["status"]) for r in answer["results"]]
        assert ["accepted", "not-a-manifest", "not-a-manifest"] == sorted(kinds)
    await s.told("complete")
    assert host("content") == s.ops.messages()[0]["push"]["registry"]
