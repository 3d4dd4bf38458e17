"""Targets as operators write them: what is right is taken, what is wrong is named, not shown."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.errors import Problem, RenderError
from acr_global.notify.channels import KINDS, channel
from acr_global.notify.channels.github import GithubTarget
from acr_global.notify.channels.webhook import WebhookTarget
from acr_global.notify.setting import parse_targets, secret_names
from acr_global.notify.target import Target
from acr_global.secret import SecretRef, resolve, signing_key
from tests.notify.samples import SECRETS, case

GITHUB = {"name": "gh", "kind": "github", "repo": "a/b", "token": "t"}
HOOK = {"name": "ci", "kind": "webhook", "url": "https://hush.test/x"}
FLOW = "https://a.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/x"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def problems_of(*items: Any, environ: dict[str, str] | None = None) -> list[str]:
    """What is said to be wrong with these targets."""
    _, found = parse_targets(json.dumps(items), environ or {})
    assert {"ACR_GLOBAL_TARGETS"} >= {p.setting for p in found}
    return [p.message for p in found]


def one(**fields: Any) -> Target:
    """A webhook target with these fields, which has no problem."""
    (found,), problems = parse_targets(json.dumps([HOOK | fields]), {"NAME": "value"})
    assert () == problems
    return found


def test_every_kind_is_taken() -> None:
    """Each kind is accepted with its required fields alone."""
    items = []
    for kind in KINDS:
        given = case(kind).SAMPLE | {"name": kind}
        needed = [n for n, f in channel(kind).model_fields.items() if f.is_required()]
        items.append({"kind": kind} | {name: given[name] for name in needed})
    found, problems = parse_targets(json.dumps(items), SECRETS)
    assert () == problems
    assert list(KINDS) == [t.kind for t in found] == [t.name for t in found]


def test_a_target_has_defaults() -> None:
    """All verdicts but `incomplete`, all repositories, and ten seconds."""
    found = one()
    assert ("complete", "overdue", "recovered") == found.on
    assert ("*",) == found.match
    assert 10.0 == found.timeout.total_seconds()
    assert found.template is None


def test_a_timeout_is_a_duration() -> None:
    """The timeout of an attempt is between one second and thirty."""
    assert [1.0, 30.0] == [one(timeout=t).timeout.total_seconds() for t in ("1s", "PT30S")]


@pytest.mark.parametrize("raw", ["", "  ", "[]"])
def test_no_targets_is_no_problem(raw: str) -> None:
    """Without targets, verdicts go to the log."""
    assert ((), ()) == parse_targets(raw, {})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("[{]", "not JSON (line 1, column 3)"),
        ("[" * 100_000, "not JSON"),
        (
            "[{name:ci,url:hush}]",
            "not JSON: no double quote is left in it; some shells take them away "
            "(line 1, column 3)",
        ),
        (
            '[{\\"name\\":\\"hush\\"}]',
            "not JSON: its double quotes have backslashes before them; give it without these "
            "(line 1, column 3)",
        ),
        (
            "[{\u201cname\u201d:\u201chush\u201d}]",
            "not JSON: it has curled quotes, as word processors and chats make; use plain ones "
            "(line 1, column 3)",
        ),
        ('[{"name":"\u201cx\u201d"]', "not JSON (line 1, column 15)"),
        ("{}", "must be a JSON list of targets: [{...}, {...}]"),
        ("null", "must be a JSON list of targets: [{...}, {...}]"),
    ],
)
def test_a_setting_that_is_no_list_is_one_problem(raw: str, message: str) -> None:
    """The app goes on without targets."""
    assert ((), (Problem("ACR_GLOBAL_TARGETS", message),)) == parse_targets(raw, {})


@pytest.mark.parametrize("raw", ['[{"name": "hush"}, ]', '[{"name": "hush",\n}]', "[1,]"])
def test_a_comma_too_many_is_said(raw: str) -> None:
    """It is what most often goes wrong by hand; Pythons differ in whether they point at it or
    behind it."""
    ((), (problem,)) = parse_targets(raw, {})
    assert problem.message.startswith("not JSON: a comma stands before a closing bracket; take it")
    assert "column" in problem.message
    assert "hush" not in problem.message


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("hush", "target #1: must be a JSON object"),
        (HOOK | {"kind": "webhok"}, "target 'ci': unknown kind; did you mean 'webhook'?"),
        (
            HOOK | {"kind": "hush"},
            "target 'ci': unknown kind; known are " + ", ".join(KINDS),
        ),
        (HOOK | {"kind": ["hush"]}, "target 'ci': unknown kind; known are " + ", ".join(KINDS)),
        ({"name": "ci"}, "target 'ci': kind is missing; known are " + ", ".join(KINDS)),
        (HOOK | {"secert": "hush"}, "target 'ci': unknown field 'secert'; did you mean 'secrets'?"),
        (HOOK | {"zzz": "hush"}, "target 'ci': unknown field 'zzz'"),
        ({"name": "ci", "kind": "webhook"}, "target 'ci': url is missing"),
        ({"kind": "slack", "url": "https://hush"}, "target #1: name is missing"),
        (
            HOOK | {"name": "Hush!"},
            "target #1: name: must be 1 to 50 of a-z, 0-9, dot, underscore, hyphen",
        ),
        (HOOK | {"url": 5}, 'target \'ci\': url: must be text or {"$secret": "NAME"}'),
        (HOOK | {"url": " "}, 'target \'ci\': url: must be text or {"$secret": "NAME"}'),
        (
            HOOK | {"url": {"$secret": "not a name, hush"}},
            "target 'ci': url: $secret must be the name of a setting: letters, digits, underscores",
        ),
        (
            HOOK | {"url": "http://hush.test/"},
            "target 'ci': url is plain http to another host; use https, or say \"insecure\": true",
        ),
        (
            HOOK | {"url": "ftp://hush.test/"},
            "target 'ci': url must begin with https:// and name a host",
        ),
        (
            HOOK | {"url": "${HUSH_URL}"},
            'target \'ci\': url is a variable that nobody replaces; write {"$secret": "NAME"}',
        ),
        (
            HOOK | {"url": "https://[hush"},
            "target 'ci': url must begin with https:// and name a host",
        ),
        (
            HOOK | {"url": "https://h.test:99999"},
            "target 'ci': url must name a port from 1 to 65535, or none",
        ),
        (HOOK | {"url": "https://hüsh.test"}, "target 'ci': url must be ASCII without blanks"),
        (HOOK | {"url": "https://h.test/hu sh"}, "target 'ci': url must be ASCII without blanks"),
        (
            HOOK | {"on": ["complet"]},
            "target 'ci': on.0: Input should be 'complete', 'overdue', 'recovered' or 'incomplete'",
        ),
        (HOOK | {"on": "complete"}, "target 'ci': on: must be a JSON list"),
        (
            HOOK | {"match": ["regexp:^hush$"]},
            "target 'ci': match: must be patterns like team/*:v*, with commas between them, in "
            "which * stands for anything; no regular expressions, no registry's name and no "
            "digests",
        ),
        (
            {"name": "ms", "kind": "teams", "url": "https://a.webhook.office.com/webhookb2/hush"},
            "target 'ms': url is an Office 365 connector's, and those were retired in 2026; make a "
            "webhook with Workflows",
        ),
        (
            {"name": "ms", "kind": "teams", "url": f"{FLOW}?api-version=1"},
            "target 'ms': url has no sig=, without which its workflow takes nothing: copy it "
            "whole, in quotes where a shell reads it, from a trigger that anyone may start",
        ),
        (
            {"name": "ms", "kind": "teams", "url": f"{FLOW}?sig=hush"}
            | {"headers": {"Authorization": "Bearer hush"}},
            "target 'ms': url has a sig= beside an Authorization header; its workflow takes one",
        ),
        (
            HOOK | {"url": "https://h.test/?a=1&amp;sig=hush"},
            "target 'ci': url has &amp; where & belongs: it was copied from a page's or a file's "
            "source",
        ),
        (
            {"name": "sl", "kind": "slack", "url": "https://hooks.slack.com/triggers/hush"},
            "target 'sl': url starts a workflow, which takes no messages; make an incoming "
            "webhook, whose path begins with /services/",
        ),
        (
            GITHUB | {"url": "https://github.com/"},
            "target 'gh': url is GitHub's site; its API is https://api.github.com",
        ),
        (
            GITHUB | {"url": "https://api.github.com/repos/a/b/dispatches"},
            "target 'gh': url must be the API's base; the repository stands in repo",
        ),
        (HOOK | {"match": "hush/*"}, "target 'ci': match: must be a JSON list"),
        (HOOK | {"headers": "x-key: hush"}, "target 'ci': headers: must be a JSON object"),
        (HOOK | {"timeout": "31s"}, "target 'ci': timeout: must be a duration from 1s to 30s"),
        (HOOK | {"timeout": "0"}, "target 'ci': timeout: must be a duration from 1s to 30s"),
        (HOOK | {"timeout": 10}, "target 'ci': timeout: must be a duration from 1s to 30s"),
        (
            HOOK | {"timeout": "hush"},
            "target 'ci': timeout: not a duration: write it like 90s, 10m, 1h30m, 2d or PT10M",
        ),
        (
            HOOK | {"template": "$hush"},
            "target 'ci': template: names something unknown; known are "
            "digest, missing, push, reference, region" + "s, registry, repository, tag, verdict",
        ),
        (
            HOOK | {"template": "5 $"},
            "target 'ci': template: has a $ that begins no name; write $$ for a dollar sign",
        ),
        (HOOK | {"headers": {"a b": "hush"}}, "target 'ci': headers: not a header name"),
        (
            HOOK | {"url": "http://a.localhost"},
            "target 'ci': url is plain http to another host; use https, or say \"insecure\": true",
        ),
        (
            HOOK | {"headers": {"Webhook-Id": "hush"}},
            "target 'ci': headers: Webhook-Id is set by this kind of target itself",
        ),
        (
            HOOK | {"secrets": ["hush"]},
            "target 'ci': a signing secret must be whsec_ and the base64 form of 24 to 64 bytes",
        ),
        (
            {"name": "gh", "kind": "github", "repo": "hush", "token": "hush"},
            "target 'gh': repo: must be owner/name",
        ),
        (
            {"name": "gh", "kind": "github", "repo": "a/b", "token": "t", "event_type": "x" * 101},
            "target 'gh': event_type: String should have at most 100 characters",
        ),
        (
            {
                "name": "gh",
                "kind": "github",
                "repo": "a/b",
                "token": "t",
                "headers": {"Authorization": "hush"},
            },
            "target 'gh': headers: Authorization is set by this kind of target itself",
        ),
        (
            {"name": "ap", "kind": "apprise", "url": "json://h", "headers": {}},
            "target 'ap': unknown field 'headers'",
        ),
    ],
)
def test_what_is_wrong_is_named_and_not_shown(item: Any, message: str) -> None:
    """One plain sentence that tells the operator what to do, without the value."""
    (found,) = problems_of(item)
    assert message == found
    assert "hush" not in found.lower()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "http://localhost/x", "http://[::1]:8/"])
def test_http_to_this_host_is_allowed(url: str) -> None:
    """A receiver on this machine can be tried without TLS."""
    assert url == resolve(one(url=url).url, {})


def test_http_elsewhere_is_allowed_where_it_is_asked_for() -> None:
    """A target says `"insecure": true`."""
    assert one(url="http://hush.test/x", insecure=True)


def test_a_target_whose_secret_is_not_set_stays_known() -> None:
    """The missing setting is named; deliveries under way find the target once it is set."""
    item = HOOK | {"url": {"$secret": "NAME"}}
    found, problems = parse_targets(json.dumps([item]), {})
    assert [SecretRef("NAME")] == [t.url for t in found]
    assert ["target 'ci': setting NAME is not set"] == [p.message for p in problems]
    assert [] == problems_of(item, environ={"NAME": "https://hush.test"})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "@Microsoft.KeyVault(VaultName=hush;SecretName=x)",
            "setting NAME is a Key Vault reference that the platform has not resolved: the portal "
            "shows its status beside the app setting (Environment variables), and the reason; most "
            "often the app's identity, the one that keyVaultReferenceIdentity names, lacks the "
            "role Key Vault Secrets User",
        ),
        (
            "http://hush.test",
            'setting NAME: url is plain http to another host; use https, or say "insecure": true',
        ),
        ("hush", "setting NAME: url must begin with https:// and name a host"),
    ],
)
def test_a_secret_with_a_wrong_value_is_named(value: str, message: str) -> None:
    """The problem names the setting, and does not show its value."""
    item = HOOK | {"url": {"$secret": "NAME"}}
    assert [f"target 'ci': {message}"] == problems_of(item, environ={"NAME": value})


def test_one_secret_used_twice_is_one_problem() -> None:
    """The operator reads about it once."""
    ref = {"$secret": "NAME"}
    assert ["target 'ci': setting NAME is not set"] == problems_of(
        HOOK | {"headers": {"A": ref, "B": ref}}
    )


def test_of_two_targets_with_one_name_the_first_counts() -> None:
    """The second is a problem."""
    second = HOOK | {"url": "https://other.test"}
    found, problems = parse_targets(json.dumps([HOOK, second, HOOK | {"name": "b"}]), {})
    assert ["ci", "b"] == [t.name for t in found]
    assert "https://hush.test/x" == resolve(found[0].url, {})
    assert ["target 'ci': another target has this name already"] == [p.message for p in problems]


def test_good_targets_stand_beside_wrong_ones() -> None:
    """A wrong target costs no other one."""
    wrong = {"name": "bad", "kind": "slack", "on": [], "url": "https://hush.test"}
    found, problems = parse_targets(json.dumps([wrong, HOOK]), {})
    assert ["ci"] == [t.name for t in found]
    assert ["target 'bad': on: must name at least one"] == [p.message for p in problems]


def test_a_missing_apprise_is_a_problem_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found at the start, not at the first alarm."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    item = {"name": "mail", "kind": "apprise", "url": "mailto://hush"}
    found, (problem,) = parse_targets(json.dumps([item]), {})
    assert "target 'mail': needs the package apprise, which is not installed" == problem.message
    assert ["mail"] == [t.name for t in found]


def test_the_names_of_secrets_are_found_anywhere() -> None:
    """A reference counts wherever it stands in a target, even in broken JSON."""
    items = [
        HOOK
        | {
            "url": {"$secret": "A"},
            "headers": {"x": {"$secret": "B"}, "y": "literal"},
            "secrets": [KEY, {"$secret": "C"}],
        },
        {"name": "gh", "kind": "github", "repo": "a/b", "token": {"$secret": "D"}},
    ]
    assert {"A", "B", "C", "D"} == secret_names(json.dumps(items))
    broken = '[{"url": { "$secret" :\n"A"}, "nonsense": [[[[], {"token": {"$secret": "B"'
    assert {"A", "B"} == secret_names(broken)
    assert set() == secret_names('["$secret", {"$secret": 5}, {"$secret": "no name"}]')


@pytest.mark.parametrize("kind", ["teams", "slack"])
def test_only_an_address_is_judged_as_one(kind: str) -> None:
    """A header may hold what can be none, or what would be another receiver's."""
    for value in ("http://[hush", "https://a.office.com/", "https://hooks.slack.com/triggers/x"):
        given = {"name": "a", "kind": kind, "url": "https://h.test/x", "headers": {"x-a": value}}
        assert () == parse_targets(json.dumps([given]), {})[1]


def test_github_has_a_default_base_url() -> None:
    """A target that sets no base URL uses GitHub's public API."""
    github = GithubTarget.model_validate({"name": "gh", "repo": "a/b", "token": "t"})
    assert "https://api.github.com" == resolve(github.url, {})


@pytest.mark.fuzz
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_reading_never_raises(item: Any) -> None:
    """Whatever stands in a target's place becomes a problem."""
    _, problems = parse_targets(json.dumps([item, HOOK | {"url": item, "on": item}]), {})
    assert problems


def test_a_target_cannot_be_changed() -> None:
    """It is frozen; a reference to a secret may stand in place of a value."""
    found = WebhookTarget.model_validate(HOOK | {"url": SecretRef("NAME")})
    assert SecretRef("NAME") == found.url
    with pytest.raises(ValueError, match="frozen"):
        found.name = "other"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "é"])
def test_a_wrong_signing_secret_is_refused_when_used(secret: str) -> None:
    """The value may have changed since the settings were checked."""
    with pytest.raises(RenderError) as caught:
        signing_key(secret)
    assert "secret-invalid" == caught.value.reason


def test_the_prefix_of_a_signing_secret_makes_no_difference() -> None:
    """Receivers show secrets with and without `whsec_`."""
    assert signing_key(KEY) == signing_key(KEY.removeprefix("whsec_"))
    assert 24 == len(signing_key(KEY))
