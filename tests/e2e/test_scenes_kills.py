"""What was accepted is decided although the host, or Python alone, is killed; on the engine.

Deaths at every checkpoint, and Python's at every turn and activity, are devhost's (test_hazards.py,
test_reviving.py); how often what came out here is in docs/reliability.md.
"""

from __future__ import annotations

from tests.e2e import engine
from tests.e2e.scene import Scene, Stage, engine_only
from tests.e2e.world import REGIONS

HELD_UP = """
import os, pathlib, time
from acr_global.functions import app as shell, reports

make_readable = reports.make_readable

def held_up(history):
    while pathlib.Path("hold").exists():
        pathlib.Path("held").touch()
        time.sleep(0.01)
    make_readable(history)

reports.make_readable = held_up
app = shell.build_deployed(os.environ)
"""
"""Our app, with turns that do not end while the file `hold` is there."""


async def at_every_stage(s: Scene) -> None:
    """Six pushes: the first is decided, the last has not begun, the others lie between."""
    await s.push(push=1)
    await s.told("complete", push=1)
    for n in range(2, 7):
        await s.push(*REGIONS[: 6 - n], push=n)


async def insist_on_all(s: Scene) -> None:
    """Every webhook until it is answered that it is kept, and then every verdict."""
    for n in range(1, 7):
        for region in REGIONS:
            while (await s.insist(s.event(n), region))[0] not in (200, 202):
                pass  # answered 500: its process died under it
    for n in range(1, 7):
        await s.told("complete", push=n)


@engine_only(stage=Stage())
async def test_pushes_survive_the_hosts_death(s: Scene) -> None:
    """kill -9 of everything while they are under way; one verdict each."""
    assert isinstance(s.host, engine.Host)
    await at_every_stage(s)
    s.host.kill()
    await s.host.start()
    await insist_on_all(s)
    assert 6 == len(s.ops.messages())


@engine_only(stage=Stage())
async def test_pushes_survive_pythons_death(s: Scene) -> None:
    """kill -9 of the one process while they are under way; the host lives."""
    assert isinstance(s.host, engine.Host)
    await at_every_stage(s)
    assert s.host.kill_python()
    await insist_on_all(s)
    assert 6 == len(s.ops.messages())


async def heard(s: Scene, region: str) -> bool:
    """Whether a region's event is in the push's history: its turn is over."""
    return f"pushevent-{region}" in str(await s.instance(showHistory="true"))


@engine_only(stage=Stage(function_app=HELD_UP))
async def test_a_push_that_broke_off_goes_on_without_a_webhook(s: Scene) -> None:
    """Python dies in its turn, and every region has reported: nobody else would ever ask."""
    assert isinstance(s.host, engine.Host)
    hold, held = s.host.folder / "hold", s.host.folder / "held"
    await s.push(*REGIONS[:2])
    await s.eventually(lambda: heard(s, REGIONS[1]))
    hold.touch()
    assert [202] == await s.push(REGIONS[2])
    await s.eventually(held.exists)
    assert s.host.kill_python()
    hold.unlink()  # only now, or the turn might end before Python does
    await s.told("complete")
    assert "push-begun-anew" in s.log()


@engine_only(stage=Stage())
async def test_two_hosts_serve_one_hub_and_one_may_die(s: Scene) -> None:
    """Webhooks to either; the one that dies does not come back."""
    assert isinstance(s.host, engine.Host)
    other = engine.Host(s.host.folder, s.host.environ)
    await other.start()
    try:
        doors = [s, Scene(other.url, s.session, s.board, s.spans, name=s.name)]
        for n in range(1, 7):
            for at, region in enumerate(REGIONS):
                body = s.event(n)
                assert 202 == (await doors[(n + at) % 2].insist(body, region))[0]
        for n in range(1, 7):
            await s.told("complete", push=n)
        for n in range(11, 17):
            await s.push(REGIONS[0], push=n)
        s.host.kill()
        for n in range(11, 17):
            for region in REGIONS[1:]:
                assert 202 == (await doors[1].insist(s.event(n), region))[0]
        for n in range(11, 17):
            await s.told("complete", push=n)
        assert 12 == len(s.ops.messages())
    finally:
        other.kill()
