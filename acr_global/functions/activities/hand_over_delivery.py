"""`HandOverDelivery`: the start of a `DeliverNotification` instance that could not be started
where the first attempt was made.

Its id is made of push and verdict, or of group and report, so a repeat of the activity after a
crash finds it. (It may also find the delivery of an earlier push of the same id, which has been
purged; times tell them apart.)

A verdict is entered in the ledger right before its delivery is started, and not again where that
is there. For the delivery marks in the row whom it has told (bookkeeping.mark_done): a row written
after the start, or again by a repeat, could lack the mark, or name a target that had the message at
once and refuses the repeat.
"""

from __future__ import annotations

import contextlib
import logging
from typing import NamedTuple

from acr_global import correlation
from acr_global.functions import log
from acr_global.functions.durable import names, notifications, wire
from acr_global.functions.durable.engine import AlreadyExistsError, EngineError, Phase, Snapshot
from acr_global.functions.durable.sdk import App
from acr_global.functions.durable.wire import JsonObject
from acr_global.functions.records import bookkeeping
from acr_global.functions.recovery import replays
from acr_global.functions.setup import Setup, Tools
from acr_global.functions.verdicts.sending import give_way
from acr_global.grouping import GroupReport
from acr_global.model import Verdict
from acr_global.verdict import is_of_same_push


class HandedOver(NamedTuple):
    """What has become of a delivery that was to be started."""

    delivery: str | None
    """Its instance."""
    listed: bool = False
    """Whether its verdict was entered in the ledger; known to who has started it only."""
    owed: notifications.DeliveryInput | None = None
    """What is still to be handed over."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.HAND_OVER_DELIVERY)
    @app.activity(names.HAND_OVER_DELIVERY)
    @app.durable_client()
    async def hand_over_delivery(work: JsonObject, client: str) -> str:
        if work == wire.PROBE:
            return ""
        given = wire.load(notifications.DeliveryInput, work)
        return (await _hand_over(setup.tools(client), given))[0]


async def hand_on(tools: Tools, data: notifications.DeliveryInput) -> HandedOver:
    """After first attempts, start a delivery of what failed."""
    await give_way(data.delivery.attempts)
    try:
        return HandedOver(*await _hand_over(tools, data))
    except EngineError:  # raising it would send to every target again
        return HandedOver(None, owed=data)


async def _hand_over(tools: Tools, data: notifications.DeliveryInput) -> tuple[str, bool]:
    """Start the delivery unless it is there: a start on a finished id would replace it. Returns its
    id, and whether its verdict was entered in the ledger.

    Raises EngineError.
    """
    instance_id, listed = notifications.delivery_id(data), False
    try:
        number, newest = await replays.newest(tools.engine, instance_id)
        if _is_of(data.subject, newest):
            return newest.instance_id, False
        instance_id = correlation.numbered(instance_id, number + 1)
        if data.verdict:
            listed = await bookkeeping.enter(tools, data.verdict, data.delivery.attempts)
        with contextlib.suppress(AlreadyExistsError):
            await tools.engine.start(names.DELIVER_NOTIFICATION, instance_id, data)
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
    return instance_id, listed


def _is_of(subject: Verdict | GroupReport, delivery: Snapshot) -> bool:
    """Whether an existing delivery is of this very push, or report."""
    if delivery.phase is Phase.ABSENT:
        return False
    try:
        there = wire.load(notifications.DeliveryInput, delivery.input).subject
    except ValueError:
        return False
    if isinstance(subject, Verdict):
        return isinstance(there, Verdict) and is_of_same_push(subject, there)
    return True  # a group's id never comes again
