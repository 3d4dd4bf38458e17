"""`python -m benchmarks.requests [--write]`: requests to storage per push, of this app and of the
textbook's; on the real engine, where each is counted in Azurite's debug log, by the task hub that
it is of. A bill counts these.

Left out is what a host does also without a push: looks into queues, and leases. They are shown as
an idle hour.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from acr_global_rig import engine
from acr_global_rig.registry import event, post
from benchmarks.page import given, put
from benchmarks.program import program
from benchmarks.sides import APP, REGIONS, TEXTBOOK
from benchmarks.table import Table, number, ratio
from tests.e2e.props import Board
from tests.e2e.textbook import FUNCTION_APP

PUSHES, WARM_UP = 10, 5
BETWEEN = 1.0
"""Seconds between the first regions of two pushes."""
SETTLES = 15.0
"""Seconds after the last region of the last push until all of it has ended, but for the deadline's
timer, which comes back after 10 minutes to either app and is not counted."""
WAYS: dict[str, Callable[[int], float]] = {
    "0.4 s apart": lambda regions: 0.4,
    "0.02 s apart": lambda regions: 0.02,
    "at the same moment": lambda regions: 0.0,
    "12 s from first to last": lambda regions: 12 / (regions - 1),
}
"""Seconds between the regions of one push, by their number."""
IDLE = 60.0
"""Seconds that are counted without a push."""
CASES = ((2, 1), (10, 1), (5, 1), (5, 5))
"""Regions, and targets; the textbook app has one at most."""

NO_PUSH = re.compile(
    "Operation=(Messages_Dequeue|Queue_Get|Table_Create|(Blob|Container|Service)_)"
)
"""Looks into queues, leases, and the table that is made for the first row."""
HUB = re.compile(r"\b(t[0-9a-f]{20})(-|Instances|History|Pushes|Partitions)", re.IGNORECASE)


def count(log: str) -> Counter[str]:
    """Requests of any kind by operation, such as `Table_Batch`."""
    return Counter(re.findall(r"DispatchMiddleware: Operation=(\w+)", log))


@dataclass(frozen=True)
class Request:
    """One request to storage."""

    hub: str
    operation: str
    of_a_push: bool
    size: int
    """Bytes of the rows that it writes to a table."""


def requests(log: str) -> Iterator[Request]:
    """Those in a part of the log, which has several lines for each, mixed with others'."""
    lines = defaultdict[str, list[str]](list)
    for line in log.splitlines():
        if found := re.match(r"\S+Z ([0-9a-f-]{36}) ", line):
            lines[found[1]].append(line)
    for of_one in lines.values():
        text = "\n".join(of_one)
        operation, hub = re.search(r"Operation=(\w+)", text), HUB.search(text)
        if operation and hub:
            own = not NO_PUSH.search(text) and hub[2] != "Partitions"
            yield Request(
                hub[1].lower(),
                operation[1],
                own,
                _size(text) if operation[1].startswith("Table_") else 0,
            )


def _size(text: str) -> int:
    """What is written to tables, by the formula of Table storage for the size of a row. Source:
    learn.microsoft.com/archive/blogs/avkashchauhan/how-the-size-of-an-entity-is-caclulated-in-
    windows-azure-table-storage."""
    return sum(map(_row_size, _rows(text)))


def _rows(text: str) -> Iterator[dict[str, Any]]:
    """A transaction is logged as one JSON text, a row to each part; a single row as itself."""
    for body in re.findall("Raw request string is (.*)", text):
        for line in json.loads(body).splitlines():
            if line.startswith("{"):
                yield json.loads(line)
    for body in re.findall(r"Raw request body string is [^{]*(\{.*\})", text):
        yield json.loads(body)


def _row_size(row: dict[str, Any]) -> int:
    size = 4
    for name, value in row.items():
        if name.endswith("@odata.type") or value is None:
            continue
        is_text = isinstance(value, str) and row.get(f"{name}@odata.type") in (None, "Edm.String")
        size += 4 + 2 * len(value) if is_text else 8
        size += 0 if name.endswith("Key") else 8 + 2 * len(name)
    return size


@dataclass(frozen=True)
class Side:
    """A running app."""

    name: str
    regions: int
    targets: int
    host: engine.Host

    async def push(self, session: aiohttp.ClientSession, spacing: float, delay: float = 0) -> None:
        """Report one push from each region."""
        content = event(uuid.uuid4().hex)

        async def report(region: str, after: float) -> None:
            await asyncio.sleep(delay + after)
            await post(session, self.host.url, content, region)

        regions = enumerate(REGIONS[: self.regions])
        await asyncio.gather(*(report(region, n * spacing) for n, region in regions))

    def cost(self, counted: Iterable[Request]) -> tuple[float, float]:
        """Requests of one push, and bytes of rows."""
        own = [r for r in counted if r.hub == self.host.hub.lower() and r.of_a_push]
        return len(own) / PUSHES, sum(r.size for r in own) / PUSHES


async def push_all(
    session: aiohttp.ClientSession, sides: Iterable[Side], pushes: int, spacing: float
) -> None:
    """So many pushes to each side, until all that follows from them has ended."""
    each = [s.push(session, spacing, BETWEEN * n) for s in sides for n in range(pushes)]
    await asyncio.gather(*each)
    await asyncio.sleep(SETTLES)


@asynccontextmanager
async def running(
    storage: engine.Azurite, receivers: str, regions: int, targets: int
) -> AsyncIterator[list[Side]]:
    """Both apps, each on a host and a hub of its own."""
    told = [
        {"name": f"t{n}", "kind": "webhook", "url": f"{receivers}/t{n}"} for n in range(targets)
    ]
    environ = {
        "ACR_GLOBAL_REGIONS": ",".join(REGIONS[:regions]),
        "ACR_GLOBAL_TARGETS": json.dumps(told),
        "ACR_GLOBAL_TIMEOUT": "10m",
    }
    async with AsyncExitStack() as stack:
        apps = {APP: None, TEXTBOOK: FUNCTION_APP}
        yield [
            Side(
                name,
                regions,
                targets,
                await stack.enter_async_context(
                    engine.hosted(storage, environ, function_app=function_app)
                ),
            )
            for name, function_app in apps.items()
        ]


def compared(way: str, sides: Sequence[Side], log: str) -> list[str]:
    """A row: what a push cost either app."""
    counted = list(requests(log))
    (app, app_bytes), (textbook, textbook_bytes) = (side.cost(counted) for side in sides)
    return [
        f"{sides[0].regions} regions, {sides[0].targets} target(s), {way}",
        number(app),
        number(textbook),
        ratio(app, textbook),
        number(app_bytes / 1_000),
        number(textbook_bytes / 1_000),
        ratio(app_bytes, textbook_bytes),
    ]


def by_operation(idle: str, push: str, side: Side) -> list[list[str]]:
    """A row for each operation of one app: in an idle hour, and in a push."""
    hub = side.host.hub.lower()
    still = Counter(r.operation for r in requests(idle) if r.hub == hub)
    own = Counter(r.operation for r in requests(push) if r.hub == hub and r.of_a_push)
    return [
        [name, f"{still[name] * 3600 / IDLE:.0f}", number(own[name] / PUSHES)]
        for name in sorted(still | own)
    ]


async def main(*, write: bool) -> None:
    """Print what a push costs in each case, and what an idle hour does, by operation."""
    rows, operations = list[list[str]](), list[list[str]]()
    async with AsyncExitStack() as stack:
        storage = stack.enter_context(engine.azurite())
        receivers = await stack.enter_async_context(Board().open())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        for regions, targets in CASES:
            async with running(storage, receivers, regions, targets) as sides:
                await push_all(session, sides, WARM_UP, 0.4)
                for way, spacing in reversed(WAYS.items()):
                    since = storage.log.stat().st_size
                    await push_all(session, sides, PUSHES, spacing(regions))
                    pushed = storage.logged(since)
                    rows.append(compared(way, sides, pushed))
                    print("  ".join(rows[-1]), flush=True)
                if (regions, targets) == CASES[2]:
                    since = storage.log.stat().st_size
                    await asyncio.sleep(IDLE)
                    operations = by_operation(storage.logged(since), pushed, sides[0])
    head = ["", "app", "textbook", "app : textbook", "kB, app", "textbook", "app : textbook"]
    tables = [Table("requests to storage per push, and kB of rows written", head, rows)]
    head = ["the app's", "an idle hour", "a push of 5 regions, 0.4 s apart"]
    tables.append(Table("requests by operation", head, operations))
    put("requests", tables, command="python -m benchmarks.requests", write=write, on_engine=True)


def start() -> int:
    """Run the command; returns its exit code."""
    _, write = given("requests", __doc__)
    asyncio.run(main(write=write))
    return 0


if __name__ == "__main__":
    program(start)
