"""Giving up a push: a record of it stays among the dead letters, where an operator sees it and can
have it tried again."""

from __future__ import annotations

import contextlib
import logging

from acr_global import correlation, ends
from acr_global.functions import log
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.engine import AlreadyExistsError, Engine, Phase, Snapshot
from acr_global.functions.recovery import letters, replays
from acr_global.functions.telemetry import observing


async def give_up(engine: Engine, data: wire.CourierInput, why: str) -> None:
    """Leave a record; a courier that an operator started is a record itself. Raises EngineError."""
    record = data.model_copy(update={"given_up": why, "rounds": 0})
    is_new = data.by_hand or await _leave_record(engine, record)
    if is_new and (observer := observing.observer()):
        observer.given_up()
    log.line(
        "push-given-up",
        level=logging.ERROR,
        push=data.push_id,
        cause=why,
        arrivals=[a.model_dump(mode="json", exclude_none=True) for a in data.arrivals],
        todo="look why it breaks (the host's log); then replay its record among the dead letters",
    )


async def is_given_up(engine: Engine, push_id: str, snapshot: Snapshot) -> bool:
    """Whether a push has been given up since `snapshot`, its own instance or a courier of it, was
    last updated. Raises EngineError."""
    _, record = await replays.newest(engine, correlation.record_id(push_id))
    if record.created is None or snapshot.updated is None:
        return False
    return record.created >= snapshot.updated


async def _leave_record(engine: Engine, record: wire.CourierInput) -> bool:
    """Leave a record, unless there is one that has not been tried again with success; returns
    whether it was left."""
    base = correlation.record_id(record.push_id)
    number, newest = await replays.newest(engine, base)
    if newest.phase is Phase.ABSENT or ends.is_good(letters.summary_of(newest).get("state")):
        with contextlib.suppress(AlreadyExistsError):
            await engine.start(names.COURIER, correlation.numbered(base, number + 1), record)
            return True
    return False
