"""Where scenes play: each alone on devhost, and all at once on one real host.

The engine's scenes wait in real time, for deadlines and late windows of some seconds. So they
play side by side in one event loop, in a thread, from the moment the first of them is wanted;
each test then takes its own scene's outcome.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from acr_global.functions import clock
from acr_global.functions.app import build_app
from acr_global.functions.durable import engine as app_engine
from acr_global_rig import engine
from acr_global_rig.loopback import free_port
from devhost import DevHost
from devhost import clock as virtual
from tests.e2e.props import REAL, VIRTUAL, Board, is_real, props
from tests.e2e.scene import Piece, Scene, Stage

EVERY_SECONDS = 0.6
"""A scene begins: all at once would be a crowd, which is what one of them is about, and a host on
2 cores would be late for the registry's 5 s."""

AT_ONCE = 3
"""Hosts of single scenes beside the shared one: each takes its share of two cores, and a dozen
leave none to be in time with."""

SHARED = Stage()

HOSTS = int(os.environ.get("ACR_ENGINE_HOSTS", "1"))
"""On one hub, for each stage of the engine; the requests of a scene go to each in turn."""


class OnDevhost:
    """A new host for each scene; in virtual time, unless real registries play."""

    def play(self, piece: Piece) -> None:
        """Play one scene to its end."""

        async def main() -> None:
            before, clock.utcnow = clock.utcnow, virtual.utcnow
            try:
                async with AsyncExitStack() as stack:
                    await piece.play(await _on_devhost(stack, piece))
            finally:
                clock.utcnow = before

        if is_real(piece.policy):
            asyncio.run(main())
        else:
            virtual.run_virtual(main)


async def _on_devhost(stack: AsyncExitStack, piece: Piece) -> Scene:
    board, stage, real = Board(), piece.stage or SHARED, is_real(piece.policy)
    spans = REAL if real else VIRTUAL
    # Known beforehand only where it must be: until it is listened on, somebody may take it.
    port = free_port() if real else 0
    settings = await stack.enter_async_context(props(board, spans, port, [piece.policy]))
    host = await DevHost.start(
        build_app(settings | _by_long_name(stage)),
        port=port,
        host_json=engine.host_json("Scenes"),
        require_key=engine.FUNCTION_KEY if stage.auth else None,
    )
    stack.push_async_callback(app_engine.close_session)
    stack.push_async_callback(host.stop)
    # Fewer than a listening socket's backlog: what does not fit waits in real time.
    connector = aiohttp.TCPConnector(force_close=True, limit=100)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
    log = stack.enter_context(_logged())
    return Scene(host.url, session, board, spans, piece.policy, host, log=log)


@contextmanager
def _logged() -> Iterator[Callable[[], str]]:
    """Everything that this process logs from here on."""
    text = io.StringIO()
    handler, root = logging.StreamHandler(text), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield text.getvalue
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


def _by_long_name(stage: Stage) -> dict[str, str]:
    return {f"ACR_GLOBAL_{name}": value for name, value in stage.settings.items()}


class OnEngine:
    """One Azurite for the run, one host that scenes share, and those of other stages."""

    def __init__(self, storage: engine.Azurite) -> None:
        self.storage = storage
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._stack = AsyncExitStack()
        self._outcomes: dict[Piece, Future[None]] = {}

    def begin(self, pieces: Iterable[Piece]) -> None:
        """Start the hosts, and let these scenes play on them; each has an outcome of its own."""
        if not self._outcomes:
            self._outcomes = self.run(self._begin(list(pieces)))

    async def _begin(self, pieces: list[Piece]) -> dict[Piece, Future[None]]:
        opening, places = asyncio.Lock(), asyncio.Semaphore(AT_ONCE)
        # The plain ones wait for no deadline, so they may begin later; and a host that others
        # wait for goes before those of single scenes.
        pieces = sorted(pieces, key=lambda p: (p.stage is not None, p.policy == "plain"))
        stages = dict.fromkeys(piece.stage or SHARED for piece in pieces)
        policies = {piece.policy for piece in pieces}
        left = Counter(piece.stage for piece in pieces)

        async def open_in_turn(stage: Stage) -> _Open:
            if stage is SHARED:
                return await self._open(stage, policies, opening)
            await places.acquire()
            try:
                return await self._open(stage, policies, opening)
            except BaseException:
                places.release()
                raise

        opened = {stage: asyncio.create_task(open_in_turn(stage)) for stage in stages}

        async def one(at: int, piece: Piece) -> None:
            there = await asyncio.shield(opened[piece.stage or SHARED])
            if piece.stage is None:
                await asyncio.sleep(EVERY_SECONDS * at)
            try:
                await piece.play(there.scene(piece.policy))
            except TimeoutError as error:  # on its way to another thread it loses its traceback
                raise AssertionError("what must come has not come in time") from error
            finally:
                left[piece.stage] -= 1
                if not left[piece.stage]:  # a host that only polls takes its share, too
                    there.kill()
                    if piece.stage:
                        places.release()

        return {
            piece: asyncio.run_coroutine_threadsafe(one(at, piece), self._loop)
            for at, piece in enumerate(pieces)
        }

    async def _open(self, stage: Stage, policies: set[str], opening: asyncio.Lock) -> _Open:
        """Start a host; one after another, because all at once would answer slowly."""
        async with opening:
            board, port = Board(), free_port()
            settings = await self._stack.enter_async_context(
                props(board, REAL, port, policies if stage is SHARED else ())
            )
            host = await self._stack.enter_async_context(
                engine.hosted(
                    self.storage,
                    settings | _by_long_name(stage),
                    port=port,
                    auth=stage.auth,
                    function_app=stage.function_app,
                    release=stage.release,
                )
            )
            others = [host.another() for _ in range(HOSTS - 1)]
            session = await self._stack.enter_async_context(aiohttp.ClientSession())
            there = _Open(host, tuple(others), session, board)
            self._stack.callback(there.kill)
            for other in others:
                await other.start()
            if stage is SHARED:
                await _warm_up(there.scene("plain"))
            else:
                await _answers(there.scene("plain"))
            return there

    def play(self, piece: Piece) -> None:
        """Wait for one scene's outcome."""
        self._outcomes[piece].result()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine in the scenes' loop, and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the hosts, and the scenes that still play."""

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


@dataclass
class _Open:
    """A running host, and perhaps more on its hub."""

    host: engine.Host
    others: tuple[engine.Host, ...]
    session: aiohttp.ClientSession
    board: Board

    def scene(self, policy: str) -> Scene:
        host, others = self.host, self.others
        return Scene(
            host.url, self.session, self.board, REAL, policy, host, others, lambda: self.log
        )

    @property
    def log(self) -> str:
        return "".join(host.log for host in (self.host, *self.others))

    def kill(self) -> None:
        for host in (self.host, *self.others):
            host.kill()


async def _answers(s: Scene) -> None:
    """Return when the app answers, by a function that needs the engine: a host that has just opened
    its port says 500."""
    s.headers = {"x-functions-key": engine.FUNCTION_KEY}
    await s.eventually(lambda: _is_answered(s))


async def _is_answered(s: Scene) -> bool:
    status, _ = await s.call("GET", "api/deadletters")
    return status in (200, 404)


async def _warm_up(s: Scene) -> None:
    """Play one push to its end: a host that has just opened its port answers slowly, and how it
    then serves a crowd is not what these scenes test."""
    await s.push()
    await s.told("complete")
