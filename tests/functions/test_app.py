"""The app's functions are those that the README states."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from acr_global.functions.app import build_app
from tests.registry.fakes import REGISTRY_ID

README = (Path(__file__).parents[2] / "README.md").read_text()
FUNCTIONS: list[Any] = build_app({"ACR_GLOBAL_REGIONS": "eastus"}).get_functions()


WATCHED = {"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_REGISTRY_ID": REGISTRY_ID}
"""A registry whose event logs can be asked for."""


def triggers(kind: str, functions: list[Any] = FUNCTIONS) -> dict[str, dict[str, Any]]:
    """The triggers of one kind, by the function's name."""
    found = {f.get_function_name(): f.get_trigger().get_dict_repr() for f in functions}
    return {name: trigger for name, trigger in found.items() if trigger["type"] == kind}


def test_the_http_functions_are_those_of_the_table() -> None:
    """The table gives names, routes, methods and auth levels."""
    row = re.compile(r"^\| `(\w+)` \| `/api/([^`]+)` \| ([\w, ]+) \| (\w+) \|$", re.MULTILINE)
    stated = {m[1]: (m[2], m[3], m[4]) for m in row.finditer(README)}
    indexed = {
        name: (
            trigger["route"],
            ", ".join(m.value for m in trigger["methods"]),
            trigger["authLevel"].value.lower(),
        )
        for name, trigger in triggers("httpTrigger").items()
    }
    assert stated == indexed


def fits(one: str, other: str) -> bool:
    """Whether some address fits both routes."""
    pairs = itertools.zip_longest(one.split("/"), other.split("/"))
    for a, b in pairs:
        if "{*" in f"{a}{b}":
            return True
        if a is None or b is None or ("{" not in a + b and a.lower() != b.lower()):
            return False
    return True


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("ui/{*page}", "ui/assets/{name}", True),
        ("ui/{*page}", "ui", True),
        ("ui/{*page}", "ui-assets/{name}", False),
        ("pushes/{id}", "pushes/all", True),
        ("pushes/{id}", "pushes/{id}/retry", False),
        ("Health", "health", True),
    ],
)
def test_routes_that_fit_one_address_are_found(one: str, other: str, both: bool) -> None:
    """In either order."""
    assert both == fits(one, other) == fits(other, one)


def test_no_two_routes_fit_one_address() -> None:
    """Hosts differ in which of two they take: Azure's goes by the alphabet of the functions."""
    there = triggers("httpTrigger").values()
    for one, other in itertools.combinations(there, 2):
        if set(one["methods"]) & set(other["methods"]):
            assert not fits(one["route"], other["route"]), (one["route"], other["route"])


def test_badges_are_there_where_images_are_named() -> None:
    """Everybody may ask then; of a registry of its own, too."""
    assert "Badge" not in triggers("httpTrigger")
    assert "Badge" not in triggers(
        "httpTrigger", build_app({"ACR_GLOBAL_BADGE": ","}).get_functions()
    )
    own = json.dumps({"r.io": {"regions": ["eastus"], "badge": ["team/*"]}})
    for environ in ({"ACR_GLOBAL_BADGE": "team/*"}, {"ACR_GLOBAL_REGISTRIES": own}):
        badge = triggers("httpTrigger", build_app(environ).get_functions())["Badge"]
        assert "anonymous" == badge["authLevel"].value
        assert f"/api/{badge['route']}`" in README


def test_orchestrators_and_activities_are_those_named() -> None:
    """Instances in flight hold these names."""
    sentence = re.search(r"Orchestrators: (.*?)\.\s+Activities:\s+(.*?)\.\n", README, re.DOTALL)
    assert sentence
    orchestrators, activities = (set(re.findall(r"`(\w+)`", part)) for part in sentence.groups())
    assert orchestrators == set(triggers("orchestrationTrigger"))
    assert activities == set(triggers("activityTrigger"))


def test_the_timer_functions_are_those_named() -> None:
    """None is run when a host starts, because that host has a webhook to answer."""
    (sentence,) = re.findall(r"^Timers: .*?\.\n", README, re.MULTILINE | re.DOTALL)
    stated = dict(re.findall(r"`(\w+)`\s\(`([^`]+)`", sentence))
    there = triggers("timerTrigger", build_app(WATCHED).get_functions())
    assert stated == {name: trigger["schedule"] for name, trigger in there.items()}
    assert {False} == {trigger["runOnStartup"] for trigger in there.values()}


def test_without_a_registry_to_ask_nothing_is_caught_up() -> None:
    """There is no timer then, which would wake the app for nothing."""
    assert {"ReviveInterrupted", "PurgeFinished"} == set(triggers("timerTrigger"))
    off = build_app(WATCHED | {"ACR_GLOBAL_CATCH_UP": "0"}).get_functions()
    assert {"ReviveInterrupted", "PurgeFinished"} == set(triggers("timerTrigger", off))


@pytest.mark.parametrize(
    ("schedule", "every"),
    [("30 */1 * * * *", "1m"), ("30 */7 * * * *", "7m"), ("30 0 * * * *", "1h")],
)
def test_catching_up_runs_as_often_as_is_said(schedule: str, every: str) -> None:
    """The schedule is as close as NCRONTAB can say it: every seventh minute of each hour, and the
    full hour."""
    app = build_app(WATCHED | {"ACR_GLOBAL_CATCH_UP": every})
    assert schedule == triggers("timerTrigger", app.get_functions())["CatchUp"]["schedule"]


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
