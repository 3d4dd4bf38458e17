"""Work that blocks, in a thread that nobody waits for: Ctrl+C ends the program, whatever the
resource manager takes to answer. asyncio's own threads are waited for at the end."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """What `work` returns, or raises."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def tell(how: Callable[[Any], None], what: object) -> None:
        def unless_over() -> None:
            if not result.done():
                how(what)

        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(unless_over)

    def run() -> None:
        try:
            tell(result.set_result, work())
        except Exception as error:
            tell(result.set_exception, error)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await result
