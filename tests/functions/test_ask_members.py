"""What a group takes a push for that should have been settled by now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from acr_global.functions.activities.ask_members import GIVEN_UP_AFTER, state_of
from acr_global.functions.durable.engine import Phase, Snapshot
from acr_global.grouping import MemberState

NOW = datetime(2026, 6, 1, tzinfo=UTC)
WAITING, RECOVERED, INCOMPLETE = MemberState.WAITING, MemberState.RECOVERED, MemberState.INCOMPLETE


def shown(phase: Phase, state: str | None = None, **more: Any) -> Snapshot:
    """A push of this custom status."""
    return Snapshot(phase, custom_status=state and {"state": state}, **more)


@pytest.mark.parametrize(
    ("expected", "snapshot"),
    [
        (WAITING, shown(Phase.BEGUN, "overdue")),
        (RECOVERED, shown(Phase.BEGUN, "recovered")),
        (RECOVERED, shown(Phase.FINISHED, "recovered")),
        (RECOVERED, shown(Phase.FINISHED, "complete")),
        (INCOMPLETE, shown(Phase.FINISHED, "incomplete")),
        (INCOMPLETE, shown(Phase.FINISHED, "overdue")),
        (WAITING, shown(Phase.PENDING)),
        (WAITING, shown(Phase.FAILED, updated=NOW - timedelta(minutes=1))),
        (INCOMPLETE, shown(Phase.FAILED, updated=NOW - GIVEN_UP_AFTER)),
        (INCOMPLETE, shown(Phase.ABSENT)),
        (INCOMPLETE, shown(Phase.TERMINATED)),
    ],
)
def test_a_push_is_what_its_instance_says(expected: MemberState, snapshot: Snapshot) -> None:
    """One that is complete after all is everywhere: a dead host may have told an alarm of it that
    is not in its history."""
    assert expected == state_of(snapshot, NOW)
