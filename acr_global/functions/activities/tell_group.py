"""`TellGroup`: the first attempts of a group's reports. What fails is handed over."""

from __future__ import annotations

import asyncio

import azure.durable_functions as df

from acr_global import audience
from acr_global.functions import groups, log, names, wire
from acr_global.functions.activities.hand_over_delivery import hand_over
from acr_global.functions.engine import EngineError
from acr_global.functions.sending import attempt_group, give_way
from acr_global.functions.setup import Setup, Tools
from acr_global.functions.wire import JsonObject
from acr_global.model import Attempt, Outcome
from acr_global.reporting import Telling
from acr_global.retry import Delivery


def register(app: df.DFApp, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.TELL_GROUP)
    @app.activity_trigger(input_name="work", activity=names.TELL_GROUP)
    @app.durable_client_input(client_name="client")
    async def tell_group(work: JsonObject, client: str) -> JsonObject:
        if work == wire.PROBE:
            return work
        return wire.dump(await tell(setup.tools(client), wire.load(groups.TellInput, work)))


async def tell(tools: Tools, data: groups.TellInput) -> groups.TellOutput:
    """One attempt for each target that wants to hear it, side by side."""
    made = await asyncio.gather(*(_attempt(tools, telling) for telling in data.tellings))
    owed: list[wire.DeliveryInput] = []
    for telling, attempts in zip(data.tellings, made, strict=True):
        failed = tuple(a for a in attempts if a.outcome is not Outcome.DELIVERED)
        if failed:
            delivery = _delivery(tools, telling, failed)
            await give_way(failed)
            try:
                await hand_over(tools.engine, delivery)
            except EngineError:  # raising it would send to every target again
                owed.append(delivery)
    return groups.TellOutput(
        tellings=data.tellings,
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


def _delivery(tools: Tools, telling: Telling, failed: tuple[Attempt, ...]) -> wire.DeliveryInput:
    state = Delivery(
        push_id=telling.report.group_id,
        targets=tuple(a.target for a in failed),
        begun_at=telling.report.at,
        schedule=tools.settings.retry_schedule,
        attempts=failed,
    )
    return wire.DeliveryInput(report=telling.report, delivery=state, part=telling.part)
