"""docs/telemetry.md has every event that is logged, with its level and its fields."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEVELS = {"DEBUG": "debug", "INFO": "information", "WARNING": "warning", "ERROR": "error"}


def logged() -> dict[str, tuple[set[str], set[str]]]:
    """Every event's fields and levels, from all calls of `log.line`."""
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for path in (ROOT / "acr_global").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "log.line":
                fields, levels = found[ast.literal_eval(node.args[0])]
                fields |= {k.arg for k in node.keywords if k.arg} - {"level"}
                level = next((ast.unparse(k.value) for k in node.keywords if k.arg == "level"), "")
                levels |= {LEVELS[n] for n in re.findall(r"logging\.([A-Z]+)", level) or ["INFO"]}
    return found


def documented() -> dict[str, tuple[set[str], set[str]]]:
    """The rows of the table."""
    page = (ROOT / "docs" / "telemetry.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE)
    return {
        name: (set(re.findall(r"`(\w+)`", fields)), {w for w in LEVELS.values() if w in level})
        for name, level, fields in rows
    }


def test_the_page_has_every_event_with_its_fields() -> None:
    """The page has no other events, and no other fields."""
    assert {e: sorted(fields) for e, (fields, _) in logged().items()} == {
        e: sorted(fields) for e, (fields, _) in documented().items()
    }


def test_the_page_has_the_levels() -> None:
    """All that an event may have."""
    assert {e: levels for e, (_, levels) in logged().items()} == {
        e: levels for e, (_, levels) in documented().items()
    }
