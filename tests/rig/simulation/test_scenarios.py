"""The scenarios in docs/ can be played, and their schema fits them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from acr_global_rig.simulation.judge import judge
from acr_global_rig.simulation.lag import Lag, Part
from acr_global_rig.simulation.reading import read_scenario
from acr_global_rig.simulation.scenario import App, Listener, Pushes, Scenario
from acr_global_rig.simulation.schema import schema
from tests.rig.simulation.test_play import FINE, played

ROOT = Path(__file__).parents[3]
SCENARIOS = [*sorted((ROOT / "docs/scenarios").glob("*.yaml")), ROOT / "demo/scenario.yaml"]
SCHEMA = ROOT / "docs/scenario.schema.json"
NAMES = [path.stem for path in SCENARIOS]
by_file = pytest.mark.parametrize("path", SCENARIOS, ids=NAMES)


@pytest.mark.parametrize("text", [path.read_text() for path in SCENARIOS], ids=NAMES)
async def test_the_app_gives_the_right_verdicts(text: str) -> None:
    """It runs on devhost in virtual time, with the scenario's settings."""
    assert FINE == judge(await played(text))


@by_file
def test_the_schema_fits_every_scenario(path: Path) -> None:
    """Editors find no mistake, and know which schema it is."""
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert [] == [*validator.iter_errors(yaml.safe_load(path.read_text()))]
    named = path.read_text().partition("$schema=")[2].split()[0]
    assert SCHEMA == (path.parent / named).resolve()


@pytest.mark.parametrize(
    "wrong",
    [
        "{}",
        "{regions: [eastus], pushes: []}",
        "{regions: [eastus], pushes: [{image: A}]}",
        "{regions: [eastus], pushes: [{image: 'a:1', lag: {uniform: 1}}]}",
        "{regions: [eastus], pushes: [{image: 'a:1', lag: {fixed: 1, exponential: 2}}]}",
        "{regions: [eastus], pushes: [{image: 'a:1', lose: 2}]}",
        "{regions: [eastus], pushes: [{image: 'a:1', sed: 2}]}",
    ],
)
def test_an_editor_finds_mistakes(wrong: str) -> None:
    """The schema knows fields, kinds and bounds."""
    validator = jsonschema.Draft202012Validator(json.loads(schema()))
    assert [*validator.iter_errors(yaml.safe_load(wrong))]


def test_everything_stands_in_one_scenario() -> None:
    """It has an example of each field."""
    said = yaml.safe_load((ROOT / "docs/scenarios/everything.yaml").read_text())
    assert set(Scenario.model_fields) == set(said)
    assert set(App.model_fields) == set(said["app"])
    assert set(Listener.model_fields) == {name for one in said["receivers"] for name in one}
    assert set(Pushes.model_fields) == {name for one in said["pushes"] for name in one}
    lags = [one[name] for one in said["pushes"] for name in ("lag", "repeat_lag") if name in one]
    lags += [lag for one in said["pushes"] for lag in one.get("region_lags", {}).values()]
    assert set(Lag.model_fields) == {name for lag in lags if isinstance(lag, dict) for name in lag}


PAGE = (ROOT / "docs/simulating.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \|[^|]*\| (.+) \| `(.+)` \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE)
KINDS: tuple[type[Part], ...] = (Scenario, App, Listener, Pushes, Lag)


def test_the_page_has_a_row_for_each_field() -> None:
    """They are in the fields' order, with the meaning that editors show."""
    fields = [(n, f.description) for kind in KINDS for n, f in kind.model_fields.items()]
    assert fields == [(name, meaning) for name, meaning, _ in ROWS]


FRAMES = {
    Scenario: "{}",
    App: "app: {{{}}}",
    Listener: "receivers: [{{name: a, {}}}]",
    Pushes: "pushes: [{{image: 'a:1', {}}}]",
    Lag: "pushes: [{{image: 'a:1', lag: {{{}}}}}]",
}
"""Where a field of each kind stands in a scenario."""
PLACES = [kind for kind in KINDS for _ in kind.model_fields]


@pytest.mark.parametrize(("kind", "row"), [*zip(PLACES, ROWS, strict=True)])
def test_each_example_of_a_field_is_right(kind: type[Part], row: tuple[str, str, str]) -> None:
    """The scenario around it has the other required fields."""
    name, _, example = row
    assert name == example.partition(":")[0]
    said: dict[str, Any] = {"regions": ["westeurope", "eastus"], "pushes": [{"image": "b:1"}]}
    frame = FRAMES[kind].replace("name: a, ", "" if name == "name" else "name: a, ")
    frame = frame.replace("image: 'a:1', {}", "{}" if name == "image" else "image: 'a:1', {}")
    said |= yaml.safe_load(frame.format(example))
    assert read_scenario(yaml.safe_dump(said))
