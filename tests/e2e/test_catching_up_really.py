"""A registry whose webhooks find no app, a wrong key or a slow one: what its log then says is taken
in, by the app's own identity over TLS; on devhost and on the engine, in real time."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509

from acr_global.functions import engine as app_engine
from acr_global.functions import names
from acr_global.functions.app import build_app
from acr_global_rig import engine
from acr_global_rig.arm import LoopbackArm, Registry
from acr_global_rig.certificates import self_signed
from acr_global_rig.loopback import free_port
from acr_global_rig.receivers import Receiver, listening, webhook_targets
from acr_global_rig.registry import REGIONS, event
from devhost import DevHost

PATIENCE = 90.0
"""Seconds for what must come."""


@dataclass
class App:
    """The app, wherever it runs; it is down until it is started."""

    url: str
    start: Callable[[], Awaitable[Any]]
    session: aiohttp.ClientSession

    async def catch_up(self, arm: LoopbackArm) -> None:
        """Fire the timer, as an operator can, and see it read the logs."""
        before = len(arm.asked)
        headers = {"x-functions-key": engine.MASTER_KEY, "content-type": "application/json"}
        url = f"{self.url}/admin/functions/{names.CATCH_UP}"
        async with self.session.post(url, headers=headers, data=b"{}") as answer:
            assert 202 == answer.status
        async with asyncio.timeout(PATIENCE):
            while True:
                read = [asked for asked in arm.asked[before:] if "listEvents" in asked.target]
                if len(read) >= len(REGIONS):
                    return
                await asyncio.sleep(0.1)


@pytest.fixture
def arm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A resource manager whose certificate and identity this process trusts."""
    path = tmp_path / "localhost.pem"
    path.write_bytes(self_signed(x509.DNSName("localhost"), ca=True))
    with LoopbackArm(path) as arm:
        for name, value in {**arm.environ, "SSL_CERT_FILE": str(path)}.items():
            monkeypatch.setenv(name, value)
        # aiohttp reads what is trusted once, when it is imported; a process of its own does anew.
        trusted = ssl.create_default_context(cafile=str(path))
        monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusted)
        yield arm


def settings(arm: LoopbackArm, registry: Registry, ops: Receiver) -> dict[str, str]:
    """The app's, on whichever host."""
    short = {
        "REGIONS": ",".join(REGIONS),
        "TARGETS": json.dumps(webhook_targets([ops])),
        "REGISTRY_ID": registry.id,
        "ARM_ENDPOINT": arm.url,
    }
    return {f"ACR_GLOBAL_{name}": value for name, value in short.items()}


@asynccontextmanager
async def on_devhost(environ: dict[str, str]) -> AsyncIterator[App]:
    """On the local host."""
    port, hosts = free_port(), list[DevHost]()

    async def start() -> None:
        document = engine.host_json("Catching")
        key = engine.MASTER_KEY
        app = build_app(environ)
        hosts.append(await DevHost.start(app, port=port, host_json=document, require_key=key))

    async with aiohttp.ClientSession() as session:
        try:
            yield App(f"http://127.0.0.1:{port}", start, session)
        finally:
            for host in hosts:
                await host.stop()
            await app_engine.close_session()


@asynccontextmanager
async def on_engine(
    environ: dict[str, str], storage: engine.Azurite, folder: Path
) -> AsyncIterator[App]:
    """On the real engine."""
    engine.stage(folder, engine.host_json(engine.new_hub()))
    keys = {
        "ENGINEHOST_FUNCTION_KEY": engine.FUNCTION_KEY,
        "ENGINEHOST_MASTER_KEY": engine.MASTER_KEY,
        "AzureWebJobsStorage": storage.connection,
        "TMPDIR": str(folder),
    }
    host = engine.Host(folder, environ | keys, auth=True, storage=storage)
    async with aiohttp.ClientSession() as session:
        try:
            yield App(host.url, host.start, session)
        finally:
            host.kill()


async def play(app: App, arm: LoopbackArm, registry: Registry, ops: Receiver) -> None:
    """The registry pushes while the app is down, with a wrong key, and impatiently; then the timer
    comes, twice."""

    async def fire(push: str) -> set[str]:
        at = (datetime.now(UTC) - timedelta(minutes=9)).isoformat().replace("+00:00", "Z")
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
        await app.catch_up(arm)
        await ops.until(lambda: len(ops.messages()) >= len(pushes), PATIENCE)
    told = sorted((m["push"]["id"], m["type"]) for m in ops.messages())
    assert [(push, "complete") for push in pushes] == told
    late = {m["push"]["id"] for m in ops.messages() if "late, for webhooks" in m["text"]}
    assert {"down", "wrong-key"} <= late <= set(pushes) - {"fine"}


@pytest.mark.real_time
async def test_every_push_is_told_once_on_devhost(arm: LoopbackArm) -> None:
    """It does not matter whether the app had kept an event."""
    registry, ops = arm.add_registry("contoso", REGIONS[0], REGIONS), Receiver("ops")
    async with listening(ops), on_devhost(settings(arm, registry, ops)) as app:
        await play(app, arm, registry, ops)


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
