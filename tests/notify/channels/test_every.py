"""Each channel's exact request, judged by its receiver's own library.

The golden files are read by people: `UPDATE_GOLDEN=1 python -m pytest tests/notify` writes them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acr_global.errors import RenderError
from acr_global.grouping import GroupState
from acr_global.model import Arrival, Evidence, EvidenceKind, VerdictType
from acr_global.notify import preview
from acr_global.notify.channels import KINDS
from acr_global.notify.group import group_message
from acr_global.notify.message import message_of
from acr_global.notify.notice import Notice
from acr_global.notify.target import HttpTarget, LibraryTarget, Target
from acr_global.secret import SecretRef
from tests.notify.samples import (
    HUSHED,
    NOW,
    SECRET,
    SECRETS,
    arrival,
    artifact,
    case,
    every_target,
    group,
    large_report,
    large_verdict,
    member,
    message,
    render,
    report,
    target,
    verdict,
)

GOLDEN = Path(__file__).parent / "golden"
MOST_BYTES = 65_536
"""Of an event, every broker takes so many (CloudEvents 1.0.2, `Size Limits`)."""


def test_every_kind_has_a_channel() -> None:
    """No kind can be configured that has no channel."""
    for to in every_target():
        assert render(message(), to).body
    assert list(KINDS) == [to.kind for to in every_target()]


TOLD: dict[str, Notice] = {
    **{verdict_type.value: message(verdict_type) for verdict_type in VerdictType},
    **{f"group-{state.value}": group(state) for state in GroupState},
}
"""Of all that a target can be told a sample, by the name of its goldens."""


@pytest.mark.parametrize("about", list(TOLD))
@pytest.mark.parametrize("kind", list(KINDS))
def test_the_exact_request(kind: str, about: str) -> None:
    """A change of what receivers get shows up in review."""
    to = target(kind)
    request = render(TOLD[about], to)
    text = request.body.decode()
    body = text.split("\n") if isinstance(to, LibraryTarget) else json.loads(text)
    shown = {"url": request.url, "headers": dict(request.headers), "body": body}
    path = GOLDEN / f"{kind}-{about}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(json.dumps(shown, indent=2, ensure_ascii=False) + "\n", "utf-8")
    assert json.loads(path.read_text("utf-8")) == shown


def test_every_kind_has_a_check() -> None:
    """A new kind must bring one in its test file."""
    assert [] == [kind for kind in KINDS if not callable(case(kind).check)]


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("about", list(TOLD))
def test_the_receivers_library_accepts_every_message(kind: str, about: str) -> None:
    """Each kind's `check` passes for each verdict, and for all that is said of a group."""
    case(kind).check(render(TOLD[about], target(kind)))


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize(
    "region", ["region-{}", "r{}" + "x" * 1000, "<&>" * 300 + "{}", "日" * 900 + "{}"]
)
def test_sixty_regions_and_the_longest_repository_fit(kind: str, region: str) -> None:
    """What does not fit is counted, and the missing regions are the last to go."""
    request = render(message_of(large_verdict(region)), target(kind))
    case(kind).check(request)
    if region == "region-{}":
        text = request.body.decode()
        assert all(f"region-{n}" in text for n in range(1, 60, 2))


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("tail", ["app:v1", "r" * 240 + ":" + "t" * 128, "日" * 1024])
def test_sixty_regions_and_five_thousand_pushes_fit(kind: str, tail: str) -> None:
    """Every push is listed or counted, and every receiver's limit is kept."""
    request = render(group_message(large_report(tail)), target(kind))
    case(kind).check(request)
    assert MOST_BYTES >= len(request.body)
    shown = request.body.decode()
    listed = len(re.findall(r"image-\d+/", shown))
    counted = max(map(int, re.findall(r'(?:and |"omitted":)(\d+)', shown)))
    assert 0 < listed
    assert 5_000 == listed + counted


def test_what_does_not_fit_is_counted() -> None:
    """`and N more` stands where regions were left out."""
    told = message_of(large_verdict("r{}" + "x" * 1000))
    for kind in ("teams", "slack", "apprise"):
        assert b" more" in render(told, target(kind)).body
    omitted = json.loads(
        render(message_of(large_verdict("日" * 900 + "{}")), target("github")).body
    )
    regions = omitted["client_payload"]["regions"]
    assert 60 == regions["expected"]
    assert regions["omitted"] > 0
    assert [] == regions["arrived"]


HOSTILE = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(codec=None), max_size=12),
    st.sampled_from(
        [
            "*bold* _it_ ~no~ `code` [a](https://evil.test)",
            "\"quotes' \\ and </script><b>",
            "<!channel> <@U1> &amp; <https://evil.test|x>",
            "👩‍👩‍👧‍👦" * 40,
            "\u202egnp.exe \u2066rtl\u2069 שלום",
            "line\nbreak\r\n\ttab\x00\x1b[31m",
            "{{DATE(2017-02-14T06:00:00Z)}} ${x} $verdict",
            "k" * 1024,
            "&" * 1024,
            "\ud83d",
        ]
    ),
)


@settings(max_examples=60, deadline=None)
@given(HOSTILE, HOSTILE, st.lists(HOSTILE, min_size=1, max_size=5), HOSTILE)
def test_nothing_in_a_push_can_break_a_request(
    repository: str, tag: str, regions: list[str], detail: str
) -> None:
    """Whatever the strings, each request is valid for its checker, escaped and within limits."""
    names = tuple(regions)
    told = message_of(
        verdict(
            VerdictType.OVERDUE,
            artifact=artifact(repository=repository, tag=tag, registry=tag, digest=detail),
            regions=names,
            arrivals=tuple(arrival(name, 1.0) for name in names[1:]),
            missing=names[:1],
            evidence=(
                Evidence(region=names[0], kind=EvidenceKind.EVENT_LOG, found=False, detail=detail),
            ),
        )
    )
    pushed = report(
        registry=tag,
        group_id=detail,
        missing=names,
        members=(member(1, reference=f"{repository}:{tag}", push_id=repository),),
        waiting=1,
        recovered=0,
    )
    for kind in KINDS:
        check = case(kind).check
        check(render(told, target(kind)))
        check(render(told, target(kind, template="$verdict: $reference $$ $missing")))
        check(render(group_message(pushed), target(kind)))


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_template_is_the_headline(kind: str) -> None:
    """A target's own template is used in its message about a push; of a group, which has no
    reference, the sentence is used."""
    to = target(kind, template="look: $reference")
    requests = [render(told, to) for told in (message(), group())]
    push, of_group = (r.body.decode() + str(r.headers) for r in requests)
    assert "look: team/app:v2" in push
    assert "look" not in of_group
    assert group().text in of_group


def test_own_headers_are_sent() -> None:
    """They replace default headers, such as the user agent."""
    own = {"User-Agent": "mine", "X-Api-Key": {"$secret": "API_KEY"}}
    headers = dict(render(message(), target("slack", headers=own)).headers)
    assert "mine" == headers["user-agent"]
    assert "key-hush" == headers["x-api-key"]


@pytest.mark.parametrize(
    ("kind", "secrets", "reason"),
    [
        ("webhook", {"API_KEY": "k"}, "secret-unset"),
        ("webhook", {"API_KEY": "k", "HOOK_SECRET": "whsec_short"}, "secret-invalid"),
        ("webhook", {"API_KEY": "a\nb: c", "HOOK_SECRET": SECRET}, "header-invalid"),
        ("cloudevents", {"HOOK_SECRET": SECRET, "HOOK_URL": "ftp://x"}, "url-invalid"),
        ("cloudevents", {"HOOK_SECRET": SECRET, "HOOK_URL": "http://public.test"}, "url-invalid"),
        ("github", {"GH_TOKEN": "@Microsoft.KeyVault(VaultName=v;SecretName=s)"}, "secret-unset"),
        ("github", {"GH_TOKEN": "a\nb"}, "header-invalid"),
        ("github", {"GH_TOKEN": "日"}, "header-invalid"),
    ],
)
def test_what_cannot_be_rendered_says_why(kind: str, secrets: dict[str, str], reason: str) -> None:
    """The error's reason is a slug, and its text shows no value."""
    with pytest.raises(RenderError) as caught:
        target(kind).render(message(), secrets, NOW)
    assert reason == caught.value.reason
    assert not [v for v in secrets.values() if v in str(caught.value)]


@pytest.mark.parametrize("told", [message(), group()], ids=["push", "group"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_preview_shows_the_request_and_no_secret(kind: str, told: Notice) -> None:
    """Everything that is not secret is shown exactly."""
    to = target(kind)
    shown = str(preview.preview(told, to, SECRETS, NOW))
    request = render(told, to)
    assert request.body.decode() == shown.split("\n\n", 1)[1]
    assert [] == [value for value in HUSHED if value in shown]
    assert "v1," not in shown
    assert "POST " == shown[:5]


@pytest.mark.parametrize(
    ("to", "first"),
    [
        (target("webhook"), "POST https://receiver.test/hook?***"),
        (target("webhook", url="https://u:p@h.test:8443/a"), "POST https://***@h.test:8443/a"),
        (target("webhook", url={"$secret": "HOOK_URL"}), "POST https://***@receiver.test/***"),
        (target("teams"), "POST https://flow.test/***"),
        (target("github"), "POST https://api.github.com/repos/team/deploy/dispatches"),
        (target("apprise"), "POST json://***"),
    ],
)
def test_a_preview_shows_of_the_url_what_is_no_secret(to: Target, first: str) -> None:
    """The host is always shown, so that an operator sees where it goes; except in apprise's
    notation."""
    assert first == str(preview.preview(message(), to, SECRETS, NOW)).split("\n")[0]


@pytest.mark.parametrize("kind", list(KINDS))
def test_no_target_shows_a_secret(kind: str) -> None:
    """Neither its repr, its str nor a dump holds one."""
    to = target(kind)
    shown = f"{to!r} {to} {to.model_dump()}"
    assert [] == [value for value in HUSHED if value in shown]
    if isinstance(to, HttpTarget):
        assert not isinstance(to.url, SecretRef) or "HOOK_URL" in shown


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2016-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "yesterday",
    ],
)
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_time_that_cannot_be_used_costs_no_message(kind: str, at: str) -> None:
    """An arrival or evidence with such a time is read without it."""
    kept = arrival("eastus", 1.0).model_dump(mode="json") | {"timestamp": at}
    seen = Evidence.model_validate(
        {"region": "eastus", "kind": "event-log", "found": True, "detail": "fired", "at": at}
    )
    told = message(arrivals=(Arrival.model_validate(kept),), evidence=(seen,))
    assert (None, None) == (told.push.pushed_at, seen.at)
    assert render(told, target(kind)).body


@pytest.mark.parametrize("hours", [14, -14])
@pytest.mark.parametrize("kind", list(KINDS))
def test_the_first_and_the_last_time_there_is_can_be_told(kind: str, hours: int) -> None:
    """Such a time with an offset does not exist in UTC, but costs no message."""
    edge = datetime.min if hours > 0 else datetime.max
    at = edge.replace(tzinfo=timezone(timedelta(hours=hours)))
    push = message().push.model_copy(update={"pushed_at": at})
    assert render(message().model_copy(update={"push": push}), target(kind)).body
    kept = arrival("eastus", 1.0).model_copy(update={"timestamp": edge.replace(tzinfo=UTC)})
    assert render(message(arrivals=(kept,)), target(kind)).body


def test_only_the_kinds_that_are_named_are_imported() -> None:
    """An app does not load channels for which it has no target."""
    code = (
        "import sys\n"
        "from acr_global.notify.setting import parse_targets\n"
        'parse_targets(\'[{"name": "ci", "kind": "webhook", "url": "https://a.example"}]\', {})\n'
        'print([m for m in sys.modules if m.startswith("acr_global.notify.channels.")])\n'
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "['acr_global.notify.channels.webhook']\n" == ran.stdout
