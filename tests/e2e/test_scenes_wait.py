"""`acr-global wait` while pushes go their way; on the engine it is a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from acr_global.cli.client import Client
from acr_global.cli.connection import Connection
from acr_global.cli.exits import CommandError
from acr_global.cli.waiting import Wait
from acr_global.image import parse_image
from acr_global_rig.registry import REGIONS
from devhost import DevHost
from tests.e2e.props import host
from tests.e2e.scene import Scene, both

ROOT = Path(__file__).parents[2]

Ended = tuple[int, Any]
"""Exit code and JSON."""


def long(s: Scene) -> float:
    """Seconds that are enough for whatever must come; on devhost they pass at once."""
    return min(s.spans.patience, 86_400.0)


def waiting(s: Scene, what: str, seconds: float) -> asyncio.Task[Ended]:
    """Begin to wait for something of the scene's repository: `:tag` or `@digest`."""
    image = f"{host(s.policy)}/{s.repository}{what}"
    play = _within if isinstance(s.host, DevHost) else _beside
    return asyncio.create_task(play(s, image, seconds))


async def _within(s: Scene, image: str, seconds: float) -> Ended:
    """In this process, for its clock is the host's."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        async with Client(Connection(s.url, None, 60.0)) as client:
            try:
                code = await Wait(client, parse_image(image), None).run(seconds, as_json=True)
            except CommandError as error:
                code = error.exit
    return code, json.loads(printed.getvalue())


async def _beside(s: Scene, image: str, seconds: float) -> Ended:
    timeout = ("--timeout", f"{seconds:.0f}s")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "acr_global", "wait", image, "--json", *timeout),
        cwd=ROOT,
        env=os.environ | {"FUNCTION_APP_URL": s.door},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, json.loads(out)


@both()
async def test_it_ends_when_the_last_region_has_reported(s: Scene) -> None:
    """It has begun before the push; afterwards its digest is known, too, at the first look."""
    digest = f"sha256:{'cd' * 32}"
    wait = waiting(s, ":v1", long(s))
    await s.push(*REGIONS[:2], digest=digest)

    async def is_known() -> Any:
        _, page = await s.call("GET", "api/pushes", None, repository=s.repository)
        return page["pushes"]

    await s.eventually(is_known)
    assert not wait.done()
    await s.push(REGIONS[2], digest=digest)
    for code, found in (await wait, await waiting(s, f"@{digest}", long(s))):
        assert (0, True, []) == (code, found["everywhere"], found["missing"])
        assert "complete" == found["push"]["state"]
        assert ["arrived"] * 3 == [region["state"] for region in found["push"]["regions"]]


@both(policy="late")
async def test_what_recovers_in_time_is_everywhere(s: Scene) -> None:
    """It waits on after the alarm."""
    await s.push(*REGIONS[:2])
    wait = waiting(s, ":v1", long(s))
    await s.told("overdue")
    await s.push(REGIONS[2])
    code, found = await wait
    assert (0, "recovered") == (code, found["push"]["state"])


@both(policy="closing")
async def test_what_stays_incomplete_ends_it(s: Scene) -> None:
    """When the late window closes, and the region is named."""
    await s.push(*REGIONS[:2])
    code, found = await waiting(s, ":v1", long(s))
    assert (1, False, [REGIONS[2]]) == (code, found["everywhere"], found["missing"])
    assert "incomplete" == found["push"]["state"]


@both()
async def test_what_nobody_pushed_is_not_known(s: Scene) -> None:
    """Another tag of the repository is none of it."""
    await s.push()
    code, found = await waiting(s, ":v2", 3)
    assert (3, False, None) == (code, found["everywhere"], found["push"])
