"""CPU time of one replay: what the worker does at every turn of an orchestrator."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.sides import APP, ENVIRON, REGIONS, SIDES, TEXTBOOK, running
from benchmarks.table import Table, number, ratio
from devhost import run_virtual
from devhost.index import ORCHESTRATION, index_app
from devhost.protocol import EventType
from devhost.turn import ask

RECORDED = Path(__file__).resolve().parent.parent / "tests" / "replay"
ENDS = (EventType.EXECUTION_COMPLETED, EventType.ORCHESTRATOR_COMPLETED)
COMPLETE = "complete"
HOST = "devhost"
"""The host whose recorded histories are used: the textbook's are made here, on devhost as well."""


class Replay:
    """One history, ready to be replayed to its end."""

    def __init__(self, side: str, name: str, orchestrator: str, history: Sequence[Any]) -> None:
        while history[-1]["EventType"] in ENDS:
            history = history[:-1]
        self.side, self.name, self.events = side, name, len(history)
        self.times: list[float] = []
        function = index_app(SIDES[side](ENVIRON)).find(ORCHESTRATION, orchestrator)
        if function is None:
            raise LookupError(f"no orchestrator {orchestrator}")
        self._call: Callable[..., Any] = function.call
        self._body = ""
        answer = ask(self._keep_body, "p1", history, len(history))
        if answer.error is not None:
            raise RuntimeError(f"{name} does not replay: {answer.error}")

    def _keep_body(self, _: str, body: str) -> str:
        self._body = body
        return str(self._call(context=body))

    def measure(self, times: int) -> None:
        """Measure the CPU milliseconds of one replay, as the mean of several in a row."""
        began = time.process_time()
        for _ in range(times):
            self._call(context=self._body)
        self.times.append(1_000 * (time.process_time() - began) / times)

    @property
    def ms(self) -> float:
        return median(self.times)


def recorded() -> list[Replay]:
    """The histories of the newest release that has recorded any."""
    releases = [p for p in RECORDED.glob("*") if any(p.glob(f"{HOST}/*.json"))]
    if not releases:
        return []
    newest = max(releases, key=lambda p: [int(n) for n in p.name.split(".") if n.isdigit()])
    found = [(p.stem, json.loads(p.read_text())) for p in sorted(newest.glob(f"{HOST}/*.json"))]
    return [Replay(APP, name, r["orchestrator"], r["sent"]["history"]) for name, r in found]


def textbook(name: str, regions: int) -> Replay:
    """A history of the textbook app in which so many of three regions report."""

    async def main() -> tuple[str, list[Any]]:
        async with running(TEXTBOOK) as w:
            await w.push("p1", REGIONS[:regions])
            await asyncio.sleep(1_000)
            instance = w.host.storage.instances["p1"]
            return instance.name, list(instance.history)

    return Replay(TEXTBOOK, name, *run_virtual(main))


def run(quick: bool) -> list[Table]:
    """Measure in rounds over all histories, so that a busy moment affects all of them."""
    ours = recorded()
    head = ["history", "events", "CPU ms per replay", ": textbook complete"]
    title = "replay: one replay of a whole history, 3 regions"
    if not ours:
        return [Table(title, head, [], ["No recorded histories in tests/replay: skipped."])]
    base = textbook(COMPLETE, 3)
    replays = [base, textbook("overdue", 2), *ours]
    rounds, times = (7, 10) if quick else (15, 20)
    for replay in replays:
        replay.measure(3)
        replay.times.clear()
    for _ in range(rounds):
        for replay in replays:
            replay.measure(times)
    rows = [
        [f"{r.side}: {r.name}", str(r.events), number(r.ms, 2), ratio(r.ms, base.ms)]
        for r in replays
    ]
    return [
        Table(
            title,
            head,
            rows,
            [
                f"Median of {rounds} interleaved rounds of {times}. Includes the SDK's own work.",
                "The app's complete: one webhook came twice.",
            ],
        )
    ]
