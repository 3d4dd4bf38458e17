"""What /api answers, as JSON: a dead letter as it was noted, and no nulls in the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from acr_global import api
from acr_global.model import Action, Arrival, Artifact, Attempt, Outcome, Verdict, VerdictType

AT = datetime(2026, 5, 4, 10, tzinfo=UTC)
WRITTEN = "2026-05-04T10:00:00Z"

DELIVERY: dict[str, Any] = {
    "state": "dead",
    "push": "p1",
    "verdict": "overdue",
    "reference": "team/app:v1",
    "delivered": [],
    "owed": [],
    "dead": ["ops"],
    "attempts": 8,
    "replay_of": None,
}
GIVEN_UP: dict[str, Any] = {"state": "given-up", "push": "p1", "reference": None, "cause": "why"}


@pytest.mark.parametrize(
    "noted",
    [
        DELIVERY,
        DELIVERY | {"dead_more": 120, "owed_more": 3, "delivered_more": 1},
        GIVEN_UP,
        {"state": "failed"},
        {"state": "failed", "push": "p1", "round": 3},
        {},
        DELIVERY | {"of_a_later_release": {"a": [None]}},
    ],
)
def test_a_letter_is_what_was_noted_of_it(noted: dict[str, Any]) -> None:
    """Its nulls stay, and so do fields that this release does not know."""
    page = api.DeadLetters(deadletters=(api.letter("_delivery.overdue.p1", noted),), next=None)
    assert {"deadletters": [{"id": "_delivery.overdue.p1", **noted}], "next": None} == api.dump(
        page
    )


@pytest.mark.parametrize("noted", [{"attempts": "many"}, {"dead": "ops"}, {"state": 5}])
def test_a_letter_that_is_broken_costs_no_other(noted: dict[str, Any]) -> None:
    """It stays in the list by its id."""
    page = api.DeadLetters(deadletters=(api.letter("x", noted), api.letter("y", DELIVERY)))
    assert [{"id": "x", "state": "failed"}, {"id": "y", **DELIVERY}] == api.dump(page)[
        "deadletters"
    ]


def test_details_hold_no_null_below_what_was_noted() -> None:
    """Attempts, arrivals and the verdict leave out what is not known."""
    details = api.DeadLetterDetails(
        id="x",
        replay_of=None,
        attempts=(Attempt(target="ops", at=AT, outcome=Outcome.DEAD, reason="gone", status=None),),
        arrivals=(Arrival(region="eastus", event_id="e", received_at=AT, timestamp=None),),
        message=Verdict(
            type=VerdictType.OVERDUE,
            push_id="p1",
            birth=None,
            action=Action.PUSH,
            artifact=Artifact(repository="app", tag=None),
            regions=("eastus",),
            arrivals=(),
            begun_at=AT,
            deadline=AT,
            decided_at=AT,
        ),
    )
    assert {
        "id": "x",
        "replay_of": None,
        "attempts": [{"target": "ops", "at": WRITTEN, "outcome": "dead", "reason": "gone"}],
        "arrivals": [{"region": "eastus", "event_id": "e", "received_at": WRITTEN}],
        "message": {
            "type": "overdue",
            "push_id": "p1",
            "action": "push",
            "artifact": {"repository": "app"},
            "regions": ["eastus"],
            "arrivals": [],
            "evidence": [],
            "missing": [],
            "begun_at": WRITTEN,
            "deadline": WRITTEN,
            "decided_at": WRITTEN,
        },
    } == api.dump(details)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"status": "accepted", "push": "p1", "region": "eastus"},
         api.Accepted(push="p1", region="eastus")),
        ({"status": "accepted", "delivery": "x~1", "targets": ["ops"]},
         api.Replay(delivery="x~1", targets=("ops",))),
        ({"status": "accepted", "delivery": "x~1", "push": "p1"},
         api.Replay(delivery="x~1", push="p1")),
        ({"status": "ok", "problems": []}, api.Health(status="ok", problems=())),
        ({"results": [{"status": "ignored", "reason": "ping"},
                      {"status": "error", "reason": "r", "message": "m"}]},
         api.Envelope(results=(api.Ignored(reason="ping"), api.Error(reason="r", message="m")))),
    ],
)  # fmt: skip
def test_an_answer_says_its_status_and_nothing_that_is_null(
    said: dict[str, Any], answer: BaseModel
) -> None:
    """The status is part of the answer, though the caller need not pass it."""
    assert said == api.dump(answer)
