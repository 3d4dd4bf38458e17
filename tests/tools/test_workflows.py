"""The workflows use actions by commits that were looked up, least rights, and inputs that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REQUIRED

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
BIN = Path(sys.executable).parent

PINNED = {
    # Read from each repository's tags, 2026-11-26. A linter takes any commit for one of theirs.
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "actions/upload-artifact": ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    "actions/attest-build-provenance": ("a2bbfa25375fe432b6a289bc6b6cd05ecd0c4c32", "v4.1.0"),
    "Azure/login": ("f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca", "v3.0.1"),
    "Azure/functions-action": ("c5060b3b8bb1ebbcb531abd00c822ecbaa8ea656", "v1.5.7"),
}
USES = re.compile(r"uses: ([\w./-]+)@(\S+)(?: # (\S+))?")


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """The output of a tool from our environment; empty where it finds nothing."""
    program, *arguments = command
    ended = subprocess.run(
        [BIN / program, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    return ended.stdout + ended.stderr if ended.returncode else ""


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.stem)
def test_every_action_is_of_the_list(path: Path) -> None:
    """It is named by its commit, with the tag beside it."""
    for name, commit, tag in USES.findall(path.read_text()):
        assert PINNED[name] == (commit, tag)


def test_the_list_holds_no_unused_action() -> None:
    """Every commit in it is used."""
    used = {name for path in WORKFLOWS for name, _, _ in USES.findall(path.read_text())}
    assert set(PINNED) == used


def test_zizmor_finds_nothing() -> None:
    """It checks rights, injections, credentials, and updates that come too soon."""
    assert "" == run("zizmor", "--offline", "--no-progress", "--quiet", GITHUB)


def test_the_schemas_hold() -> None:
    """GitHub's schemas of workflows and of dependabot accept our files."""
    schema = "--builtin-schema"
    assert "" == run("check-jsonschema", schema, "vendor.github-workflows", *WORKFLOWS)
    assert "" == run("check-jsonschema", schema, "vendor.dependabot", GITHUB / "dependabot.yml")


def with_tags(folder: Path) -> list[Path]:
    """Copies that name actions by their major version, because the linter knows inputs by that."""
    copies = []
    for path in WORKFLOWS:
        copy = folder / path.name
        text = USES.sub(lambda m: f"uses: {m[1]}@{m[3].split('.')[0]}", path.read_text())
        copy.write_text(text.replace("Azure/login", "azure/login"))  # so it stands in its list
        copies.append(copy)
    return copies


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """It reads the files as they are, shell included, and copies with tags, whose inputs it
    knows."""
    assert shutil.which("shellcheck", path=str(BIN))
    assert "" == run("actionlint", "-shellcheck", BIN / "shellcheck", *WORKFLOWS)
    assert "" == run("actionlint", "-shellcheck=", *with_tags(tmp_path))


def test_ci_passes_no_kind_of_test_over() -> None:
    """A tool that its runner should lack makes its tests fail there, not skip."""
    ci = (GITHUB / "workflows" / "ci.yml").read_text()
    assert [] == [name for name in REQUIRED.values() if f'{name}: "1"' not in ci]


@pytest.mark.parametrize("name", PINNED)
def test_an_input_that_does_not_exist_is_found(name: str, tmp_path: Path) -> None:
    """For each action, a wrong input fails the check."""
    copies = with_tags(tmp_path)
    used = re.compile(rf"^( *)(?:- )?uses: {name}@.*\n", re.M | re.I)
    (first, *_) = [path for path in copies if used.search(path.read_text())]
    spoilt = re.sub(r"(\n +with:\n +)", r"\1no-such-input: 1\n          ", first.read_text())
    first.write_text(spoilt)
    assert "no-such-input" in run("actionlint", "-shellcheck=", first)
