"""The app's functions are those that the README states."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from acr_global.functions.app import build_app

README = (Path(__file__).parents[2] / "README.md").read_text()
FUNCTIONS: list[Any] = build_app({"ACR_GLOBAL_REGIONS": "eastus"}).get_functions()


def triggers(kind: str) -> dict[str, dict[str, Any]]:
    """The triggers of one kind, by the function's name."""
    found = {f.get_function_name(): f.get_trigger().get_dict_repr() for f in FUNCTIONS}
    return {name: trigger for name, trigger in found.items() if trigger["type"] == kind}


def test_the_http_functions_are_those_of_the_table() -> None:
    """The table gives names, routes, methods and auth levels."""
    row = re.compile(r"^\| `(\w+)` \| `/api/([^`]+)` \| (\w+) \| (\w+) \|$", re.MULTILINE)
    stated = {m[1]: (m[2], m[3], m[4]) for m in row.finditer(README)}
    indexed = {
        name: (
            trigger["route"],
            ",".join(m.value for m in trigger["methods"]),
            trigger["authLevel"].value.lower(),
        )
        for name, trigger in triggers("httpTrigger").items()
    }
    assert stated == indexed


def test_orchestrators_and_activities_are_those_named() -> None:
    """Instances in flight hold these names."""
    sentence = re.search(r"Orchestrators: (.*?)\.\s+Activities:\s+(.*?)\.\n", README, re.DOTALL)
    assert sentence
    orchestrators, activities = (set(re.findall(r"`(\w+)`", part)) for part in sentence.groups())
    assert orchestrators == set(triggers("orchestrationTrigger"))
    assert activities == set(triggers("activityTrigger"))


def test_the_timer_function_is_the_one_named() -> None:
    """It is not run when a host starts, because that host has a webhook to answer."""
    stated = re.search(r"^Timer: `(\w+)` \(`([^`]+)`\)\.$", README, re.MULTILINE)
    assert stated
    ((name, trigger),) = triggers("timerTrigger").items()
    assert stated.groups() == (name, trigger["schedule"])
    assert trigger["runOnStartup"] is False


def test_a_durable_trigger_calls_the_function_of_its_name() -> None:
    """The orchestrators call activities by these names."""
    for name, trigger in triggers("activityTrigger").items():
        assert name == trigger["activity"]
    for name, trigger in triggers("orchestrationTrigger").items():
        assert name == trigger["orchestration"]


def test_the_app_loads_whatever_the_settings_say() -> None:
    """An error at import would take every function down."""
    for environ in ({}, {"ACR_GLOBAL_TARGETS": "{"}, {"ACR_GLOBAL_X": "y"}):
        assert len(FUNCTIONS) == len(build_app(environ).get_functions())
