"""Values in a target: which of them make it wait, which make it invalid, and which are never
shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from acr_global.notify.setting import parse_targets
from acr_global.settings import load_settings
from tests.notify.test_setting import HOOK, problems_of

WAITING: list[dict[str, Any]] = [
    HOOK | {"url": {"$secret": "NAME"}},
    HOOK | {"headers": {"x-own": {"$secret": "NAME"}}},
    HOOK | {"secrets": [{"$secret": "NAME"}]},
    {"name": "gh", "kind": "github", "repo": "a/b", "token": {"$secret": "NAME"}},
    {"name": "ap", "kind": "apprise", "url": {"$secret": "NAME"}},
]


@pytest.mark.parametrize("item", WAITING)
@pytest.mark.parametrize("value", [None, "@Microsoft.KeyVault(x)", "hush\nhush"])
def test_a_target_waits_for_its_secret(item: dict[str, Any], value: str | None) -> None:
    """A target whose secret is missing or wrong stays known, so that its deliveries go on later."""
    environ = {} if value is None else {"NAME": value}
    found, problems = parse_targets(json.dumps([item]), environ)
    assert [item["name"]] == [t.name for t in found]
    assert problems


@pytest.mark.parametrize(
    "item",
    [
        HOOK | {"url": "http://hush.test"},
        HOOK | {"secrets": ["hush"]},
        HOOK | {"headers": {"x-own": "a\nb"}},
        HOOK | {"zzz": 1},
        "hush",
    ],
)
def test_what_is_wrong_in_itself_is_no_target(item: Any) -> None:
    """An invalid target is a problem, and costs no other one."""
    found, problems = parse_targets(json.dumps([item, HOOK | {"name": "good"}]), {})
    assert (["good"], ["error"]) == ([t.name for t in found], [p.severity for p in problems])


@pytest.mark.parametrize(
    "item",
    [
        HOOK | {"https://hush.test/x?sig=hush": 1},
        HOOK | {"headers": {"Bearer hush": 5}},
        HOOK | {"url": {"$secret": "ghp_hush"}},
        HOOK | {"url": {"$secret": "ghp_hush"}, "headers": {"x": {"$secret": "Hush"}}},
        {"name": "https://hush.test", "kind": "webhook"},
    ],
)
def test_a_value_in_a_names_place_is_not_shown(item: dict[str, Any]) -> None:
    """The health check shows problems to anybody, so they must not show such a value."""
    found = problems_of(item)
    assert found
    assert "hush" not in " ".join(found).lower()


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "日本", "a\x00b"])
@pytest.mark.parametrize("behind", [False, True])
def test_what_no_header_can_hold_is_named_at_start(value: str, behind: bool) -> None:
    """Each attempt would fail on such a value."""
    given: Any = {"$secret": "NAME"} if behind else value
    for item in (
        HOOK | {"headers": {"x-own": given}},
        {"name": "gh", "kind": "github", "repo": "a/b", "token": given},
    ):
        (problem,) = problems_of(item, environ={"NAME": value})
        assert problem.endswith("must be one line of Latin-1 text")
    assert [] == problems_of(HOOK | {"headers": {"x-own": "café"}})


@pytest.mark.parametrize("behind", [False, True])
def test_two_ways_to_sign_in_are_one_too_many(behind: bool) -> None:
    """No client sends both a URL's user and an Authorization header."""
    url = "https://user:hush@api.test"
    given: Any = {"$secret": "NAME"} if behind else url
    for item in (
        HOOK | {"url": given, "headers": {"Authorization": "Bearer x"}},
        {"name": "gh", "kind": "github", "repo": "a/b", "token": "t", "url": given},
    ):
        (problem,) = problems_of(item, environ={"NAME": url})
        assert "keep one" in problem
        assert "hush" not in problem
    assert [] == problems_of(HOOK | {"url": url, "headers": {"x-own": "y"}})


@pytest.mark.parametrize(
    "value",
    [
        "json://hush json://b",
        "json://hush,json://b",
        "json://hush; json://b",
        "json://hush\njson://b",
        "json://hush\t ,; mailtos://u:p@b",
        "json://hush?x=1,2, JSON://b",
        "mailto://u:hush@h.test?to=a@b.test,https://b.test",
        "tgram://hush/1 discord://2/3 slack://4",
    ],
)
@pytest.mark.parametrize("behind", [False, True])
def test_an_apprise_target_is_one_url(value: str, behind: bool) -> None:
    """With two, a retry for one that fails would tell the other one again."""
    given: Any = {"$secret": "NAME"} if behind else value
    item = {"name": "ap", "kind": "apprise", "url": given}
    (problem,) = problems_of(item, environ={"NAME": value})
    said = f"target 'ap': {'setting NAME: ' if behind else ''}url holds several URLs; make a target"
    assert problem.startswith(said)
    assert "hush" not in problem
    targets, _ = parse_targets(json.dumps([item]), {"NAME": value})
    assert behind is bool(targets)


@pytest.mark.parametrize("value", ["hush", "key:hush", "hush://", "://hush", "mail.to://hush", ""])
def test_a_key_in_the_place_of_an_apprise_url_is_named(value: str) -> None:
    """The problem does not show the key. What follows a scheme only the library can judge."""
    found = problems_of({"name": "ap", "kind": "apprise", "url": value})
    assert (value == "hush://") is not bool(found)
    assert "hush" not in " ".join(found)


@pytest.mark.parametrize(
    "value",
    ["json://h?a=1,2;3", "mailto://u:p@h.test?to=a@b.test, c@d.test", "json://h/x%2Cjson://b"],
)
def test_a_comma_alone_does_not_make_two_urls(value: str) -> None:
    """The library separates URLs only before a scheme."""
    assert [] == problems_of({"name": "ap", "kind": "apprise", "url": value})


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize(
    "url",
    [
        "https://hush..example.com",
        "https://.hush.example.com",
        f"https://{'hush' * 16}.example",
        f"https://{'hush.' * 50}example.com",
        "https://-hush.example",
        "https://hush-.example",
        "https://hu sh.example",
        "https://hüsh.example",
        "https://hu%73h.example",
        "https://user:hush@h..x",
        "https://256.1.1.1",
        "https://[::hush]",
        "https://[::1",
        "https://:443/hush",
        "https:///hush",
        "https://hush.example:99999",
        "https://hush.example:0",
        "https://hush.example:https",
    ],
)
def test_an_invalid_host_is_named_at_start(url: str, behind: bool) -> None:
    """Each attempt would fail on it."""
    given: Any = {"$secret": "NAME"} if behind else url
    for item in (HOOK | {"url": given}, HOOK | {"kind": "slack", "url": given}):
        (problem,) = problems_of(item, environ={"NAME": url})
        assert problem.startswith(f"target 'ci': {'setting NAME: ' if behind else ''}url ")
        assert "hush" not in problem


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0177.0.0.1", "0x7f.1"])
def test_an_address_in_another_form_is_named(host: str) -> None:
    """The HTTP library refuses such forms, and a proxy could read them as any machine."""
    (problem,) = problems_of(HOOK | {"url": f"http://{host}/x", "insecure": True})
    assert problem.startswith("target 'ci': url ")


@pytest.mark.parametrize(
    "url", ["https://my_service.internal/x", "https://h.test./x", "https://[fe80::1]/x"]
)
def test_hosts_as_networks_name_them_are_taken(url: str) -> None:
    """Underscores, a final dot and addresses are accepted."""
    assert [] == problems_of(HOOK | {"url": url})


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("url", '"url": "https://a.test", "url": "https://b.test"'),
        ("name", '"name": "b", "url": "https://a.test"'),
        ("kind", '"kind": "slack", "url": "https://a.test"'),
        ("url", '"url": {"$secret": "A", "$secret": "B"}'),
        ("headers", '"url": "https://a.test", "headers": {"X-Key": "1", "X-Key": "2"}'),
        ("headers: one", '"url": "https://a.test", "headers": {"X-Key": "1", "x-key": "2"}'),
        ("headers", '"url": "https://a.test", "headers": {}, "headers": {}'),
        ("on.0.a", '"url": "https://a.test", "on": [{"a": 1, "a": 2}]'),
    ],
)
def test_what_stands_twice_in_a_target_is_not_guessed_at(field: str, text: str) -> None:
    """Only one of the two would count, so the target is refused; the others go on."""
    raw = f'[{{"name": "a", "kind": "webhook", {text}}}, {json.dumps(HOOK)}]'
    found, (problem,) = parse_targets(raw, {})
    assert ["ci"] == [t.name for t in found]
    assert problem.message.endswith(f": {field}: stands in it twice, maybe in two spellings") or (
        problem.message.endswith(f": {field} stands in it twice, maybe in two spellings")
    )


def github(repo: str) -> dict[str, Any]:
    """A target of the kind github for this repository."""
    return {"name": "gh", "kind": "github", "repo": repo, "token": "t"}


@pytest.mark.parametrize(
    "repo",
    [
        "acme/deploy",
        "octocat_acme/deploy",
        "octo-cat_acme/deploy.v2_x",
        "0x/.github",
        "a--b/c",
        "old-/c",
        "a" * 39 + "/" + "b" * 100,
    ],
)
def test_repositories_are_named_as_github_names_them(repo: str) -> None:
    """Managed users have an underscore, and old accounts hyphens that are refused today."""
    assert [] == problems_of(github(repo))


@pytest.mark.parametrize(
    "repo",
    [
        "acme",
        "acme/",
        "/deploy",
        "acme/a/b",
        "-acme/x",
        "_acme/x",
        "ac.me/x",
        "ac me/x",
        "äcme/x",
        "acme/..",
        "acme/.",
        "acme/x.git",
        "acme/x y",
        "https://github.com/acme/x",
        "a" * 40 + "/x",
        "acme/" + "x" * 101,
    ],
)
def test_a_repository_that_github_cannot_have_is_named(repo: str) -> None:
    """The first push would be answered 404; webhooks are accepted all the same."""
    (problem,) = problems_of(github(repo))
    assert problem.startswith("target 'gh': repo: must be owner/name")
    given = {"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_TARGETS": json.dumps([github(repo)])}
    assert load_settings(given).settings.knows_regions("r.azurecr.io")
