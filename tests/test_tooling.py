"""The documented commands exist, and only the app is deployed."""

from __future__ import annotations

import ast
import fnmatch
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def _ignored(name: str) -> bool:
    lines = (ROOT / ".funcignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


@pytest.mark.parametrize(
    "name",
    [
        "acr_global_rig",
        "devhost",
        "demo",
        "tests",
        "tools",
        "docs",
        "benchmarks",
        ".venv",
        ".ci",
        ".github",
        ".git",
        "Makefile",
        "README.md",
        "pyproject.toml",
        "local.settings.json",
    ],
)
def test_not_deployed(name: str) -> None:
    """Development tools, and files that may hold secrets, are left out."""
    assert _ignored(name)


@pytest.mark.parametrize("name", ["acr_global", "function_app.py", "host.json", "requirements.txt"])
def test_deployed(name: str) -> None:
    """Everything that the app needs is deployed."""
    assert (ROOT / name).exists()
    assert not _ignored(name)


def test_no_part_of_the_app_is_left_behind() -> None:
    """Patterns apply at every depth, so none may match a file or folder of the app."""
    parts = {p.name for p in (ROOT / "acr_global").rglob("*")} - {"__pycache__"}

    assert set() == {name for name in parts if _ignored(name)}


def test_nothing_new_is_deployed_unnoticed() -> None:
    """At the top level, .funcignore leaves only the app."""
    tracked = {"acr_global", "function_app.py", "host.json", "requirements.txt"}
    sources = {p.name for p in ROOT.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}

    assert set() == {name for name in sources if not _ignored(name)} - tracked


def test_commands_of_the_docs_exist() -> None:
    """Every `make` command in the README and CONTRIBUTING is one that `make help` lists."""
    listed = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.M))
    docs = "".join((ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md"))
    used = set(re.findall(r"(?:^\$ |`)make ([a-z]+)", docs, re.M))

    assert {"demo", "test"} <= used
    assert set() == used - listed


def _sources() -> list[Path]:
    """What is ours: a contributor may have more in the folder."""
    found = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [path for name in found.stdout.splitlines() if (path := ROOT / name).exists()]


def _sentences(path: Path) -> Iterator[str]:
    """Every text that stands alone: the docstrings, and what is said of a constant or a field."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def test_a_docstring_can_be_read_alone() -> None:
    """None goes on with the sentence that a name has begun."""
    goes_on = re.compile(r"\s*(And|But|Nor|Or)\b")
    texts = [(str(path), said) for path in _sources() for said in _sentences(path)]
    assert len(texts) > 3_000
    assert [] == [(path, said) for path, said in texts if goes_on.match(said)]
