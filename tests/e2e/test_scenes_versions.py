"""One version goes on with what another has begun on the same task hub; on the engine.

That each step of a recorded history is taken again is tests/replay's. Here it is the engine's own
queues and tables, and all that one version writes and the other reads. The older is the newest
release that is kept (tests/releases); docs/upgrading.md says what else was seen of 0.1.0.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from acr_global.version import VERSION
from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from tests.e2e import tables
from tests.e2e.scene import DURABLE, Scene, Stage, engine_only
from tools.package import newest_kept

RELEASE = newest_kept()
"""The newest one's zip."""
SETTINGS = {"RETRY_SCHEDULE": ",".join(["1s", "2s", *["15s"] * 18])}
"""As many pauses as there may be: they outlast the start of a host on a slow machine."""
SAID = (["complete"], ["overdue", "recovered"], ["complete"], ["complete"], ["complete"])
"""Of each push in the end."""


async def begin_in_every_state(s: Scene) -> None:
    """Push 1 waits for a region; 2 is overdue, and listens; a delivery of 3 is a dead letter, one
    of 4 is being tried again; and for 5, which has not begun, couriers wait."""
    third, late, three = s.receiver("third"), replace(s, policy="late"), replace(s, policy="three")
    third.answers = [400, *[503] * 1_000]
    await s.push(*REGIONS[:2], push=1)
    await late.push(*REGIONS[:2], push=2)
    await three.push(push=3)
    await s.ended(delivery(s, 3))
    await write_row(s, "POST", 5)
    assert [202, 202] == await s.push(*REGIONS[:2], push=5)
    await three.push(push=4)
    await s.until(lambda: 2 <= len(ids(s, 4)), "third")
    await s.told("overdue", push=2)
    await s.eventually(lambda: have_couriers(s, 5))


async def all_go_on(s: Scene) -> None:
    """Each push is decided, once and truly; what was not delivered is, under its own id."""
    s.receiver("third").answers = []
    await write_row(s, "DELETE", 5)
    for push, policy in ((1, "plain"), (2, "late"), (5, "plain")):
        await replace(s, policy=policy).push(REGIONS[2], push=push)
    assert 202 == (await s.call("POST", f"api/deadletters/{delivery(s, 3)}/replay"))[0]
    for push, verdicts in enumerate(SAID, start=1):
        await s.told(*verdicts, push=push)
        await s.ended(s.push_id(push))
    await s.until(lambda: 2 == len(ids(s, 3)), "third")
    await s.ended(delivery(s, 4))
    for push, verdicts in enumerate(SAID, start=1):
        assert verdicts == s.verdicts(push=push)
    assert [1, 1] == [len(set(ids(s, push))) for push in (3, 4)]
    assert ["complete"] == s.verdicts("third", 3) == s.verdicts("third", 4)
    alarms = [m["missing"] for m in s.ops.messages() if m["missing"]]
    assert [[REGIONS[2]]] == alarms


def delivery(s: Scene, push: int) -> str:
    """The instance that delivers a push's verdict to those who have not got it."""
    return f"_delivery.complete.{s.push_id(push)}"


def ids(s: Scene, push: int) -> list[str]:
    """The message ids with which the target `third` was told of a push, an id per attempt."""
    requests = s.receiver("third").requests
    return [
        headers["webhook-id"] for headers, body in requests if body["push"]["id"] == s.push_id(push)
    ]


async def have_couriers(s: Scene, push: int) -> bool:
    """Whether two are under way to a push."""
    query = {"runtimeStatus": "Running", "instanceIdPrefix": "_courier."}
    found = (await s.call("GET", f"{DURABLE}/instances/", None, **query))[1]
    return 2 == sum(s.push_id(push) in courier["instanceId"] for courier in found)


async def write_row(s: Scene, method: str, push: int) -> None:
    """Make the row of a push whose start message is lost (POST), or take it away (DELETE)."""
    assert isinstance(s.host, engine.Host)
    assert s.host.storage
    table, row = f"{s.host.hub}Instances", None
    if method == "DELETE":
        table += f"(PartitionKey='{s.push_id(push)}',RowKey='')"
    else:
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        row = {
            "PartitionKey": s.push_id(push),
            "RowKey": "",
            "Name": "WaitForAllRegions",
            "RuntimeStatus": "Pending",
            "CreatedTime": now,
            "CreatedTime@odata.type": "Edm.DateTime",
            "LastUpdatedTime": now,
            "LastUpdatedTime@odata.type": "Edm.DateTime",
        }
    assert 300 > await tables.write(s.host.storage, s.session, method, table, row)


async def is_ours(s: Scene) -> bool:
    """Whether what answers is the working tree. (0.1.0 does not say what it is.)"""
    status, said = await s.call("GET", "api/openapi.json")
    return status == 200 and bool(said["info"]["version"] == VERSION)


@asynccontextmanager
async def another(s: Scene, release: Path | None = None) -> AsyncIterator[Scene]:
    """The same scene on a further host of the hub, with files of its own: it runs a release, or the
    working tree."""
    assert isinstance(s.host, engine.Host)
    folder = s.host.folder / "another"
    folder.mkdir()
    if release:
        engine.publish(folder, release, s.host.hub)
    else:
        engine.stage(folder, engine.host_json(s.host.hub))
    environ = dict(s.host.environ) | {"TMPDIR": str(folder)}
    host = engine.Host(folder, environ, storage=s.host.storage)
    await host.start()
    try:
        yield replace(s, url=host.url, host=host)
    finally:
        host.kill()


@engine_only(stage=Stage(SETTINGS, release=RELEASE))
async def test_pushes_go_on_through_an_upgrade(s: Scene) -> None:
    """Both versions work on one hub for a while, with webhooks to either; then the older is
    killed."""
    assert isinstance(s.host, engine.Host)
    assert not await is_ours(s)
    await begin_in_every_state(s)
    async with another(s) as upgraded:
        assert await is_ours(upgraded)
        doors = (s, upgraded)
        for push in range(11, 15):
            for at, region in enumerate(REGIONS):
                body = s.event(push)
                assert 202 == (await doors[(push + at) % 2].insist(body, region))[0]
        for push in range(11, 15):
            await s.told("complete", push=push)
        s.host.kill()
        await all_go_on(upgraded)
        assert [["complete"]] * 4 == [s.verdicts(push=push) for push in range(11, 15)]
        listed = str(await upgraded.call("GET", "api/pushes"))
        assert s.push_id(1) in listed
        assert s.push_id(3) not in listed  # decided before


@engine_only(stage=Stage(SETTINGS))
async def test_pushes_go_on_through_a_way_back(s: Scene) -> None:
    """All of the newer version is killed before the older begins."""
    assert isinstance(s.host, engine.Host)
    await begin_in_every_state(s)
    s.host.kill()
    async with another(s, RELEASE) as before:
        assert not await is_ours(before)
        await all_go_on(before)
