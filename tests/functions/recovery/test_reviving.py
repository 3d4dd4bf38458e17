"""What a history tells of a verdict that was on its way when its push broke off."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from acr_global import correlation
from acr_global.functions.arrivals.instances import new_input
from acr_global.functions.durable import names, notifications, wire
from acr_global.functions.durable.engine import Phase, Snapshot
from acr_global.functions.recovery import reviving
from acr_global.model import Action, Arrival, VerdictType
from tests.notify.samples import artifact

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FIRST, SECOND = "eastus", "westus"


def at(seconds: float) -> str:
    """A moment after the first turn."""
    return (NOW + timedelta(seconds=seconds)).isoformat()


def broken_off(decided: float, heard: float, made: float | None = None) -> Snapshot:
    """A push of ten minutes that failed in the turn that heard of its sender's death; its second
    region was received at `heard`, by the clock of who takes webhooks, and it was decided at
    `decided`, by the engine's. `made`: when its event was, where it was caught up."""
    made_at = NOW + timedelta(seconds=made) if made is not None else None
    arrivals = [
        Arrival(region=region, event_id="p1", received_at=NOW + timedelta(seconds=seconds))
        for region, seconds in ((FIRST, -1.0), (SECOND, heard))
    ]
    terms = wire.PushTerms(
        action=Action.PUSH,
        artifact=artifact(),
        regions=(FIRST, SECOND),
        timeout=timedelta(minutes=10),
        arrival=arrivals[0],
        targets=("ops",),
        begun_at=made_at,
    )
    history: list[dict[str, Any]] = [
        {"EventType": "TimerCreated", "Timestamp": at(0)},
        {
            "EventType": "EventRaised",
            "Name": correlation.event_name(SECOND),
            "Input": json.dumps(wire.dump(arrivals[1])),
            "Timestamp": at(decided - 0.1),
        },
        {
            "EventType": "TaskFailed",
            "FunctionName": names.FIRE_PUSH_NOTIFICATION,
            "ScheduledTime": at(decided),
            "Timestamp": at(decided + 1),
        },
    ]
    start = wire.dump(new_input("p1", terms))
    return Snapshot(Phase.FAILED, input=start, history=tuple(history), updated=NOW)


@pytest.mark.parametrize(
    ("known", "decided", "heard", "made"),
    [
        ([FIRST, SECOND], 5, 6, None),
        ([FIRST, SECOND], 599, 630, None),
        ([FIRST, SECOND], 30, 31, -3_600),
        ([FIRST], 601, 602, None),
        ([FIRST, SECOND], 601, 600, None),
        ([FIRST], 61, 62, -3_600),
    ],
)
def test_a_verdict_before_its_time_was_up_had_all_that_was_heard(
    known: list[str], decided: float, heard: float, made: float | None
) -> None:
    """Whatever the clocks say; after that it may have been an alarm, and they decide. A push that
    was caught up waits for a minute, though its deadline is over."""
    life = reviving.next_life(broken_off(decided, heard, made))
    assert life.known
    assert life.known.due
    assert known == [arrival.region for arrival in life.known.arrivals]
    assert [SECOND][: 2 - len(known)] == [arrival.region for arrival in life.more]


def test_a_recovery_without_a_late_window_had_all_that_was_heard() -> None:
    """It is decided only where nothing is missing, whatever the clocks say."""
    broken = broken_off(602, 603)
    told = {
        "EventType": "TaskCompleted",
        "FunctionName": names.FIRE_PUSH_NOTIFICATION,
        "Result": wire.dump(notifications.NotifyOutput(verdict=VerdictType.OVERDUE)),
        "Timestamp": at(601),
    }
    first, *rest = broken.history
    life = reviving.next_life(replace(broken, history=(first, told, *rest)))
    assert life.known
    assert (True, [FIRST, SECOND]) == (life.known.due, [a.region for a in life.known.arrivals])


@pytest.mark.parametrize("result", [None, "null", '{"known": {"said": 1}}'])
def test_a_push_whose_recall_cannot_be_read_goes_on(result: str | None) -> None:
    """As its orchestrator did, which takes such a result for none."""
    broken = broken_off(5, 6)
    recalled = {
        "EventType": "TaskCompleted",
        "FunctionName": names.RECALL_PUSH,
        "Result": result,
        "Timestamp": at(1),
    }
    life = reviving.next_life(replace(broken, history=(recalled, *broken.history)))
    assert life == reviving.next_life(broken)
