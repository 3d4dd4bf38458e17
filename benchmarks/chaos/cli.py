"""`python -m benchmarks.chaos`: play rounds, judge them, and make a failing one smaller."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from acr_global_rig import engine
from benchmarks.chaos import real, virtual
from benchmarks.chaos.report import Outcome, markdown, outcome_of, rows
from benchmarks.chaos.schedule import Schedule, numbers, schedule_of, text_of
from benchmarks.chaos.shrink import shrunk
from benchmarks.page import written
from benchmarks.process import machine, silent
from benchmarks.table import Table, render
from devhost.clock import run_virtual
from devhost.parser import CommandParser

DEVHOST, ENGINE = "devhost", "engine"
PLANS = {DEVHOST: virtual.PLAN, ENGINE: real.PLAN}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
TRIES = 80
"""Rounds that are played at most to make a failing one smaller."""
SHOWN = 10
"""Violations of a round that are printed."""
STORIES = 60
"""Lines on the pushes that they are about."""

HELP = """\
Random pushes and faults, made from a seed; what must hold whatever happens is checked after each
round (benchmarks/chaos/invariants.py). Exit code 1 where something does not hold; the round is then
printed, with the command that repeats it. What has been seen: docs/reliability.md.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Play; returns the exit code."""
    parser = CommandParser(prog="python -m benchmarks.chaos", description=HELP)
    parser.add_argument("--on", choices=PLANS, default=DEVHOST, help="in virtual time, or for real")
    parser.add_argument("--seed", type=int, default=1, help="what all rounds are made from")
    parser.add_argument("--pushes", type=int, default=400, help="so many, or a few more")
    parser.add_argument("--round", type=int, help="this round alone")
    parser.add_argument("--only", type=numbers, help="these steps of that round alone: 0-4,9")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="rounds side by side; devhost only"
    )
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    given = parser.parse_args(arguments)
    if given.only is not None and given.round is None:
        parser.error("--only needs --round")
    if given.on == ENGINE and (reason := engine.why_not()):
        parser.error(reason)
    one = given.round is not None
    chosen = [given.round] if one else range(-(-given.pushes // PLANS[given.on].pushes))
    schedules = [_schedule(given.on, given.seed, number, given.only) for number in chosen]
    began, whole = time.monotonic(), Outcome()
    with closing(_played(given.on, schedules, given.jobs)) as playing:
        for schedule, outcome in zip(schedules, playing, strict=True):
            whole += outcome
            if outcome.violations:
                _print_failed(given.on, schedule, outcome, given.only)
    shown = rows(whole)
    size = f"--pushes {given.pushes}" if given.round is None else f"--round {given.round}"
    head = _head(given.on, f"--seed {given.seed} {size}", time.monotonic() - began)
    print(render(Table("\n".join(head), ["", ""], shown)), flush=True)
    if given.write:
        PAGE.write_text(written(PAGE.read_text(), f"chaos {given.on}", markdown(head, shown)))
    return 1 if whole.violations else 0


def _schedule(ground: str, seed: int, number: int, only: Sequence[int] | None) -> Schedule:
    schedule = schedule_of(PLANS[ground], seed, number)
    return schedule if only is None else schedule.only(only)


def _played(ground: str, schedules: list[Schedule], jobs: int) -> Generator[Outcome, None, None]:
    """The outcome of each, in their order."""
    if ground == ENGINE:
        with engine.azurite(fast=True) as storage:
            for schedule in schedules:
                yield outcome_of(schedule, asyncio.run(real.play(schedule, storage)))
    elif jobs < 2 or len(schedules) < 2:
        yield from map(play_virtually, schedules)
    else:
        with ProcessPoolExecutor(jobs) as pool:
            yield from pool.map(play_virtually, schedules)


def play_virtually(schedule: Schedule) -> Outcome:
    """One round on devhost, in this process."""
    with silent():
        return outcome_of(schedule, run_virtual(partial(virtual.play, schedule)))


def _print_failed(
    ground: str, schedule: Schedule, outcome: Outcome, only: Sequence[int] | None
) -> None:
    using = f", with {', '.join(sorted(schedule.features))}" if schedule.features else ""
    print(f"\nround {schedule.number} of seed {schedule.seed}{using}:")
    for violation in outcome.violations[:SHOWN]:
        print(f"  {violation}")
    if len(outcome.violations) > SHOWN:
        print(f"  and {len(outcome.violations) - SHOWN} more")
    print(*(f"    {line}" for line in outcome.stories[:STORIES]), sep="\n")
    kept = tuple(range(len(schedule.steps)) if only is None else only)
    if ground == DEVHOST and only is None:
        kept = _smaller(schedule, outcome)
    shown = _schedule(ground, schedule.seed, schedule.number, kept)
    print(*map(str, shown.steps), sep="\n")
    options = f"--on {ground} --seed {schedule.seed} --round {schedule.number}"
    print(f'make chaos ARGS="{options} --only {text_of(kept)}"\n', flush=True)


def _smaller(schedule: Schedule, outcome: Outcome) -> tuple[int, ...]:
    """The steps of which one of the same invariants is still broken."""
    broken = {violation.invariant for violation in outcome.violations}

    def fails(chosen: Sequence[int]) -> bool:
        found = play_virtually(schedule.only(chosen)).violations
        return any(violation.invariant in broken for violation in found)

    return shrunk(range(len(schedule.steps)), fails, TRIES)


def _head(ground: str, options: str, seconds: float) -> list[str]:
    on = "On devhost, in virtual time" if ground == DEVHOST else "On the real engine, two hosts"
    return [
        f"{on}: {machine()}; {datetime.now(UTC):%Y-%m-%d}, {seconds:.0f} s:",
        f'`make chaos ARGS="--on {ground} {options}"`',
    ]
