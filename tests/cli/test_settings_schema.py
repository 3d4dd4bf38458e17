"""The settings' schema accepts right values, and finds the mistakes that an editor can find."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from acr_global.cli.settings_schema import schema, schema_json
from acr_global.notify.channels import KINDS, channel
from acr_global.policy import Override
from acr_global.settings import known_names, load_settings
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]


def wrong(part: str, value: object) -> bool:
    """Whether a part of the schema refuses a value."""
    found = dict(schema())
    validator = jsonschema.Draft202012Validator(
        {"$defs": found["$defs"], "$ref": f"#/$defs/{part}"}
    )
    return not validator.is_valid(value)


def test_the_command_prints_the_page_in_docs(run: Run) -> None:
    """The page is a valid schema."""
    ran = run("settings", "schema")
    assert (0, schema_json(), "") == (ran.code, ran.out, ran.err)
    assert schema_json() == (ROOT / "docs" / "settings.schema.json").read_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(ran.out))


def test_the_example_file_is_right() -> None:
    """The schema accepts local.settings.json.example."""
    example = json.loads((ROOT / "local.settings.json.example").read_text())
    jsonschema.Draft202012Validator(schema()).validate(example)


def test_editors_are_told_of_the_schema() -> None:
    """They use it for local.settings.json."""
    (entry,) = json.loads((ROOT / ".vscode" / "settings.json").read_text())["json.schemas"]
    assert ["local.settings.json"] == entry["fileMatch"]
    assert (ROOT / entry["url"]).exists()


def test_the_schema_has_every_setting_with_its_default() -> None:
    """A default is right as a value, too."""
    properties = schema()["$defs"]["settings"]["properties"]
    assert list(known_names()) == list(properties)
    defaults = {name: said["default"] for name, said in properties.items() if "default" in said}
    assert load_settings({}).settings == load_settings(defaults).settings
    assert not wrong("settings", defaults)


@pytest.mark.parametrize("text", ["90s", "1h30m", "PT10M", "p1dt2h", "0", "2 d"])
def test_each_form_of_a_duration_is_right(text: str) -> None:
    """The schema accepts all that the app does."""
    assert not wrong("settings", {"ACR_GLOBAL_TIMEOUT": text})


@pytest.mark.parametrize("text", ["5 in 10m", "20 IN pt1m", " 0 "])
def test_each_form_of_when_alarms_are_one_is_right(text: str) -> None:
    """As a setting, and as a registry's own."""
    assert not wrong("settings", {"ACR_GLOBAL_ALARM_GROUP": text})
    assert not wrong("registries", {"one.azurecr.io": {"alarm_group": text}})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEOUT", "ten"),
        ("TIMEOUT", "10"),
        ("ALARM_GROUP", "5"),
        ("ALARM_GROUP", "off"),
        ("CORRELATION", "digest"),
        ("ACTIONS", "push,pull"),
        ("REGIONS", ["eastus"]),
        ("REGIONS", None),
    ],
)
def test_a_wrong_value_is_found(name: str, value: object) -> None:
    """A text of another form is, and a value that is no text."""
    assert wrong("settings", {f"ACR_GLOBAL_{name}": value})


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_of_every_kind_is_right(kind: str) -> None:
    """With an unknown field, or without a required one, it is not."""
    sample = import_module(f"tests.notify.channels.test_{kind}").SAMPLE
    target: dict[str, Any] = {"name": "ops", "kind": kind, **sample}
    assert not wrong("targets", [target])
    assert wrong("targets", [target | {"colour": "blue"}])
    for needed in ("kind", "name"):
        assert wrong("targets", [{k: v for k, v in target.items() if k != needed}])
    fields = schema()["$defs"][f"target-{kind}"]["properties"]
    assert set(channel(kind).model_fields) == set(fields)


def test_a_registry_s_own_policy_is_right() -> None:
    """Lists may be lists or text; an unknown field is found."""
    own = {"regions": "eastus,westus", "exclude": ["*:"], "timeout": "5m", "targets": ["ops"]}
    assert not wrong("registries", {"one.azurecr.io": own})
    assert wrong("registries", {"one.azurecr.io": {"region": "eastus"}})
    assert wrong("registries", {"one.azurecr.io": {"timeout": 5}})
    assert wrong("registries", {"one.azurecr.io": {"alarm_group": "5"}})
    fields = schema()["$defs"]["registries"]["additionalProperties"]["properties"]
    assert set(Override.model_fields) == set(fields)
