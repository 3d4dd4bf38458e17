"""What is wrong with the app, seen from outside and from inside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from acr_global import api
from acr_global.doctor.app import check_app
from acr_global.doctor.facts import Answer, Facts, Unknown
from acr_global.doctor.finding import Finding, State
from acr_global.model import Evidence, EvidenceKind
from acr_global.registration.model import Function
from tests.doctor.samples import (
    AT,
    DIAGNOSIS,
    EXPECTED,
    FACTS,
    FUNCTIONS,
    HOST,
    expecting,
    probed,
    with_app,
)


def of(check: str, facts: Facts) -> list[Finding]:
    """The findings of one check."""
    return [finding for finding in check_app(facts.app) if finding.check == check]


def only(check: str, facts: Facts) -> Finding:
    """The only finding of one check."""
    (found,) = of(check, facts)
    return found


@pytest.mark.parametrize(
    ("said", "health"),
    [
        ("is not reached: cannot connect", Answer(failed="cannot connect")),
        ("refuses (status 403)", Answer(403)),
        ("has no function Health (status 404)", Answer(404)),
        ("does not answer as the app does (status 503)", Answer(503)),
        ("does not answer as the app does (status 200)", Answer(200, {"status": {}})),
        ("does not answer as the app does (status 302)", Answer(302)),
    ],
)
def test_an_unreachable_app_is_a_finding_with_advice(said: str, health: Answer) -> None:
    """It names the host."""
    found = only("app", with_app(health=health))
    assert (State.WRONG, f"{HOST} {said}") == (found.state, found.said)
    assert found.mend


@pytest.mark.parametrize("status", [200, 503])
def test_any_health_answer_means_that_the_app_is_reached(status: int) -> None:
    """Its settings are another check's subject."""
    assert State.OK is only("app", with_app(health=Answer(status, {"status": "error"}))).state


@pytest.mark.parametrize(
    ("state", "ping"),
    [
        (State.OK, Answer(200, {"reason": "ping"})),
        (State.OK, Answer(400, {"reason": "region-unknown"})),
        (State.WRONG, Answer(401)),
        (State.WRONG, Answer(404)),
        (State.WRONG, Answer(503, {"reason": "settings-invalid"})),
        (State.WRONG, Answer(failed="no answer in time")),
        (State.UNKNOWN, Unknown("no key was given")),
    ],
)
def test_the_door_is_open_where_the_app_itself_answers_a_ping(
    state: State, ping: Answer | Unknown
) -> None:
    """An answer that the region is not expected is the app's own, too."""
    assert state is only("door", with_app(ping=ping)).state


def test_functions_that_are_missing_or_disabled_are_named() -> None:
    """The platform's warm-up function is not counted."""
    listed = [f for f in FUNCTIONS if f.name not in ("Courier", "Health")]
    listed += [Function("Health", enabled=False), Function("WarmUp", enabled=False)]
    missing, disabled = of("functions", with_app(functions=tuple(listed)))
    assert "the host does not list Courier" == missing.said
    assert "disabled: Health" == disabled.said
    assert "AzureWebJobs.Health.Disabled" in disabled.mend


def test_the_app_says_which_functions_there_should_be() -> None:
    """Without its word, those of this release count."""
    later = DIAGNOSIS.model_copy(update={"functions": ("Later",)})
    assert "does not list Later" in only("functions", with_app(diagnosis=later)).said
    without = with_app(diagnosis=Unknown("x"), functions=())
    assert "ImagePush" in only("functions", without).said


PROBLEM = api.WrongSetting(setting="ACR_GLOBAL_X", severity="warning", reason="is not known")


@pytest.mark.parametrize(
    "facts",
    [
        with_app(diagnosis=DIAGNOSIS.model_copy(update={"problems": (PROBLEM,)})),
        with_app(diagnosis=Unknown("x"), health=Answer(200, {"problems": [PROBLEM.model_dump()]})),
    ],
)
def test_each_wrong_setting_is_a_line(facts: Facts) -> None:
    """With a key they come from the diagnosis, without one from the public health check."""
    found = only("settings", facts)
    said = "ACR_GLOBAL_X (a warning): is not known"
    assert (State.WRONG, said) == (found.state, found.said)


@pytest.mark.parametrize("body", [{}, {"problems": "none"}])
def test_settings_without_an_answer_are_not_known(body: dict[str, Any]) -> None:
    """No answer is not taken for good settings."""
    facts = with_app(diagnosis=Unknown("x"), health=Answer(200, body))
    assert State.UNKNOWN is only("settings", facts).state


def test_another_release_of_the_app_is_mentioned() -> None:
    """That is not wrong."""
    other = with_app(diagnosis=DIAGNOSIS.model_copy(update={"version": "9.9.9"}))
    assert "release 9.9.9, Python 3.12.1; this command is of" in only("version", other).said


@pytest.mark.parametrize(
    ("state", "said", "seconds"),
    [
        (State.OK, "within 10 s", 0),
        (State.OK, "within 10 s", -10),
        (State.WRONG, "11 s ahead of this machine's", 11),
        (State.WRONG, "3600 s behind this machine's", -3_600),
    ],
)
def test_clocks_that_differ_are_a_finding(state: State, said: str, seconds: float) -> None:
    """It says by how much, and in which direction."""
    moved = DIAGNOSIS.model_copy(update={"now": AT + timedelta(seconds=seconds)})
    found = only("clock", with_app(diagnosis=moved))
    assert (state, True) == (found.state, found.said.startswith(said))


def test_without_the_moment_of_the_answer_no_clock_is_compared() -> None:
    """Neither clock is taken for right."""
    assert State.UNKNOWN is only("clock", with_app(answered_at=None)).state


@pytest.mark.parametrize(
    ("said", "facts"),
    [
        ("its storage does not answer", probed(state="engine-unavailable")),
        ("nothing was taken from its queue within 25 s", probed(state="not-begun")),
        ("GatherEvidence did not come back within 25 s",
         probed(state="not-ended", at="GatherEvidence")),
        ("a probe did not come to its end within 25 s", probed(state="not-ended")),
        ("ended in an error: CarryArrival", probed(failed=("CarryArrival",))),
    ],
)  # fmt: skip
def test_an_engine_that_does_not_work_is_a_finding(said: str, facts: Facts) -> None:
    """It says what to look at."""
    found = only("engine", facts)
    assert (State.WRONG, said) == (found.state, found.said)
    assert found.mend


def test_the_newest_turn_is_shown() -> None:
    """It is shown where the process that answered has had one."""
    moved = with_app(diagnosis=DIAGNOSIS.model_copy(update={"newest_turn": AT}))
    assert "newest turn of a push here 2026-05-04 10:00:00Z" in only("engine", moved).said
    assert "newest" not in only("engine", FACTS).said


def test_a_registry_without_targets_is_a_finding() -> None:
    """A registry with settings of its own is named."""
    found = only("targets", with_app(diagnosis=expecting(targets=(), registry="r.example")))
    assert (State.WRONG, True) == (found.state, "nobody is told of r.example" in found.said)


def asked(*details: str) -> Facts:
    """An app that asks for evidence, with these results by region."""
    kind = EvidenceKind.EVENT_LOG
    regions = zip(EXPECTED.regions, details, strict=False)
    came = [Evidence(region=r, kind=kind, found=False, detail=d) for r, d in regions]
    return with_app(diagnosis=expecting(evidence=("event-log",), asked=tuple(came)))


REFUSED = "check failed: answered 403 (the identity lacks a right: see docs/evidence.md)"


@pytest.mark.parametrize(
    ("state", "said", "facts"),
    [
        (State.OK, "event-log can be asked in all 2 regions",
         asked("nothing in its event log", "nothing in its event log")),
        (State.WRONG, "event-log cannot be asked in westeurope, eastus: answered 403",
         asked(REFUSED, REFUSED)),
        (State.WRONG, "event-log cannot be asked in eastus: answered 403",
         asked("nothing in its event log", REFUSED)),
        (State.UNKNOWN, "event-log was not asked for", asked()),
        (State.OK, "none is asked for (ACR_GLOBAL_EVIDENCE)", FACTS),
    ],
)  # fmt: skip
def test_evidence_is_as_the_apps_own_identity_found_it(
    state: State, said: str, facts: Facts
) -> None:
    """Each reason is one line."""
    found = only("evidence", facts)
    assert (state, True) == (found.state, found.said.startswith(said))
