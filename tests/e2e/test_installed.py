"""What `pip install '.[cli]'` brings runs from any folder, alone in its environment."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import tomllib
import zipfile
from pathlib import Path

import aiohttp
import pytest

from acr_global.cli import reference
from acr_global.cli.commands import PROG, build
from acr_global.cli.exits import Exit
from acr_global_rig.arm import LoopbackArm, Registry, Site
from acr_global_rig.host import running_host
from acr_global_rig.loopback import free_port
from tests.cli.test_help import NOWHERE
from tests.loopback_arm import REGIONS, URL, certificate, registry, rig, site
from tools.package import REQUIREMENTS
from tools.venvs import ROOT, UV, venv

__all__ = ["certificate", "registry", "rig", "site"]

SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRA = SETUP["project"]["optional-dependencies"]["cli"]
HELPS = dict(reference.helps(build(rich=False)))
LEAVES = [prog for prog in HELPS if not any(other.startswith(f"{prog} ") for other in HELPS)]
SCENARIO = """
regions: [westeurope, eastus]
app: {timeout: 10s, late_window: 0}
settle: 0
pushes: [{image: "shop/web:1", lag: 0, repeat: 1}]
"""


@functools.cache
def wheel() -> Path:
    """The wheel, made of what git keeps: what lies about in a checkout would come along."""
    folder = Path(tempfile.mkdtemp(prefix="wheel-"))
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    tracked = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in tracked.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    python = venv("wheel", *SETUP["build-system"]["requires"]) / "python"
    made = [str(UV), "build", "-q", "--wheel", "--no-build-isolation", "--python", str(python)]
    subprocess.run(made, cwd=folder, check=True)
    (found,) = (folder / "dist").glob("*.whl")
    return found


@functools.cache
def programs() -> Path:
    """The programs of an environment with the wheel, what it asks for, and nothing else."""
    bin_folder = venv("installed", "-r", REQUIREMENTS, *EXTRA)
    uv, there = [str(UV), "pip"], ["-q", "--python", str(bin_folder / "python")]
    subprocess.run([*uv, "install", *there, "--no-deps", "--reinstall", str(wheel())], check=True)
    subprocess.run([*uv, "check", *there], check=True)
    return bin_folder


def run(
    folder: Path, *typed: str, program: str = "acr-global", **environ: str
) -> subprocess.CompletedProcess[str]:
    """Type a command there, with nothing of this checkout in reach."""
    bin_folder = programs()
    kept = {"HOME": str(folder), "PATH": os.pathsep.join((str(bin_folder), os.environ["PATH"]))}
    return subprocess.run(
        [*shlex.split(program), *typed],
        cwd=folder,
        env=kept | environ,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_wheel_brings_the_app_and_the_rig_alone() -> None:
    """Every file of both, and no package of a common name."""
    with zipfile.ZipFile(wheel()) as archive:
        names = archive.namelist()
    metadata = {name for name in names if ".dist-info/" in name}
    there = {
        str(path.relative_to(ROOT))
        for package in ("acr_global", "acr_global_rig")
        for path in (ROOT / package).rglob("*.*")
        if "__pycache__" not in path.parts
    }
    assert there == {*names} - metadata


@pytest.mark.parametrize("program", ["acr-global", "python -m acr_global"])
def test_the_version_is_the_one_that_is_installed(tmp_path: Path, program: str) -> None:
    """Both names print it."""
    ran = run(tmp_path, "--version", program=program)
    version = SETUP["project"]["version"]
    assert (0, f"acr-global {version}\n", "") == (ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.parametrize("prog", HELPS)
def test_every_help_is_there(tmp_path: Path, prog: str) -> None:
    """It is the same as in the checkout."""
    ran = run(tmp_path, *prog.removeprefix(PROG).split(), "--help")
    assert (0, HELPS[prog] + "\n", "") == (ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.parametrize("prog", LEAVES)
def test_every_example_finds_what_it_needs(tmp_path: Path, prog: str) -> None:
    """It goes as far as what it asks, which is not there; no package is missing."""
    (tmp_path / "scenario.yaml").write_text("{regions: [eastus], pushes: [{image: 'a:1'}]}")
    example = " ".join(HELPS[prog].split()).partition("Example: `")[2].removesuffix("`")
    typed = shlex.split(example)[len(PROG.split()) :]
    nowhere = {name: value for name, value in NOWHERE.items() if name != "PATH"}
    ran = run(tmp_path, *typed, **nowhere, ACR_GLOBAL_REGIONS="eastus")
    assert ran.returncode in [*Exit], ran.stderr
    assert Exit.USAGE != ran.returncode, ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_simulation_is_judged_right(tmp_path: Path) -> None:
    """From the wheel, against the app on devhost, with what it owes to nobody listed."""
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    port = free_port()
    target = {"name": "simulate", "kind": "webhook", "url": f"http://127.0.0.1:{port}/simulate"}
    settings = {
        "ACR_GLOBAL_REGIONS": "westeurope,eastus",
        "ACR_GLOBAL_TIMEOUT": "10s",
        "ACR_GLOBAL_LATE_WINDOW": "0",
        "ACR_GLOBAL_TARGETS": json.dumps([target]),
    }

    async def play() -> list[subprocess.CompletedProcess[str]]:
        async with running_host(settings) as host, aiohttp.ClientSession() as session:
            await host.wait_until_it_serves(session)
            return [
                await asyncio.to_thread(run, tmp_path, *typed, FUNCTION_APP_URL=host.url)
                for typed in (
                    ("simulate", "scenario.yaml", "--listen", str(port)),
                    ("deadletters", "list"),
                )
            ]

    simulated, letters = asyncio.run(play())
    assert (0, "") == (simulated.returncode, simulated.stderr), simulated.stdout
    assert "shop/web:1  complete" in simulated.stdout
    assert (0, "No dead letters.\n") == (letters.returncode, letters.stdout)


def test_webhooks_are_applied(
    tmp_path: Path, rig: LoopbackArm, registry: Registry, site: Site
) -> None:
    """Through the SDKs that the package brings; then there is nothing to do."""
    environ = rig.environ | {
        "ACR_GLOBAL_ARM_ENDPOINT": rig.url,
        "ACR_GLOBAL_REGISTRY_ID": registry.id,
        "FUNCTION_APP_URL": URL,
    }
    planned = run(tmp_path, "webhooks", "plan", **environ)
    assert (1, "") == (planned.returncode, planned.stderr), planned.stdout
    applied = run(tmp_path, "webhooks", "apply", **environ)
    assert 0 == applied.returncode, applied.stderr
    again = run(tmp_path, "webhooks", "plan", **environ)
    assert 0 == again.returncode, again.stderr
    assert len(REGIONS) == len(registry.webhooks())


def test_the_settings_are_checked(tmp_path: Path) -> None:
    """Those of that folder."""
    values = {"Values": {"ACR_GLOBAL_REGIONS": "West Europe, eastus"}}
    (tmp_path / "local.settings.json").write_text(json.dumps(values))
    ran = run(tmp_path, "settings", "check")
    assert (0, "ok") == (ran.returncode, ran.stdout.partition("\n")[0])
    assert "westeurope, eastus" in ran.stdout
