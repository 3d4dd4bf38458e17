"""Record the histories of this release: `python -m tests.replay.record 0.2.0`, or `make keep`.

Once for a release: it does nothing to one that is kept (tests/releases), for the tests of all later
ones replay these files. Before that a new orchestrator's are recorded under another name, and put
among those of the coming release. An instance in flight during a deployment is such a history.
Recorded are an orchestrator's last turn as the host sent it and as the SDK answered it, on devhost
and, where `func` records them (ENGINEHOST_RECORD), as the engine itself sends them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from acr_global import correlation
from acr_global.functions.durable import names, wire
from acr_global.functions.orchestrators.probe_functions import ProbeInput
from acr_global.model import Arrival
from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from devhost import DevHost, Hazards
from devhost.index import ORCHESTRATION
from devhost.protocol import EventType
from devhost.turn import ask
from tests.e2e.scene import DURABLE, Piece, Scene
from tests.e2e.theatre import OnDevhost, OnEngine
from tests.registry.fakes import DIGEST
from tools.package import kept

HERE = Path(__file__).parent
RECORDS = "ENGINEHOST_RECORD"
"""Names the folder in which `func` keeps each orchestrator's last turn, if it is one that does."""

Found = dict[str, str]
"""Names of histories, and the instances that they are of."""


async def complete(s: Scene) -> Found:
    """All regions in, one of them twice."""
    await s.push(REGIONS[0], REGIONS[1], REGIONS[0], REGIONS[2])
    return {"complete": s.push_id()}


async def begun_again(s: Scene) -> Found:
    """A start that takes effect after the end."""
    await s.push()
    await s.ended()
    await s.begin_again()
    return {"begun_again": s.push_id()}


async def overdue(s: Scene) -> Found:
    """No late window: the alarm is the last word."""
    await s.push(REGIONS[0])
    return {"overdue": s.push_id()}


async def recovered(s: Scene) -> Found:
    """An alarm, of which the first delivery fails, and a late arrival; its delivery superseded."""
    s.ops.answers = [503]
    await s.push(*REGIONS[:2])
    await s.until(lambda: s.ops.requests)
    await s.push(REGIONS[2])
    delivery = f"_delivery.overdue.{s.push_id()}"
    return {"recovered": s.push_id(), "delivery_superseded": delivery}


async def incomplete(s: Scene) -> Found:
    """An alarm, and a late window that closes."""
    await s.push(*REGIONS[:2])
    return {"incomplete": s.push_id()}


async def evidence(s: Scene) -> Found:
    """Looks at intervals; after the first the image is there."""
    registry = s.board.endpoints["absent"]
    await s.push(*REGIONS[:2], digest=DIGEST)
    await s.eventually(lambda: any(s.repository in path for _, path in registry.seen))
    registry.statuses[s.repository] = 200
    return {"evidence": s.push_id()}


async def deliveries(s: Scene) -> Found:
    """One that is delivered at the third attempt, one that dies, and its replay."""
    s.receiver("second").answers = [503, 503]
    s.receiver("third").answers = [503, 400]
    await s.push()
    dead = f"_delivery.complete.{s.push_id()}"
    await s.ended(dead)
    assert 202 == (await s.call("POST", f"api/deadletters/{dead}/replay"))[0]
    return {"delivery_dead": dead, "delivery_replayed": f"{dead}~1"}


async def retried(s: Scene) -> Found:
    """One that is delivered at the third attempt."""
    s.ops.answers = [503, 503]
    await s.push()
    return {"delivery_retried": f"_delivery.complete.{s.push_id()}"}


async def courier(s: Scene) -> Found:
    """A courier that waits for its instance: on devhost for a start that is away for a minute; on
    the engine, where none can be held up, it finds the instance there."""
    courier_id = correlation.courier_id(s.push_id(), REGIONS[1])
    if isinstance(s.host, DevHost):
        s.host.hazards = Hazards(invisible=1.0)
        await s.push(REGIONS[0])
        await s.host.settle()
        s.host.hazards = Hazards()
        await s.push(REGIONS[1])
    else:
        await s.push(REGIONS[0])
        arrival = Arrival(region=REGIONS[1], event_id="carried", received_at=datetime.now(UTC))
        cargo = wire.CourierInput(push_id=s.push_id(), arrivals=(arrival,)).model_dump_json()
        path = f"{DURABLE}/orchestrators/Courier/{courier_id}"
        assert 202 == (await s.call("POST", path, cargo.encode()))[0]
    return {"courier": courier_id}


async def group(s: Scene) -> Found:
    """A region is silent for four pushes until they are asked after, and comes back."""
    for number in range(1, 5):
        await s.push(*REGIONS[:2], push=number)
    await s.until(lambda: s.reports())
    group_id = s.reports()[0]["group"]

    async def has_asked() -> bool:
        return names.ASK_MEMBERS in str(await s.instance(group_id, showHistory="true"))

    await s.eventually(has_asked)
    for number in range(1, 5):
        await s.push(REGIONS[2], push=number)
    await s.until(lambda: s.reports()[-1]["state"] == "over")
    return {"group": group_id}


async def note(s: Scene) -> Found:
    """A note of what is open, as a process writes it."""
    note_id = f"_open.1780000000.{s.name}"
    body = wire.OpenNote(instances=(s.push_id(),)).model_dump_json()
    path = f"{DURABLE}/orchestrators/NoteOpen/{note_id}"
    assert 202 == (await s.call("POST", path, body.encode()))[0]
    return {"note": note_id}


async def probe(s: Scene) -> Found:
    """A question of an operator's, which calls two activities with nothing to do."""
    probe_id = f"{correlation.PROBES}{s.name}"
    body = ProbeInput(activities=("CarryArrival", "GatherEvidence")).model_dump_json()
    path = f"{DURABLE}/orchestrators/ProbeFunctions/{probe_id}"
    assert 202 == (await s.call("POST", path, body.encode()))[0]
    return {"probe": probe_id}


SCENARIOS: tuple[tuple[str, Callable[[Scene], Awaitable[Found]]], ...] = (
    ("plain", complete),
    ("final", begun_again),
    ("final", overdue),
    ("late", recovered),
    ("closing", incomplete),
    ("evidence-early", evidence),
    ("three", deliveries),
    ("plain", retried),
    ("plain", courier),
    ("plain", note),
    ("plain", probe),
    ("group-back", group),
)


def anew(folder: Path) -> Path:
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def save(folder: Path, name: str, turn: dict[str, Any]) -> None:
    """One history's file."""
    (folder / f"{name}.json").write_text(json.dumps(turn, indent=1, sort_keys=True) + "\n")


def pieces(keep: Callable[[Scene, str, str], None]) -> Iterator[Piece]:
    """The scenarios as scenes; `keep` is told each history's name and instance, once it ended."""
    for policy, scenario in SCENARIOS:

        async def play(s: Scene, scenario: Callable[..., Any] = scenario) -> None:
            for name, instance_id in (await scenario(s)).items():
                await s.ended(instance_id)
                keep(s, name, instance_id)

        yield Piece(play, policy)


def last_turn(host: DevHost, instance_id: str) -> dict[str, Any]:
    """The turn in which an instance ended, as `func` keeps it."""
    instance = host.storage.instances[instance_id]
    function = host.index.find(ORCHESTRATION, instance.name)
    assert function is not None
    kinds = [event["EventType"] for event in instance.history]
    began = max(i for i, kind in enumerate(kinds) if kind == EventType.ORCHESTRATOR_STARTED)
    ends = (EventType.EXECUTION_COMPLETED, EventType.ORCHESTRATOR_COMPLETED)
    ended = next(i for i, kind in enumerate(kinds) if i > began and kind in ends)
    kept: dict[str, Any] = {"orchestrator": instance.name}

    def worker(_: str, body: str) -> str:
        answered = str(function.call(context=body))
        kept.update(sent=json.loads(body), answered=json.loads(answered))
        return answered

    ask(worker, instance_id, instance.history[:ended], began)
    return kept


def on_devhost(folder: Path) -> None:
    """Record in virtual time."""

    def keep(s: Scene, name: str, instance_id: str) -> None:
        assert isinstance(s.host, DevHost)
        save(folder, name, last_turn(s.host, instance_id))

    anew(folder)
    for piece in pieces(keep):
        OnDevhost().play(piece)


def on_engine(folder: Path) -> None:
    """Record in real time, all side by side."""
    found: Found = {}
    with tempfile.TemporaryDirectory() as kept, engine.azurite() as storage:
        os.environ[RECORDS] = kept
        stage = OnEngine(storage)
        try:
            playing = list(pieces(lambda s, name, instance_id: found.update({name: instance_id})))
            stage.begin(playing)
            for piece in playing:
                stage.play(piece)
        finally:
            stage.close()
        turns = {name: Path(kept, f"{instance_id}.json") for name, instance_id in found.items()}
        if not all(turn.exists() for turn in turns.values()):
            sys.exit("The engine's histories are not recorded: this `func` does not keep them")
        anew(folder)
        for name, turn in turns.items():
            save(folder, name, json.loads(turn.read_text()))


def main(release: str) -> None:
    """Record every scenario on every host that is here."""
    if kept(release).exists():
        sys.exit(f"{release} is kept, and what is kept never changes")
    on_devhost(HERE / release / "devhost")
    if reason := engine.why_not():
        sys.exit(f"The engine's histories are not recorded: {reason}")
    on_engine(HERE / release / "engine")


if __name__ == "__main__":
    main(sys.argv[1])
