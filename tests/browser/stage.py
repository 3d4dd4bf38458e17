"""The app, a receiver, and a real browser that looks at the pages: Debian's Chromium, driven by
Playwright. Everything is on this machine and in real time."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from acr_global_rig.host import devhost_command, environment
from acr_global_rig.loopback import free_port
from acr_global_rig.processes import end, spawn
from acr_global_rig.registry import REGIONS, event
from tests.posts import taking_posts

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".tools" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
KEY = "a-function-key"
LATE = "late.azurecr.io"
STARTS_WITHIN = 60.0
"""Seconds."""


def browser() -> str | None:
    """The path of a browser."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def why_not() -> str | None:
    """Why no browser can look at the pages here; None when one can."""
    if not browser():
        return f"no browser is on PATH: none of {', '.join(BROWSERS)}"
    if not find_spec("playwright"):
        return "Playwright is not installed: python -m pip install playwright"
    if not AXE.exists() and not shutil.which("npm"):
        return "axe-core is not there, and neither is npm to get it with"
    return None


def axe() -> str:
    """The program that looks for what keeps people out."""
    if not AXE.exists():
        subprocess.run(["make", "-s", str(AXE.relative_to(ROOT))], cwd=ROOT, check=True)
    return AXE.read_text()


@dataclass
class Ops:
    """A receiver."""

    gone: set[str] = field(default_factory=set)
    """The pushes of which the next message is answered 410; any other is answered 200."""
    heard: list[Any] = field(default_factory=list)


@contextlib.contextmanager
def receiver() -> Iterator[tuple[str, Ops]]:
    """Its URL, while it listens."""
    ops = Ops()

    def take(path: str, headers: Mapping[str, str], body: bytes) -> int:
        message = json.loads(body)
        ops.heard.append(message)
        push = message.get("push", {}).get("id")
        if push not in ops.gone:
            return 200
        ops.gone.remove(push)
        return 410

    with taking_posts(take) as url:
        yield f"{url}/ops", ops


@dataclass(frozen=True)
class App:
    """The app as it runs on the local host, with keys that are asked for."""

    url: str
    ops: Ops

    def push(self, push: str, *regions: str, host: str = "", **about: Any) -> None:
        """Post one push from these regions (all of them if none is named)."""
        body = event(push, host=host or "myregistry.azurecr.io", **about)
        for region in regions or REGIONS:
            self._insist(f"ImagePush?region={region}", json.dumps(body).encode())

    def until_dead(self, letter: str) -> None:
        """Return when a delivery has become a dead letter."""
        until = time.monotonic() + STARTS_WITHIN
        while letter not in json.dumps(self._call("deadletters")):
            assert time.monotonic() < until, letter
            time.sleep(0.2)

    def _insist(self, path: str, body: bytes) -> None:
        """Post until a busy machine is fast enough to keep it, as the registry would not."""
        for _ in range(20):
            with contextlib.suppress(urllib.error.HTTPError):
                self._call(path, body)
                return
        self._call(path, body)

    def _call(self, path: str, body: bytes | None = None) -> Any:
        shown = {"x-functions-key": KEY}
        request = urllib.request.Request(f"{self.url}/api/{path}", data=body, headers=shown)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())


@contextlib.contextmanager
def running_app(overdue_after: str = "1s") -> Iterator[App]:
    """A process of the local host. Pushes of `late.azurecr.io` are overdue early."""
    # What is killed leaves notes in its temporary folder, which its successor there would go by.
    with tempfile.TemporaryDirectory() as folder, receiver() as (target, ops):
        late = {LATE: {"timeout": overdue_after, "late_window": "1h"}}
        settings = {
            "ACR_GLOBAL_REGIONS": ",".join(REGIONS),
            "ACR_GLOBAL_TARGETS": json.dumps([{"name": "ops", "kind": "webhook", "url": target}]),
            "ACR_GLOBAL_REGISTRIES": json.dumps(late),
        }
        port = free_port()
        process = spawn(
            [*devhost_command(port), "--require-key", KEY],
            cwd=ROOT,
            env=environment(os.environ, settings) | {"TMPDIR": folder},
            stdout=subprocess.DEVNULL,
        )
        try:
            app = App(f"http://127.0.0.1:{port}", ops)
            _until_it_serves(app.url, process)
            yield app
        finally:
            end(process)


def _until_it_serves(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while True:
        with (
            contextlib.suppress(urllib.error.URLError),
            urllib.request.urlopen(f"{url}/api/health"),
        ):
            return
        if process.poll() is not None or time.monotonic() > until:
            sys.exit(f"the local host does not serve: {process.poll()}")
        time.sleep(0.1)
