"""On both hosts: events raised by hand, with anything in them, mean that the region has reported;
webhooks with anything in them begin no push but their own."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from acr_global_rig.registry import REGIONS
from tests.e2e.scene import Scene, both

NAIVE = "2026-06-01T12:00:00"
ODD: dict[str, Any] = {
    "number": 7,
    "list": [1, [2]],
    "null": None,
    "true": True,
    "text": "it is there, I have looked",
    "object": {"a": 1},
    "16 KB": "x" * 16_384,
    "a text that holds texts that hold one": json.dumps(json.dumps(json.dumps("{"))),
    "nested too deep": "[" * 100_000,
    "naive": {"region": "eastus", "event_id": "e", "received_at": NAIVE},
    "naive, as the SDK raises it": json.dumps({"event_id": "e", "received_at": NAIVE}),
    "naive timestamp": {
        "region": "eastus",
        "event_id": "e",
        "received_at": NAIVE + "Z",
        "timestamp": NAIVE,
    },
    "year 1": {"region": "x", "event_id": "e", "received_at": "0001-01-01T00:00:00+14:00"},
    "year 9999": {"region": "x", "event_id": "e", "received_at": "9999-12-31T23:59:59-14:00"},
    "long": {"region": "x", "event_id": "e" * 50_000, "received_at": NAIVE, "digest": "d" * 50_000},
    "names a class": {"__class__": "A", "__module__": "nowhere", "__data__": "{}"},
    "names a class of ours": {"__class__": "Arrival", "__module__": "os", "__data__": "{}"},
}


async def raised(s: Scene, name: str, content: Any, push: int = 1) -> int:
    """Raise an event, as an operator with the system key can."""
    return await s.raise_event(name, json.dumps(content).encode(), push)


async def push_by_hand(s: Scene, push: int, content: Any) -> None:
    """Post one push, whose last event is raised by hand."""
    await s.push(*REGIONS[:2], push=push)
    assert 202 == await raised(s, f"pushevent-{REGIONS[2]}", content, push)


@both()
async def test_an_odd_event_is_the_regions_arrival(s: Scene) -> None:
    """The push is complete, the message holds no long text, and the instance ends well."""
    await asyncio.gather(*(push_by_hand(s, n, content) for n, content in enumerate(ODD.values())))
    for n, what in enumerate(ODD):
        await s.told("complete", push=n)
        (message,) = (m for m in s.ops.messages() if m["push"]["id"] == s.push_id(n))
        assert "arrived" == message["regions"][2]["state"], what
        assert 600 > message["regions"][2]["lag_seconds"] >= 0, what
        assert 4_000 > len(json.dumps(message)), what
        assert "Completed" == (await s.ended(s.push_id(n)))["runtimeStatus"], what


@both(policy="late")
async def test_odd_events_between_an_alarm_and_its_recovery_fail_nothing(s: Scene) -> None:
    """Those named for a missing region recover the push; others change nothing."""
    await s.push(REGIONS[0])
    await s.told("overdue")
    for name in ("something", "pushevent-", "pushevent-atlantis", "1", "PushEvent-EastUS"):
        for content in (ODD["names a class"], ODD["naive"]):
            assert 202 == await raised(s, name, content)
    assert 202 == await raised(s, "pushevent-northeurope", ODD["year 1"])
    await s.told("overdue", "recovered")
    assert "Completed" == (await s.ended())["runtimeStatus"]


@both()
async def test_an_odd_webhook_is_refused_by_its_reason(s: Scene) -> None:
    """Nothing is begun by it, and the next one is taken."""
    whole = json.dumps(s.event())
    several = json.dumps({"events": [s.event()] * 501})
    odd: list[tuple[int, str, bytes]] = [
        *((400, "body-too-deep", nested(whole, levels)) for levels in (100, 980, 20_000)),
        *(
            (400, "id-invalid", json.dumps(s.event() | {"id": one}).encode())
            for one in strange_ids(s)
        ),
        (400, "body-not-json", whole[:-9].encode()),
        (400, "body-not-json", whole.encode("utf-16")),
        (400, "field-invalid", whole.replace('"v1"', '"\\ud800"').encode()),
        (413, "too-many-events", several.encode()),
        (413, "body-too-large", whole.encode() + b" " * 262_144),
    ]
    for status, reason, body in odd:
        heard, answer = await s.insist(body, REGIONS[0])
        assert (status, reason) == (heard, answer.get("reason")), body[:200]
    assert await s.instance() is None
    assert [202, 202, 202] == await s.push()
    await s.told("complete")


def nested(whole: str, levels: int) -> bytes:
    """An event with something in it that stands so many levels deep."""
    return (whole[:-1] + ', "more": ' + "[" * levels + "]" * levels + "}").encode()


def strange_ids(s: Scene) -> tuple[str, ...]:
    """Ids that would lead elsewhere."""
    own = s.push_id()
    elsewhere = (f"../{own}", f"{own}/terminate?reason=x", f"{own}%2fterminate", f"{own}~1")
    return (*elsewhere, f"_courier.eastus.{own}", f"_delivery.complete.{own}", "_group.x", "@x@y")
