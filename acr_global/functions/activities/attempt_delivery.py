"""`AttemptDelivery`: one round of a delivery."""

from __future__ import annotations

from acr_global import audience
from acr_global.ends import NOT_CHOSEN, SUPERSEDED
from acr_global.functions import bookkeeping, groups, names, reviving, wire
from acr_global.functions.engine import Engine, EngineError, Phase
from acr_global.functions.sdk import App
from acr_global.functions.sending import attempt_all, attempt_group, give_way, not_sent
from acr_global.functions.setup import Setup, Tools
from acr_global.functions.wire import JsonObject
from acr_global.grouping import GroupReport, GroupState
from acr_global.model import Outcome, Verdict, VerdictType
from acr_global.verdict import overtaking


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.ATTEMPT_DELIVERY)
    @app.activity(names.ATTEMPT_DELIVERY)
    @app.durable_client()
    async def attempt_delivery(work: JsonObject, client: str) -> JsonObject:
        if work == wire.PROBE:
            return work
        given = wire.load(wire.AttemptInput, work)
        return wire.dump(await attempt_round(setup.tools(client), given))


async def attempt_round(tools: Tools, data: wire.AttemptInput) -> wire.AttemptOutput:
    """One attempt for each target that is due. An alarm that a later verdict has overtaken is
    sent only to targets that do not choose the later one; likewise a report of a group. A verdict
    is sent to nobody who does not choose it: what a target chooses was perhaps not known when the
    delivery began, as it was out of the settings, or wrong."""
    overtaken = await _overtaken(tools, data)
    attempts = [not_sent(tools, name, Outcome.DEAD, SUPERSEDED) for name in sorted(overtaken)]
    rest = tuple(name for name in data.targets if name not in overtaken)
    match data.subject:
        case GroupReport() as report:
            attempts += await attempt_group(tools, report, rest)
            await give_way(attempts)
        case Verdict() as verdict:
            wanted = audience.wanted(tools.settings.targets, rest, verdict)
            others = (name for name in rest if name not in wanted)
            attempts += [not_sent(tools, name, Outcome.DEAD, NOT_CHOSEN) for name in others]
            attempts += await attempt_all(tools, verdict, wanted)
            await give_way(attempts)
            await bookkeeping.settle(tools, verdict, attempts)
    return wire.AttemptOutput(attempts=tuple(attempts))


async def _overtaken(tools: Tools, data: wire.AttemptInput) -> frozenset[str]:
    """The targets that no longer need it."""
    subject = data.subject
    if data.by_hand:
        return frozenset()
    if isinstance(subject, GroupReport):
        return await _later_report(tools, data.targets, subject)
    if subject.type is not VerdictType.OVERDUE:
        return frozenset()
    later = await _later_verdict(tools.engine, subject)
    if later is None:
        return frozenset()
    return audience.hear_of(tools.settings.targets, data.targets, later, subject)


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
    told = audience.wanted_of_group(tools.settings.targets, names, state)
    return frozenset(name for name in told if newest.get(name, 0) > report.number)


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
            return overtaking(known.said[-1].type.value if known and known.said else None)
    except (EngineError, ValueError):
        return None
    return overtaking(wire.newest_state(snapshot.custom_status, snapshot.output))
