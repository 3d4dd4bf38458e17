"""`HandOverDelivery`: the start of a `DeliverNotification` instance that could not be started
where the first attempt was made.

Its id is made of push and verdict, or of group and report, so a repeat of the activity after a
crash finds it. (It may also find the delivery of an earlier push of the same id, which has been
purged; times tell them apart.)
"""

from __future__ import annotations

import contextlib
import logging

from acr_global import correlation
from acr_global.functions import log, names, replays, wire
from acr_global.functions.engine import AlreadyExistsError, Engine, EngineError, Phase, Snapshot
from acr_global.functions.sdk import App
from acr_global.functions.sending import give_way
from acr_global.functions.setup import Setup
from acr_global.functions.wire import JsonObject
from acr_global.grouping import GroupReport
from acr_global.model import Verdict
from acr_global.verdict import is_of_same_push


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.HAND_OVER_DELIVERY)
    @app.activity(names.HAND_OVER_DELIVERY)
    @app.durable_client()
    async def hand_over_delivery(work: JsonObject, client: str) -> str:
        if work == wire.PROBE:
            return ""
        return await hand_over(setup.tools(client).engine, wire.load(wire.DeliveryInput, work))


async def hand_on(
    engine: Engine, data: wire.DeliveryInput
) -> tuple[str | None, wire.DeliveryInput | None]:
    """After first attempts, start a delivery of what failed; returns its id, or what is still to be
    handed over."""
    await give_way(data.delivery.attempts)
    try:
        return await hand_over(engine, data), None
    except EngineError:  # raising it would send to every target again
        return None, data


async def hand_over(engine: Engine, data: wire.DeliveryInput) -> str:
    """Start the delivery unless it is there: a start on a finished id would replace it.

    Raises EngineError.
    """
    instance_id = _id(data)
    try:
        number, newest = await replays.newest(engine, instance_id)
        if _is_of(data.subject, newest):
            return newest.instance_id
        instance_id = correlation.numbered(instance_id, number + 1)
        with contextlib.suppress(AlreadyExistsError):
            await engine.start(names.DELIVER_NOTIFICATION, instance_id, data)
    except EngineError as error:
        log.line(
            "delivery-not-started",
            level=logging.ERROR,
            delivery=instance_id,
            targets=data.delivery.targets,
            cause=str(error),
            todo="it is tried again, for a day at most; then it is a dead letter",
        )
        raise
    return instance_id


def _id(data: wire.DeliveryInput) -> str:
    match data.subject:
        case GroupReport() as report:
            return correlation.report_delivery_id(report.group_id, report.number, data.part or 0)
        case Verdict() as verdict:
            return correlation.delivery_id(verdict.push_id, verdict.type, verdict.birth)


def _is_of(subject: Verdict | GroupReport, delivery: Snapshot) -> bool:
    """Whether an existing delivery is of this very push, or report."""
    if delivery.phase is Phase.ABSENT:
        return False
    try:
        there = wire.load(wire.DeliveryInput, delivery.input).subject
    except ValueError:
        return False
    if isinstance(subject, Verdict):
        return isinstance(there, Verdict) and is_of_same_push(subject, there)
    return True  # a group's id never comes again
