"""`python -m tools.journey`: one webhook's way to a Slack message, counted in files.

One app on the local host, in virtual time; one region; one webhook, from its POST to the message
at the receiver. A switch is a function that begins in another file than the one before it.
Switches are counted twice: as the functions run, including replayed turns; and as they are read,
each once, in the order in which the code calls them (a task where it is made). A reader skips
functions that call nothing else of the app, and those that only a library calls, such as a field's
check, unless they lead to another file. It also prints how long the app's files and functions are.
`--way` lists what is read, in order.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import contextlib
import inspect
import itertools
import json
import statistics
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import aiohttp
from aiohttp import web

from acr_global.cli.console import open_streams
from acr_global_rig.receivers import Receiver, listening
from acr_global_rig.registry import event
from devhost import DevHost, run_virtual
from devhost.clock import utcnow

PACKAGE = Path(__file__).resolve().parents[1] / "acr_global"

Step = tuple[str, str]
"""File and function."""

Called = dict[Step | None, dict[Step, bool]]
"""What each function called, in its order, and whether its own code did; otherwise a library called
it on its behalf. None: the event loop, or a thread."""


class Trace:
    """The app's functions in the order in which they began."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.called: Called = {}
        self.is_over = False
        """The message is there; what comes after it is not on its way."""
        self._frames: set[FrameType] = set()
        """Kept because a coroutine that goes on is called again in the same frame."""
        self._makers: dict[FrameType, Step | None] = {}
        """Who made a task of a coroutine; the event loop then calls it."""

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        """Note a call; `sys.setprofile` calls this."""
        step = _step(frame)
        if self.is_over or event != "call" or step is None or frame in self._frames:
            return
        self._frames.add(frame)
        self.steps.append(step)
        caller, by_code = _caller(frame)
        if maker := self._makers.get(frame):
            caller, by_code = maker, True
        calls = self.called.setdefault(caller, {})
        calls[step] = calls.get(step, False) or by_code

    def make_task(self, loop: Any, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """Make a task for the event loop, and note who made it."""
        self._makers[coro.cr_frame], _ = _caller(sys._getframe())
        return asyncio.Task(coro, loop=loop, **options)

    @contextlib.contextmanager
    def tracing(self) -> Iterator[None]:
        """Trace this thread, and those that it starts, while the block lasts."""
        sys.setprofile(self)
        threading.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)


def read(called: Called) -> list[Step]:
    """The functions in the order of a reader who follows each to those that it calls, and not as
    the event loop interleaves them."""
    followed = {
        caller: [step for step, by_code in steps.items() if by_code or not _stays(called, step)]
        for caller, steps in called.items()
    }
    way: dict[Step, None] = {}
    to_read = list(reversed(followed[None]))
    while to_read:
        step = to_read.pop()
        if followed.get(step) and step not in way:
            way[step] = None
            to_read += reversed(followed[step])
    return list(way)


def _stays(called: Called, step: Step) -> bool:
    """Whether a function leads to no other file, except by functions that call nothing."""
    return all(
        other[0] == step[0] and _stays(called, other)
        for other in called.get(step, ())
        if other in called and other != step
    )


def _step(frame: FrameType) -> Step | None:
    """The function of the app that a frame runs. None for others, and for the body of a module or
    class, a comprehension or a lambda."""
    code = frame.f_code
    is_function = code.co_flags & inspect.CO_OPTIMIZED and not code.co_name.startswith("<")
    if not is_function or not code.co_filename.startswith(f"{PACKAGE}/"):
        return None
    return str(Path(code.co_filename).relative_to(PACKAGE)), code.co_qualname


def _caller(frame: FrameType) -> tuple[Step | None, bool]:
    """The app's function from which a frame was called, and whether its own code made the call.
    (A function that is a context manager is called by the library for that.)"""
    above, by_code = frame.f_back, True
    while above and not (step := _step(above)):
        ours = above.f_code.co_filename.startswith(f"{PACKAGE}/")
        by_code = by_code and (ours or above.f_code.co_filename == contextlib.__file__)
        above = above.f_back
    return (step, by_code) if above else (None, False)


def by_file(steps: Iterable[Step]) -> list[tuple[str, list[str]]]:
    """The files in order, with their functions; a file stands there each time it is entered."""
    visits = itertools.groupby(steps, key=lambda step: step[0])
    return [(file, [function for _, function in visit]) for file, visit in visits]


def count(steps: Iterable[Step]) -> str:
    """How many files there are, and how many switches between them."""
    files = [file for file, _ in by_file(steps)]
    return f"{len(set(files))} files, {len(files) - 1} switches between them"


class Slack(Receiver):
    """Where the way ends. It says in words that it has taken a message."""

    def __init__(self, name: str, trace: Trace) -> None:
        super().__init__(name)
        self._trace = trace

    async def receive(self, request: web.Request) -> web.Response:
        """Keep one request and answer it."""
        self._trace.is_over = True
        await super().receive(request)
        return web.Response(text="ok")


async def travel() -> Trace:
    """Send one webhook, and wait for its message."""
    from acr_global.functions import clock
    from acr_global.functions.app import build_app
    from acr_global.functions.durable import engine

    trace = Trace()
    ops = Slack("ops", trace)
    host_json = json.loads((PACKAGE.parent / "host.json").read_text())
    before, clock.utcnow = clock.utcnow, utcnow
    asyncio.get_running_loop().set_task_factory(trace.make_task)
    async with listening(ops), aiohttp.ClientSession() as session:
        targets = json.dumps([{"name": "ops", "kind": "slack", "url": ops.url}])
        app = build_app({"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_TARGETS": targets})
        host = await DevHost.start(app, host_json=host_json, timer_triggers=False)
        try:
            with trace.tracing():
                # Not by the rig's `post`: that runs functions of the app, too.
                where, region = f"{host.url}/api/ImagePush", {"region": "eastus"}
                async with session.post(where, json=event("p1"), params=region):
                    await ops.until(lambda: ops.requests)
        finally:
            await host.stop()
            await engine.close_session()
            clock.utcnow = before
    return trace


def lengths() -> tuple[dict[str, int], dict[str, int]]:
    """Lines of each of the app's files, and of each of its functions."""
    files, functions = {}, {}
    for path in sorted(PACKAGE.rglob("*.py")):
        text, name = path.read_text(), str(path.relative_to(PACKAGE))
        if not text:
            continue
        files[name] = len(text.splitlines())
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions[f"{name}: {node.name}"] = (node.end_lineno or 0) - node.lineno + 1
    return files, functions


def main() -> None:
    """Count, and print the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.journey", description="Count the files on one webhook's way to Slack."
    )
    parser.add_argument("--way", action="store_true", help="list what is read, in its order")
    options = parser.parse_args()
    trace: Trace = run_virtual(travel)
    way = read(trace.called)
    if options.way:
        for file, functions in by_file(way):
            print(file, *functions, sep="\n    ")
    print(f"one webhook to Slack, read: {count(way)}")
    print(f"one webhook to Slack, run: {count(trace.steps)}")
    for what, counts in zip(("files", "functions"), lengths(), strict=True):
        longest = max(counts, key=lambda name: counts[name])
        median = statistics.median_high(counts.values())
        print(f"{len(counts)} {what}: median {median} lines, longest {counts[longest]} ({longest})")


if __name__ == "__main__":
    open_streams()
    main()
