"""The pipelines in the docs: their form, and what their steps do, against the app on devhost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from acr_global_rig.registry import REGIONS
from tests.e2e.hosts import served
from tests.e2e.pipelines import AZURE, DIGEST, GITHUB, REGISTRY, Pipeline, blocks, run
from tests.tools import test_workflows
from tools import shell_blocks

NEEDED = pytest.mark.skipif(not shutil.which("jq"), reason="jq is not on PATH")
EACH = pytest.mark.parametrize("pipeline", [GITHUB, AZURE], ids=["github", "azure"])


@NEEDED
@EACH
@pytest.mark.real_time
async def test_what_is_everywhere_is_deployed(pipeline: Pipeline, tmp_path: Path) -> None:
    """By the digest that was pushed, to each region."""
    async with served("embedded") as app:
        assert ("", "") == await run(pipeline, tmp_path, app.url, " ".join(REGIONS))
    image = f"{REGISTRY}/team/app@{DIGEST}"
    assert [
        "acr login --name contoso",
        f"containerapp update --resource-group app-westeurope --name app --image {image}",
        f"containerapp update --resource-group app-eastus --name app --image {image}",
    ] == (tmp_path / "az").read_text().splitlines()


@NEEDED
@EACH
@pytest.mark.real_time
async def test_what_lacks_a_region_is_not(pipeline: Pipeline, tmp_path: Path) -> None:
    """The step that waits fails, and names the region."""
    async with served("embedded", TIMEOUT="1s", LATE_WINDOW="0") as app:
        assert (
            "Wait until every region has it",
            f"error: {REGISTRY}/team/app@{DIGEST} is overdue, missing: {REGIONS[2]}",
        ) == await run(pipeline, tmp_path, app.url, " ".join(REGIONS[:2]))
    assert ["acr login --name contoso"] == (tmp_path / "az").read_text().splitlines()


@NEEDED
@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (0, {"push": {"regions": [{"region": "eastus", "state": "arrived"}]}}, (0, "eastus\n")),
        (1, {"push": {"regions": [{"region": "eastus", "state": "missing"}]}}, (0, "")),
        (1, None, (1, "")),
        (3, {"push": None}, (3, "")),
    ],
)
def test_it_deploys_where_it_is_and_fails_where_it_was_refused(
    tmp_path: Path, code: int, said: object, expected: tuple[int, str]
) -> None:
    """Of a wrong key `wait` ends with 1, as of a missing region, but prints no JSON."""
    (script,) = [b.script for b in shell_blocks.blocks() if "found=$(acr-global" in b.script]
    answer = tmp_path / "answer"
    answer.write_text("" if said is None else json.dumps(said))
    ours = tmp_path / "acr-global"
    ours.write_text(f"#!/bin/sh\ncat '{answer}'\nexit {code}\n")
    ours.chmod(0o755)
    path = os.pathsep.join((str(tmp_path), os.environ["PATH"]))
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert expected == (ended.returncode, ended.stdout)


def test_the_schemas_hold(tmp_path: Path) -> None:
    """Those of both systems."""
    for schema, text in zip(
        ("vendor.github-workflows", "vendor.azure-pipelines"), blocks(), strict=True
    ):
        path = tmp_path / f"{schema}.yml"
        path.write_text(text)
        # Azure's holds patterns that are no regular expressions where Unicode is read strictly.
        variant = ("--regex-variant", "nonunicode", "--builtin-schema", schema)
        assert "" == test_workflows.run("check-jsonschema", *variant, path)


def test_github_s_linters_find_nothing(tmp_path: Path) -> None:
    """Its actions are those of our own workflows, by the same commits."""
    path = tmp_path / ".github" / "workflows" / "example.yml"
    path.parent.mkdir(parents=True)
    path.write_text(blocks()[0])
    shellcheck = test_workflows.BIN / "shellcheck"
    assert "" == test_workflows.run("actionlint", "-shellcheck", shellcheck, path)
    assert "" == test_workflows.run("zizmor", "--offline", "--no-progress", "--quiet", path)
    for name, commit, tag in test_workflows.USES.findall(path.read_text()):
        assert test_workflows.PINNED[name] == (commit, tag)
