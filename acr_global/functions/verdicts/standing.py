"""Whether a verdict, or a group's report, stands: it is told only when its turn is in storage.

The engine puts a turn's activities into a queue before it writes the turn's history. Where a host
dies between the two, the turn is taken again a minute later, and may come to something else, for a
region may have reported meanwhile; but the first turn's activity runs, too. An alarm that names
fewer regions is something else as well: it has the same id, and a receiver keeps what comes first.
What is complete stays so, whichever turn decides it: of good verdicts only one that comes late is
asked about, because an alarm may have been told in its place.
Source: DurableTask.AzureStorage, AzureStorageOrchestrationService.cs,
CompleteTaskOrchestrationWorkItemAsync.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from acr_global.functions.durable import groups, wire
from acr_global.functions.durable.engine import Engine, EngineError, Phase, Snapshot
from acr_global.grouping import GroupReport
from acr_global.model import Verdict, VerdictType
from acr_global.verdict import overtaking

PAUSES = (0.2, 0.3, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
"""Seconds before each look at the instance: its row is written right after the history, and what a
dead host had in hand comes back after the visibility timeout, a minute in host.json."""

MAX_FAILURES = 4
"""Looks that fail, until it is told all the same: one too many is better than none."""


class NotDecidedError(Exception):
    """The instance does not show what is to be told. If its orchestrator has called, it calls
    again."""


async def standing(engine: Engine, decided: Verdict) -> VerdictType:
    """The verdict that the push shows: this one, or what has been decided in its place. This one as
    well where the push is gone, or cannot be asked.

    Raises NotDecidedError where it shows none within two minutes.
    """
    shown = None
    async for push in _looks(engine, decided.push_id):
        shown = _shown(push, decided)
        # What was decided instead has an activity of its own, whose result goes first.
        if shown is decided.type or (shown and push and push.has_ended):
            return shown
    if shown is None:
        raise NotDecidedError("the turn that decided this is not in storage")
    return shown


async def report_stands(engine: Engine, report: GroupReport) -> None:
    """Return when the group shows that this report is being told, or was; as well where it is gone,
    or cannot be asked.

    Raises NotDecidedError where it shows another one in its place, or none within two minutes.
    """
    async for group in _looks(engine, report.group_id):
        if group is None or group.phase in (Phase.ABSENT, Phase.TERMINATED):
            return
        status = groups.status_of(group)
        made = status and (status.telling or (status.number == report.number and report.at))
        if made == report.at:
            return
        if made and made > report.at:
            raise NotDecidedError("another report was made in the place of this one")
    raise NotDecidedError("the turn that made this report is not in storage")


async def _looks(engine: Engine, instance_id: str) -> AsyncIterator[Snapshot | None]:
    """An instance, again and again; None in the end where it cannot be asked."""
    failures = 0
    for pause in PAUSES:
        await asyncio.sleep(pause)
        try:
            yield await engine.look(instance_id)
        except EngineError:
            if (failures := failures + 1) == MAX_FAILURES:
                yield None
                return


def _shown(push: Snapshot | None, decided: Verdict) -> VerdictType | None:
    if push is None or push.phase in (Phase.ABSENT, Phase.TERMINATED):
        return decided.type
    state = wire.newest_state(push.custom_status, push.output)
    if state != decided.type.value:
        return overtaking(state)
    missing = _missing(push) if decided.missing else None
    return decided.type if missing in (None, decided.missing) else None


def _missing(push: Snapshot) -> tuple[str, ...] | None:
    """The regions that the alarm names which a push shows; None where not all of them are shown."""
    status = push.custom_status
    if isinstance(status, dict):
        missing = status.get("missing")
        if isinstance(missing, list) and "missing_more" not in status:
            return tuple(map(str, missing))
        return None
    return wire.load(wire.PushOutput, push.output).verdicts[-1].missing or None
