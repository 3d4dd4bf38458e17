"""Events raised by hand, with anything in them: the region has reported, and the push is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.e2e.world import REGIONS, World, virtual, world

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


async def raise_event(w: World, name: str, content: Any) -> int:
    """As an operator with the system key can."""
    path = f"{w.host.url}/durabletask/instances/p1/raiseEvent/{name}"
    body, headers = json.dumps(content), {"content-type": "application/json"}
    async with w.session.post(path, data=body, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize("content", ODD.values(), ids=ODD.keys())
def test_an_odd_event_is_the_regions_report(content: Any) -> None:
    """Complete, with nothing long in the message, and the instance ends well."""

    async def test() -> None:
        async with world() as w:
            await w.push("p1", REGIONS[:2])
            assert 202 == await raise_event(w, f"pushevent-{REGIONS[2]}", content)
            await asyncio.sleep(60)
            (message,) = w.messages
            assert ("complete", "arrived") == (message["type"], message["regions"][2]["state"])
            assert 60 > message["regions"][2]["lag_seconds"] >= 0
            assert 4_000 > len(json.dumps(message))
            assert "Completed" == w.host.storage.instances["p1"].runtime_status

    virtual(test)


def test_odd_events_between_an_alarm_and_its_recovery_fail_nothing() -> None:
    """Those for a region heal; others, and those of other names, say nothing."""

    async def test() -> None:
        async with world(TIMEOUT="1m", LATE_WINDOW="10m") as w:
            await w.push("p1", REGIONS[:1])
            await w.until(lambda: w.messages)
            for name in ("something", "pushevent-", "pushevent-atlantis", "1", "PushEvent-EastUS"):
                for content in (ODD["names a class"], ODD["naive"]):
                    assert 202 == await raise_event(w, name, content)
            assert 202 == await raise_event(w, "pushevent-northeurope", ODD["year 1"])
            await asyncio.sleep(60)
            assert ["overdue", "recovered"] == w.verdicts()
            assert "Completed" == w.host.storage.instances["p1"].runtime_status

    virtual(test)
