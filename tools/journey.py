"""`python -m tools.journey`: one webhook's way to a Slack message, counted in files.

One app on the local host, in virtual time; one region; one webhook, from its POST to the message
at the receiver. A switch is a function that begins in another file than the one before it.
Switches are counted twice: as the functions run, including replayed turns; and as they are read,
each once, without functions that call nothing else of the app. It also prints how long the app's
files and functions are. `--way` lists what is read, in its order.
"""

from __future__ import annotations

import argparse
import ast
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
from acr_global_rig.registry import event, post
from devhost import DevHost, run_virtual
from devhost.clock import utcnow

PACKAGE = Path(__file__).resolve().parents[1] / "acr_global"

Step = tuple[str, str]
"""File and function."""


class Trace:
    """The app's functions in the order in which they began."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._called: dict[Step | None, dict[Step, None]] = {}
        """What each function called, in order. The key None is the event loop or a thread."""
        self._frames: set[FrameType] = set()
        """Kept because a coroutine that goes on is called again in the same frame."""

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        """Note a call; `sys.setprofile` calls this."""
        step = _step(frame)
        if event != "call" or step is None or frame in self._frames:
            return
        self._frames.add(frame)
        self.steps.append(step)
        above, caller = frame.f_back, None
        while above and not (caller := _step(above)):
            above = above.f_back
        self._called.setdefault(caller, {})[step] = None

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

    def read(self) -> list[Step]:
        """The functions in the order of a reader who follows each to those that it calls, and not
        as the event loop interleaves them."""
        way: dict[Step, None] = {}
        to_read = list(reversed(self._called[None]))
        while to_read:
            step = to_read.pop()
            if step in self._called and step not in way:
                way[step] = None
                to_read += reversed(self._called[step])
        return list(way)


def _step(frame: FrameType) -> Step | None:
    """The function of the app that a frame runs. None for others, and for the body of a module or
    class, a comprehension or a lambda."""
    code = frame.f_code
    is_function = code.co_flags & inspect.CO_OPTIMIZED and not code.co_name.startswith("<")
    if not is_function or not code.co_filename.startswith(f"{PACKAGE}/"):
        return None
    return str(Path(code.co_filename).relative_to(PACKAGE)), code.co_qualname


def by_file(steps: Iterable[Step]) -> list[tuple[str, list[str]]]:
    """The files in order, with their functions; a file stands there each time it is entered."""
    visits = itertools.groupby(steps, key=lambda step: step[0])
    return [(file, [function for _, function in visit]) for file, visit in visits]


def count(steps: Iterable[Step]) -> str:
    """How many files there are, and how many switches between them."""
    files = [file for file, _ in by_file(steps)]
    return f"{len(set(files))} files, {len(files) - 1} switches between them"


class Slack(Receiver):
    """A receiver that answers `ok`, as Slack does."""

    async def receive(self, request: web.Request) -> web.Response:
        """Keep one request and answer it."""
        await super().receive(request)
        return web.Response(text="ok")


async def travel() -> Trace:
    """Send one webhook, and wait for its message."""
    from acr_global.functions import clock, engine
    from acr_global.functions.app import build_app

    ops = Slack("ops")
    host_json = json.loads((PACKAGE.parent / "host.json").read_text())
    before, clock.utcnow, trace = clock.utcnow, utcnow, Trace()
    async with listening(ops), aiohttp.ClientSession() as session:
        targets = json.dumps([{"name": "ops", "kind": "slack", "url": ops.url}])
        app = build_app({"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_TARGETS": targets})
        host = await DevHost.start(app, host_json=host_json, timer_triggers=False)
        try:
            with trace.tracing():
                await post(session, host.url, event("p1"), "eastus")
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
    if options.way:
        for file, functions in by_file(trace.read()):
            print(file, *functions, sep="\n    ")
    print(f"one webhook to Slack, read: {count(trace.read())}")
    print(f"one webhook to Slack, run: {count(trace.steps)}")
    for what, counts in zip(("files", "functions"), lengths(), strict=True):
        longest = max(counts, key=lambda name: counts[name])
        median = statistics.median_high(counts.values())
        print(f"{len(counts)} {what}: median {median} lines, longest {counts[longest]} ({longest})")


if __name__ == "__main__":
    open_streams()
    main()
