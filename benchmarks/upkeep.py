"""`python -m benchmarks.upkeep`: what `PurgeFinished` asks of the storage, counted in Azurite's
debug log on the real engine, where few instances are kept and where many are, with none due and
with some.

What is kept are copies of one push's row; those that are removed have a history each, for they are
pushes.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from azure.data.tables.aio import TableClient

from acr_global.functions.durable import names
from acr_global_rig import engine
from acr_global_rig.registry import REGIONS, event, post
from benchmarks.page import given
from benchmarks.program import program
from benchmarks.requests import count

KEPT = (2_000, 20_000)
DUE = 100
"""Pushes that have been kept for their time, in the second run of each size."""
OLD = timedelta(days=40)
SIDE_BY_SIDE = 20
WRITTEN_WITHIN = 1.0
"""Seconds, until a request stands in the log."""
SAID = "purged {"
"""What the app logs behind a run that has removed something."""
WITHIN = 5.0
"""Seconds, for a run that removes nothing, and says nothing."""
SETTLES = 20.0
"""Seconds in which the pushes end; and until what was written stands in the log."""


async def _all(work: Iterable[Any]) -> None:
    places = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(call: Any) -> None:
        async with places:
            await call

    await asyncio.gather(*map(one, work))


async def _run(
    storage: engine.Azurite, host: engine.Host, session: aiohttp.ClientSession, due: int
) -> str:
    """One run of the timer: seconds, and requests by operation."""
    said, since, begun = host.log.count(SAID), storage.log.stat().st_size, time.monotonic()
    url = f"{host.url}/admin/functions/{names.PURGE_FINISHED}"
    async with session.post(url, json={}) as answer:
        assert answer.status == 202
    while host.log.count(SAID) == said:
        await asyncio.sleep(0.02)
        if not due and time.monotonic() - begun > WITHIN:
            break
    took = time.monotonic() - begun
    await asyncio.sleep(WRITTEN_WITHIN)
    asked = count(storage.logged(since))
    # The host looks into its queues and renews its leases meanwhile.
    told = {n: asked[n] for n in sorted(asked) if n.startswith(("Table_", "Container_List"))}
    return f"{took:6.2f} s  {told}"


async def main() -> None:
    """A line for each size and run."""
    with engine.azurite() as storage:
        environ = {"ACR_GLOBAL_REGIONS": REGIONS[0]}
        async with (
            engine.hosted(storage, environ) as host,
            aiohttp.ClientSession() as session,
            TableClient.from_connection_string(
                storage.connection, table_name=f"{host.hub}Instances"
            ) as table,
        ):
            kept = 0
            for size in KEPT:
                pushes = [uuid.uuid4().hex for _ in range(DUE)]
                await _all(post(session, host.url, event(p), REGIONS[0]) for p in pushes)
                await asyncio.sleep(SETTLES)
                row = dict(await table.get_entity(pushes[0], ""))
                copies = ({**row, "PartitionKey": f"kept{n:06}"} for n in range(kept, size))
                await _all(table.upsert_entity(copy) for copy in copies)
                kept = size
                await asyncio.sleep(SETTLES)
                print(f"{size:7} kept,   0 due {await _run(storage, host, session, 0)}", flush=True)
                at = datetime.now(UTC) - OLD
                old = {"RowKey": "", "CreatedTime": at, "LastUpdatedTime": at}
                await _all(table.update_entity({"PartitionKey": p, **old}) for p in pushes)
                print(
                    f"{size:7} kept, {DUE} due {await _run(storage, host, session, DUE)}",
                    flush=True,
                )


def start() -> int:
    """Run the command; returns its exit code."""
    given("upkeep", __doc__, writes=False)
    asyncio.run(main())
    return 0


if __name__ == "__main__":
    program(start)
