"""`python -m benchmarks [name ...] [--quick] [--write]`: measure, and print tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from acr_global_rig import engine
from benchmarks import coldstart, cost, replay, slow_receivers, starter, throughput
from benchmarks.page import WRITE, put
from benchmarks.process import machine, silent
from benchmarks.table import Table
from devhost.parser import CommandParser

BENCHMARKS: dict[str, Callable[[bool], list[Table]]] = {
    "cost": cost.run,
    "throughput": throughput.run,
    "cold-start": coldstart.run,
    "replay": replay.run,
    "starter": starter.run,
    "slow-receivers": slow_receivers.run,
}

HELP = """\
Measures the app beside the textbook way of writing it, on devhost, in memory: not Azure.
Every figure stands beside a baseline from the same run; nothing is asserted. The last one runs on
the real engine (`func` with Azurite) and takes eight minutes; it is left out where they are not.

  cost        storage operations per push, and what alarms, retries and couriers add
  throughput  wall and CPU time of many pushes
  cold-start  import time and memory, and which modules the app adds
  replay      CPU time of one replay of a recorded history
  starter     time from a webhook to its answer
  slow-receivers  what receivers that hang cost a healthy one

What each means, and what has been measured: docs/benchmarks.md.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named benchmarks, or all."""
    parser = CommandParser(prog="python -m benchmarks", description=HELP)
    known = ", ".join(BENCHMARKS)
    parser.add_argument("name", nargs="*", help=f"which to run: {known}; without a name, all")
    parser.add_argument("--quick", action="store_true", help="fewer runs: rougher figures, sooner")
    parser.add_argument(WRITE, action="store_true", help="put the tables into docs/benchmarks.md")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.name if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {known}")
    if given.quick and given.write:
        parser.error("--quick is too rough for the docs: it goes without --write")
    print("On devhost, in memory, or on func with Azurite, where it says so: not Azure.")
    print(machine(), flush=True)
    began = time.monotonic()
    with silent():
        for name in given.name or BENCHMARKS:
            tables, command = BENCHMARKS[name](given.quick), f"python -m benchmarks {name}"
            on_engine = name == "slow-receivers"
            write = given.write and not (on_engine and engine.why_not())
            put(name, tables, command=command, write=write, on_engine=on_engine)
    print(f"\nTook {time.monotonic() - began:.0f} s.")
    return 0
