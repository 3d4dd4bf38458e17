"""CPU time of one replay: what the worker does at every turn of an orchestrator."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.process import apart
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
    """Each history, of the newest release that has recorded it."""
    files = sorted(RECORDED.glob(f"*/{HOST}/*.json"), key=lambda path: path.parts[-3])
    newest = {path.stem: json.loads(path.read_text()) for path in files}
    return [
        Replay(APP, name, r["orchestrator"], r["sent"]["history"])
        for name, r in sorted(newest.items())
    ]


def textbook(name: str, regions: int) -> Replay:
    """A history of the textbook app in which so many of three regions report."""

    async def main() -> tuple[str, list[Any]]:
        async with running(TEXTBOOK) as w:
            await w.push("p1", REGIONS[:regions])
            await asyncio.sleep(1_000)
            instance = w.host.storage.instances["p1"]
            return instance.name, list(instance.history)

    return Replay(TEXTBOOK, name, *run_virtual(main))


def _textbooks(rounds: int, times: int) -> list[tuple[str, int, float]]:
    return _measured([textbook(COMPLETE, 3), textbook("overdue", 2)], rounds, times)


def _ours(rounds: int, times: int) -> list[tuple[str, int, float]]:
    return _measured(recorded(), rounds, times)


def _measured(replays: Sequence[Replay], rounds: int, times: int) -> list[tuple[str, int, float]]:
    """Names, events, and milliseconds, in rounds over all."""
    for replay in replays:
        replay.measure(3)
        replay.times.clear()
    for _ in range(rounds):
        for replay in replays:
            replay.measure(times)
    return [(f"{r.side}: {r.name}", r.events, r.ms) for r in replays]


def run(quick: bool) -> list[Table]:
    """The textbook's, then ours, each side in a process of its own."""
    head = ["history", "events", "CPU ms per replay", ": textbook complete"]
    title = "replay: one replay of a whole history, 3 regions"
    rounds, times = (7, 10) if quick else (15, 20)
    measured = [*apart(_textbooks, rounds, times), *apart(_ours, rounds, times)]
    rows = [
        [name, str(events), number(ms, 2), ratio(ms, measured[0][2])]
        for name, events, ms in measured
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
