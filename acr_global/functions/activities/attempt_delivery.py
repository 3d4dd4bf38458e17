"""`AttemptDelivery`: one round of a delivery."""

from __future__ import annotations

from acr_global import audience
from acr_global.ends import NOT_CHOSEN, SUPERSEDED
from acr_global.functions.durable import names, notifications, wire
from acr_global.functions.durable.sdk import App
from acr_global.functions.durable.wire import JsonObject
from acr_global.functions.records import bookkeeping
from acr_global.functions.setup import Setup, Tools
from acr_global.functions.verdicts import overtaking
from acr_global.functions.verdicts.sending import attempt_all, attempt_group, give_way, not_sent
from acr_global.grouping import GroupReport
from acr_global.model import Outcome, Verdict


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.ATTEMPT_DELIVERY)
    @app.activity(names.ATTEMPT_DELIVERY)
    @app.durable_client()
    async def attempt_delivery(work: JsonObject, client: str) -> JsonObject:
        if work == wire.PROBE:
            return work
        given = wire.load(notifications.AttemptInput, work)
        return wire.dump(await attempt_round(setup.tools(client), given))


async def attempt_round(
    tools: Tools, data: notifications.AttemptInput
) -> notifications.AttemptOutput:
    """One attempt for each target that is due. An alarm that a later verdict has overtaken is
    sent only to targets that do not choose the later one; likewise a report of a group. Nothing is
    sent to anybody who does not choose it: what a target chooses was perhaps not known when the
    delivery began, as it was out of the settings, or wrong; or a report was given up unsent, and
    nobody had looked."""
    overtaken = frozenset[str]()
    if not data.by_hand:
        overtaken = await overtaking.overtaken(tools, data.targets, data.subject)
    attempts = [not_sent(tools, name, Outcome.DEAD, SUPERSEDED) for name in sorted(overtaken)]
    rest = tuple(name for name in data.targets if name not in overtaken)
    wanted = _wanted(tools, rest, data.subject)
    others = (name for name in rest if name not in wanted)
    attempts += [not_sent(tools, name, Outcome.DEAD, NOT_CHOSEN) for name in others]
    match data.subject:
        case GroupReport() as report:
            attempts += await attempt_group(tools, report, wanted)
            await give_way(attempts)
        case Verdict() as verdict:
            attempts += await attempt_all(tools, verdict, wanted)
            await give_way(attempts)
            await bookkeeping.mark_done(tools, verdict, attempts)
    return notifications.AttemptOutput(attempts=tuple(attempts))


def _wanted(
    tools: Tools, names: tuple[str, ...], subject: Verdict | GroupReport
) -> tuple[str, ...]:
    if isinstance(subject, GroupReport):
        return audience.wanted_of_group(tools.settings.targets, names, subject.state)
    return audience.wanted(tools.settings.targets, names, subject)
