"""One host: storage that survives, and a server with an engine that a crash takes away.

`DevHost.start` listens when it returns. `crash` and `restart` (or the hazards, by themselves)
end the engine and begin another on the same storage and port. `kill_python` ends less: the
process that runs the app's functions.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from . import sdk_session
from .endpoint import Endpoint
from .engine import Engine
from .hazards import Hazards
from .index import HTTP, TIMER, AppError, Index, index_app, load_app
from .injector import Injector
from .invoke import Invoker
from .management import Management, client_binding
from .operations import Operations
from .python import Python
from .routes import make_routes
from .server import Server, build_app
from .settings import HostSettings, read_host_json
from .storage import Instance, Storage
from .timers import TimerTriggers

log = logging.getLogger("devhost")


class DevHost:
    """A local host for one app. For development and tests only."""

    def __init__(
        self,
        index: Index,
        settings: HostSettings,
        hazards: Hazards,
        seed: int,
        required_key: str | None,
        timer_triggers: bool,
    ) -> None:
        self.storage = Storage()
        self.index = index
        self.settings = settings
        self.port = 0
        self.crashed_at: list[str] = []
        """Checkpoints (or "random", or "python") at which hazards have crashed the host."""
        self._required_key = required_key
        self._timer_triggers = timer_triggers
        self._injector = Injector(hazards, seed, self._crash_by_hazard)
        self._executor = ThreadPoolExecutor(thread_name_prefix="function")
        self._engine: Engine | None = None
        self._server: Server | None = None
        self._python: Python | None = None
        self._changed = asyncio.Event()
        self._recovery: asyncio.Task[None] | None = None
        self._random_crash: asyncio.TimerHandle | None = None

    @classmethod
    async def start(
        cls,
        app: Any,
        hazards: Hazards | None = None,
        seed: int = 0,
        port: int = 0,
        host_json: Mapping[str, Any] | None = None,
        *,
        require_key: str | None = None,
        timer_triggers: bool = True,
    ) -> DevHost:
        """Index an app and serve it on 127.0.0.1.

        Args:
            app: a DFApp or FunctionApp, or the folder with its function_app.py.
            hazards: what may go wrong; nothing by default.
            seed: of everything random; in virtual time one seed gives one run.
            port: 0 takes a free one.
            host_json: in place of the folder's host.json.
            require_key: a function key that functions of level function or admin then require.
            timer_triggers: whether timer-triggered functions run on their schedules.

        Raises:
            AppError: the app cannot be served; one line says why.
            OSError: the port is in use.
        """
        if isinstance(app, str | Path):
            app, found = _from_folder(Path(app))
            host_json = found if host_json is None else host_json
        settings = HostSettings.from_json(host_json or {})
        index = index_app(app)
        host = cls(index, settings, hazards or Hazards(), seed, require_key, timer_triggers)
        host.port = port
        await sdk_session.acquire()
        try:
            await host._up()
        except BaseException:
            await sdk_session.release()
            raise
        return host

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stats(self) -> Counter[str]:
        """Counts: storage.read, .write, .enqueue, .delete (roughly Azure's), episodes,
        activity:<name>, http:<function>, timer:<function>, crashes, python-deaths."""
        return self.storage.stats

    @property
    def hazards(self) -> Hazards:
        """May be assigned to at any time; the passings of checkpoints then count from there."""
        return self._injector.hazards

    @hazards.setter
    def hazards(self, hazards: Hazards) -> None:
        self._injector.hazards = hazards
        self._plan_random_crash()

    async def crash(self) -> None:
        """Drop everything that is not storage: connections, running functions, what is in hand."""
        self._crash_now()
        await self._down()

    async def restart(self) -> None:
        """Serve again, on the same port, from what the crash has left."""
        await self._up()

    def kill_python(self) -> None:
        """Kill the Python process alone: what it is running fails, the host lives."""
        if self._python is not None:
            self._python.kill()

    async def settle(self) -> None:
        """Return when nothing is runnable now; timers and invisible messages may remain."""
        while True:
            if self._recovery is not None:
                await self._recovery
            engine = self._engine
            if engine is None:
                return
            if engine.idle:
                await asyncio.sleep(0)  # what has just ended may have started more
                if engine.idle and engine is self._engine and self._recovery is None:
                    return
                continue
            if engine.tasks:
                self._changed.clear()
                await self._changed.wait()
            else:  # something is due: the loop will run it
                await asyncio.sleep(0)

    async def finished(self, instance_id: str) -> Instance:
        """Wait until an instance exists and has finished; without a limit of its own."""
        while True:
            row = self.storage.instances.get(instance_id)
            if row is not None and row.finished:
                return row
            self._changed.clear()
            await self._changed.wait()

    async def run_timer(self, name: str) -> bool:
        """Run a timer-triggered function now; False when there is none of that name."""
        function = self.index.find(TIMER, name)
        if function is None or self._engine is None or self._server is None:
            return False
        self._server.timers.run(function)
        return True

    async def stop(self) -> None:
        """End everything; within 2 s, whatever the app is doing."""
        if self._random_crash is not None:
            self._random_crash.cancel()
        if self._recovery is not None:
            self._recovery.cancel()
            await asyncio.gather(self._recovery, return_exceptions=True)
            self._recovery = None
        self._crash_now()
        await self._down()
        self._executor.shutdown(wait=False, cancel_futures=True)
        await sdk_session.release()

    async def _up(self) -> None:
        """Build all that a crash takes away, around what is in storage, and listen."""
        python = Python(self._injector, self.stats, self._crash_by_hazard)
        invoker = Invoker(
            python,
            self._executor,
            lambda: client_binding(self.url, self.settings.task_hub),
            lambda: self._injector.dice.hex_id("invocation", ""),
        )
        engine = Engine(
            self.storage, self.settings, self.index, invoker, self._injector, self._changed
        )
        routes = make_routes(self.index.of(HTTP), self.settings.route_prefix)
        endpoint = Endpoint(routes, engine, invoker, self._required_key)
        management = Management(Operations(self.storage, self._injector))
        timers = TimerTriggers(self.index.of(TIMER), engine, invoker)
        app = build_app(engine, endpoint, management, self.run_timer, self._required_key)
        server = Server(app, timers)
        self.port = await server.listen(self.port)
        self._engine, self._server, self._python = engine, server, python
        engine.begin()
        if self._timer_triggers:
            timers.start()
        self._plan_random_crash()

    def _crash_now(self) -> None:
        if self._engine is not None:
            self._engine.kill()
        if self._server is not None:
            self._server.abort()

    async def _down(self) -> None:
        engine, server = self._engine, self._server
        self._engine = self._server = self._python = None
        if engine is not None:
            await asyncio.gather(*engine.tasks, return_exceptions=True)
        if server is not None:
            await server.close()

    def _crash_by_hazard(self, where: str) -> None:
        log.warning("crash at=%s", where)
        self.crashed_at.append(where)
        self.storage.stats["crashes"] += 1
        self._crash_now()
        self._recovery = asyncio.get_running_loop().create_task(self._recover())

    async def _recover(self) -> None:
        await self._down()
        await asyncio.sleep(self.hazards.restart_delay)
        self._recovery = None
        await self._up()
        log.warning("restarted")

    def _plan_random_crash(self) -> None:
        if self._random_crash is not None:
            self._random_crash.cancel()
        limits = self.hazards.crash_every
        if limits[1] > 0:
            delay = self._injector.dice.between("crash-every", "", limits)
            loop = asyncio.get_running_loop()
            self._random_crash = loop.call_later(delay, self._crash_at_random)

    def _crash_at_random(self) -> None:
        if self._engine is not None and self._recovery is None:
            self._crash_by_hazard("random")


def _from_folder(folder: Path) -> tuple[Any, dict[str, Any]]:
    try:
        folder = folder.resolve()
        there = folder.is_dir()
    except OSError as problem:
        raise AppError(f"the app's folder cannot be had: {problem.strerror}") from None
    if not there:
        raise AppError(f"there is no folder {folder}")
    return load_app(folder), read_host_json(folder)


__all__ = ["AppError", "DevHost"]
