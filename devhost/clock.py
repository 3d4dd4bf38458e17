"""Engine time: the wall clock, or a virtual clock that jumps to the next timer.

A test that waits 24 hours should take milliseconds. `run_virtual` runs it on an event loop whose
clock stands still while there is anything to do and jumps to the next timer when there is not.
Everything on that loop (host, app, receiver, client) shares the one clock; threads are waited
for, because their work takes no virtual time.
"""

from __future__ import annotations

import asyncio
import contextvars
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The virtual clock reads this when a virtual loop is made."""

GRACE = 0.001
"""Real seconds a virtual loop listens to its sockets before it jumps. Loopback needs less."""

STANDSTILL = 10.0
"""Real seconds after which a virtual loop that waits for nothing gives up."""


class StandstillError(RuntimeError):
    """No timer, no thread, no traffic: what the loop waits for will never come."""

    def __init__(self) -> None:
        super().__init__("virtual time has come to a standstill: everything waits, nothing is due")


_loop_of_thread: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("loop", default=None)


class _JumpingSelector(selectors.DefaultSelector):
    """Turns waiting for a timer into a jump of the loop's clock."""

    def __init__(self) -> None:
        super().__init__()
        self.jump: Callable[[float], None] = lambda seconds: None
        self.threads_are_busy: Callable[[], bool] = lambda: False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return list(super().select(timeout))
        while self.threads_are_busy():
            events = super().select(0.05)
            if events:
                return list(events)
        events = super().select(STANDSTILL if timeout is None else GRACE)
        if not events and timeout is None:
            raise StandstillError
        if not events and timeout is not None:
            self.jump(timeout)
        return list(events)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time (seconds since it was made)."""

    def __init__(self) -> None:
        self._virtual_seconds = 0.0
        self._busy_threads = 0
        selector = _JumpingSelector()
        selector.jump = self._jump
        selector.threads_are_busy = lambda: self._busy_threads > 0
        super().__init__(selector)

    def time(self) -> float:
        return self._virtual_seconds

    def _jump(self, seconds: float) -> None:
        self._virtual_seconds += seconds

    @contextmanager
    def _standing_still(self) -> Iterator[None]:
        self._busy_threads += 1
        try:
            yield
        finally:
            self._busy_threads -= 1

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._busy_threads += 1

        def finished(_: Awaitable[Any]) -> None:
            self._busy_threads -= 1

        future.add_done_callback(finished)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        # Joining threads takes real time; a jump would make the runner's timeout expire.
        with self._standing_still():
            await super().shutdown_default_executor()


def run_virtual(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run an async function to its end on a virtual loop of its own, and return its result."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


def utcnow() -> datetime:
    """Engine time: virtual on a virtual loop (and in threads its host started), else the wall's."""
    try:
        loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
    except RuntimeError:
        loop = _loop_of_thread.get()
    if isinstance(loop, VirtualLoop):
        return EPOCH + timedelta(seconds=loop.time())
    return datetime.now(UTC)


async def run_in_thread(executor: Executor, func: Callable[[], T]) -> T:
    """Run a blocking function in a thread that sees this loop's engine time."""
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    context.run(_loop_of_thread.set, loop)
    result: T = await loop.run_in_executor(executor, context.run, func)
    return result
