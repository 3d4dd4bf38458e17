"""`python -m benchmarks.pushlist`: what a list of pushes asks of the storage, counted in Azurite's
debug log on the real engine, where few pushes are kept and where many are.

The rows are those of the app, under the keys that the questions read: of images that nobody looks
for, that by time alone, or Azurite would take an hour. The list is asked for as an operator does.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from datetime import UTC, datetime, timedelta

import aiohttp
from azure.core.exceptions import ResourceExistsError

from acr_global import ledger
from acr_global.functions.records.tables import PARTITION, SETTING, TableLedger, open_client
from acr_global.model import Action, Arrival, Artifact, Verdict, VerdictType
from acr_global_rig import engine
from acr_global_rig.registry import REGIONS, event, post
from benchmarks.page import given
from benchmarks.program import program
from benchmarks.requests import count

KEPT = (1_000, 20_000)
BATCH = 100
"""Rows in one request, the most that a table takes."""
EVERY = 200
"""One push in so many is of the image that is looked for."""

LOOKED_FOR = "team/looked-for"

PUSH = "one-push"
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
"""The oldest one; they began a second apart."""
WINDOW = 500
"""Pushes in the time that regions are asked about; and all of them, of which 5,000 are counted."""


def questions(kept: int) -> dict[str, str]:
    """Each with its path."""
    digest, newest = f"sha256:{'ab' * 32}", BEGUN + timedelta(seconds=kept - WINDOW)
    return {
        "first page": "pushes",
        "by tag": f"pushes?image={LOOKED_FOR}:v1",
        "by digest": f"pushes?image={digest}",
        "by repository": f"pushes?repository={LOOKED_FOR}",
        "overdue only": "pushes?state=overdue",
        "one push": f"pushes/{PUSH}",
        "regions, newest": f"regions?since={newest:%Y-%m-%dT%H:%M:%SZ}",
        "regions of one": f"regions?since={BEGUN:%Y-%m-%d}&repository={LOOKED_FOR}",
        "regions, all": f"regions?since={BEGUN:%Y-%m-%d}",
    }


WRITTEN_WITHIN = 1.0
"""Seconds, until a request stands in the log."""
ASKED = 5
"""Times; the fewest requests are those of the question alone, for the host has its own besides."""


def _verdict(number: int) -> Verdict:
    at = BEGUN + timedelta(seconds=number)
    wanted = number % EVERY == 0
    return Verdict(
        type=VerdictType.COMPLETE,
        push_id=uuid.uuid4().hex,
        action=Action.PUSH,
        artifact=Artifact(
            registry="myregistry.azurecr.io",
            repository=LOOKED_FOR if wanted else f"team/app{number % 50}",
            tag="v1",
            digest=f"sha256:{'ab' * 32}" if wanted else f"sha256:{number:064x}",
        ),
        regions=REGIONS,
        arrivals=tuple(Arrival(region=r, event_id="e", received_at=at) for r in REGIONS),
        begun_at=at,
        deadline=at + timedelta(minutes=10),
        decided_at=at,
    )


async def _fill(storage: engine.Azurite, hub: str, first: int, last: int) -> None:
    """Write these rows, a hundred in a request, for it is their reading that is measured."""
    rows = [ledger.row_of(_verdict(number)) for number in range(first, last)]
    entities = [
        {"PartitionKey": PARTITION, "RowKey": key, **ledger.written(row)}
        for row in rows
        for key in ledger.keys(row)
        if key[0] == "t" or row.artifact.repository == LOOKED_FOR
    ]
    place = {SETTING: storage.connection}
    async with open_client(TableLedger(hub, place).table, place) as client:
        with contextlib.suppress(ResourceExistsError):
            await client.create_table()
        for start in range(0, len(entities), BATCH):
            batch = entities[start : start + BATCH]
            await client.submit_transaction([("upsert", entity) for entity in batch])


async def _ask(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as answer:
        body = await answer.json()
        pushes = body["verdicts"] if "verdicts" in body else body["pushes"]
        return pushes if isinstance(pushes, int) else len(pushes)


async def _run(
    storage: engine.Azurite, session: aiohttp.ClientSession, url: str
) -> tuple[int, float, int]:
    """Requests to tables, seconds, and what was found."""
    since, begun = storage.log.stat().st_size, time.monotonic()
    found = await _ask(session, url)
    took = time.monotonic() - begun
    await asyncio.sleep(WRITTEN_WITHIN)
    asked = count(storage.logged(since))
    return sum(asked[name] for name in asked if name.startswith("Table_")), took, found


async def main() -> None:
    """A line for each question and size: rows (of one push, verdicts), seconds, requests."""
    hub = engine.new_hub()
    with engine.azurite() as storage:
        environ = {"ACR_GLOBAL_REGIONS": REGIONS[0]}
        async with (
            engine.hosted(storage, environ, hub=hub) as host,
            aiohttp.ClientSession() as session,
        ):
            await post(session, host.url, event(PUSH), REGIONS[0])
            kept = 0
            for size in KEPT:
                await _fill(storage, hub, kept, size)
                kept = size
                for name, path in questions(kept).items():
                    url = f"{host.url}/api/{path}"
                    runs = [await _run(storage, session, url) for _ in range(ASKED)]
                    fewest, took, found = min(runs)
                    print(
                        f"{size:7} {name:15}{found:5} rows {took:7.3f} s {fewest:3} requests",
                        flush=True,
                    )


def start() -> int:
    """Run the command; returns its exit code."""
    given("pushlist", __doc__, writes=False)
    asyncio.run(main())
    return 0


if __name__ == "__main__":
    program(start)
