"""The rules of one alarm for many pushes, without an engine."""

from __future__ import annotations

from datetime import UTC, datetime

from acr_global.grouping import GroupReport, GroupState

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def report(number: int, state: GroupState) -> GroupReport:
    """A report of three pushes."""
    return GroupReport(
        group_id="_group.x.1",
        number=number,
        state=state,
        missing=("westeurope",),
        since=NOON,
        at=NOON,
        waiting=1,
        recovered=2,
    )


def test_reports_differ_by_number_and_by_what_they_say() -> None:
    """A report that is made anew after a crash may say something else under the same number."""
    reports = [
        report(1, GroupState.BEHIND),
        report(2, GroupState.BEHIND),
        report(2, GroupState.OVER),
    ]
    assert 3 == len({one.key for one in reports})


def test_a_report_counts_all_pushes() -> None:
    """Whatever their states."""
    assert 3 == report(1, GroupState.BEHIND).pushes
