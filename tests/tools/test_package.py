"""What is published is what runs, and a release installs what was locked."""

from __future__ import annotations

import ast
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from acr_global.notify.channels import KINDS
from tools.package import LOCK, REQUIREMENTS, ROOT, notes, publish_set, write_sbom, write_zip


def requirements() -> list[Requirement]:
    """What requirements.txt asks for."""
    lines = (ROOT / REQUIREMENTS).read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def locked() -> dict[str, list[Version]]:
    """Each package's locked versions: one, or several for different Pythons."""
    found: dict[str, list[Version]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", (ROOT / LOCK).read_text(), re.M):
        found.setdefault(name, []).append(Version(version))
    return found


def test_only_the_app_is_published() -> None:
    """These are its modules, the host's settings and the requirements, without the operator's
    commands."""
    named = publish_set()
    beside = {name for name in named if not name.startswith("acr_global/")}
    assert {"function_app.py", "host.json", REQUIREMENTS} == beside
    assert not [name for name in named if name.startswith("acr_global/cli/")]
    assert "acr_global/functions/app.py" in named


def module_of(name: str) -> str:
    """As it is imported."""
    return name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def imported(source: str) -> Iterator[str]:
    """What a module may import, in its functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


def test_every_module_that_is_published_is_used() -> None:
    """One leads to it, from the app's own or from a kind of target on."""
    files = {module_of(name): ROOT / name for name in publish_set() if name.endswith(".py")}
    to_read = ["function_app", *(kind.partition(":")[0] for kind in KINDS.values())]
    used: set[str] = set()
    while to_read:
        name = to_read.pop()
        if name in files and name not in used:
            used.add(name)
            to_read += [name.rpartition(".")[0], *imported(files[name].read_text())]
    assert [] == sorted(files.keys() - used)


def test_what_git_does_not_keep_is_not_published() -> None:
    """Publishing takes what lies in the folder, and local.settings.json holds secrets."""
    kept_out = (ROOT / ".funcignore").read_text().split()
    for line in (ROOT / ".gitignore").read_text().split():
        assert line.rstrip("/") in kept_out, line


def test_the_release_carries_the_lock_as_its_requirements(tmp_path: Path) -> None:
    """Made twice, the zip is the same byte for byte."""
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    write_zip(first)
    write_zip(second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert publish_set() == archive.namelist()
        assert (ROOT / LOCK).read_bytes() == archive.read(REQUIREMENTS)


def test_the_lock_is_of_these_requirements() -> None:
    """After a change of requirements.txt, `make lock` makes it anew."""
    versions = locked()
    for wanted in requirements():
        assert versions.get(wanted.name), f"{wanted.name} is not in {LOCK}: make lock"
        assert all(v in wanted.specifier for v in versions[wanted.name]), f"{wanted}: make lock"
    asked = re.findall(r"^([\w.-]+)==(?:.+\n)+?(?=    #)((?:    #.*\n)+)", text(), re.M)
    direct = {name for name, via in asked if f"-r {REQUIREMENTS}" in via}
    assert {r.name for r in requirements()} == direct, "make lock"


def text() -> str:
    """The text of the lock."""
    return (ROOT / LOCK).read_text()


def test_every_locked_package_is_held_by_its_hash() -> None:
    """With a hash, pip installs nothing else under the package's name."""
    entries = re.split(r"^(?=[\w.-]+==)", text(), flags=re.M)[1:]
    assert entries
    assert [] == [e.split()[0] for e in entries if "--hash=sha256:" not in e]


def test_every_requirement_is_bounded_above() -> None:
    """A new major version is adopted by a change here, not by a publish."""
    for wanted in requirements():
        assert {">=", "<"} == {s.operator for s in wanted.specifier}, str(wanted)


def test_the_sbom_lists_what_the_lock_installs(tmp_path: Path) -> None:
    """It has every package with name and version."""
    write_sbom(tmp_path / "sbom.json")
    listed = json.loads((tmp_path / "sbom.json").read_text())["components"]
    found = {(c["name"], Version(c["version"])) for c in listed}
    assert {(name, v) for name, versions in locked().items() for v in versions} == found


def test_a_releases_notes_are_its_part_of_the_changelog() -> None:
    """They end before the heading of the earlier version."""
    assert "- b\n" == notes("# C\n\n## 2.0 (2026-12-01)\n\n- b\n\n## 1.0\n\n- a\n", "2.0")


@pytest.mark.parametrize("heading", ["## 1.0", "## 2.0 (unreleased)"])
def test_a_version_that_the_changelog_lacks_is_not_released(heading: str) -> None:
    """A tag that comes too early makes no release."""
    with pytest.raises(ValueError, match=r"CHANGELOG\.md says"):
        notes(f"{heading}\n\n- a\n", "2.0")
