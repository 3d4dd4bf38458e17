"""What the wheel contains, and what of the checkout that needs."""

from __future__ import annotations

import ast
import fnmatch
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
RIG = ROOT / "acr_global_rig"
CHECKOUT = {"benchmarks", "demo", "devhost", "tests", "tools"}


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports, wherever in the file."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add((node.module or "").partition(".")[0])
    return found - set(sys.stdlib_module_names)


def test_the_wheel_brings_no_package_of_a_common_name() -> None:
    """Whoever installs it may have a package `demo` of their own."""
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = setup["packages"]["find"]["include"]
    there = {".".join(p.relative_to(ROOT).parts[:-1]) for p in ROOT.glob("[!.]*/**/__init__.py")}
    brought = {name for name in there if any(fnmatch.fnmatchcase(name, p) for p in patterns)}
    ours = {name for name in there if name.partition(".")[0] in ("acr_global", "acr_global_rig")}
    assert ours == brought


def test_only_the_world_needs_devhost() -> None:
    """It runs devhost in this process; other files work from the wheel or start processes."""
    needing = {path.name: imported(path) & CHECKOUT for path in RIG.rglob("*.py")}
    assert {"world.py": {"devhost"}} == {name: its for name, its in needing.items() if its}


def test_the_app_does_not_import_the_rig() -> None:
    """The app is deployed without it."""
    for path in (ROOT / "acr_global").rglob("*.py"):
        if "cli" not in path.parts:  # a command that simulates may
            assert not imported(path) & (CHECKOUT | {"acr_global_rig"}), path
