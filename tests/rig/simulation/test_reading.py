"""Reading a scenario file: every mistake is named with its line and field."""

from __future__ import annotations

import pytest

from acr_global_rig.simulation.lag import Lag
from acr_global_rig.simulation.reading import MAX_CHARS, ScenarioError, read_scenario

SMALL = "regions: [eastus]\npushes:\n  - image: a:1\n"


def problems(text: str) -> tuple[str, ...]:
    """The mistakes in a scenario."""
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text)
    return caught.value.problems


def test_the_smallest_scenario_has_regions_and_an_image() -> None:
    """Everything else has a default, the app's own where there is one."""
    read = read_scenario(SMALL)
    assert (("eastus",), "a:1", 600.0, 86_400.0) == (
        read.regions,
        read.pushes[0].image,
        read.app.timeout,
        read.app.late_window,
    )
    assert ["simulate"] == [receiver.name for receiver in read.receivers]


def test_regions_may_be_written_as_people_do() -> None:
    """Blanks and capitals, text and lists are accepted."""
    text = "regions: West Europe, eastus\npushes: [{image: 'a:1', lose: [East US]}]"
    read = read_scenario(text)
    assert (("westeurope", "eastus"), ("eastus",)) == (read.regions, read.pushes[0].lose)


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.5, "2.5"), (90.0, "1m30s"), (0.0, "0"), (60.0, "PT1M"), (3.0, "3")]
)
def test_a_time_is_a_number_of_seconds_or_a_duration(seconds: float, text: str) -> None:
    """Unlike in settings, it may have a fraction."""
    read = read_scenario(f"{SMALL}    begins: {text}\n    lag: {text}\n")
    assert (seconds, Lag.model_validate({"fixed": seconds})) == (
        read.pushes[0].begins,
        read.pushes[0].lag,
    )


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("line 1: must be a mapping, beginning with regions: and pushes:", ""),
        ("line 1: must be a mapping, beginning with regions: and pushes:", "- a\n- b"),
        ("line 1: regions: is missing", "pushes: [{image: 'a:1'}]"),
        ("line 1: pushes: is missing", "regions: [eastus]"),
        ("line 2: pushes: must have one entry at least", "regions: [eastus]\npushes: []"),
        ("line 2: regions: must name regions, such as westeurope, eastus",
         "pushes: [{image: 'a:1'}]\nregions: [east/us]"),
        ("line 1: regions: must name one region at least",
         "regions: []\npushes: [{image: 'a:1'}]"),
        ("line 2: is not YAML: mapping values are not allowed here", "regions: [eastus]\na: b: c"),
        ("line 1: is not YAML: could not determine a constructor for the tag '!ruby'",
         "regions: !ruby x"),
        ("is not YAML: a value is not what its tag (!!) says", "regions: !!bool perhaps"),
        ("is not YAML: a value is not what its tag (!!) says", "regions: !!int ''"),
        ("is not YAML: a value is not what its tag (!!) says", "regions: !!timestamp now"),
        ("is nested too deep", "regions: " + "[" * 10_000),
        ("line 4: expects: stands there twice", SMALL.replace("pushes", "expects")
         + "expects: 1"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_whole_is_named(said: str, text: str) -> None:
    """A missing field is named in the line where its mapping begins."""
    assert said in problems(text)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("unknown field 'lags'; did you mean 'lag'?", "lags: 1"),
        ("image: stands there twice", "image: b:2"),
        ("count: must be greater than or equal to 1", "count: 0"),
        ("count: must be a whole number", "count: 1.5"),
        ("count: must be a whole number", "count: many"),
        ("rate: must be greater than 0", "rate: 0"),
        ("rate: must be a number", "rate: .nan"),
        ("rate: must be a number", "rate: fast"),
        ("begins: not a duration: write it like 90s, 10m, 1h30m, 2d or PT10M", "begins: soon"),
        ("begins: must be between 0 and 432000 seconds", "begins: -1"),
        ("begins: must be between 0 and 432000 seconds", "begins: .inf"),
        ("begins: must be a number of seconds, or a duration such as 90s or 2m", "begins: [1]"),
        ("lag: must be a number of seconds, or a duration such as 90s or 2m", "lag: yes"),
        ("lag: must say one of fixed, uniform, exponential, lognormal", "lag: {}"),
        ("lag: must say one of fixed, uniform, exponential, lognormal", "lag: {fixed: null}"),
        ("lag: must say one of fixed, uniform, exponential, lognormal",
         "lag: {fixed: 1, exponential: 2}"),
        ("lag: uniform must name the shorter first", "lag: {uniform: [2, 1]}"),
        ("lag.uniform: must be a list", "lag: {uniform: 2}"),
        ("lag.uniform[1]: is missing", "lag: {uniform: [2]}"),
        ("lag.lognormal.sigma: is missing", "lag: {lognormal: {median: 2}}"),
        ("lag.lognormal: must be a mapping, name: value", "lag: {lognormal: 2}"),
        ("lag.normal: unknown field 'normal'; did you mean 'lognormal'?", "lag: {normal: 2}"),
        ("region_lags: names mars, which is not among the regions", "region_lags: {mars: 2}"),
        ("region_lags: must be a mapping, name: value", "region_lags: 2"),
        ("region_lags.eastus.unifrom: unknown field 'unifrom'; did you mean 'uniform'?",
         "region_lags: {eastus: {unifrom: [1, 2]}}"),
        ("order: must name every region, once", "order: [eastus]"),
        ("order: decides who is first, and so cannot stand beside region_lags",
         "order: [eastus, westus]\n    region_lags: {eastus: 1}"),
        ("lose: must be a chance between 0 and 1, or a list of regions", "lose: 2"),
        ("lose: must be comma-separated text or a list of texts", "lose: yes"),
        ("lose: names mars, which is not among the regions", "lose: mars"),
        ("late: names eastus, whose webhook is lost", "late: eastus\n    lose: eastus"),
        ("ids: must be 'same' or 'own'", "ids: other"),
        ("note: must be text; put it in quotes", "note: 7"),
        ("platforms: must be less than or equal to 20", "platforms: 21"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_push_is_named(said: str, field: str) -> None:
    """The line is that of the field or its part."""
    text = f"regions: [eastus, westus]\n\npushes:\n  - image: a:1\n    {field}\n"
    (first, *_) = problems(text)
    assert said in first
    assert first.startswith(("line 5: pushes[0].", "line 6: pushes[0]."))


@pytest.mark.parametrize("image", ["a", "A:1", "a/:1", "a:", "a:-1", "a:1:2", "''", "a@sha256:0"])
def test_an_image_is_a_repository_and_a_tag(image: str) -> None:
    """The registry's rules apply."""
    said = "line 1: pushes[0].image: must be repository:tag in the registry's letters, such as "
    assert (said + "shop/web:1.4.0",) == problems(
        f"{{regions: [eastus], pushes: [{{image: {image!r}}}]}}"
    )


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("seed: must be greater than or equal to 0", "seed: -1"),
        ("registry: must be a host name, such as myregistry.azurecr.io", "registry: a b"),
        ("registry: must be a host name, such as myregistry.azurecr.io", "registry: 7"),
        ("app: must be a mapping, name: value", "app: 10m"),
        ("app.timeout: must be one second at least", "app: {timeout: 0}"),
        ("app.time_out: unknown field 'time_out'; did you mean 'timeout'?", "app: {time_out: 1}"),
        ("app.correlation: must be 'id' or 'content'", "app: {correlation: tag}"),
        ("receivers: must have one entry at least", "receivers: []"),
        ("receivers[0].name: must be lower-case letters, digits and hyphens",
         "receivers: [{name: A/B}]"),
        ("receivers[1].name: another receiver is called a", "receivers: [{name: a}, {name: a}]"),
        ("receivers[0].verdicts[0]: must be 'complete', 'overdue', 'recovered' or 'incomplete'",
         "receivers: [{name: a, verdicts: [late]}]"),
    ],
)  # fmt: skip
def test_a_mistake_beside_the_pushes_is_named(said: str, line: str) -> None:
    """Its line is given, and nothing else is named."""
    assert (f"line 4: {said}",) == problems(SMALL + line)


def test_a_name_that_yaml_reads_as_a_boolean_is_named() -> None:
    """The line is the one where its mapping begins."""
    said = "a name here is not text (yes, no, on, off are truth values to YAML): quote it"
    assert (f"line 3: pushes[0]: {said}",) == problems(f"{SMALL}    on: 1\n")


def test_all_mistakes_are_named_at_once() -> None:
    """They can be corrected in one go."""
    assert ("line 4: pushes[0].count: must be a whole number", "line 5: sed: unknown field 'sed'; "
            "did you mean 'seed'?") == problems(f"{SMALL}    count: x\nsed: 1\n")  # fmt: skip


def test_too_many_pushes_are_refused() -> None:
    """A typing error starts nothing endless."""
    text = "regions: [eastus]\npushes:\n  - {image: 'a:1', count: 9000}\n"
    assert ("line 2: pushes: must be no more than 10000 in all",) == problems(
        f"{text}  - {{image: 'b:1', count: 9000}}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "x" * (MAX_CHARS + 1),
        "[" * 5_000,
        "a: &a [*a]",
        "a: 2026-99-99",
        "a: \x00",
        "? [a]\n: 1",
        "--- a: 1\n--- b: 2",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n" * 3,
    ],
)
def test_no_text_is_worse_than_a_mistake(text: str) -> None:
    """A text may be too long, too deep, circular, or no scenario at all."""
    assert problems(text)
