"""infra/ compiles without warnings, is formatted, and makes what its snapshots say."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.deployment import INFRA, PARAMETERS, ROOT

pytestmark = pytest.mark.bicep

GROUP = [
    "--subscription-id",
    "00000000-0000-0000-0000-000000000000",
    "--resource-group",
    "rg",
    "--location",
    "westeurope",
]


def bicep(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the compiler; of the environment's values for parameters it sees only the regions."""
    if not shutil.which("bicep"):
        pytest.skip("`bicep` is not on PATH")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "ACR_GLOBAL_"))}
    environ |= {"ACR_GLOBAL_REGIONS": "westeurope,northeurope"}
    return subprocess.run(
        ["bicep", *map(str, arguments)], cwd=cwd, env=environ, capture_output=True, text=True
    )


def test_every_file_builds_and_lints_without_a_word(tmp_path: Path) -> None:
    """A warning counts as a mistake, though the compiler exits with 0."""
    for command in (
        ["build", "--pattern", "infra/**/*.bicep", "--outdir", tmp_path],
        ["lint", "--pattern", "infra/**/*.bicep"],
        ["lint", "--pattern", "infra/**/*.bicepparam"],
    ):
        ended = bicep(*command)
        assert (0, "") == (ended.returncode, ended.stderr), command
    assert len(list(INFRA.rglob("*.bicep"))) == len(list(tmp_path.rglob("*.json")))


def test_format_changes_nothing(tmp_path: Path) -> None:
    """Every file, parameters included, is as `bicep format` writes it."""
    shutil.copytree(INFRA, tmp_path / "infra")
    for pattern in ("infra/**/*.bicep", "infra/**/*.bicepparam"):
        assert 0 == bicep("format", "--pattern", pattern, cwd=tmp_path).returncode
    for path in [*INFRA.rglob("*.bicep"), *INFRA.rglob("*.bicepparam")]:
        assert path.read_text() == (tmp_path / path.relative_to(ROOT)).read_text(), path


@pytest.mark.parametrize("path", PARAMETERS, ids=lambda p: p.stem)
def test_the_snapshots_are_what_would_be_made(path: Path) -> None:
    """A change of infra/ shows as a change of the deployment; `make snapshots` accepts it."""
    ended = bicep("snapshot", path, "--mode", "validate", *GROUP)
    assert 0 == ended.returncode, ended.stdout + ended.stderr


def test_a_changed_deployment_is_seen(tmp_path: Path) -> None:
    """A snapshot that differs fails the check of snapshots."""
    copy = tmp_path / "infra"
    shutil.copytree(INFRA, copy)
    storage = copy / "modules" / "storage.bicep"
    storage.write_text(storage.read_text().replace("'TLS1_2'", "'TLS1_0'"))

    ended = bicep("snapshot", copy / "main.bicepparam", "--mode", "validate", *GROUP)

    assert 0 != ended.returncode
    assert "TLS1_0" in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "Say the regions"),
        (
            "param regions = ['eastus']\nparam registryIds = ['contoso']",
            'registryIds: "contoso" is',
        ),
        ("param regions = ['eastus']\nparam registryIds = ['/a/b/c']", 'registryIds: "/a/b/c" is'),
    ],
)
def test_what_cannot_be_deployed_says_why(given: str, said: str, tmp_path: Path) -> None:
    """Regions have no default, because with too few a push would be complete too early."""
    shutil.copytree(INFRA, tmp_path / "infra")
    path = tmp_path / "infra" / "wrong.bicepparam"
    required = "" if "regions" in given else "param regions = []"
    path.write_text(f"using 'main.bicep'\n{required}\n{given}\n")
    ended = bicep("snapshot", path, "--mode", "overwrite", *GROUP)
    assert said in ended.stdout + ended.stderr
