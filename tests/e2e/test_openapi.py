"""Schemathesis holds the running app to its OpenAPI document."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import pytest

from acr_global.functions.app import build_app
from acr_global.functions.durable import engine as app_engine
from acr_global_rig.engine import FUNCTION_KEY, host_json
from acr_global_rig.receivers import Receiver, listening, webhook_targets
from acr_global_rig.registry import REGIONS, event, post
from devhost import DevHost

CONFIG = Path(__file__).with_name("schemathesis.toml")
HEADER = f"x-functions-key: {FUNCTION_KEY}"
EXAMPLES = 4
"""Of each operation and phase."""


async def with_dead_letter(url: str) -> None:
    """Let there be a push, and what was not delivered of it."""
    query = {"code": FUNCTION_KEY}
    async with aiohttp.ClientSession() as session:
        for region in REGIONS:
            assert (202,) == (await post(session, url, event("p1"), region, query=query))[:1]
        async with asyncio.timeout(20):
            while True:
                async with session.get(f"{url}/api/deadletters", params=query) as answer:
                    if (await answer.json())["deadletters"]:
                        return
                await asyncio.sleep(0.1)


@pytest.mark.real_time
async def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    """Valid requests and invalid ones, with a key and without, one by one and one after the other;
    always the same."""
    ops = Receiver("ops", answers=[400] * 1_000)
    async with listening(ops):
        settings = {
            "REGIONS": ",".join(REGIONS),
            "TARGETS": json.dumps(webhook_targets([ops])),
            "BADGE": "*",
        }
        app = build_app({f"ACR_GLOBAL_{name}": value for name, value in settings.items()})
        host = await DevHost.start(
            app, host_json=host_json("Tests"), require_key=FUNCTION_KEY, timer_triggers=False
        )
        try:
            await with_dead_letter(host.url)
            running = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
                *("run", f"{host.url}/api/openapi.json", "--header", HEADER, "--no-color"),
                *("--max-examples", str(EXAMPLES), "--generation-deterministic"),
                cwd=tmp_path,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            said, _ = await running.communicate()
        finally:
            await app_engine.close_session()
            await host.stop()
    assert 0 == running.returncode, said.decode()
