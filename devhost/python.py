"""The one Python process that runs the app's functions. It can die alone, while the host lives.

What it was running fails: an HTTP function with 500, an activity with an error that reaches its
orchestrator, a turn together with its instance. Calls that come meanwhile wait for the next
process. A host whose Python dies too often ends itself, and so crashes. Seen on the Durable
extension 3.19; the Functions host calls it "Exceeded language worker restart retry count".
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from .injector import Injector

T = TypeVar("T")

LOADS = 1.0
"""Seconds from a death to the next process having loaded the app."""

BACK_OFF = 2.0
"""Seconds more for each earlier death within `WITHIN`."""

MAX_DEATHS, WITHIN = 3, 300.0
"""One more in this many seconds ends the host."""


class PythonDiedError(Exception):
    """The process ended during a call, as when it is killed or runs out of memory."""

    def __init__(self) -> None:
        super().__init__("python exited with code 137")


class Python:
    """Runs calls until it is killed, and those after it when it is back."""

    def __init__(
        self, injector: Injector, stats: Counter[str], end_host: Callable[[str], None]
    ) -> None:
        """`end_host` crashes the host; its argument says where."""
        self._injector = injector
        self._stats = stats
        self._end_host = end_host
        self._loop = asyncio.get_running_loop()
        self._up = asyncio.Event()
        self._up.set()
        self._death: asyncio.Future[None] = self._loop.create_future()
        self._deaths: list[float] = []

    def kill(self) -> None:
        """Die now: every call in flight fails. Does nothing if the process is dead already."""
        if not self._up.is_set():
            return
        self._stats["python-deaths"] += 1
        now = self._loop.time()
        self._deaths = [*(at for at in self._deaths if now - at <= WITHIN), now]
        self._up.clear()
        if len(self._deaths) > MAX_DEATHS:
            self._end_host("python")
            return
        self._death.set_result(None)
        self._loop.call_later(LOADS + BACK_OFF * (len(self._deaths) - 1), self._start)

    async def run(self, place: str, call: Callable[[], Awaitable[T]]) -> T:
        """Run one call in the process.

        Args:
            place: what kind of call, for the hazard: turn, activity, http or timer.
            call: makes the awaitable; not called while there is no process.

        Raises:
            PythonDiedError: the process died during the call.
        """
        while not self._up.is_set():
            await self._up.wait()
        self._may_die(f"{place}-before")
        work = asyncio.ensure_future(call())
        ends: set[asyncio.Future[Any]] = {work, self._death}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not work.done():  # a real process would not run its `finally` either
                work.cancel()
                work.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        if not work.done():
            raise PythonDiedError
        self._may_die(f"{place}-after")
        return work.result()

    async def take_turn(self, seconds: float) -> None:
        """Take as long as an orchestrator's turn of this length. Raises PythonDiedError."""
        if seconds > 0 or not self._up.is_set():
            await self.run("turn", lambda: asyncio.sleep(seconds))
        else:  # without a pause: nothing else runs in between
            self._may_die("turn-before")
            self._may_die("turn-after")

    def _may_die(self, checkpoint: str) -> None:
        if self._injector.python_dies(checkpoint):
            self.kill()
            if not self._death.done():  # the host has ended with it
                raise asyncio.CancelledError("the host has ended")
            raise PythonDiedError

    def _start(self) -> None:
        self._death = self._loop.create_future()
        self._up.set()
