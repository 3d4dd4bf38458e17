"""A registry whose webhooks find no app, a wrong key or a slow one: what its log then says is taken
in, by the app's own identity over TLS; on devhost and on the engine, in real time."""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acr_global.functions.durable import names
from acr_global_rig import engine
from acr_global_rig.arm import LoopbackArm, Registry
from acr_global_rig.receivers import Receiver, listening
from acr_global_rig.registry import REGIONS, event, timestamp
from tests.e2e.beside_arm import PATIENCE, App, on_devhost, on_engine, settings


async def catch_up(app: App, arm: LoopbackArm) -> None:
    """Fire the timer, as an operator can, and see it read the logs."""
    before = len(arm.asked)
    headers = {"x-functions-key": engine.MASTER_KEY, "content-type": "application/json"}
    url = f"{app.url}/admin/functions/{names.CATCH_UP}"
    async with app.session.post(url, headers=headers, data=b"{}") as answer:
        assert 202 == answer.status
    async with asyncio.timeout(PATIENCE):
        while True:
            read = [asked for asked in arm.asked[before:] if "listEvents" in asked.target]
            if len(read) >= len(REGIONS):
                return
            await asyncio.sleep(0.1)


async def play(app: App, arm: LoopbackArm, registry: Registry, ops: Receiver) -> None:
    """The registry pushes while the app is down, with a wrong key, and impatiently; then the timer
    comes, twice."""

    async def fire(push: str) -> set[str]:
        at = timestamp(datetime.now(UTC) - timedelta(minutes=9))
        body = event(push, at=at, tag=push, host="contoso.azurecr.io")
        answers = [await asyncio.to_thread(registry.fire, region, body) for region in REGIONS]
        return {status for answer in answers for status in answer.values()}

    def hooks(key: str) -> None:
        for region in REGIONS:
            uri = f"{app.url}/api/ImagePush?region={region}"
            registry.add_webhook(f"acrglobal{region}", region, uri, {"x-functions-key": key})

    hooks(engine.MASTER_KEY)
    assert {"504"} == await fire("down")
    await app.start()
    hooks("a-wrong-key")
    assert {"401"} == await fire("wrong-key")
    hooks(engine.MASTER_KEY)
    assert {"202"} == await fire("fine")
    arm.webhooks.gives_up = 0.001
    assert {"504"} == await fire("too-late")
    pushes = ["down", "fine", "too-late", "wrong-key"]
    for _ in range(3):
        await catch_up(app, arm)
        await ops.until(lambda: len(ops.messages()) >= len(pushes), PATIENCE)
    told = sorted((m["push"]["id"], m["type"]) for m in ops.messages())
    assert [(push, "complete") for push in pushes] == told
    late = {m["push"]["id"] for m in ops.messages() if "late, for webhooks" in m["text"]}
    assert {"down", "wrong-key"} <= late <= set(pushes) - {"fine"}


@pytest.mark.real_time
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_every_push_is_told_once_on_devhost(arm: LoopbackArm) -> None:
    """It does not matter whether the app had kept an event."""
    registry, ops = arm.add_registry("contoso", REGIONS[0], REGIONS), Receiver("ops")
    async with listening(ops), on_devhost(settings(arm, registry, ops)) as app:
        await play(app, arm, registry, ops)
    # A host that is ended in the middle of a timer's run closes no session of that run. What is
    # left is collected here, and not in some later test, for which it would be an error.
    gc.collect()


@pytest.mark.engine
@pytest.mark.real_time
async def test_every_push_is_told_once_on_the_engine(
    arm: LoopbackArm, storage: engine.Azurite, tmp_path: Path
) -> None:
    """The same, by the real extension and a process of its own."""
    registry, ops = arm.add_registry("contoso", REGIONS[0], REGIONS), Receiver("ops")
    folder = tmp_path / "app"
    folder.mkdir()
    async with listening(ops), on_engine(settings(arm, registry, ops), storage, folder) as app:
        await play(app, arm, registry, ops)
