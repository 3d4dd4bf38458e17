"""Everything that the editor's and the dev container's files name exists."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))


def test_each_launched_module_can_be_imported() -> None:
    """Each configuration names one."""
    launch = json.loads((ROOT / ".vscode" / "launch.json").read_text())
    for configuration in launch["configurations"]:
        assert importlib.util.find_spec(configuration["module"]), configuration["name"]


def test_every_task_is_a_make_target() -> None:
    """The Makefile has it."""
    tasks = json.loads((ROOT / ".vscode" / "tasks.json").read_text())["tasks"]
    assert tasks
    for task in tasks:
        make, target, *_ = task["command"].split()
        assert "make" == make
        assert target in TARGETS


def test_the_dev_container_has_a_python_that_azure_has() -> None:
    """Its image has Python 3.11 to 3.13, and the make targets that it runs at the end exist."""
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert re.search(r":3\.1[1-3]-", container["image"])
    assert set(re.findall(r"make (\w+)", container["postCreateCommand"])) <= TARGETS


def test_editors_break_lines_where_the_linter_does() -> None:
    """The length of a line is written in two files."""
    length = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["line-length"]
    assert f"max_line_length = {length}\n" in (ROOT / ".editorconfig").read_text()


def test_every_hook_is_a_make_target() -> None:
    """It uses the existing environment, so a commit needs no network."""
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    assert ["local"] == re.findall(r"repo: (\S+)", hooks)
    assert {"docs", "lint"} == set(re.findall(r"entry: make --silent (\w+)\n", hooks)) & TARGETS
