"""Where scenes play: each alone on devhost, and all at once on one real host.

The engine's scenes wait in real time, for deadlines and late windows of some seconds. So they
play side by side in one event loop, in a thread, from the moment the first of them is wanted;
each test then takes its own scene's outcome.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from acr_global.functions import clock
from acr_global.functions import engine as app_engine
from acr_global.functions.app import build_app
from devhost import DevHost
from devhost import clock as virtual
from tests.e2e import engine
from tests.e2e.scene import REAL, VIRTUAL, Board, Play, Scene, props

AT_ONCE = 12
"""Scenes on the engine: more, and a host on 2 cores answers late."""


class OnDevhost:
    """A stage in virtual time, laid anew for each scene."""

    def play(self, play: Play, policy: str) -> None:
        """Play one scene to its end."""

        async def main() -> None:
            board, before = Board(), clock.utcnow
            clock.utcnow = virtual.utcnow
            try:
                async with AsyncExitStack() as stack:
                    settings = await stack.enter_async_context(props(board, VIRTUAL))
                    document = engine.host_json("Scenes")
                    host = await DevHost.start(build_app(settings), host_json=document)
                    stack.push_async_callback(app_engine.close_session)
                    stack.push_async_callback(host.stop)
                    connector = aiohttp.TCPConnector(force_close=True, limit=100)
                    session = aiohttp.ClientSession(connector=connector)
                    await stack.enter_async_context(session)
                    await play(Scene(host.url, session, board, VIRTUAL, policy))
            finally:
                clock.utcnow = before

        virtual.run_virtual(main)


class OnEngine:
    """One Azurite for the run, and one host on it that all scenes share."""

    def __init__(self, storage: engine.Azurite) -> None:
        self.storage = storage
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._stack = AsyncExitStack()
        self._outcomes: dict[tuple[Play, str], Future[None]] = {}

    def begin(self, scenes: Iterable[tuple[Play, str]]) -> None:
        """Start the host, and let these scenes play on it, each to an outcome of its own."""
        if self._outcomes:
            return
        host, board, session = self.run(self._open())
        places = asyncio.Semaphore(AT_ONCE)

        async def one(play: Play, policy: str) -> None:
            async with places:
                await play(Scene(host.url, session, board, REAL, policy))

        for play, policy in scenes:
            future = asyncio.run_coroutine_threadsafe(one(play, policy), self._loop)
            self._outcomes[play, policy] = future

    async def _open(self) -> tuple[engine.Host, Board, aiohttp.ClientSession]:
        board = Board()
        settings = await self._stack.enter_async_context(props(board, REAL))
        host = await self._stack.enter_async_context(engine.hosted(self.storage, settings))
        session = await self._stack.enter_async_context(aiohttp.ClientSession())
        return host, board, session

    def play(self, play: Play, policy: str) -> None:
        """Wait for one scene's outcome."""
        self._outcomes[play, policy].result()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something in the scenes' loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the host, and what still plays."""

        async def end() -> None:
            ours = asyncio.current_task()
            others = [task for task in asyncio.all_tasks() if task is not ours]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self._stack.aclose()

        self.run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
