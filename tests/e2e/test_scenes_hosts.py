"""Hosts with other settings: no regions, keys, another app; on both hosts where possible."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from tests.e2e.scene import Scene, Stage, both, engine_only
from tests.e2e.textbook import FUNCTION_APP

NO_REGIONS = Stage({"REGIONS": "no/where", "REGISTRIES": ""})
KEYS = Stage(auth=True)
TEXTBOOK = Stage(function_app=FUNCTION_APP)


@both(stage=NO_REGIONS)
async def test_without_known_regions_webhooks_are_answered_503(s: Scene) -> None:
    """Health names the setting and shows no value; the log holds the webhook."""

    async def refused() -> Any:
        status, answer = await s.post(s.event(), "eastus")
        assert 503 == status
        # A slow host may answer so, for it looks whether an open push waits for this region.
        return answer if answer["reason"] != "engine-unavailable" else None

    answer = await s.eventually(refused)
    assert "settings-invalid" == answer["reason"]
    status, health = await s.call("GET", "api/health")
    assert (503, "error") == (status, health["status"])
    assert ["ACR_GLOBAL_REGIONS"] == [p["setting"] for p in health["problems"]]
    assert "no/where" not in str((answer, health))
    assert s.push_id() in s.log()


async def answers(s: Scene, key: str | None) -> list[tuple[int, Any]]:
    """The answers of each function to a key, or to none."""
    s.headers = {"x-functions-key": key} if key else {}
    others = [
        ("GET", "api/diagnosis"),
        ("GET", "api/deadletters"),
        ("GET", "api/deadletters/_delivery.complete.x"),
        ("POST", "api/deadletters/_delivery.complete.x/replay"),
        ("POST", "api/targets/nobody/test"),
    ]
    answers = [await s.insist(s.event(), REGIONS[0])]
    return answers + [await s.call(method, path) for method, path in others]


@both(stage=KEYS)
async def test_every_function_but_health_asks_for_a_key(s: Scene) -> None:
    """Without the right key nothing is kept; no answer and no log line shows a key."""
    for key in (None, "not-the-key"):
        assert {401} == {status for status, _ in await answers(s, key)}
    assert (200, {"status": "ok", "problems": []}) == await s.call("GET", "api/health")
    opened = await answers(s, engine.FUNCTION_KEY)
    assert [202, 200, 200, 404, 404, 404] == [status for status, _ in opened]
    by_query = [
        await s.insist(s.event(), r, code=engine.FUNCTION_KEY) for r in ("atlantis", *REGIONS[1:])
    ]
    assert [400, 202, 202] == [status for status, _ in by_query]
    await s.told("complete")
    assert engine.FUNCTION_KEY not in str((opened, by_query, s.ops.requests))
    assert s.push_id() in s.log()
    assert engine.FUNCTION_KEY not in s.log()


@engine_only(stage=TEXTBOOK)
async def test_the_textbook_way_loses_arrivals(s: Scene) -> None:
    """The host dies while it holds a start, and the regions report before it is back: each is
    answered 202, and the engine deletes their events. This shows that the other scenes can fail."""
    assert isinstance(s.host, engine.Host)
    hold, held = s.host.folder / "hold", s.host.folder / "held"
    hold.touch()
    assert [202] == await s.push(REGIONS[0])
    await s.eventually(held.exists)
    s.host.kill()
    hold.unlink()
    deleted = deletions(s.host)
    await s.host.start()
    assert [202, 202] == await s.push(*REGIONS[1:])
    await s.eventually(lambda: deleted() >= 2)
    assert "Pending" == (await s.instance())["runtimeStatus"]  # so nobody has read them


def deletions(host: engine.Host) -> Callable[[], int]:
    """Counts what the engine deletes from its control queues from now on."""
    storage = host.storage
    assert storage
    since = storage.log.stat().st_size
    request = re.compile(rf"RequestMethod=DELETE \S*/{host.hub.lower()}-control-\d+/messages/")
    return lambda: len(request.findall(storage.logged(since)))
