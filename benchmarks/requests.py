"""`python -m benchmarks.requests`: the app's requests to its storage, idle and per push, counted in
Azurite's debug log on the real engine. A bill counts these."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections import Counter

import aiohttp

from acr_global_rig import engine
from tests.e2e.hosts import Served

REGIONS = ("westeurope", "northeurope", "eastus", "westus", "southeastasia")
PUSHES = 10
APART = 0.4
"""Seconds between the regions of one push."""
SETTLES = 45.0
"""Seconds until a host has done what it does once after its start; also waited after a push."""
IDLE = 120.0
"""Seconds that are counted without a push."""


def count(log: str) -> Counter[str]:
    """Requests by operation, such as `Queue_GetMessages`."""
    return Counter(re.findall(r"DispatchMiddleware: Operation=(\w+)", log))


async def main() -> None:
    """Print a line per operation: in an idle hour, and in a push beyond that."""
    with engine.azurite() as storage:
        environ = {"ACR_GLOBAL_REGIONS": ",".join(REGIONS)}
        async with engine.hosted(storage, environ) as host, aiohttp.ClientSession() as session:
            await asyncio.sleep(SETTLES)
            since = storage.log.stat().st_size
            await asyncio.sleep(IDLE)
            idle = count(storage.logged(since))
            since, began = storage.log.stat().st_size, asyncio.get_running_loop().time()
            app = Served(host.url, "", REGIONS, session, None)
            await asyncio.gather(*(_push(app, delay=2.0 * i) for i in range(PUSHES)))
            await asyncio.sleep(SETTLES)
            took = asyncio.get_running_loop().time() - began
            busy = count(storage.logged(since))
    print(f"{'operation':32}{'an idle hour':>14}{'a push':>10}")
    for name in sorted(idle | busy):
        beyond = (busy[name] - idle[name] / IDLE * took) / PUSHES
        print(f"{name:32}{idle[name] * 3600 / IDLE:14.0f}{beyond:10.1f}")


async def _push(app: Served, delay: float) -> None:
    await asyncio.sleep(delay)
    push = uuid.uuid4().hex
    for region in REGIONS:
        await app.post(push, region)
        await asyncio.sleep(APART)


if __name__ == "__main__":
    asyncio.run(main())
