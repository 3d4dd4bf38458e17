"""Whether what the registry could not deliver is taken in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from acr_global.doctor.catching_up import check_catching_up
from acr_global.doctor.facts import Facts, Unknown
from acr_global.doctor.finding import Finding, State
from acr_global.functions.durable import names
from acr_global.model import Evidence, EvidenceKind
from acr_global.registration.model import WebhookEvent
from tests.doctor.samples import AT, DIAGNOSIS, EXPECTED, FACTS, event, hook

OFF = names.always()
ON = replace(
    FACTS,
    app=replace(FACTS.app, diagnosis=DIAGNOSIS.model_copy(update={"functions": names.every()})),
)


def refused(minutes: float = -30) -> WebhookEvent:
    """An entry that was answered 503, so long after the app was asked."""
    one = event(status=503)
    return replace(
        one,
        at=AT + timedelta(minutes=minutes),
        request_body={**one.request_body, "id": f"p{minutes}"},
    )


def said(*events: WebhookEvent, asked: str = "", functions: tuple[str, ...] = ()) -> Finding:
    """What is said where a log has these entries, and asking it came to that."""
    seen = Evidence(region="eastus", kind=EvidenceKind.EVENT_LOG, found=False, detail=asked)
    expected = EXPECTED.model_copy(update={"asked": (seen,) if asked else ()})
    about = {"expected": (expected,), "functions": functions or names.every()}
    app = replace(FACTS.app, diagnosis=DIAGNOSIS.model_copy(update=about))
    hooks = (replace(hook("eastus"), events=events),)
    return check_catching_up(replace(FACTS, app=app, hooks=hooks))


@pytest.mark.parametrize(
    ("state", "text", "found"),
    [
        (State.OK, "is on; 0 events of the last 3 days not delivered", said(event())),
        (State.OK, "is on; 1 event of the last 3 days not delivered, taken in", said(refused())),
        (State.OK, "is on; 0 events", said(refused(minutes=-5_000))),
        (State.OK, "is on; 0 events", said(event(), asked="nothing in its event log")),
        (State.WRONG, "cannot read the event log: no right",
         said(refused(), asked="check failed: no right")),
        (State.OK, "is off", said(event(), functions=OFF)),
        (State.WRONG, "is off, with 2 events", said(refused(-20), refused(-30), functions=OFF)),
    ],
)  # fmt: skip
def test_it_is_on_or_off_or_cannot(state: State, text: str, found: Finding) -> None:
    """Off is wrong only where something is lost by it."""
    assert state is found.state
    assert found.said.startswith(text)
    assert (state is State.WRONG) == bool(found.mend)


@pytest.mark.parametrize(
    "facts",
    [
        replace(ON, hooks=Unknown("no right")),
        replace(ON, hooks=(replace(hook("eastus"), events=Unknown("no right")),)),
    ],
)
def test_logs_that_cannot_be_read_from_here_are_no_fault_of_the_app(facts: Facts) -> None:
    """It may read them all the same."""
    found = check_catching_up(facts)
    assert (State.OK, True) == (found.state, "is not known" in found.said)
