"""What is published runs alone in its folder, with nothing installed but requirements.txt."""

from __future__ import annotations

import asyncio
import json
import subprocess
import uuid
from pathlib import Path

import aiohttp
import pytest

from acr_global.functions.durable import names
from acr_global_rig import engine
from acr_global_rig.registry import REGIONS
from tests.e2e.hosts import Served
from tools.package import LOCK, REQUIREMENTS, lay_out
from tools.venvs import find_python, venv

PYTHONS = [version for version in ("3.11", "3.12", "3.13") if find_python(version)]
"""Those that Azure offers, of which this machine has some."""
WORKER = "azure-functions-runtime==1.3.0"
WITHIN = 60.0
"""Seconds, from the first webhook to the verdict."""
VERDICT = '"verdict": "complete"'
"""In the log line of the activity that tells it."""
REGISTRY_ID = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/registries"
    "/providers/Microsoft.ContainerRegistry/registries/contoso"
)
FUNCTIONS = set(names.every())


def programs(version: str, *more: str) -> Path:
    """The programs of a clean environment with requirements.txt, and the packages that are
    named."""
    python = find_python(version)
    assert python
    label = "-".join(["published", version, *(m.split("=")[0] for m in more)])
    return venv(label, "-r", REQUIREMENTS, *more, python=python)


@pytest.mark.engine
@pytest.mark.parametrize("version", PYTHONS)
def test_a_push_goes_through_what_is_published(
    version: str, tmp_path: Path, storage: engine.Azurite
) -> None:
    """It runs on the real engine, on each of those Pythons."""
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
            # It is decided before it is told. A host in another process can only be asked.
            while VERDICT not in host.log:  # noqa: ASYNC110 - as said
                await asyncio.sleep(0.2)

    try:
        asyncio.run(push())
    finally:
        host.kill()


@pytest.mark.parametrize("version", PYTHONS)
def test_the_lock_installs_by_its_hashes_and_the_app_loads(version: str, tmp_path: Path) -> None:
    """A release's remote build does the same, on each of those Pythons."""
    base = find_python(version)
    assert base
    bin_folder = venv(f"locked-{version}", "--require-hashes", "-r", LOCK, python=base)
    lay_out(tmp_path)
    subprocess.run(
        [bin_folder / "python", "-c", "import function_app"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        check=True,
    )


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


@pytest.mark.skipif("3.13" not in PYTHONS, reason="the worker is a library on 3.13 only")
def test_the_official_worker_finds_every_function(tmp_path: Path) -> None:
    """In Azure, a function whose annotations it refuses would silently be missing."""
    python = programs("3.13", WORKER) / "python"
    lay_out(tmp_path)

    ended = subprocess.run(
        [python, "-c", INDEX],
        cwd=tmp_path,
        env={
            "ACR_GLOBAL_REGIONS": "westeurope",
            "ACR_GLOBAL_REGISTRY_ID": REGISTRY_ID,  # with it CatchUp is there
            "ACR_GLOBAL_BADGE": "*",  # and with this Badge
            "PYTHONPATH": str(tmp_path),
        },
        capture_output=True,
        text=True,
    )

    assert 0 == ended.returncode, ended.stderr
    assert sorted(FUNCTIONS) == sorted(json.loads(ended.stdout.splitlines()[-1]))
