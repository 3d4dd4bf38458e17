"""Arrivals go to the engine a few at a time, so that a burst leaves it room to decide pushes.

Storing an arrival costs the engine some requests; deciding a push costs it more, for which no
caller waits. Where all of a burst is put to it at once, the webhooks are answered a little sooner
and crowd out what decides: the verdicts come many seconds later. Of more than can be stored in
time, what would come too late is turned away at once and costs the rest nothing. What nothing
came of is tried again at the same pace.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from acr_global.functions.engine import EngineError

AT_ONCE = 8
"""Arrivals that one process puts to the engine at once."""

PATIENCE_SECONDS = 1.0
"""The longest that an arrival waits, over all of its steps. After that it goes ahead: what counts
first is that it is kept, and the registry waits 5 s in all."""

ALWAYS_ADMITTED = 100
"""Arrivals under way that are never too many. Two cores keep 40 a second and more."""

NEWEST = 0.05
"""The weight of the newest step in what a step is expected to take."""

QUIET_SECONDS = 0.5
"""Without an arrival for so long, a burst is over."""

LULL_LOOKS = 20
LULL_SECONDS = LULL_LOOKS * QUIET_SECONDS
"""The longest that a burst's end is waited for, and how often it is looked for meanwhile."""

APART_SECONDS = 0.1
"""Between two that have waited for it."""


FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.1, 0.5
"""Between tries that settled nothing: at first, and at last."""

T = TypeVar("T")


class TooManyError(Exception):
    """One more arrival would not be stored in time."""


class UndecidedError(Exception):
    """This try settled nothing; the next may."""


@dataclass
class _Crowd:
    """The arrivals of one event loop."""

    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    under_way: int = 0
    stepping: int = 0
    """Of these, the ones that are put to the engine at this moment."""
    step_seconds: float = 0.0
    """What a step takes, lately."""
    latest: float = float("-inf")
    """When the last arrival came, by the loop's clock."""
    leaving: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whose turn it is to go on when a burst is over."""

    def is_quiet(self, now: float) -> bool:
        return now - self.latest >= QUIET_SECONDS

    def wait(self) -> float:
        """Seconds until one more would be stored: by Little's law, from how many are at it and
        how long each takes."""
        return self.under_way * self.step_seconds / max(self.stepping, AT_ONCE)

    def took(self, seconds: float) -> None:
        self.step_seconds += NEWEST * (seconds - self.step_seconds)


_crowds: WeakKeyDictionary[asyncio.AbstractEventLoop, _Crowd] = WeakKeyDictionary()


def _crowd() -> _Crowd:
    return _crowds.setdefault(asyncio.get_running_loop(), _Crowd())


@contextlib.contextmanager
def admitted(within_seconds: float) -> Iterator[None]:
    """While an arrival is under way. Raises TooManyError at once where it would not be stored
    within this time."""
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
    """What the first of them comes to; the others are let go."""
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
    """Try again and again, `after` so many seconds. What went wrong is added to `errors`."""
    pause, pace = FIRST_PAUSE_SECONDS, Pace()  # before the sleep: a courier has waited enough
    await asyncio.sleep(after)
    while True:
        try:
            async with pace.step():
                return await attempt()
        except (EngineError, UndecidedError) as error:
            errors.append(error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, MAX_PAUSE_SECONDS)


class Pace:
    """One arrival's pace, from now on."""

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
    """Wait for a pause between arrivals, up to a limit: what can wait, such as a delivery that
    has failed, must not take the engine's time from a burst.

    It knows of this process's arrivals only.
    """
    loop, crowd = asyncio.get_running_loop(), _crowd()
    if crowd.is_quiet(loop.time()):
        return
    with contextlib.suppress(TimeoutError):
        # One after another, or all that has waited would be the next burst, and its retries too.
        async with asyncio.timeout(LULL_SECONDS), crowd.leaving:
            for _ in range(LULL_LOOKS):
                if crowd.is_quiet(loop.time()):
                    break
                await asyncio.sleep(QUIET_SECONDS)
            await asyncio.sleep(APART_SECONDS)
