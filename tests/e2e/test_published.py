"""What is published runs: alone in its folder, with what requirements.txt installs and no more."""

from __future__ import annotations

import asyncio
import json
import subprocess
import uuid
from pathlib import Path

import aiohttp
import pytest

from acr_global.functions import names
from tests.e2e import engine
from tests.e2e.hosts import Served
from tests.e2e.world import REGIONS
from tools.package import REQUIREMENTS, lay_out
from tools.venvs import find_python, venv

PYTHONS = ["3.11", "3.12", "3.13"]
WORKER = "azure-functions-runtime==1.3.0"
WITHIN = 60.0
"""Seconds, from the last webhook to the verdict."""
FUNCTIONS = {value for name, value in vars(names).items() if name.isupper()}


def programs(version: str, *more: str) -> Path:
    """A clean environment's programs: requirements.txt and nothing else, but what is named."""
    if (python := find_python(version)) is None:
        pytest.skip(f"Python {version} is not here")
    label = "-".join(["published", version, *(m.split("=")[0] for m in more)])
    return venv(label, "-r", REQUIREMENTS, *more, python=python)


@pytest.mark.engine
@pytest.mark.parametrize("version", PYTHONS)
def test_a_push_goes_through_what_is_published(
    version: str, tmp_path: Path, storage: engine.Azurite
) -> None:
    """On the real engine, on each Python that Azure offers and this machine has."""
    if version != "3.11" and find_python(version) is None:
        return  # of the Pythons only the oldest is everywhere; a skip would be a failure
    bin_folder = programs(version)
    lay_out(tmp_path)
    document = engine.host_json(engine.new_hub())
    (tmp_path / "host.json").write_text(json.dumps(document))
    settings = {
        "AzureWebJobsStorage": storage.connection,
        "ACR_GLOBAL_REGIONS": ",".join(REGIONS),
        "PYTHONPATH": "",
    }
    host = engine.Host(tmp_path, settings, storage=storage, programs=bin_folder)

    async def push() -> None:
        await host.start()
        async with aiohttp.ClientSession() as session, asyncio.timeout(WITHIN):
            app, push = Served(host.url, "", REGIONS, session, None), uuid.uuid4().hex
            for region in REGIONS:
                assert 202 == (await app.post(push, region))[0]
            await app.until_decided(push)

    try:
        asyncio.run(push())
    finally:
        host.kill()
    assert '"verdict": "complete"' in host.log


INDEX = """
import json, types
from azure_functions_runtime import functions, loader
from azure_functions_runtime.bindings.meta import load_binding_registry

class Message(types.SimpleNamespace):
    "What the worker tells the host: it takes what it is given."
    inout, out = 2, 1

class Messages:
    def __getattr__(self, name):
        return Message

load_binding_registry()
found = loader.index_function_app("function_app.py")
indexed, _ = loader.process_indexed_function(Messages(), functions.Registry(), found, ".")
print(json.dumps([f.name for f in indexed]))
"""


@pytest.mark.engine
def test_the_official_worker_finds_every_function(tmp_path: Path) -> None:
    """On 3.13 it is a library: annotations that it refuses would be no function at all in Azure,
    without a word."""
    if find_python("3.13") is None:
        return
    python = programs("3.13", WORKER) / "python"
    lay_out(tmp_path)

    ended = subprocess.run(
        [python, "-c", INDEX],
        cwd=tmp_path,
        env={"ACR_GLOBAL_REGIONS": "westeurope", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert 0 == ended.returncode, ended.stderr
    assert sorted(FUNCTIONS) == sorted(json.loads(ended.stdout.splitlines()[-1]))
