"""Settings from the environment."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from acr_global.grouping import AlarmGroup
from acr_global.model import Action
from acr_global.setting_values import shown
from acr_global.settings import Loaded, Settings, known_names, load_settings
from tests.registry.fakes import REGISTRY_ID

ROOT = Path(__file__).parents[1]
TARGET = {"name": "ops", "kind": "webhook", "url": "https://ops.example/hook"}


def load(**given: object) -> Loaded:
    """Load settings given by their short names."""
    return load_settings({f"ACR_GLOBAL_{k}": str(v) for k, v in given.items()})


def problems(**given: object) -> dict[str, str]:
    """The problems, by the setting's short name."""
    loaded = load(**({"REGIONS": "eastus"} | given))
    return {p.setting.removeprefix("ACR_GLOBAL_"): p.message for p in loaded.problems}


def test_only_regions_must_be_set() -> None:
    """Every other setting has a default that works."""
    loaded = load(REGIONS="West Europe, eastus")
    assert () == loaded.problems
    assert ("westeurope", "eastus") == loaded.settings.regions
    assert timedelta(minutes=10) == loaded.settings.timeout
    assert timedelta(hours=24) == loaded.settings.late_window
    assert (Action.PUSH, Action.CHART_PUSH) == loaded.settings.actions
    assert () == loaded.settings.targets


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("westeurope eastus", True),
        ("westeurope\neastus", True),
        ("westeurope", False),
        (" westeurope ", False),
        ("West Europe, eastus", False),
    ],
)
def test_regions_without_a_comma_are_one_and_a_warning(text: str, warned: bool) -> None:
    problems = load(REGIONS=text).problems
    assert ["warning"] * warned == [p.severity for p in problems]
    assert all("commas" in p.message for p in problems)


def test_an_empty_value_is_not_set() -> None:
    """The portal leaves empty settings behind."""
    assert timedelta(minutes=10) == load(REGIONS="eastus", TIMEOUT=" ").settings.timeout
    assert "REGIONS" in {p.setting[11:] for p in load(REGIONS="").problems}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("REGIONS", "west/europe", "must name regions"),
        ("TIMEOUT", "ten minutes", "write it like"),
        ("TIMEOUT", "0", "longer than 0"),
        ("TIMEOUT", "9d", "longer than 5 days"),
        ("LATE_WINDOW", "-1h", "write it like"),
        ("ACTIONS", "push,pull", "push"),
        ("EVIDENCE", "guess", "knows only"),
        ("CORRELATION", "magic", "'id' or 'content'"),
        ("REGION_ENDPOINTS", "[]", "not a JSON object"),
        ("REGION_ENDPOINTS", "{", "not JSON (line 1, column 2)"),
        ("REGION_ENDPOINTS", '{"a": "https://a.test" "b": 1}', "not JSON (line 1, column 24)"),
        ("REGION_ENDPOINTS", '{"eastus": "ftp://x"}', "http"),
        ("REGION_ENDPOINTS", '{"eastus": "http://elsewhere.example"}', "https"),
        ("REGISTRIES", "[]", "not a JSON object"),
        ("REGISTRIES", '{"q.io": {}, "r.io": {"timeout": 5}}', "registry 2: timeout: must be text"),
        (
            "REGISTRIES",
            '{"r.io": {"tiemout": "5m"}}',
            "registry 1: unknown field 'tiemout'; did you mean 'timeout'?",
        ),
        ("REGISTRIES", '{"r.io": {"https://hush": 1}}', "registry 1: an unknown field"),
        ("REGISTRIES", '{"a b": {}}', "host name"),
        ("REGISTRIES", '{"r.io": 5}', "registry 1: "),
        ("REGISTRIES", '{"r.io": {}, "R.eastus.geo.azurecr.io": {}, "r.io": {}}', "twice"),
        ("REGISTRIES", '{"r.azurecr.io": {}, "R.eastus.geo.azurecr.io": {}}', "twice"),
        ("REGISTRIES", '{"r.io": {}, "https://R.io.:443/": {}}', "registry 2: stands in it twice"),
        ("REGION_ENDPOINTS", '{"eastus": "https://a..test"}', "can be no host"),
        ("ARM_ENDPOINT", "https://management-.azure.com", "can be no host"),
        ("REGISTRIES", "[" * 100_000, "not JSON"),
        ("REGISTRIES", "{r.io:{regions:eastus}}", "no double quote is left in it"),
        ("REGISTRIES", '{"r.io": {"include": ""}}', "registry 1: include: must name at least one"),
        ("REGISTRIES", '{"r.io": ' + "[" * 900 + "]" * 900 + "}", "registry 1: "),
        ("REGION_ENDPOINTS", "[" * 100_000, "not JSON"),
        ("REGION_ENDPOINTS", "9" * 5_000, "not JSON"),
        ("REGION_ENDPOINTS", '{"eastus": "https://a.test", "East US": "https://b.test"}', "twice"),
        ("REGION_ENDPOINTS", '{"eastus": "https://u:hush@e.test"}', "no user"),
        ("REGION_ENDPOINTS", '{"eastus": "https://e.test/v2"}', "no more than"),
        ("REGION_ENDPOINTS", '{"eastus": "https://e.test?a=hush"}', "no more than"),
        ("REGISTRY_ID", "contoso", "must be an ARM id: /subscriptions/"),
        ("REGISTRY_ID", "contoso.azurecr.io", "must be an ARM id"),
        ("REGISTRY_ID", f"https://portal.azure.com/#@hush/resource{REGISTRY_ID}", "an ARM id"),
        ("REGISTRY_ID", f"{REGISTRY_ID}/webhooks/hush", "must be an ARM id"),
        ("REGISTRY_ID", "Endpoint=sb://hush;SharedAccessKey=hush", "must be an ARM id"),
        ("REGISTRIES", '{"r.io": {"registry_id": "hush"}}', "registry_id: must be an ARM id"),
        ("ARM_ENDPOINT", "management.azure.com", "must begin with https://"),
        ("ARM_ENDPOINT", "http://management.azure.com", "use https"),
        ("ARM_ENDPOINT", "https://u:hush@management.azure.com", "no user"),
        ("ACTIONS", ",", "at least one"),
        ("INCLUDE", ",", "at least one"),
        ("INCLUDE", "^team/app$", "and no digests; until then the default is in force, *"),
        ("INCLUDE", "Team/*", "has a capital in a repository's name"),
        ("EXCLUDE", "*:, team/.*:.*", "must be patterns like team/*:v*"),
        ("REGISTRIES", '{"r.io": {"badge": "(a|b)"}}', "badge: must be patterns like team/*:v*"),
        ("TIMEOUT", "9" * 5_000 + "s", "write it like"),
        ("RETRY_SCHEDULE", "9" * 5_000 + "s", "write it like"),
        ("RETRY_SCHEDULE", "5", "write it like"),
        ("TARGETS", "{", "JSON"),
        ("CHECK_EVERY", "1s", "at least 10s"),
        ("CATCH_UP", "90s", "whole minutes, 1m to 1h, or 0"),
        ("CATCH_UP", "2h", "whole minutes, 1m to 1h, or 0"),
        ("KEEP", "13d", "must be at least 14d, or 0; until then the default is in force, 30d"),
        ("KEEP", "for ever", "write it like"),
        ("KEEP_DEAD_LETTERS", "4000d", "longer than 3650 days"),
        ("UI", "on", "'key', 'app-service' or 'off'"),
        ("ALARM_GROUP", "5", "like 5 in 10m, or 0; until then the default is in force, 5 in 10m"),
        ("ALARM_GROUP", "10m", "like 5 in 10m, or 0"),
        ("ALARM_GROUP", "off", "like 5 in 10m, or 0"),
        ("ALARM_GROUP", "five in 10m", "like 5 in 10m, or 0"),
        ("ALARM_GROUP", "5 per 10m", "like 5 in 10m, or 0"),
        ("ALARM_GROUP", "-5 in 10m", "like 5 in 10m, or 0"),
        ("ALARM_GROUP", "5 in ten minutes", "not a duration"),
        ("ALARM_GROUP", "5 in 10", "not a duration"),
        ("ALARM_GROUP", "5 in 6d", "longer than 5 days"),
        ("ALARM_GROUP", "5 in 2d", "a time of 1s to 1d"),
        ("ALARM_GROUP", "5 in 0", "a time of 1s to 1d"),
        ("ALARM_GROUP", "0 in 10m", "2 to 100 pushes in a time, or 0 alone"),
        ("ALARM_GROUP", "1 in 10m", "2 to 100 pushes in a time, or 0 alone"),
        ("ALARM_GROUP", "101 in 10m", "2 to 100 pushes in a time, or 0 alone"),
        ("ALARM_GROUP", "9" * 5_000 + " in 10m", "like 5 in 10m, or 0"),
        ("REGISTRIES", '{"r.io": {"alarm_group": 5}}', "registry 1: alarm_group: must be text"),
        (
            "REGISTRIES",
            '{"r.io": {"alarm_group": "5"}}',
            "like 5 in 10m, or 0; until then the plain",
        ),
    ],
)
def test_each_wrong_setting_is_named_with_what_to_do(name: str, value: str, said: str) -> None:
    """The other settings keep working, and no value is shown."""
    found = problems(**{name: value})
    assert {name} == set(found)
    assert said in found[name]
    assert "hush" not in found[name]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 in 10m", AlarmGroup(count=5, within=timedelta(minutes=10))),
        ("20in1h30m", AlarmGroup(count=20, within=timedelta(minutes=90))),
        (" 2 IN pt1m ", AlarmGroup(count=2, within=timedelta(minutes=1))),
        ("0", AlarmGroup(count=0, within=timedelta(0))),
    ],
)
def test_each_form_of_when_alarms_are_one_is_read(text: str, expected: AlarmGroup) -> None:
    """A registry may have its own; shown again it is the same setting."""
    own = json.dumps({"r.io": {"alarm_group": text}})
    settings = load(REGIONS="a", ALARM_GROUP=text).settings
    assert expected == settings.alarm_group
    assert settings == load(REGIONS="a", ALARM_GROUP=shown(expected)).settings
    of_one = load(REGIONS="a", REGISTRIES=own).settings
    assert [expected, AlarmGroup()] == [of_one.policy(h).alarm_group for h in ("r.io", "q.io")]


def test_too_many_looks_in_one_timeout_are_refused() -> None:
    """Each look is a step in a history that is read anew every time."""
    found = problems(CHECK_EVERY="10s", TIMEOUT="2h")
    assert "more than 200 looks" in found["CHECK_EVERY"]
    assert timedelta(0) == load(CHECK_EVERY="10s", TIMEOUT="2h").settings.check_every
    loaded = load(REGIONS="a", CHECK_EVERY="10s", REGISTRIES='{"r.io": {"timeout": "2h"}}')
    (problem,) = loaded.problems
    assert problem.message.startswith("registry 1: ACR_GLOBAL_CHECK_EVERY makes more than 200")
    own = '{"r.io": {"timeout": "2h", "check_every": "10s"}}'
    assert "check_every: makes more than 200 looks" in problems(REGISTRIES=own)["REGISTRIES"]
    every = [loaded.settings.policy(host).check_every for host in ("r.io", None)]
    assert [timedelta(0), timedelta(seconds=10)] == every


def test_evidence_from_the_event_log_needs_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are deployed only where wanted; the health check says that they are missing."""
    for absent in ("azure.mgmt.no_such_package", "no_such_package.at_all"):
        monkeypatch.setattr("acr_global.setting_values.EVENT_LOG_PACKAGES", (absent,))
        assert "requirements.txt" in problems(EVIDENCE="event-log")["EVIDENCE"]


def test_all_problems_come_at_once() -> None:
    """An operator can correct them all in one go."""
    assert {"TIMEOUT", "ACTIONS", "TARGETS"} == set(problems(TIMEOUT="x", ACTIONS="x", TARGETS="x"))
    assert {"TIMEOUT", "REGIONS"} == set(problems(TIMEOUT="soon", REGIONS=""))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("REGIONS", {"REGIONS": "a/b", "REGISTRIES": '{"r.io": {}}'}),
        ("REGISTRIES", {"REGIONS": "", "REGISTRIES": "{"}),
    ],
)
def test_what_follows_from_a_wrong_setting_is_not_named(name: str, given: dict[str, str]) -> None:
    """Regions that cannot be read are not reported as missing as well."""
    assert {name} == set(problems(**given))


def test_an_unknown_name_suggests_the_nearest() -> None:
    """A typing error would silently leave a default in force. It is a warning, because the name may
    be a newer release's."""
    assert "did you mean ACR_GLOBAL_TIMEOUT?" in problems(TIMEOUTS="5m")["TIMEOUTS"]
    loaded = load(REGIONS="eastus", TIMEOUTS="5m", TIMEOUT="soon")
    assert ["warning", "error"] == [p.severity for p in loaded.problems]
    assert ["ACR_GLOBAL_TIMEOUT"] == [p.setting for p in loaded.errors]


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("TIMEOUT", "soon", "the default is in force, 10m"),
        ("LATE_WINDOW", "x", "the default is in force, 1d"),
        ("CHECK_EVERY", "1s", "the default is in force, 0s"),
        ("CORRELATION", "magic", "the default is in force, id"),
        ("INCLUDE", ",", "the default is in force, *"),
        ("ACTIONS", ",", "the default is in force, push, chart_push"),
        ("RETRY_SCHEDULE", "5", "the default is in force, 5s, 5m, 30m, 2h, 5h, 10h, 10h"),
        ("ARM_ENDPOINT", "x", "the default is in force, https://management.azure.com"),
        ("EVIDENCE", "guess", "it is not set"),
        ("REGION_ENDPOINTS", "{", "it is not set"),
    ],
)
def test_a_wrong_setting_says_what_is_in_force(name: str, value: str, default: str) -> None:
    """The default of that setting is; every other setting stays as given."""
    assert problems(**{name: value})[name].endswith(f"; until then {default}")
    settings = load(REGIONS="eastus", **{name: value}).settings
    assert load(REGIONS="eastus").settings == settings
    assert settings.knows_regions("any.azurecr.io")


@pytest.mark.parametrize(
    ("own", "known", "said"),
    [
        ({"regions": "a/b"}, False, "regions: must name regions, such as westeurope,eastus; its"),
        ({"region": "westus3"}, False, "unknown field 'region'; did you mean 'regions'?; its"),
        (5, False, "must be a JSON object; its webhooks are answered 503"),
        ({"regions": "westus3", "Regions": "x"}, True, "an unknown field"),
        ({"timeout": "soon"}, True, "PT10M; until then the plain setting is in force"),
        ({"tiemout": "5m"}, True, "did you mean 'timeout'?"),
        ({"targets": 5}, True, "until then all targets hear of it"),
        ({"correlation": "x", "regions": "westus3"}, True, "the plain setting is in force"),
    ],
)
def test_what_is_wrong_with_a_registry_costs_no_other(own: object, known: bool, said: str) -> None:
    """Where it may have meant to give regions, those of the plain settings are not used for it."""
    loaded = load(REGIONS="eastus", REGISTRIES=json.dumps({"r.io": own, "s.io": {}}), TIMEOUT="7m")
    (problem,) = loaded.errors
    assert problem.message.startswith("registry 1: ")
    assert said in problem.message
    settings = loaded.settings
    assert known is settings.knows_regions("r.io")
    assert timedelta(minutes=7) == settings.policy("r.io").timeout
    for host in ("s.io", "other.io", None):
        assert settings.knows_regions(host)
        assert ("eastus",) == settings.policy(host).regions


@pytest.mark.parametrize(
    "text",
    [
        '{"r.azurecr.io": {"regions": "westus3"},}',
        '{"R.westus3.geo.azurecr.io": {"regions": "westus3"',
        '[{"r.azurecr.io": {}}]',
        '{"r.azurecr.io: {}}',
        '{"r.azurecr.io": {}, "R.azurecr.io": {"regions": "westus3"}}',
    ],
)
def test_a_registry_that_cannot_be_read_is_not_guessed_at(text: str) -> None:
    """The text may give it regions; with the plain ones its pushes could be complete too early. A
    registry that the text does not name goes by the plain settings."""
    loaded = load(REGIONS="eastus", REGISTRIES=text)
    assert ["ACR_GLOBAL_REGISTRIES"] == [p.setting for p in loaded.problems]
    assert not loaded.settings.knows_regions("r.azurecr.io")
    assert loaded.settings.knows_regions("other.azurecr.io")
    assert loaded.settings.knows_regions(None)
    assert not load(REGISTRIES=text).settings.knows_regions("other.azurecr.io")


def test_a_name_that_stands_twice_is_not_guessed_at() -> None:
    """Only one of the two would count, and nothing tells which was meant."""
    text = '{"r.io": {"regions": "a", "regions": "b"}, "s.io": {"timeout": "1m", "timeout": "2m"}}'
    loaded = load(REGIONS="eastus", REGISTRIES=text)
    assert [
        "registry 1: regions: stands in it twice, maybe in two spellings; "
        "its webhooks are answered 503",
        "registry 2: timeout: stands in it twice, maybe in two spellings; "
        "until then the plain setting is in force",
    ] == [p.message for p in loaded.problems]
    known = [loaded.settings.knows_regions(host) for host in ("r.io", "s.io")]
    assert [False, True] == known


def test_an_endpoint_that_stands_twice_in_a_registry_is_a_problem() -> None:
    """The plain endpoints are in force for that registry until it is right."""
    own = '{"r.io": {"region_endpoints": {"eastus": "https://a", "eastus": "https://b"}}}'
    (problem,) = load(REGIONS="eastus", REGISTRIES=own).problems
    assert problem.message.startswith("registry 1: region_endpoints: stands in it twice")


@pytest.mark.parametrize(
    ("given", "registry", "known"),
    [
        ({"REGIONS": "a/b"}, None, False),
        ({"REGIONS": "a/b"}, "r.io", False),
        ({"REGIONS": "a/b", "REGISTRIES": '{"r.io": {"regions": "eastus"}}'}, "r.io", True),
        ({"REGIONS": "a/b", "REGISTRIES": '{"r.io": {"regions": "eastus"}}'}, "s.io", False),
        ({"REGISTRIES": '{"r.io": {"regions": "eastus"}}'}, "s.io", True),
        ({"REGISTRIES": '{"r.io": {"regions": "eastus"}}'}, None, False),
        ({"REGISTRIES": '{"r.io": {}}'}, "r.io", False),
        ({"REGISTRIES": '{"r.io": {}, "s.io": {"regions": "eastus"}}'}, "r.io", False),
        ({}, None, False),
    ],
)
def test_regions_are_known_registry_by_registry(
    given: dict[str, str], registry: str | None, known: bool
) -> None:
    """Where only listed registries have regions, another one is known to have none."""
    assert known is load(**given).settings.knows_regions(registry)


def test_a_problem_names_a_registry_by_its_place() -> None:
    """An entry that is no registry keeps its place, and so its number."""
    loaded = load(REGISTRIES='{"a b": {}, "r.io": {}}')
    assert ["registry 1: ", "registry 2: "] == [p.message[:12] for p in loaded.problems]


def test_a_secrets_own_name_is_no_unknown_setting() -> None:
    """A target may take its secret from a setting whose name begins like ours."""
    targets = json.dumps([TARGET | {"secrets": [{"$secret": "ACR_GLOBAL_HOOK_SECRET"}]}])
    given = {"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_TARGETS": targets}
    assert () == load_settings(given | {"ACR_GLOBAL_HOOK_SECRET": "c2VjcmV0" * 6}).problems


@pytest.mark.parametrize("wrong", [TARGET | {"timeout": "soon"}, {"kind": "?"}, [[TARGET]]])
def test_the_secrets_of_a_wrong_target_are_no_unknown_settings(wrong: object) -> None:
    """One typing error is one problem."""
    value = {"target": wrong, "token": {"$secret": "ACR_GLOBAL_X"}}
    given = {"REGIONS": "eastus", "X": "x", "TARGETS": json.dumps([value])}
    assert {"ACR_GLOBAL_TARGETS"} == {p.setting for p in load(**given).problems}


def test_a_target_waits_for_a_secret_that_is_not_set() -> None:
    """The secret is named, and the target stays known, so that its deliveries can go on."""
    loaded = load(
        REGIONS="eastus", TARGETS=json.dumps([TARGET | {"secrets": [{"$secret": "NOT_SET"}]}])
    )
    assert ["ACR_GLOBAL_TARGETS"] == [p.setting for p in loaded.errors]
    assert ["ops"] == [t.name for t in loaded.settings.targets]


def test_good_targets_survive_a_bad_neighbour() -> None:
    """Instances in flight still find their targets."""
    loaded = load(REGIONS="eastus", TARGETS=json.dumps([TARGET, {"name": "x"}]))
    assert ["ops"] == [t.name for t in loaded.settings.targets]
    assert loaded.problems


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ("West Europe East US, North Europe", "has several words in one name"),
        ("West Europe", "has several words in one name"),
        ("East US 2 EUAP, South Central US, South Central US STG", None),
        ("westeurope", None),
    ],
)
def test_a_comma_that_is_missing_is_noticed(regions: str, said: str | None) -> None:
    """Azure's names have three words at most, or four with EUAP; each push would be overdue."""
    loaded = load(REGIONS=regions)
    assert () == loaded.errors
    found = [problem.message for problem in loaded.problems]
    assert (1 if said else 0) == len(found)
    assert all(said and message.startswith(said) for message in found)


def test_deletions_that_nobody_hears_of_are_noticed() -> None:
    """They have no tag, as what is pushed by digest has none."""
    given = {"ACTIONS": "push,delete", "EXCLUDE": "*:"}
    assert "and so every deletion" in problems(**given)["ACTIONS"]
    own = {"REGISTRIES": '{"r.io": {"exclude": "team/*, *:"}}', "ACTIONS": "delete"}
    assert "and so every deletion" in problems(**own)["ACTIONS"]
    assert {} == problems(ACTIONS="push", EXCLUDE="*:")
    assert {} == problems(ACTIONS="push,delete", EXCLUDE="team/*, *:sha256-*")


def test_a_registry_says_what_differs() -> None:
    """Everything else falls back to the plain settings."""
    own = {"regions": ["West Europe"], "timeout": "5m", "targets": "ops", "exclude": "*:"}
    settings = load(
        REGIONS="eastus",
        LATE_WINDOW="1h",
        TARGETS=json.dumps([TARGET, TARGET | {"name": "dev"}]),
        REGISTRIES=json.dumps({"Mine.eastus.geo.azurecr.io": own}),
    ).settings
    mine, plain = settings.policy("mine.azurecr.io"), settings.policy("other.azurecr.io")
    assert (("westeurope",), timedelta(minutes=5)) == (mine.regions, mine.timeout)
    assert timedelta(hours=1) == mine.late_window
    assert (("eastus",), ()) == (plain.regions, plain.exclude)
    assert ("ops",) == settings.target_names(mine)
    assert ("ops", "dev") == settings.target_names(plain)
    assert {"westeurope", "eastus"} == settings.all_regions()
    assert plain == settings.policy(None)


def test_regions_may_stand_with_the_registries_alone() -> None:
    """A registry that is not listed then has no regions."""
    loaded = load(REGISTRIES='{"r.io": {"regions": "eastus"}}')
    assert () == loaded.problems
    assert () == loaded.settings.policy(None).regions
    wrong = {p.message for p in load(REGISTRIES='{"r.io": {}}').problems}
    assert {"registry 1: no regions; its webhooks are answered 503"} == wrong


def test_a_registry_names_only_targets_that_are_there() -> None:
    """A wrong name would mean that nobody is told."""
    assert "unknown one" in problems(REGISTRIES='{"r.io": {"targets": ["x"]}}')["REGISTRIES"]


def test_words_are_words_in_any_letters() -> None:
    """A setting that is right but for capitals would cost as much as a wrong one."""
    given = {"ACTIONS": "PUSH,Delete,push", "CORRELATION": "Content", "UI": "Off"}
    loaded = load(REGIONS="eastus", EVIDENCE="Manifest", **given)
    assert () == loaded.problems
    found = loaded.settings
    assert ((Action.PUSH, Action.DELETE), "content") == (found.actions, found.correlation)
    assert ("off", ("manifest",)) == (found.ui, found.evidence)


def test_a_look_that_cannot_come_is_noticed() -> None:
    """A pause as long as the timeout leaves none before it."""
    assert "no check comes before" in problems(CHECK_EVERY="20m", TIMEOUT="10m")["CHECK_EVERY"]
    assert {} == problems(CHECK_EVERY="5m", TIMEOUT="10m")


@pytest.mark.parametrize(
    ("own", "hear", "said"),
    [
        (["opps"], ("ops", "dev"), "until then all targets hear of it"),
        (["ops", "opps"], ("ops",), "until then the others hear of it"),
        ([], ("ops", "dev"), None),
    ],
)
def test_an_unknown_target_silences_no_registry(
    own: list[str], hear: tuple[str, ...], said: str | None
) -> None:
    """Whoever is left is told; where nobody is, everybody."""
    loaded = load(
        REGIONS="eastus",
        TARGETS=json.dumps([TARGET, TARGET | {"name": "dev"}]),
        REGISTRIES=json.dumps({"r.io": {"targets": own} if own else {}}),
    )
    assert hear == loaded.settings.target_names(loaded.settings.policy("r.io"))
    assert ([said] if said else []) == [p.message.partition("; ")[2] for p in loaded.problems]


def test_of_a_registry_that_may_be_meant_the_regions_are_not_known() -> None:
    """With the plain ones a push would be complete too early."""
    own = {"myregistry.azurecr.io/team": {"regions": "westeurope,eastus"}}
    loaded = load(REGIONS="westeurope", REGISTRIES=json.dumps(own))
    assert not loaded.settings.knows_regions("myregistry.azurecr.io")
    assert loaded.settings.knows_regions("other.azurecr.io")
    assert "are answered 503" in loaded.problems[0].message
    both = own | {"myregistry.azurecr.io": {"regions": "eastus"}}
    for entries in (both, dict(reversed(both.items()))):
        settings = load(REGIONS="westeurope", REGISTRIES=json.dumps(entries)).settings
        assert ("eastus",) == settings.policy("myregistry.azurecr.io").regions


def test_a_region_has_a_url_of_its_own() -> None:
    """Of two before one only the first would have counted."""
    wrong = '{"westeurope, eastus": "https://mirror.example"}'
    assert "one region before each" in problems(REGION_ENDPOINTS=wrong)["REGION_ENDPOINTS"]


def test_the_event_log_needs_to_know_which_registry() -> None:
    """The registry's resource id cannot be derived from its host."""
    assert "event-log" in problems(EVIDENCE="event-log")["REGISTRY_ID"]
    assert {} == problems(EVIDENCE="event-log,manifest", REGISTRY_ID=REGISTRY_ID)


def test_catching_up_needs_to_know_which_registry() -> None:
    """By default it silently waits until one is named."""
    known = {"REGISTRY_ID": REGISTRY_ID}
    assert "REGISTRY_ID" in problems(CATCH_UP="5m")["CATCH_UP"]
    assert {} == problems(CATCH_UP="0") == problems()
    assert {} == problems(CATCH_UP="5m", REGISTRY_ID=REGISTRY_ID)
    assert [False, False, True] == [
        load(REGIONS="eastus", **said).settings.catches_up()
        for said in ({}, known | {"CATCH_UP": "0"}, known)
    ]


def test_catching_up_needs_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them there is no timer, which is a problem where a registry is named."""
    monkeypatch.setattr("acr_global.setting_values.EVENT_LOG_PACKAGES", ("no_such_package.at_all",))
    assert "packages" in problems(REGISTRY_ID=REGISTRY_ID)["CATCH_UP"]
    assert {} == problems(REGISTRY_ID=REGISTRY_ID, CATCH_UP="0")
    assert not load(REGIONS="eastus", REGISTRY_ID=REGISTRY_ID).settings.catches_up()


@pytest.mark.parametrize(
    ("environ", "wrong"),
    [
        ({}, False),
        ({"WEBSITE_HOSTNAME": "app.azurewebsites.net"}, True),
        ({"WEBSITE_HOSTNAME": "localhost:7071", "WEBSITE_AUTH_ENABLED": "False"}, True),
        ({"WEBSITE_HOSTNAME": "app.azurewebsites.net", "WEBSITE_AUTH_ENABLED": "True"}, False),
    ],
)
def test_pages_that_nobody_could_sign_in_to_are_a_problem(
    environ: dict[str, str], wrong: bool
) -> None:
    """Where the app runs: elsewhere nothing is known of it."""
    ours = {"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_UI": "app-service"}
    found = load_settings(ours | environ)
    assert (["ACR_GLOBAL_UI"] if wrong else []) == [p.setting for p in found.errors]
    assert "app-service" == found.settings.ui


def test_a_registry_is_watched_once_in_all_of_its_regions() -> None:
    """It is known by its ARM id, whoever names it; without one it is not watched."""
    other = REGISTRY_ID.replace("my", "other")
    own = {
        "r.io": {"registry_id": REGISTRY_ID.upper(), "regions": ["c", "a"]},
        "q.io": {"registry_id": other},
    }
    said = {"REGIONS": "a,b", "REGISTRY_ID": REGISTRY_ID, "REGISTRIES": json.dumps(own)}
    watched = load(**said).settings.watched()
    assert [(REGISTRY_ID, ("a", "b", "c")), (other, ("a", "b"))] == [
        (p.registry_id, p.regions) for p in watched
    ]
    assert () == load(REGIONS="a").settings.watched()
    assert () == load(REGIONS="", REGISTRY_ID=REGISTRY_ID).settings.watched()


def test_region_endpoints_are_found_by_normal_names() -> None:
    """Names on both sides are normalised."""
    loaded = load(REGIONS="eastus", REGION_ENDPOINTS='{"East US": "http://127.0.0.1:5000/"}')
    arm = load(REGIONS="eastus", ARM_ENDPOINT="https://management.chinacloudapi.cn/")
    assert ((), "https://management.chinacloudapi.cn") == (arm.problems, arm.settings.arm_endpoint)
    assert {"eastus": "http://127.0.0.1:5000"} == loaded.settings.region_endpoints


def test_settings_show_no_secret() -> None:
    """Their repr and str, which logs and tracebacks show, hold no secret."""
    loaded = load(REGIONS="eastus", TARGETS=json.dumps([TARGET | {"secrets": ["c2VjcmV0" * 6]}]))
    assert "c2VjcmV0" not in f"{loaded!r} {loaded.settings!s} {loaded.settings.targets!r}"


def test_every_setting_is_documented() -> None:
    """docs/settings.md holds each name, its default and its help."""
    text = (ROOT / "docs" / "settings.md").read_text().replace("\\|", "|")
    for name, field in zip(known_names(), Settings.model_fields.values(), strict=True):
        row = f"| `{name}` | "
        assert row in text
        default, _, help_text = text.partition(row)[2].partition("\n")[0].partition("| ")
        assert f"{field.description} |" == help_text
        if written := default.strip(" `"):
            said = load_settings({"ACR_GLOBAL_REGIONS": "eastus", name: written})
            assert load(REGIONS="eastus").settings == said.settings
        else:
            assert field.get_default(call_default_factory=True) in ((), {}, None)


def test_the_example_settings_are_right() -> None:
    """local.settings.json.example can be copied as it is."""
    values = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    assert () == load_settings(values).problems


def test_an_endpoint_that_stands_twice_is_a_problem() -> None:
    """Only one of the two would count, and nothing tells which was meant."""
    twice = '{"eastus": "https://a.example", "eastus": "https://b.example"}'
    given = {"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_REGION_ENDPOINTS": twice}
    (problem,) = load_settings(given).problems
    assert "ACR_GLOBAL_REGION_ENDPOINTS" == problem.setting
    assert "one name stands in it twice" in problem.message


def test_a_proxy_that_cannot_be_used_is_a_problem() -> None:
    """It is named by its variable, beside the app's own settings."""
    environ = {"ACR_GLOBAL_REGIONS": "eastus", "ALL_PROXY": "socks5://user:hush@proxy.test:1080"}
    (problem,) = load_settings(environ).problems
    assert ("ALL_PROXY", "error") == (problem.setting, problem.severity)
    assert problem.message.startswith("SOCKS is not supported; ")
    assert "hush" not in problem.message


@pytest.mark.parametrize(("days", "said"), [(14, "14d"), (60, "1440h"), (3_650, "3650d"), (0, "0")])
def test_what_has_ended_is_kept_as_long_as_is_said(days: int, said: str) -> None:
    """Dead letters, too; both have a default."""
    settings = load(REGIONS="eastus", KEEP=said, KEEP_DEAD_LETTERS=said).settings
    assert timedelta(days=days) == settings.keep == settings.keep_dead_letters
    settings = load(REGIONS="eastus").settings
    assert (30, 90) == (settings.keep.days, settings.keep_dead_letters.days)


@pytest.mark.parametrize(
    ("name", "warned"),
    [
        ("contoso", True),
        ("contoso-f9dyb6dhbbc9fjg2", True),
        ("contoso.azurecr.io", False),
        ("contoso-f9dyb6dhbbc9fjg2.azurecr.io", False),
        ("registry:5000", False),
        ("localhost", False),
        ("[::1]", False),
    ],
)
def test_a_registrys_name_in_the_place_of_its_host_is_a_warning(name: str, warned: bool) -> None:
    """No event of the registry would find the policy. A host may have no dot, too, so it counts.
    Source: Azure/azure-cli#30404, by which the command line takes either for the other."""
    loaded = load(REGISTRIES=json.dumps({name: {"regions": "eastus"}}))
    assert ["warning"] * warned == [p.severity for p in loaded.problems]
    assert all("say its login server" in p.message for p in loaded.problems)
    assert ("eastus",) == loaded.settings.policy(name).regions
