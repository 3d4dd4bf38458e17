"""`settings show`: what is in force, where it was said, and nothing that is secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from acr_global.settings import known_names
from tests.cli.conftest import Run, targets

HUSH = "hush-hush"


def shown(run: Run, **environ: str) -> dict[str, dict[str, Any]]:
    """By name without the prefix, as JSON has it."""
    ran = run("settings", "show", "--json", **environ)
    assert (0, "") == (ran.code, ran.err)
    assert HUSH not in ran.out
    answer = json.loads(ran.out)
    return {one.pop("setting").removeprefix("ACR_GLOBAL_"): one for one in answer["settings"]}


def test_every_setting_is_shown_in_the_order_of_the_docs(run: Run) -> None:
    """Also where nothing is set."""
    ran = run("settings", "show", "--json")
    assert list(known_names()) == [one["setting"] for one in json.loads(ran.out)["settings"]]


def test_where_each_value_was_said(run: Run, tmp_path: Path) -> None:
    """The environment goes before the file, and an empty text there hides it."""
    values = {"ACR_GLOBAL_TIMEOUT": "5m", "ACR_GLOBAL_REGIONS": "a,b", "ACR_GLOBAL_EXCLUDE": "x"}
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": values}))
    found = shown(run, ACR_GLOBAL_REGIONS="eastus", ACR_GLOBAL_EXCLUDE="")
    assert {"value": ["eastus"], "source": "environment", "wrong": False} == found["REGIONS"]
    assert {"value": "5m", "source": "local.settings.json", "wrong": False} == found["TIMEOUT"]
    assert {"value": [], "source": "default", "wrong": False} == found["EXCLUDE"]
    assert {"value": "1d", "source": "default", "wrong": False} == found["LATE_WINDOW"]


def test_what_is_wrong_is_shown_as_it_is_in_force(run: Run) -> None:
    """The default counts until then; the problem is on stderr, and this command fails for none."""
    ran = run("settings", "show", ACR_GLOBAL_TIMEOUT=HUSH, ACR_GLOBAL_REGIONS="eastus")
    assert 0 == ran.code
    assert ["ACR_GLOBAL_TIMEOUT", "10m", "environment, wrong"] == [
        cell.strip() for cell in ran.out.splitlines()[2].split("  ") if cell
    ]
    assert ran.err.startswith("error: ACR_GLOBAL_TIMEOUT: not a duration")
    assert HUSH not in ran.out + ran.err


def test_a_setting_that_is_missing_is_a_default(run: Run) -> None:
    """A problem names it, but nothing that was said is wrong."""
    found = shown(run)
    assert {"value": [], "source": "default", "wrong": False} == found["REGIONS"]


def test_of_a_target_nothing_secret_is_shown(run: Run) -> None:
    """Secrets are masked, or the setting is named that holds them; URLs as in `preview`."""
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
    """Only what it says itself."""
    own = {"regions": "eastus,westus", "region_endpoints": {"eastus": "https://e.test/"}}
    found = shown(run, ACR_GLOBAL_REGISTRIES=json.dumps({"one.azurecr.io": own}))
    assert {
        "one.azurecr.io": {
            "region_endpoints": {"eastus": "https://e.test"},
            "regions": ["eastus", "westus"],
        }
    } == found["REGISTRIES"]["value"]
