"""What was accepted is decided although the host, or Python alone, is killed; on the engine.

Deaths at every checkpoint, and Python's at every turn and activity, are devhost's (test_hazards.py,
test_reviving.py); how often what came out here is in docs/reliability.md.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from tests.e2e.scene import DURABLE, Scene, Stage, engine_only
from tests.e2e.withholding import Withheld, withholding
from tests.registry.fakes import DIGEST

HELD_UP = """
import os, pathlib, time
from acr_global.functions import app as shell
from acr_global.functions.durable import external_events

make_readable = external_events.make_readable

def held_up(history):
    while pathlib.Path("hold").exists():
        pathlib.Path("held").touch()
        time.sleep(0.01)
    make_readable(history)

external_events.make_readable = held_up
app = shell.build_deployed(os.environ)
"""
"""Our app, with turns that do not end while the file `hold` is there."""

UNREAD = """
import os, pathlib, signal
from acr_global.functions import app as shell
from acr_global.functions.durable.journal import Journal

turn = Journal.turn

def unread(self, instance_id):
    if instance_id.startswith("_delivery.") and not pathlib.Path("died").exists():
        pathlib.Path("died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return turn(self, instance_id)

Journal.turn = unread
app = shell.build_deployed(os.environ)
"""
"""Our app, in which Python dies before it has noted the first turn of a delivery."""

PATIENT = ",".join(["1s", "2s", *["8s"] * 12])
"""A schedule that none has come to the end of when the last of some pushes is told of."""


async def heard(s: Scene, region: str) -> bool:
    """Whether a region's event is in the push's history, so that its turn is over."""
    return f"pushevent-{region}" in str(await s.instance(showHistory="true"))


async def held_in_its_last_turn(s: Scene, host: engine.Host) -> Path:
    """Report a push everywhere; its last turn is under way, and ends when the file that this
    returns is removed."""
    hold, held = host.folder / "hold", host.folder / "held"
    await s.push(*REGIONS[:2])
    await s.eventually(lambda: heard(s, REGIONS[1]))
    hold.touch()
    assert [202] == await s.push(REGIONS[2])
    await s.eventually(held.exists)
    return hold


async def at_every_stage(s: Scene) -> None:
    """Begin six pushes: the first is decided, the last has not begun, the others lie between."""
    await s.push(push=1)
    await s.told("complete", push=1)
    for n in range(2, 7):
        await s.push(*REGIONS[: 6 - n], push=n)


async def insist_on_all(s: Scene) -> None:
    """Post every webhook until it is answered that it is kept, and wait for every verdict."""
    for n in range(1, 7):
        for region in REGIONS:
            while (await s.insist(s.event(n), region))[0] not in (200, 202):
                pass  # answered 500: its process died under it
    for n in range(1, 7):
        await s.told("complete", push=n)


@engine_only(stage=Stage())
async def test_pushes_survive_the_hosts_death(s: Scene) -> None:
    """Everything is killed while they are under way; each has one verdict."""
    assert isinstance(s.host, engine.Host)
    await at_every_stage(s)
    s.host.kill()
    await s.host.start()
    await insist_on_all(s)
    assert 6 == len(s.ops.messages())


@asynccontextmanager
async def on_a_doomed_host(s: Scene) -> AsyncIterator[tuple[Scene, Withheld]]:
    """The scene on a host in the place of all others, some of whose writes are withheld. At the end
    it is killed, and the others are there again."""
    assert isinstance(s.host, engine.Host)
    assert s.host.storage
    for host in (s.host, *s.others):
        host.kill()
    async with withholding(s.host.storage) as (behind, withheld):
        doomed = s.host.another()
        doomed.environ = dict(doomed.environ) | {"AzureWebJobsStorage": behind.connection}
        await doomed.start()
        try:
            yield Scene(doomed.url, s.session, s.board, s.spans, s.policy, name=s.name), withheld
        finally:
            doomed.kill()
    for host in (s.host, *s.others):
        await host.start()


@engine_only(stage=Stage())
async def test_rows_that_a_dead_host_did_not_write_harm_nobody(s: Scene) -> None:
    """The first turn of one push, the last of another and the last of a delivery are in their
    histories alone, until their messages come again."""
    delivery = f"_delivery.complete.{s.push_id(3)}"
    async with on_a_doomed_host(s) as (there, withheld):
        withheld.rows = {
            s.push_id(1): b'"Running"',
            s.push_id(2): b'"Completed"',
            delivery: b'"Completed"',
        }
        s.ops.answers = [503]
        await there.push(push=3)
        await s.eventually(lambda: delivery in withheld.stuck)
        await there.push(push=2)
        await there.push(REGIONS[0], push=1)
        await s.eventually(lambda: not withheld.rows)
    await s.push(*REGIONS[1:], push=1)
    await s.told("complete", push=1)
    for instance in (s.push_id(2), delivery):
        row = await s.ended(instance)
        assert ("Completed", None) == (row["runtimeStatus"], row["customStatus"])
    assert "complete" == (await s.call("GET", f"api/pushes/{s.push_id(2)}"))[1]["state"]
    _, letters = await s.call("GET", "api/deadletters")
    assert [] == letters["deadletters"]


@engine_only(policy="late", stage=Stage())
async def test_an_alarm_is_not_told_whose_turn_a_dead_host_did_not_write(s: Scene) -> None:
    """Its activity is in the queue, and runs; a minute later the turn is taken again, and by then
    the region has reported."""
    async with on_a_doomed_host(s) as (there, withheld):
        withheld.histories = {s.push_id(): b"FirePushNotification"}
        await there.push(*REGIONS[1:])
        await s.eventually(lambda: s.push_id() in withheld.stuck)
    await s.push(REGIONS[0])
    await s.told("complete")
    await s.ended()
    assert ["complete"] == s.verdicts()


@engine_only(stage=Stage({"TIMEOUT": "20s"}, function_app=HELD_UP))
async def test_a_webhook_that_a_dead_host_had_in_hand_is_not_missing(s: Scene) -> None:
    """Its turn has not ended when the host is killed, and the deadline falls into the minute for
    which the engine hides it."""
    assert isinstance(s.host, engine.Host)
    for other in s.others:  # what they note, this machine does not know
        other.kill()
    there = Scene(s.host.url, s.session, s.board, s.spans, s.policy, name=s.name)
    hold = await held_in_its_last_turn(there, s.host)
    s.host.kill()
    hold.unlink()
    await s.host.start()
    await there.told("complete")
    await there.ended()
    assert ["complete"] == there.verdicts()


@engine_only(stage=Stage())
async def test_pushes_survive_pythons_death(s: Scene) -> None:
    """Only the Python process is killed while they are under way; the host lives."""
    assert isinstance(s.host, engine.Host)
    await at_every_stage(s)
    assert s.host.kill_python()
    await insist_on_all(s)
    assert 6 == len(s.ops.messages())


@engine_only(stage=Stage(function_app=HELD_UP))
async def test_a_push_that_broke_off_goes_on_without_a_webhook(s: Scene) -> None:
    """Python dies in its turn, and every region has reported, so no webhook would revive it."""
    assert isinstance(s.host, engine.Host)
    hold = await held_in_its_last_turn(s, s.host)
    assert 1 <= sum(host.kill_python() for host in (s.host, *s.others))
    hold.unlink()  # only now, or the turn might end before Python does
    await s.told("complete")
    assert "push-begun-anew" in s.log()


@engine_only(stage=Stage())
async def test_a_push_whose_turn_python_had_not_read_goes_on_without_a_webhook(s: Scene) -> None:
    """Python is stopped when the turn comes, and dies without having noted it."""
    assert isinstance(s.host, engine.Host)
    for other in s.others:  # the turn might be theirs
        other.kill()
    there = Scene(s.host.url, s.session, s.board, s.spans, s.policy, name=s.name)
    await there.push(*REGIONS[:2])
    await there.eventually(lambda: heard(there, REGIONS[1]))
    stopped = s.host.pythons()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    path = f"{DURABLE}/instances/{s.push_id()}/raiseEvent/hello"
    async with s.session.post(f"{s.host.url}/{path}", json="x") as answer:
        assert 202 == answer.status
    await asyncio.sleep(3)  # nothing shows that a turn waits in a pipe
    for pid in stopped:
        os.kill(pid, signal.SIGKILL)
    await there.eventually(lambda: "push-begun-anew" in s.log())
    await there.push(REGIONS[2])
    await there.told("complete")


@engine_only(stage=Stage(function_app=UNREAD))
async def test_a_delivery_whose_first_turn_python_had_not_read_goes_on(s: Scene) -> None:
    """It is retried by the next process, and no dead letter."""
    assert isinstance(s.host, engine.Host)
    for other in s.others:  # one that has started it would leave it to the timer
        other.kill()
    there = Scene(s.host.url, s.session, s.board, s.spans, s.policy, name=s.name)
    s.ops.answers = [503]
    await there.push()
    await s.eventually(lambda: "instance-begun-anew" in s.log())
    done = await there.ended(f"_delivery.complete.{s.push_id()}")
    assert ("Completed", "delivered") == (done["runtimeStatus"], done["output"]["state"])


@engine_only(policy="evidence-found", stage=Stage())
async def test_a_look_that_python_died_in_is_taken_again(s: Scene) -> None:
    """The image is there, so there is no alarm."""
    registry = s.board.endpoints["found"]
    registry.silent = True
    await s.push(*REGIONS[:2], digest=DIGEST)
    await s.eventually(lambda: registry.seen)
    for pid in [pid for host in (s.host, *s.others) for pid in pythons(host)]:
        os.kill(pid, signal.SIGKILL)
    registry.silent = False
    await s.told("complete")
    assert 1 == len(s.ops.messages())


def pythons(host: Any) -> list[int]:
    """The Python processes of a host."""
    assert isinstance(host, engine.Host)
    return host.pythons()


@asynccontextmanager
async def a_second_host(s: Scene) -> AsyncIterator[Scene]:
    """The same scene, seen from another host on the hub, which lives to the end."""
    assert isinstance(s.host, engine.Host)
    other = s.host.another()
    await other.start()
    try:
        yield Scene(other.url, s.session, s.board, s.spans, name=s.name)
    finally:
        other.kill()


@engine_only(stage=Stage())
async def test_two_hosts_serve_one_hub_and_one_may_die(s: Scene) -> None:
    """Webhooks go to either; the one that dies does not come back."""
    assert isinstance(s.host, engine.Host)
    async with a_second_host(s) as other:
        for n in range(1, 7):
            for at, region in enumerate(REGIONS):
                assert 202 == (await (s, other)[(n + at) % 2].insist(s.event(n), region))[0]
        for n in range(1, 7):
            await s.told("complete", push=n)
        for n in range(11, 17):
            await s.push(REGIONS[0], push=n)
        s.host.kill()
        for n in range(11, 17):
            await other.push(*REGIONS[1:], push=n)
        for n in range(11, 17):
            await s.told("complete", push=n)
        assert 12 == len(s.ops.messages())


@engine_only(stage=Stage())
async def test_a_host_that_dies_among_its_notifications_leaves_them_to_the_other(s: Scene) -> None:
    """Both have sent requests to the receiver, which has answered none."""
    assert isinstance(s.host, engine.Host)
    s.ops.gate = asyncio.Event()
    async with a_second_host(s) as other:
        for n in range(1, 9):
            for at, region in enumerate(REGIONS):
                assert 202 == (await (s, other)[(n + at) % 2].insist(s.event(n), region))[0]
        await s.until(lambda: 8 == len(s.ops.messages()))
        s.host.kill()
        asked, s.ops.gate = len(s.ops.requests), None
        await s.until(lambda: len(s.ops.requests) > asked)
        for n in range(1, 9):
            await other.decided(other.event(n), REGIONS[0])
            assert ["complete"] == s.verdicts(push=n)


@engine_only(stage=Stage({"RETRY_SCHEDULE": PATIENT}))
async def test_the_deliveries_of_a_dead_host_are_made_by_the_other(s: Scene) -> None:
    """Each first attempt was refused; no webhook comes after the death."""
    assert isinstance(s.host, engine.Host)
    s.ops.answers = [503] * 1_000
    async with a_second_host(s) as other:
        for n in range(1, 9):
            for at, region in enumerate(REGIONS):
                assert 202 == (await (s, other)[(n + at) % 2].insist(s.event(n), region))[0]
        await s.until(lambda: 8 == len(s.ops.messages()))
        s.host.kill()
        refused, s.ops.answers = len(s.ops.requests), []
        await s.until(lambda: 8 == len({body["id"] for _, body in s.ops.requests[refused:]}))
