"""Runs the pipelines of docs/pipelines.md here: their steps' shell, with stand-ins for `az` and
`docker`. The stand-in for `docker` pushes as a registry does: it posts the regions' webhooks."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "pipelines.md"
REGISTRY, DIGEST = "contoso.azurecr.io", f"sha256:{'ab' * 32}"

DOCKER = f"""\
#!{sys.executable}
import json, os, sys, urllib.request
_, *_, file, _ = sys.argv
image = sys.argv[sys.argv.index("--tag") + 1]
host, _, name = image.partition("/")
repository, _, tag = name.partition(":")
target = {{"digest": "{DIGEST}", "repository": repository, "tag": tag}}
about = {{"id": "pushed", "action": "push", "target": target, "request": {{"host": host}}}}
for region in os.environ["REPORT"].split():
    url = os.environ["FUNCTION_APP_URL"] + "/api/ImagePush?region=" + region
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(about).encode()))
with open(file, "w") as pushed:
    json.dump({{"containerimage.digest": target["digest"]}}, pushed)
"""
AZ = '#!/bin/sh\necho "$*" >>"$RAN"\n'


@dataclass
class Pipeline:
    """One example, and how its system names things."""

    block: str
    steps: Callable[[Any], Iterator[Step]]


@dataclass
class Step:
    """A step's shell, and the environment that it alone has."""

    name: str
    script: str
    env: Mapping[str, str] = field(default_factory=dict)


def blocks() -> list[str]:
    """The pipelines in the page: GitHub's, then Azure's."""
    return re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def _github(workflow: Any) -> Iterator[Step]:
    (job,) = workflow["jobs"].values()
    for step in job["steps"]:
        if "run" in step:
            own = {**job["env"], **step.get("env", {})}
            yield Step(step["name"], "set -e\n" + step["run"], own)


def _azure(pipeline: Any) -> Iterator[Step]:
    named = {v["name"].upper(): v["value"] for v in pipeline["variables"] if "name" in v}
    for step in pipeline["steps"]:
        if script := step.get("bash") or step.get("inputs", {}).get("inlineScript"):
            yield Step(step["displayName"], script, named | step.get("env", {}))


GITHUB, AZURE = Pipeline("${{ %s }}", _github), Pipeline("$(%s)", _azure)


async def run(pipeline: Pipeline, folder: Path, url: str, report: str) -> tuple[str, str]:
    """Run the steps, without the first, which installs; the first that fails is the last one.

    Returns its name and its last line on stderr; both are empty where none fails.
    """
    text = blocks()[[GITHUB, AZURE].index(pipeline)]
    programs = folder / "bin"
    programs.mkdir()
    for name, program in (("docker", DOCKER), ("az", AZ)):
        (programs / name).write_text(program)
        (programs / name).chmod(0o755)
    output = folder / "output"
    output.touch()
    known = {
        "vars.REGISTRY": REGISTRY,
        "vars.ACR_GLOBAL_URL": url,
        "secrets.ACR_GLOBAL_KEY": "a-key",
        "ACR_GLOBAL_URL": url,
        "ACR_GLOBAL_KEY": "a-key",
    }
    there = {
        "PATH": os.pathsep.join((str(programs), str(Path(sys.executable).parent), os.defpath)),
        "PYTHONPATH": str(ROOT),
        "FUNCTION_APP_URL": url,
        "REPORT": report,
        "RAN": str(folder / "az"),
        "GITHUB_SHA": "4711",
        "BUILD_BUILDID": "4711",
        "GITHUB_OUTPUT": str(output),
    }
    _, *steps = pipeline.steps(yaml.safe_load(text))
    for step in steps:
        named = {n: _filled(value, pipeline.block, known) for n, value in step.env.items()}
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", step.script),
            cwd=folder,
            env=there | named,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode:
            return step.name, err.decode().splitlines()[-1]
        said = dict(re.findall(r"variable=(\w+)\](\S+)", out.decode()))
        there |= {name.upper(): value for name, value in said.items()}
        known |= {
            f"steps.push.outputs.{name}": value
            for name, value in re.findall(r"^(\w+)=(.*)$", output.read_text(), re.M)
        }
    return "", ""


def _filled(text: str, form: str, known: Mapping[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(form % name, value)
    return text
