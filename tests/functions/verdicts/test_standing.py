"""Whether an alarm or a report stands, by what its push or its group shows; in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from acr_global.functions.durable.engine import Engine, EngineError, Phase, Snapshot
from acr_global.functions.verdicts.standing import NotDecidedError, report_stands, standing
from acr_global.grouping import GroupReport, GroupState
from acr_global.model import VerdictType
from tests.notify.samples import verdict

OVERDUE, COMPLETE, RECOVERED = VerdictType.OVERDUE, VerdictType.COMPLETE, VerdictType.RECOVERED
INCOMPLETE = VerdictType.INCOMPLETE


def shows(state: str, phase: Phase = Phase.BEGUN, **more: object) -> Snapshot:
    """A push with this custom status."""
    return Snapshot(phase, custom_status={"state": state, **more})


def mended(said: VerdictType, missing: list[str]) -> Snapshot:
    """A push whose row missed its end: what it has come to stands in its output alone."""
    record = {"type": said, "at": datetime(2026, 1, 1, tzinfo=UTC), "missing": missing}
    return Snapshot(Phase.FINISHED, output={"verdicts": [record]})


SILENT = list(verdict(OVERDUE).missing)
OTHERS = [*SILENT, "westus"]
WAITING, AWAY = shows("waiting"), EngineError("away")


@dataclass(frozen=True, slots=True)
class Said(Engine):
    """An engine that says these things, one after another, the last again and again."""

    answers: Iterator[Snapshot | EngineError] = field(default_factory=lambda: iter(()))

    async def look(self, instance_id: str, *, show_input: bool = False) -> Snapshot:
        answer = next(self.answers)
        if isinstance(answer, EngineError):
            raise answer
        return answer


async def stands(alarm: VerdictType, *said: Snapshot | EngineError) -> tuple[VerdictType, float]:
    """What an alarm comes to, and after how many seconds."""
    answers = itertools.chain(said, itertools.repeat(said[-1]))
    loop = asyncio.get_running_loop()
    began = loop.time()
    result = await standing(Said("", answers=answers), verdict(alarm))
    return result, round(loop.time() - began, 3)


@pytest.mark.parametrize(
    ("expected", "seconds", "alarm", "said"),
    [
        (OVERDUE, 0.2, OVERDUE, [shows("overdue")]),
        (OVERDUE, 1.0, OVERDUE, [WAITING, WAITING, shows("overdue")]),
        (OVERDUE, 0.2, OVERDUE, [shows("overdue", missing=SILENT)]),
        (OVERDUE, 0.2, OVERDUE, [shows("overdue", missing=[], missing_more=2)]),
        (OVERDUE, 0.5, OVERDUE, [shows("overdue", missing=OTHERS), Snapshot(Phase.ABSENT)]),
        (INCOMPLETE, 0.2, INCOMPLETE, [mended(INCOMPLETE, SILENT)]),
        (INCOMPLETE, 0.2, INCOMPLETE, [mended(INCOMPLETE, [])]),
        (INCOMPLETE, 0.5, INCOMPLETE, [shows("overdue"), shows("incomplete")]),
        (OVERDUE, 0.2, OVERDUE, [Snapshot(Phase.ABSENT)]),
        (OVERDUE, 0.2, OVERDUE, [Snapshot(Phase.TERMINATED)]),
        (OVERDUE, 2.0, OVERDUE, [AWAY]),
        (OVERDUE, 2.0, OVERDUE, [AWAY, AWAY, AWAY, shows("overdue")]),
    ],
)
async def test_an_alarm_stands_that_its_push_shows(
    expected: VerdictType, seconds: float, alarm: VerdictType, said: list[Snapshot | EngineError]
) -> None:
    """One whose push is gone, or cannot be asked, is told as well."""
    assert (expected, seconds) == await stands(alarm, *said)


@pytest.mark.parametrize(
    ("expected", "seconds", "alarm", "said"),
    [
        (COMPLETE, 0.5, OVERDUE, [WAITING, shows("complete", Phase.FINISHED)]),
        (RECOVERED, 0.5, INCOMPLETE, [shows("overdue"), shows("recovered", Phase.FINISHED)]),
        (COMPLETE, 1.0, OVERDUE, [shows("complete")] * 2 + [shows("complete", Phase.FINISHED)]),
        (RECOVERED, 121.0, OVERDUE, [shows("recovered")]),
    ],
)
async def test_another_verdict_is_left_to_the_activity_that_tells_it(
    expected: VerdictType, seconds: float, alarm: VerdictType, said: list[Snapshot]
) -> None:
    """That one's result is to come first, so the push is awaited to its end; for two minutes."""
    assert (expected, seconds) == await stands(alarm, *said)


@pytest.mark.parametrize(
    ("alarm", "said"),
    [
        (OVERDUE, [WAITING]),
        (OVERDUE, [AWAY] * 3 + [WAITING]),
        (OVERDUE, [shows("overdue", missing=OTHERS)]),
        (INCOMPLETE, [shows("overdue")]),
        (INCOMPLETE, [shows("incomplete", Phase.FINISHED, missing=OTHERS)]),
        (INCOMPLETE, [mended(INCOMPLETE, OTHERS)]),
    ],
)
async def test_an_alarm_that_no_push_shows_fails(
    alarm: VerdictType, said: list[Snapshot | EngineError]
) -> None:
    """It is not shown either where the push shows one of other regions."""
    with pytest.raises(NotDecidedError):
        await stands(alarm, *said)


MADE = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE, AFTER = MADE - timedelta(minutes=1), MADE + timedelta(minutes=1)


def tells(made: datetime | None, number: int = 2, phase: Phase = Phase.BEGUN) -> Snapshot:
    """A group whose newest report was made then; None: by a release that did not show when."""
    at = {"telling": made.isoformat()} if made else {}
    status = {"state": "open", "number": number, "marks": "", **at}
    return Snapshot(phase, custom_status=status)


async def report_is_told(*said: Snapshot | EngineError) -> float:
    """After how many seconds the second report, made at MADE, is told."""
    report = GroupReport(
        group_id="g",
        number=2,
        state=GroupState.BEHIND,
        missing=("eastus",),
        since=BEFORE,
        at=MADE,
        waiting=1,
    )
    answers = itertools.chain(said, itertools.repeat(said[-1]))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await report_stands(Said("", answers=answers), report)
    return round(loop.time() - began, 3)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, [tells(MADE)]),
        (1.0, [tells(BEFORE, 1), tells(BEFORE, 1), tells(MADE)]),
        (0.2, [tells(MADE, phase=Phase.FINISHED)]),
        (0.2, [tells(None)]),
        (0.2, [Snapshot(Phase.ABSENT)]),
        (2.0, [AWAY]),
    ],
)
async def test_a_report_stands_that_its_group_shows(
    seconds: float, said: list[Snapshot | EngineError]
) -> None:
    """One whose group is gone, or cannot be asked, is told as well; and one of a group whose turns
    an older release takes, by its number."""
    assert seconds == await report_is_told(*said)


@pytest.mark.parametrize(
    "said", [tells(AFTER), tells(AFTER, 3), tells(BEFORE), tells(None, 1), Snapshot(Phase.BEGUN)]
)
async def test_a_report_that_its_group_does_not_show_fails(said: Snapshot) -> None:
    """Another one was made in its place, or none is in storage."""
    with pytest.raises(NotDecidedError):
        await report_is_told(said)
