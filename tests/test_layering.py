"""The shape of the code: data flows one way, and nothing outside the shell knows Azure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from acr_global.notify.channels import KINDS

PACKAGE = Path(__file__).parents[1] / "acr_global"

ORDER = [
    "version",
    "errors",
    "model",
    "meanings",
    "durations",
    "patterns",
    "json_text",
    "setting_names",
    "surroundings",
    "urls",
    "sessions",
    "headers",
    "proxies",
    "outgoing",
    "image",
    "secret",
    "lenient",
    "retry",
    "ends",
    "lives",
    "grouping",
    "gathering",
    "reporting",
    "retry_after",
    "notify",
    "arm_ids",
    "setting_values",
    "policy",
    "registry_setting",
    "settings",
    "payload",
    "receive",
    "correlation",
    "verdict",
    "ledger",
    "api",
    "lags",
    "badge",
    "operations",
    "openapi",
    "ui",
    "audience",
    "instruments",
    "measures",
    "spans",
    "registry",
    "catchup",
    "registration",
    "functions",
    "doctor",
    "cli",
]
"""A file or folder imports only what stands above it."""

FILES = sorted(PACKAGE.rglob("*.py"))

CORE = [p for p in FILES if p.relative_to(PACKAGE).parts[0] not in ("functions", "cli")]


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(module: str) -> str | None:
    """The file or folder of the package that a module belongs to."""
    parts = module.split(".")
    return parts[1] if parts[0] == "acr_global" and len(parts) > 1 else None


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_each_file_imports_only_what_stands_above_it(path: Path) -> None:
    """The order is that of the list, from the core to the shell."""
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own in ("__init__", "__main__"):
        return
    for module in imports(path):
        other = layer(module)
        if other is not None and other != own:
            assert other in ORDER, module
            assert ORDER.index(other) < ORDER.index(own), f"{own} imports {module}"


def test_the_order_names_every_file() -> None:
    """A new file must be given its place."""
    there = {p.name.removesuffix(".py") for p in PACKAGE.iterdir() if not p.name.startswith("_")}
    assert there == set(ORDER)


def named_in_the_map_of(folder: Path) -> list[str]:
    """What stands in front of each line of the lists in a package's docstring, in their order."""
    shown = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    rows = re.findall(r"^ *(\w+(?:, \w+)*)  ", shown, re.MULTILINE)
    return [name for row in rows for name in row.split(", ")]


SHELL = PACKAGE / "functions"

FUNCTIONS = ("activities", "http", "orchestrators", "timers")
"""A file for each function, by its name: these need no map."""

SUBJECTS = [name for name in named_in_the_map_of(SHELL) if (SHELL / name).is_dir()]
"""The packages of what functions do, in their order."""


@pytest.mark.parametrize(
    "folder", [SHELL, *(SHELL / name for name in SUBJECTS)], ids=lambda p: p.name
)
def test_the_map_of_a_package_names_all_that_is_in_it(folder: Path) -> None:
    """What is new is described there in a few words."""
    there = {p.stem for p in folder.iterdir() if not p.name.startswith("_")}
    assert there - {*FUNCTIONS} == {*named_in_the_map_of(folder)}


CARRY_OUT = {
    "probing.py": {"orchestrators"},  # what a probe is given, and shows
    "catching.py": {"activities", "http"},  # an event of a log is taken in as if it were posted
    "pageviews.py": {"http"},  # a form does what the API does
}
"""Files that do what a function does, and so import it."""


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_package_of_the_shell_imports_only_those_that_stand_above_it(name: str) -> None:
    """The order is that of the map in functions/__init__.py. None imports functions, but for those
    that carry out what one does."""
    for path in (SHELL / name).glob("*.py"):
        allowed = CARRY_OUT.get(path.name, set())
        below = {*SUBJECTS[SUBJECTS.index(name) + 1 :], *FUNCTIONS} - allowed
        ours = (m.split(".") for m in imports(path) if m.startswith("acr_global.functions."))
        used = {parts[2] for parts in ours}
        assert not used.intersection(below), path.name


def test_sessions_are_made_in_one_place() -> None:
    """That place ignores credentials in the environment. The engine's session, to this machine
    only, is apart."""
    making = {str(p.relative_to(PACKAGE)) for p in FILES if "ClientSession(" in p.read_text()}
    assert {"outgoing.py", "functions/durable/engine.py"} == making
    assert [] == [p for p in FILES if "trust_env" in p.read_text()]


def test_urls_are_taken_apart_in_one_place() -> None:
    """Other files use the parts, and do not parse."""
    parsing = ("urllib.parse.urlsplit", "urllib.parse.urlparse", "urllib.parse.urljoin")
    assert {"urls.py"} == {
        str(p.relative_to(PACKAGE)) for p in FILES if set(imports(p)).intersection(parsing)
    }


@pytest.mark.parametrize("path", CORE, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_shell_knows_azure_functions(path: Path) -> None:
    """The core is tested without a host. (The registry's own clients are registry/'s business.)"""
    known = [m for m in imports(path) if m.startswith(("azure.functions", "azure.durable"))]
    assert [] == known


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_commands_know_their_libraries(path: Path) -> None:
    """The extra `cli` is never deployed."""
    if path.relative_to(PACKAGE).parts[0] != "cli":
        assert [] == [m for m in imports(path) if m.split(".")[0] in ("typer", "rich")]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_stays_readable(path: Path) -> None:
    """No file is longer than 400 lines."""
    assert 400 >= len(path.read_text().splitlines())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_channels_know_the_kinds_of_targets(path: Path) -> None:
    """Elsewhere no kind is named, and no kind's file imported. (The registry has webhooks, too.)"""
    if path.is_relative_to(PACKAGE / "notify" / "channels"):
        return
    names = KINDS.keys() - {"webhook"}
    tree = ast.walk(ast.parse(path.read_text()))
    texts = [n.value for n in tree if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert [] == [text for text in texts if text in names]
    files = {f"acr_global.notify.channels.{kind}" for kind in KINDS}
    assert [] == [module for module in imports(path) if module in files]
