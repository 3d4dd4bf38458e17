"""The app beside a loopback resource manager, over TLS and by the app's own identity, on whichever
host, in real time."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509

from acr_global.functions.app import build_app
from acr_global.functions.durable import engine as app_engine
from acr_global_rig import engine
from acr_global_rig.arm import LoopbackArm, Registry
from acr_global_rig.certificates import self_signed
from acr_global_rig.loopback import free_port
from acr_global_rig.receivers import Receiver, webhook_targets
from acr_global_rig.registry import REGIONS
from devhost import DevHost

PATIENCE = 90.0
"""Seconds for what must come."""


@dataclass
class App:
    """The app, wherever it runs; it is down until it is started."""

    url: str
    start: Callable[[], Awaitable[Any]]
    session: aiohttp.ClientSession


@contextmanager
def trusted_arm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackArm]:
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
