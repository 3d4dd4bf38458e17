"""docs/alarms.md says what to do with all that asks somebody to do something."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

from tests.functions.test_log import logged

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "alarms.md").read_text()


@cache
def todos() -> dict[str, set[str]]:
    """What each event says is to be done; nothing where that is made elsewhere, as of a setting."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "acr_global").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "log.line":
                said = [ast.unparse(k.value) for k in node.keywords if k.arg == "todo"]
                found[ast.literal_eval(node.args[0])] |= {text.strip("'\"") for text in said}
    return found


def told_to_wait(event: str) -> bool:
    """Whether its lines say that nothing is to be done."""
    return all(todo.startswith("nothing") for todo in todos()[event])


def test_the_page_has_each_line_that_somebody_has_to_act_on() -> None:
    """Every error, and every warning but those that say themselves that nothing is to be done."""
    asking = {
        event
        for event, (fields, levels) in logged().items()
        if "error" in levels
        or ({"warning"} & levels and {"todo"} & fields and not told_to_wait(event))
    }
    assert len(asking) > 15
    assert set() == {event for event in asking if f"`{event}`" not in PAGE}
