"""Whether an alarm stands: it is told only when the turn that decided it is in storage.

The engine puts a turn's activities into a queue before it writes the turn's history. Where a host
dies between the two, the turn is taken again a minute later, and may come to another verdict, for a
region may have reported meanwhile; but the first turn's activity runs, too. A push that is complete
stays so, whichever turn decides it: only an alarm is asked about. Source: DurableTask.AzureStorage,
AzureStorageOrchestrationService.cs, CompleteTaskOrchestrationWorkItemAsync.
"""

from __future__ import annotations

import asyncio

from acr_global.functions import wire
from acr_global.functions.engine import Engine, EngineError, Phase, Snapshot
from acr_global.model import Verdict, VerdictType
from acr_global.verdict import overtaking

PAUSES = (0.2, 0.3, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
"""Seconds before each look at the push: its row is written right after the history, and what a dead
host had in hand comes back after the visibility timeout, a minute in host.json."""

MAX_FAILURES = 4
"""Looks that fail, until the alarm is told all the same."""


class NotDecidedError(Exception):
    """The push shows no verdict. If its orchestrator has called, it calls again."""


async def standing(engine: Engine, alarm: Verdict) -> VerdictType:
    """The verdict that the push shows: the alarm, or what has been decided in its place. The alarm
    as well where the push is gone, or cannot be asked: one too many is better than none.

    Raises NotDecidedError where it shows none within two minutes.
    """
    shown, failures = None, 0
    for pause in PAUSES:
        await asyncio.sleep(pause)
        try:
            snapshot = await engine.look(alarm.push_id)
        except EngineError:
            if (failures := failures + 1) == MAX_FAILURES:
                return alarm.type
            continue
        shown = _shown(snapshot, alarm)
        # What was decided instead has an activity of its own, whose result goes first.
        if shown is alarm.type or (shown and snapshot.has_ended):
            return shown
    if shown is None:
        raise NotDecidedError("the turn that decided this alarm is not in storage")
    return shown


def _shown(push: Snapshot, alarm: Verdict) -> VerdictType | None:
    if push.phase in (Phase.ABSENT, Phase.TERMINATED):
        return alarm.type
    state = wire.newest_state(push.custom_status, push.output)
    return alarm.type if state == alarm.type.value else overtaking(state)
