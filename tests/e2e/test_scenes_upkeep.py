"""What has ended is removed once it has been kept for its time; on both hosts.

Nobody waits for weeks: the rows are made older behind the engine's back.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from acr_global import ledger
from acr_global.functions.durable import names
from acr_global.functions.records.tables import SETTING, TableLedger
from acr_global.model import Action, Arrival, Artifact, Verdict, VerdictType
from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from devhost import DevHost
from tests.e2e import tables
from tests.e2e.props import host
from tests.e2e.scene import Scene, both, engine_only
from tests.e2e.test_scenes_pushes import listed


async def age(s: Scene, days: int, *ids: str) -> None:
    """Make instances older."""
    for instance_id in ids:
        if isinstance(s.host, DevHost):
            row = s.host.storage.instances[instance_id]
            row.created -= timedelta(days=days)
            row.last_updated -= timedelta(days=days)
            continue
        assert isinstance(s.host, engine.Host)
        assert s.host.storage is not None
        at = f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
        kind = {f"{name}@odata.type": "Edm.DateTime" for name in ("CreatedTime", "LastUpdatedTime")}
        path = f"{s.host.hub}Instances(PartitionKey='{instance_id}',RowKey='')"
        change = {"CreatedTime": at, "LastUpdatedTime": at} | kind
        assert 204 == await tables.write(s.host.storage, s.session, "MERGE", path, change)


async def gone(s: Scene, *ids: str) -> None:
    """Run the timer until these instances are gone: other scenes' runs may be under way."""

    async def are_gone() -> bool:
        path = f"admin/functions/{names.PURGE_FINISHED}"
        assert 202 == (await s.call("POST", path, b"{}"))[0]
        return not [one for one in ids if await s.instance(one)]

    await s.eventually(are_gone)


@both()
async def test_old_pushes_are_removed_and_young_ones_stay(s: Scene) -> None:
    """So do those that are open, however old."""
    old, young, waiting = (s.push_id(n) for n in (1, 2, 3))
    await s.push(push=1)
    await s.push(push=2)
    await s.push(*REGIONS[:2], push=3)
    for push_id in (old, young):
        await s.ended(push_id)
    await s.begun(waiting)
    await age(s, 40, old, waiting)
    await gone(s, old)
    assert [young, waiting] == [one for one in (young, waiting) if await s.instance(one)]
    await s.push(REGIONS[2], push=3)
    await s.told("complete", push=3)


@both()
async def test_a_dead_letter_outlives_its_push(s: Scene) -> None:
    """It is replayed when that is gone; then the two deliveries of the message go together."""
    s.ops.answers = [400]
    await s.push()
    await s.ended()
    first, second = (f"_delivery.complete.{s.push_id()}{number}" for number in ("", "~1"))
    await s.ended(first)
    await age(s, 40, s.push_id(), first)
    await gone(s, s.push_id())
    assert await s.instance(first)
    assert 202 == (await s.call("POST", f"api/deadletters/{first}/replay"))[0]
    await s.ended(second)
    await s.told("complete")
    await age(s, 40, second)
    await gone(s, first, second)


@engine_only()
async def test_old_rows_leave_the_list(s: Scene) -> None:
    """Under each of their keys; young ones stay. (In memory no row can be made older.)"""
    assert isinstance(s.host, engine.Host)
    assert s.host.storage is not None
    await s.push()
    await s.told("complete")
    at = datetime.now(UTC) - timedelta(days=40)
    artifact = Artifact(registry=host(s.policy), repository=s.repository, tag="old", digest="d:0")
    verdict = Verdict(
        type=VerdictType.COMPLETE,
        push_id=s.push_id(9),
        action=Action.PUSH,
        artifact=artifact,
        regions=REGIONS,
        arrivals=tuple(Arrival(region=r, event_id="e", received_at=at) for r in REGIONS),
        begun_at=at,
        deadline=at,
        decided_at=at,
    )
    rows = TableLedger(s.host.hub, {SETTING: s.host.storage.connection})
    row = ledger.row_of(verdict)
    await rows.put(ledger.keys(row), ledger.written(row))
    await rows.close()

    async def is_young() -> bool:
        return [s.push_id()] == [one["id"] for one in await listed(s)]

    assert {s.push_id(9)} <= {one["id"] for one in await listed(s)}
    await gone(s)
    await s.eventually(is_young)
    assert [] == await listed(s, image=f"{s.repository}:old")
