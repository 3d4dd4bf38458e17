"""Arrivals go to the engine a few at a time, so that a burst leaves it room to decide pushes.

Storing an arrival costs the engine some requests; deciding a push costs it more, though no caller
waits for that. If a whole burst went to the engine at once, webhooks would be answered a little
sooner, but verdicts many seconds later. Arrivals that could not be stored in time are turned away
at once, and cost the others nothing. Failed tries are repeated at the same pace.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from acr_global.functions.durable.engine import EngineError

AT_ONCE = 8
"""Arrivals that one process puts to the engine at once."""

PATIENCE_SECONDS = 1.0
"""The longest that an arrival waits, over all of its steps. Then it goes ahead: keeping it comes
first, and the registry waits 5 s in all."""

ALWAYS_ADMITTED = 100
"""So many arrivals under way are never too many. Two cores keep 40 a second and more."""

NEWEST = 0.05
"""The weight of the newest step in the expected time of a step."""

QUIET_SECONDS = 0.5
"""A burst is over after so long without an arrival."""

LULL_LOOKS = 20
LULL_SECONDS = LULL_LOOKS * QUIET_SECONDS
"""The longest wait for the end of a burst, and how often it is checked meanwhile."""

APART_SECONDS = 0.1
"""Between two coroutines that have waited for it."""


FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.1, 0.5
"""Between tries without a result: the first pause, and the longest."""

T = TypeVar("T")


class TooManyError(Exception):
    """One more arrival would not be stored in time."""


class UndecidedError(Exception):
    """A try had no result; the next may have one. `pause`: seconds until then, where the try has
    gone as it should; None where it has not, and the usual pause is made."""

    def __init__(self, reason: str, *, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


@dataclass
class _Crowd:
    """The arrivals of one event loop."""

    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    under_way: int = 0
    stepping: int = 0
    """How many of these are at the engine at this moment."""
    step_seconds: float = 0.0
    """The recent time of a step."""
    latest: float = float("-inf")
    """When the last arrival came, by the loop's clock."""
    leaving: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the coroutine that goes on after a burst."""

    def is_quiet(self, now: float) -> bool:
        return now - self.latest >= QUIET_SECONDS

    def wait(self) -> float:
        """Seconds until one more would be stored: by Little's law, from how many are under way and
        how long each takes."""
        return self.under_way * self.step_seconds / max(self.stepping, AT_ONCE)

    def took(self, seconds: float) -> None:
        self.step_seconds += NEWEST * (seconds - self.step_seconds)


_crowds: WeakKeyDictionary[asyncio.AbstractEventLoop, _Crowd] = WeakKeyDictionary()


def _crowd() -> _Crowd:
    return _crowds.setdefault(asyncio.get_running_loop(), _Crowd())


@contextlib.contextmanager
def admitted(within_seconds: float) -> Iterator[None]:
    """Count an arrival as under way while the block lasts. Raises TooManyError at once where it
    would not be stored within this time."""
    crowd = _crowd()
    if crowd.under_way >= ALWAYS_ADMITTED and crowd.wait() > within_seconds:
        raise TooManyError
    crowd.under_way += 1
    crowd.latest = asyncio.get_running_loop().time()
    try:
        yield
    finally:
        crowd.under_way -= 1


async def first_of(*attempts: Coroutine[Any, Any, T]) -> T:
    """The result of the first that ends; the others are cancelled."""
    tasks = [asyncio.ensure_future(attempt) for attempt in attempts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    finally:
        for task in tasks:
            task.cancel()


async def insist(
    attempt: Callable[[], Awaitable[T]], errors: list[Exception], after: float = 0.0
) -> T:
    """Try until there is a result, first `after` so many seconds. Adds failures to `errors`."""
    pace = Pace()  # before the sleep, because a courier has waited enough
    pause = FIRST_PAUSE_SECONDS
    await asyncio.sleep(after)
    while True:
        try:
            async with pace.step():
                return await attempt()
        except EngineError as error:
            errors.append(error)
        except UndecidedError as error:
            if error.pause is not None:  # nothing is wrong
                await asyncio.sleep(error.pause)
                continue
            errors.append(error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, MAX_PAUSE_SECONDS)


class Pace:
    """The waiting of one arrival, from now on."""

    def __init__(self) -> None:
        self._crowd, self._loop = _crowd(), asyncio.get_running_loop()
        self._until = self._loop.time() + PATIENCE_SECONDS

    @contextlib.asynccontextmanager
    async def step(self) -> AsyncIterator[None]:
        """Wait until there is room, as long as patience lasts."""
        ours = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._until):
                ours = await self._crowd.free.acquire()
        began = self._loop.time()
        self._crowd.stepping += 1
        try:
            yield
        finally:
            self._crowd.stepping -= 1
            self._crowd.took(self._loop.time() - began)
            if ours:
                self._crowd.free.release()


async def lull() -> None:
    """Wait for a pause between arrivals, up to a limit: work that can wait, such as a failed
    delivery, must not take the engine's time from a burst.

    It knows of this process's arrivals only.
    """
    loop, crowd = asyncio.get_running_loop(), _crowd()
    if crowd.is_quiet(loop.time()):
        return
    with contextlib.suppress(TimeoutError):
        # One after another: all at once would be the next burst, and so would its retries.
        async with asyncio.timeout(LULL_SECONDS), crowd.leaving:
            for _ in range(LULL_LOOKS):
                if crowd.is_quiet(loop.time()):
                    break
                await asyncio.sleep(QUIET_SECONDS)
            await asyncio.sleep(APART_SECONDS)
