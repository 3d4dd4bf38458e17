"""Arrivals go to the engine a few at a time, so that a burst leaves it room to decide pushes.

Storing an arrival costs the engine some requests; deciding a push costs it more, for which no
caller waits. Where all of a burst is put to it at once, the webhooks are answered a little sooner
and crowd out what decides: the verdicts come many seconds later.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from weakref import WeakKeyDictionary

AT_ONCE = 8
"""Arrivals that one process puts to the engine at once."""

PATIENCE_SECONDS = 1.0
"""The longest that an arrival waits, over all of its steps. After that it goes ahead: what counts
first is that it is kept, and the registry waits 5 s in all."""

QUIET_SECONDS, LULL_LOOKS = 0.5, 20
"""Without an arrival for so long, a burst is over; and how often it is looked whether it is."""

_latest: WeakKeyDictionary[asyncio.AbstractEventLoop, float] = WeakKeyDictionary()
_free: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def lull() -> None:
    """Wait until no arrival has come for a moment, for a while at most: what can wait, what
    failed at a receiver for one, must not cost the engine's time when a burst needs it.

    It knows of this process's arrivals only.
    """
    loop = asyncio.get_running_loop()
    for _ in range(LULL_LOOKS):
        if loop.time() - _latest.get(loop, -QUIET_SECONDS) >= QUIET_SECONDS:
            return
        await asyncio.sleep(QUIET_SECONDS)


class Pace:
    """One arrival's pace, from now on."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        _latest[loop] = loop.time()
        self._free = _free.setdefault(loop, asyncio.Semaphore(AT_ONCE))
        self._until = loop.time() + PATIENCE_SECONDS

    @contextlib.asynccontextmanager
    async def step(self) -> AsyncIterator[None]:
        """Wait until there is room, as long as patience lasts."""
        ours = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._until):
                ours = await self._free.acquire()
        try:
            yield
        finally:
            if ours:
                self._free.release()
