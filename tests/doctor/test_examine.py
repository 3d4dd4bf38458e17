"""All checks together: a healthy app has no problem, and nothing secret is shown of a sick one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acr_global.doctor.examine import examine
from acr_global.doctor.facts import Answer, Facts, Unknown
from acr_global.doctor.finding import State
from tests.doctor.samples import FACTS, HOOKS, HOST, KEY, REGIONS, hook, with_app

CHECKS = ["regions", "webhooks", "deliveries", "correlation", "app", "door", "functions"]
CHECKS += ["settings", "version", "clock", "engine", "targets", "evidence"]
CHECKS += ["catch-up"]
GONE = Unknown("the right X/read is missing", "ask for it")


def test_a_healthy_app_is_fine_throughout() -> None:
    """The checks follow a push's way, and each says something."""
    found = examine(FACTS)
    assert {State.OK} == {finding.state for finding in found}
    assert CHECKS == list(dict.fromkeys(finding.check for finding in found))
    assert {""} == {finding.mend for finding in found}


@pytest.mark.parametrize(
    ("checks", "facts"),
    [
        (["regions", "webhooks", "deliveries", "correlation"],
         replace(FACTS, registry=GONE, replicas=GONE, hooks=GONE)),
        (["regions"], replace(FACTS, replicas=GONE)),
        (["webhooks", "deliveries", "correlation"], replace(FACTS, hooks=GONE)),
        (["functions"], with_app(functions=GONE)),
        (["door"], with_app(ping=GONE)),
        (["regions", "correlation", "version", "clock", "engine", "targets", "evidence",
          "catch-up"],
         with_app(diagnosis=GONE)),
    ],
)  # fmt: skip
def test_a_missing_right_costs_only_the_checks_that_need_it(
    checks: list[str], facts: Facts
) -> None:
    """Each of their lines names the right."""
    found = examine(facts)
    unknown = [finding for finding in found if finding.state is State.UNKNOWN]
    assert checks == [finding.check for finding in unknown]
    assert [] == [f for f in unknown if "the right X/read is missing" not in f.said]
    assert [] == [f for f in found if f.state is State.WRONG]
    assert set(CHECKS) == {finding.check for finding in found}


def test_without_the_app_nothing_is_taken_for_fine() -> None:
    """Only what the registry says by itself is."""
    gone = Answer(failed="cannot connect")
    facts = with_app(health=gone, ping=gone, diagnosis=GONE, functions=GONE)
    fine = {f.check for f in examine(facts) if f.state is State.OK}
    assert {"webhooks", "deliveries"} == fine


@pytest.mark.parametrize(
    "uri",
    [
        f"https://{HOST}/api/ImagePush?region=westeurope&code={KEY}",
        f"https://user:{KEY}@elsewhere.example/{REGIONS[0]}?sig={KEY}&region=x#{KEY}",
        f"https://[{KEY}",
        None,
    ],
)
def test_no_key_that_the_registry_holds_is_shown(uri: str | None) -> None:
    """It may stand in any part of a webhook."""
    spoiled = hook("westeurope", uri=uri, headers={"x-functions-key": KEY, "other": KEY})
    facts = replace(FACTS, hooks=(spoiled, HOOKS[1]))
    assert KEY not in str(examine(facts))
    assert KEY not in repr(facts)
