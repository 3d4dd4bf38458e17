"""`TellGroup`: the first attempts of a group's reports, if they stand (standing.py). What fails is
handed over."""

from __future__ import annotations

import asyncio

from acr_global import audience, retry
from acr_global.functions import log
from acr_global.functions.activities.hand_over_delivery import hand_on
from acr_global.functions.durable import groups, names, notifications, wire
from acr_global.functions.durable.sdk import App
from acr_global.functions.durable.wire import JsonObject
from acr_global.functions.setup import Setup, Tools
from acr_global.functions.verdicts.sending import attempt_group
from acr_global.functions.verdicts.standing import report_stands
from acr_global.model import Attempt
from acr_global.reporting import Telling


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.TELL_GROUP)
    @app.activity(names.TELL_GROUP)
    @app.durable_client()
    async def tell_group(work: JsonObject, client: str) -> JsonObject:
        if work == wire.PROBE:
            return work
        return wire.dump(await tell(setup.tools(client), wire.load(groups.TellInput, work)))


async def tell(tools: Tools, given: groups.TellInput) -> groups.TellOutput:
    """One attempt for each target that wants to hear it, side by side. Raises NotDecidedError."""
    await report_stands(tools.engine, given.tellings[0].report)
    made = await asyncio.gather(*(_attempt(tools, telling) for telling in given.tellings))
    owed: list[notifications.DeliveryInput] = []
    for telling, attempts in zip(given.tellings, made, strict=True):
        report, schedule = telling.report, tools.settings.retry_schedule
        if rest := retry.of_failed(report.group_id, attempts, report.at, schedule):
            data = notifications.DeliveryInput(report=report, delivery=rest, part=telling.part)
            handed = await hand_on(tools, data)
            owed += [handed.owed] if handed.owed else []
    return groups.TellOutput(
        tellings=given.tellings,
        attempts=tuple(a for attempts in made for a in attempts),
        owed=tuple(owed),
    )


async def _attempt(tools: Tools, telling: Telling) -> tuple[Attempt, ...]:
    report = telling.report
    log.line(
        "group",
        group=report.group_id,
        number=report.number,
        state=report.state.value,
        registry=report.registry,
        missing=list(report.missing),
        waiting=report.waiting,
        recovered=report.recovered,
        incomplete=report.incomplete,
    )
    wanted = audience.wanted_of_group(tools.settings.targets, telling.targets, report.state)
    return await attempt_group(tools, report, wanted)
