"""`settings show`: what is in force, where it was set, and nothing secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from acr_global.settings import known_names
from tests.cli.conftest import Run, targets

HUSH = "hush-hush"


def shown(run: Run, **environ: str) -> dict[str, dict[str, Any]]:
    """The settings by name without the prefix, as JSON has them."""
    ran = run("settings", "show", "--json", **environ)
    assert (0, "") == (ran.code, ran.err)
    assert HUSH not in ran.out
    answer = json.loads(ran.out)
    return {one.pop("setting").removeprefix("ACR_GLOBAL_"): one for one in answer["settings"]}


def test_every_setting_is_shown_in_the_order_of_the_docs(run: Run) -> None:
    """This holds even where nothing is set."""
    ran = run("settings", "show", "--json")
    assert list(known_names()) == [one["setting"] for one in json.loads(ran.out)["settings"]]


def test_each_value_has_its_source(run: Run, tmp_path: Path) -> None:
    """The environment overrides the file, and an empty text there hides it."""
    values = {"ACR_GLOBAL_TIMEOUT": "5m", "ACR_GLOBAL_REGIONS": "a,b", "ACR_GLOBAL_EXCLUDE": "x"}
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": values}))
    found = shown(run, ACR_GLOBAL_REGIONS="eastus", ACR_GLOBAL_EXCLUDE="")
    assert {"value": ["eastus"], "source": "environment", "wrong": False} == found["REGIONS"]
    assert {"value": "5m", "source": "local.settings.json", "wrong": False} == found["TIMEOUT"]
    assert {"value": [], "source": "default", "wrong": False} == found["EXCLUDE"]
    assert {"value": "1d", "source": "default", "wrong": False} == found["LATE_WINDOW"]


def test_a_wrong_setting_is_shown_with_the_value_in_force(run: Run) -> None:
    """That is the default; the problem is on stderr, and does not fail this command."""
    ran = run("settings", "show", ACR_GLOBAL_TIMEOUT=HUSH, ACR_GLOBAL_REGIONS="eastus")
    assert 0 == ran.code
    assert ["ACR_GLOBAL_TIMEOUT", "10m", "environment, wrong"] == [
        cell.strip() for cell in ran.out.splitlines()[2].split("  ") if cell
    ]
    assert ran.err.startswith("error: ACR_GLOBAL_TIMEOUT: not a duration")
    assert HUSH not in ran.out + ran.err


def test_a_missing_setting_is_shown_as_a_default(run: Run) -> None:
    """A problem names it, though no given value is wrong."""
    found = shown(run)
    assert {"value": [], "source": "default", "wrong": False} == found["REGIONS"]


def test_of_a_target_nothing_secret_is_shown(run: Run) -> None:
    """A secret is masked, or the setting that holds it is named; URLs are as in `preview`."""
    given = targets(
        {"name": "chat", "kind": "slack", "url": f"https://hooks.slack.com/services/{HUSH}"},
        {
            "name": "ci",
            "kind": "webhook",
            "url": {"$secret": "CI_URL"},
            "headers": {"X-Key": HUSH, "X-Odd": {"$secret": "hush"}},
            "on": ["overdue"],
        },
    )
    found = shown(
        run, ACR_GLOBAL_REGIONS="eastus", ACR_GLOBAL_TARGETS=given, CI_URL=f"https://c.test/{HUSH}"
    )
    chat, ci = found["TARGETS"]["value"]
    assert "https://hooks.slack.com/***" == chat["url"]
    assert {"$secret": "CI_URL"} == ci["url"]
    assert {"X-Key": "***", "X-Odd": {"$secret": "***"}} == ci["headers"]
    assert (["overdue"], "10s", False) == (ci["on"], ci["timeout"], ci["insecure"])
    assert "template" not in ci


def test_of_a_registry_its_own_policy_is_shown(run: Run) -> None:
    """Only what differs from the plain settings stands there."""
    own = {"regions": "eastus,westus", "region_endpoints": {"eastus": "https://e.test/"}}
    found = shown(run, ACR_GLOBAL_REGISTRIES=json.dumps({"one.azurecr.io": own}))
    assert {
        "one.azurecr.io": {
            "region_endpoints": {"eastus": "https://e.test"},
            "regions": ["eastus", "westus"],
        }
    } == found["REGISTRIES"]["value"]
