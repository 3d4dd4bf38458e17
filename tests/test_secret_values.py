"""Secrets with something around them, or with something else in their place: named, never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.notify.setting import parse_targets
from acr_global.settings import load_settings
from acr_global.surroundings import bare
from tests.notify.test_setting import HOOK, KEY, problems_of

REF = {"$secret": "NAME"}
GITHUB = {"name": "gh", "kind": "github", "repo": "a/b", "token": REF}
SIGNED = HOOK | {"secrets": [REF]}
POSTED = HOOK | {"url": REF}
MAIL = {"name": "ap", "kind": "apprise", "url": REF}
URL = "https://hush.test/x"
TOKEN = "ghp_hush"


def keyed(header: str, value: Any = REF) -> dict[str, Any]:
    """A target with one header of its own."""
    return HOOK | {"headers": {header: value}}


USES: list[tuple[dict[str, Any], str]] = [
    (GITHUB, TOKEN),
    (SIGNED, KEY),
    (POSTED, URL),
    (keyed("X-Key"), TOKEN),
    (MAIL, "json://h"),
]


def said(item: dict[str, Any], value: str) -> list[str]:
    """The problems of a target whose setting has this value."""
    found = problems_of(item, environ={"NAME": value})
    assert "hush" not in " ".join(found)
    assert KEY not in " ".join(found)
    assert all("setting NAME" in text for text in found)
    return found


@pytest.mark.parametrize(("item", "value"), USES)
@pytest.mark.parametrize(
    "around", ["{}", "{}\n", "{}\r\n", " {}\t", "\ufeff{}", "\u200b{}\xa0", "\r\n{}\u2028"]
)
def test_blanks_and_marks_around_a_secret_are_no_part_of_it(
    item: dict[str, Any], value: str, around: str
) -> None:
    """Files and pipes leave them there; only the secret itself is used."""
    assert [] == said(item, around.format(value))
    assert value == bare(around.format(value))


@pytest.mark.parametrize(("item", "value"), USES)
@pytest.mark.parametrize(
    "around", ['"{}"', "'{}'", "`{}`", "“{}”", "\u2018{}\u2019", "„{}“", "«{}»", '"{}"\n']
)
def test_quotes_around_a_secret_are_a_problem(
    item: dict[str, Any], value: str, around: str
) -> None:
    """A settings file is no shell: quotes there are part of the value."""
    (found,) = said(item, around.format(value))
    assert found.endswith(" has quotes around it; give it without them")


@pytest.mark.parametrize(("item", "value"), USES)
@pytest.mark.parametrize("around", ["<{}>", "${{{}}}", "$({})", "{{{{{}}}}}", "#{{{}}}#", "{}\\n"])
def test_a_placeholder_in_place_of_a_secret_is_a_problem(
    item: dict[str, Any], value: str, around: str
) -> None:
    """Pipelines leave their own placeholders, and shells their escapes."""
    (found,) = said(item, around.format(value))
    assert "placeholder" in found or "line end" in found


@pytest.mark.parametrize(("item", "value"), [u for u in USES if u[0] != keyed("X-Key")])
@pytest.mark.parametrize(
    "word", ["Bearer", "bearer", "token", "BASIC", "Authorization:", "Bearer:"]
)
def test_a_scheme_before_a_secret_is_a_problem(item: dict[str, Any], value: str, word: str) -> None:
    """The app itself puts `Bearer` before a token; before other secrets it is wrong."""
    (found,) = said(item, f"{word} {value}")
    assert f" begins with the word {word.strip(':').capitalize()}; " in found


@pytest.mark.parametrize("value", ["ghp_hush,", "GH=ghp_hush", "user:ghp_hush", "ghp_ hush", "é"])
def test_a_token_is_one_token(value: str) -> None:
    """Anything beside the token is a problem."""
    assert said(GITHUB, value) == [
        "target 'gh': setting NAME: the token must be the token alone, as GitHub shows it"
    ]


@pytest.mark.parametrize("value", ["ghp_aB3", "github_pat_11A_b", "v1.1f699f1069f60xxx", "a" * 40])
def test_tokens_of_all_forms_are_taken(value: str) -> None:
    """Classic and fine-grained tokens, those of an app, and those of old releases are accepted."""
    assert [] == said(GITHUB, value)


@pytest.mark.parametrize("header", ["Authorization", "X-Forwarded-Authorization"])
@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("Bearer ghp_hush", True),
        ("Basic aHVzaA==", True),
        ("token ghp_hush", True),
        ('Token token="hush"', True),
        ("GenieKey hush", True),
        ("hush", True),
        ("Bearer Bearer hush", False),
        ("Bearer bearer hush", False),
        ("Basic Basic hush", False),
        ('Bearer "hush"', False),
        ("Bearer 'hush'", False),
        ("Bearer <hush>", False),
    ],
)
def test_a_header_may_begin_with_a_scheme_once(header: str, value: str, right: bool) -> None:
    """In a header a scheme is right, but only once and only before bare credentials."""
    assert right is (said(keyed(header), value) == [])


def test_a_header_s_name_before_its_value_is_a_problem() -> None:
    """The whole line was copied instead of the value."""
    (found,) = said(keyed("X-Key"), "x-key: hush")
    assert found.endswith("a header's value begins with the header's name; give it without")
    assert [] == said(keyed("X-Key"), "other: hush")


def test_quotes_inside_the_json_text_are_kept() -> None:
    """They are a problem only in headers that never have any."""
    assert [] == problems_of(keyed("If-Match", '"etag"'))
    assert problems_of(keyed("Authorization", '"Bearer hush"'))
    assert [] == said(keyed("Signature"), 'keyId="hush"')


@pytest.mark.parametrize(
    "reference",
    [
        "@Microsoft.KeyVault(SecretUri=https://hush.vault.azure.net/secrets/x)",
        "@microsoft.keyvault(VaultName=hush;SecretName=x)",
        "@Microsoft.AppConfiguration(Endpoint=https://hush.azconfig.io; Key=x)",
        "@MICROSOFT.APPCONFIGURATION(hush)",
        " \ufeff@Microsoft.KeyVault (hush)\n",
        '"@Microsoft.KeyVault(hush)"',
        "Bearer @Microsoft.KeyVault(hush)",
        "@Microsoft.Other(hush)",
    ],
)
def test_an_unresolved_reference_is_recognised(reference: str) -> None:
    """The problem says where to look; inside another text, it says that nothing is resolved
    there."""
    for item, _ in USES:
        (found,) = said(item, reference)
        assert "reference" in found
        assert "app setting" in found
    for item in (HOOK | {"url": reference}, HOOK | {"match": [reference]}, keyed("X", reference)):
        (found,) = problems_of(item)
        assert "inside another text" in found
        assert "hush" not in found


def test_the_problem_names_the_role_for_its_kind_of_reference() -> None:
    """It also names the portal's page and the identity."""
    (vault,) = said(GITHUB, "@Microsoft.KeyVault(x)")
    (config,) = said(GITHUB, "@Microsoft.AppConfiguration(x)")
    for text, role in (
        (vault, "Key Vault Secrets User"),
        (config, "App Configuration Data Reader"),
    ):
        for word in ("portal", "keyVaultReferenceIdentity", role):
            assert word in text


@pytest.mark.parametrize("cut", ["(SecretUri=https://v.example/secrets/s/", "(VaultName=hush"])
def test_a_reference_that_a_shell_has_cut_off_is_said_to_be_so(cut: str) -> None:
    """No right is missing. Source: Azure/azure-cli#8506, where a closing parenthesis that ends the
    setting is lost."""
    (found,) = said(POSTED, f"@Microsoft.KeyVault{cut}")
    assert "is a Key Vault reference without its closing parenthesis" in found


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("TIMEOUT", "the default is in force, 10m"),
        ("INCLUDE", "the default is in force, *"),
        ("REGISTRY_ID", "it is not set"),
        ("REGION_ENDPOINTS", "it is not set"),
        ("ARM_ENDPOINT", "the default is in force"),
        ("TARGETS", "verdicts go to the log only"),
        ("REGIONS", "answered 503"),
        ("REGISTRIES", "answered 503"),
    ],
)
@pytest.mark.parametrize("value", ["@Microsoft.KeyVault(x)", " @microsoft.appconfiguration(x)"])
def test_a_setting_may_be_an_unresolved_reference(name: str, instead: str, value: str) -> None:
    """The hidden value is not guessed at, whether a pattern or the regions of a registry."""
    loaded = load_settings({"ACR_GLOBAL_REGIONS": "eastus", f"ACR_GLOBAL_{name}": value})
    (problem,) = loaded.problems
    assert (f"ACR_GLOBAL_{name}", "error") == (problem.setting, problem.severity)
    assert "that the platform has not resolved: the portal shows" in problem.message
    assert instead in problem.message
    assert loaded.settings.knows_regions("r.io") is (not name.startswith("REGI") or "_" in name)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"r.io": {"include": "@Microsoft.KeyVault(x)"}}', "include"),
        ('{"r.io": {"registry_id": "@Microsoft.KeyVault(x)"}}', "registry_id"),
        ('{"r.io": {"regions": ["eastus", "@Microsoft.KeyVault(x)"]}}', "regions"),
        ('{"r.io": "@Microsoft.KeyVault(x)"}', "registry 1"),
    ],
)
def test_a_reference_inside_the_registries_is_a_problem(text: str, field: str) -> None:
    """The platform resolves none there."""
    given = {"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_REGISTRIES": text}
    (problem,) = load_settings(given).problems
    assert f"{field}: holds a Key Vault reference inside another text" in problem.message


@pytest.mark.parametrize(
    ("name", "value"),
    [("INCLUDE", '"team/*"'), ("TIMEOUT", "'5m'"), ("REGIONS", "“eastus”"), ("TARGETS", "'[]'")],
)
def test_quotes_around_a_setting_are_a_problem(name: str, value: str) -> None:
    """A pattern with quotes would silently match nothing."""
    loaded = load_settings({"ACR_GLOBAL_REGIONS": "eastus", f"ACR_GLOBAL_{name}": value})
    (problem,) = loaded.problems
    assert problem.message.startswith("has quotes around it; ")


def test_a_byte_order_mark_before_a_setting_is_no_part_of_it() -> None:
    """The mark before a value and the line end after it are both removed."""
    given = {"ACR_GLOBAL_REGIONS": "\ufeffeastus\r\n", "ACR_GLOBAL_TARGETS": "\ufeff[]"}
    loaded = load_settings(given)
    assert ((), ("eastus",)) == (loaded.problems, loaded.settings.regions)


def test_a_registry_that_a_reference_may_list_is_not_guessed_at() -> None:
    """Its webhooks are refused and logged whole. Inside quotes, the text still shows which
    registries it lists."""
    text = "'{\"r.io\": {}}'"
    given = {"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_REGISTRIES": text}
    settings = load_settings(given).settings
    assert [False, True] == [settings.knows_regions(host) for host in ("r.io", "s.io")]


def test_a_target_with_a_wrong_secret_waits() -> None:
    """Its deliveries go on once the setting is right."""
    found, problems = parse_targets(json.dumps([GITHUB]), {"NAME": '"ghp_hush"'})
    assert (["gh"], 1) == ([t.name for t in found], len(problems))


@pytest.mark.parametrize("name", ["hook_url", "HOOK-URL", "HookUrl", "HOOK_URL "])
def test_a_secret_under_another_spelling_is_named(name: str) -> None:
    """On Linux that is another variable."""
    (found,) = problems_of(HOOK | {"url": {"$secret": "HOOK_URL"}}, environ={name: URL})
    expected = "setting HOOK_URL is not set; another spelling of that name is"
    assert f"target 'ci': {expected}" == found


@pytest.mark.parametrize(("left", "cut"), [(53, True), (64, True), (20, False)])
def test_a_secret_whose_name_was_cut_off_is_named(left: int, cut: bool) -> None:
    """App Service on Linux does so with long ones, and the portal shows them whole."""
    name = "HOOK_URL_OF_THE_TEAM_THAT_DEPLOYS_WHATEVER_IS_IN_ALL_REGIONS_AT_NIGHT"
    (found,) = problems_of(HOOK | {"url": {"$secret": name}}, environ={name[:left]: URL})
    assert cut == found.endswith("App Service cuts long ones, so give it a shorter one")


VALUES = st.text() | st.sampled_from(["@Microsoft.KeyVault(", '"', "Bearer ", "https://", "xn--a"])


@given(st.lists(VALUES).map("".join))
def test_no_value_breaks_a_check(value: str) -> None:
    """Any value in any place is right or named."""
    items = [item | {"name": str(n)} for n, (item, _) in enumerate(USES)]
    parse_targets(json.dumps(items), {"NAME": value})
    names = ("REGIONS", "TARGETS", "REGISTRIES", "REGION_ENDPOINTS", "INCLUDE", "ARM_ENDPOINT")
    load_settings({f"ACR_GLOBAL_{name}": value for name in names} | {value: value})
