"""The webhooks of each region: whether they are there and enabled, their URI and their key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acr_global import api
from acr_global.doctor.facts import Answer, Hook, Unknown
from acr_global.doctor.finding import Finding, State
from acr_global.doctor.hooks import check_hooks
from tests.doctor.samples import EXPECTED, FACTS, HOOKS, HOST, KEY, hook

HERE = f"https://{HOST}/api/ImagePush"


def checked(*hooks: Hook, expected: api.Expected | Unknown = EXPECTED) -> list[Finding]:
    """The findings for these webhooks."""
    return [*check_hooks(replace(FACTS, hooks=hooks), expected)]


def test_webhooks_that_are_right_are_a_line_each() -> None:
    """For a limited scope, the line shows it."""
    limited = [hook(region, scope="team/*") for region in ("westeurope", "eastus")]
    name = "acrglobalfuncapp"
    assert [f"{r}: {name}{r} is as it should be, for team/* only" for r in EXPECTED.regions] == [
        finding.said for finding in checked(*limited)
    ]


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ("is disabled", {"enabled": False}),
        ("is Failed", {"provisioning_state": "Failed"}),
        ("does not report push, chart_push", {"actions": ("delete",)}),
        ("does not report push", {"actions": ("chart_push",)}),
        (f"posts to https://elsewhere.example, and not to {HOST}/api/ImagePush",
         {"uri": "https://u:p@elsewhere.example/x?sig=hush#f"}),
        (f"posts to https://{HOST}, and not to {HOST}/api/ImagePush",
         {"uri": f"https://{HOST}/api/other?region=westeurope"}),
        ("posts to ***, and not to", {"uri": "https://["}),
        ("posts without a region", {"uri": f"{HERE}?region=%20"}),
        ("posts in clear", {"uri": f"http://{HOST}/api/ImagePush?region=westeurope"}),
        ("posts without a region", {"uri": HERE}),
        ("posts for the region eastus", {"uri": f"{HERE}?region=eastus"}),
        ("has no key in the header x-functions-key", {"headers": {"other": KEY}}),
        ("has no key in the header x-functions-key", {"headers": None}),
        ("has the key in its URL", {"uri": f"{HERE}?region=westeurope&code={KEY}"}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_webhook_is_named(said: str, about: dict[str, Any]) -> None:
    """It has one line; the other region's line stays."""
    wrong, right = checked(hook("westeurope", **about), HOOKS[1])
    assert (State.WRONG, State.OK) == (wrong.state, right.state)
    assert f"westeurope: acrglobalfuncappwesteurope {said}" in wrong.said
    assert wrong.mend


def test_a_region_is_compared_as_people_write_it() -> None:
    """`West Europe` and `westeurope` are the same."""
    found = checked(hook("westeurope", uri=f"{HERE}/?region=West%20Europe"), HOOKS[1])
    assert [State.OK, State.OK] == [finding.state for finding in found]


def test_a_webhook_may_post_to_any_host_of_the_app() -> None:
    """The app may be asked at a domain of its own."""
    facts = replace(FACTS, app=replace(FACTS.app, host="push.example.com", hosts=(HOST,)))
    assert {State.OK} == {finding.state for finding in check_hooks(facts, EXPECTED)}


def test_a_region_without_a_webhook_is_named() -> None:
    """No event can come from there."""
    assert "eastus: there is none of ours" == checked(HOOKS[0])[1].said


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("does not take the key (status 401)", Answer(401)),
        ("is not there (status 404)", Answer(404)),
        ("does not expect its region (status 400)", Answer(400, {"reason": "region-unknown"})),
        ("does not take a ping (status 503, settings-invalid)",
         Answer(503, {"reason": "settings-invalid"})),
        ("does not take a ping (status 200)", Answer(200, {"reason": {}})),
        ("gave no answer: no answer in time", Answer(failed="no answer in time")),
        ("refuses this machine (status 403)", Answer(403)),
    ],
)  # fmt: skip
def test_the_answer_to_the_webhooks_own_ping_is_shown(said: str, answer: Answer) -> None:
    """A wrong key is found before an image is pushed."""
    found = checked(replace(HOOKS[0], knock=answer), HOOKS[1])[0]
    assert State.WRONG is found.state
    assert found.said.endswith(f"asked as it asks, the app {said}")


def test_without_the_right_to_the_callback_the_rest_is_examined() -> None:
    """The line names the missing right."""
    bare = hook("westeurope", enabled=False, uri=None, headers=None)
    disabled, unknown, _ = checked(replace(bare, callback=Unknown("the right Y")), HOOKS[1])
    assert "is disabled" in disabled.said
    assert (State.UNKNOWN, True) == (unknown.state, "the right Y" in unknown.said)


def test_regions_with_different_scopes_are_a_finding() -> None:
    """What only some regions report can never be complete."""
    found = checked(hook("westeurope", scope="team/*"), HOOKS[1])[-1]
    assert (State.WRONG, "the regions report different things: everything, team/*") == (
        found.state,
        found.said,
    )


@pytest.mark.parametrize(
    ("regions", "replicas"), [(["eastus", "westeurope"], True), (["westeurope"], False)]
)
def test_without_the_apps_word_the_registrys_regions_count(
    regions: list[str], *, replicas: bool
) -> None:
    """Without those, the regions that have a webhook do."""
    known = FACTS.replicas if replicas else Unknown("x")
    facts = replace(FACTS, replicas=known, hooks=(HOOKS[0],))
    found = [*check_hooks(facts, Unknown("no key was given"))]
    assert regions == sorted(finding.said.partition(":")[0] for finding in found)
