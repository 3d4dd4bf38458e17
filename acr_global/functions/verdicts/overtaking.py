"""Which targets no longer need a message, because they are told something later."""

from __future__ import annotations

from acr_global import audience, verdict
from acr_global.functions.durable import groups, wire
from acr_global.functions.durable.engine import Engine, EngineError, Phase
from acr_global.functions.recovery import reviving
from acr_global.functions.setup import Tools
from acr_global.grouping import GroupReport, GroupState
from acr_global.model import Verdict, VerdictType


async def overtaken(
    tools: Tools, targets: tuple[str, ...], subject: Verdict | GroupReport
) -> frozenset[str]:
    """Of these targets those that hear of a later verdict of the push, or report of the group."""
    if isinstance(subject, GroupReport):
        return await _later_report(tools, targets, subject)
    if subject.type is not VerdictType.OVERDUE:
        return frozenset()
    later = await _later_verdict(tools.engine, subject)
    if later is None:
        return frozenset()
    return audience.hear_of(tools.settings.targets, targets, later, subject)


async def _later_report(
    tools: Tools, names: tuple[str, ...], report: GroupReport
) -> frozenset[str]:
    """The targets that are told a later report of the group; none where that cannot be asked."""
    try:
        status = groups.status_of(await tools.engine.look(report.group_id))
    except EngineError:
        return frozenset()
    newest = (status.newest if status else None) or {}
    state = GroupState.OVER if status and status.state == "over" else GroupState.BEHIND
    hearing = audience.wanted_of_group(tools.settings.targets, names, state)
    return frozenset(name for name in hearing if newest.get(name, 0) > report.number)


async def _later_verdict(engine: Engine, alarm: Verdict) -> VerdictType | None:
    """The verdict after the alarm, from the push's status; None where that cannot be asked: one
    alarm too many is the lesser evil."""
    try:
        snapshot = await engine.look(alarm.push_id, show_input=True)
        first = wire.load(wire.PushInput, snapshot.input).arrival
        if first.received_at > alarm.decided_at:
            return None  # another push has come to this id since
        if snapshot.phase is Phase.FAILED:  # then only its history tells
            known = reviving.next_life(await engine.look_back(alarm.push_id)).known
            said = known.said if known else ()
            return verdict.overtaking(said[-1].type.value if said else None)
    except (EngineError, ValueError):
        return None
    return verdict.overtaking(wire.newest_state(snapshot.custom_status, snapshot.output))
