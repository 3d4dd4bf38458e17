"""The README's five minutes on loopback: commands register an app that runs, an image is pushed,
and the doctor looks at all of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path

import pytest

from acr_global_rig import engine
from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm, Registry
from acr_global_rig.receivers import Receiver, listening
from acr_global_rig.registry import REGIONS, event, timestamp
from tests.e2e.beside_arm import PATIENCE, App, on_devhost, on_engine, settings

APP = "func-acr-global"
NAMED = {"WEBSITE_SITE_NAME": APP}
"""As the platform tells an app its name."""


async def command(arm: LoopbackArm, url: str, *words: str) -> tuple[int, str, str]:
    """Run one of ours as a process of its own; its exit code, its output, and the command lines of
    the machine's processes meanwhile."""
    own = {
        "ACR_GLOBAL_ARM_ENDPOINT": arm.url,
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "FUNCTION_APP_URL": url,
        "FUNCTION_APP_KEY": engine.MASTER_KEY,
    }
    ran = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "acr_global", *words),
        env=os.environ | arm.environ | own,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    saying, processes = asyncio.create_task(ran.communicate()), ""
    while not saying.done():
        processes += command_lines()
        await asyncio.wait([saying], timeout=0.05)
    said, _ = saying.result()
    return ran.returncode or 0, said.decode(), processes


def command_lines() -> str:
    """What anybody on this machine may read of its processes, where that is in /proc."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            lines.append(path.read_text(errors="replace"))
    return "\n".join(lines)


async def play(
    app: App, arm: LoopbackArm, registry: Registry, ops: Receiver, function_key: str
) -> None:
    """Register, ping, push, look: nothing is amiss, and no output or command line shows a key."""
    await app.start()
    site = arm.add_site(APP, app.url)
    site.keys("ImagePush")["contoso"] = function_key
    of_registry = ("--registry", "contoso")
    said: list[str] = []

    async def fine(*words: str) -> str:
        code, text, processes = await command(arm, app.url, *words)
        said.extend((text, processes))
        assert 0 == code, text
        return text

    await fine("webhooks", "apply", *of_registry, "--app", site.id)
    await fine("webhooks", "ping", *of_registry, "--app", site.id)
    body = event("p1", at=timestamp(), host="contoso.azurecr.io")
    for region in REGIONS:
        answers = await asyncio.to_thread(registry.fire, region, body)
        assert ["202"] == list(answers.values())
    await ops.until(lambda: ops.messages(), PATIENCE)
    assert ["complete"] == [message["type"] for message in ops.messages()]
    shown = json.loads(await fine("pushes", "show", "p1", "--json"))
    assert sorted(REGIONS) == sorted(region["region"] for region in shown["regions"])
    findings = json.loads(await fine("doctor", *of_registry, "--app", site.id, "--json"))
    assert {"ok"} == {finding["state"] for finding in findings["findings"]}
    assert [] == [k for k in (engine.MASTER_KEY, function_key) if k in "".join(said)]


@pytest.mark.real_time
async def test_an_app_is_registered_and_found_well_on_devhost(arm: LoopbackArm) -> None:
    """No line of the doctor is left open."""
    registry, ops = arm.add_registry("contoso", REGIONS[0], REGIONS), Receiver("ops")
    async with listening(ops), on_devhost(settings(arm, registry, ops) | NAMED) as app:
        await play(app, arm, registry, ops, engine.MASTER_KEY)


@pytest.mark.engine
@pytest.mark.real_time
async def test_an_app_is_registered_and_found_well_on_the_engine(
    arm: LoopbackArm, storage: engine.Azurite, tmp_path: Path
) -> None:
    """The host asks for keys there."""
    registry, ops = arm.add_registry("contoso", REGIONS[0], REGIONS), Receiver("ops")
    folder = tmp_path / "app"
    folder.mkdir()
    async with listening(ops):
        environ = settings(arm, registry, ops) | NAMED
        async with on_engine(environ, storage, folder) as app:
            await play(app, arm, registry, ops, engine.FUNCTION_KEY)
