"""What an external event says of its region, whoever raised it.

Besides the starter and couriers, whoever holds the app's system key can raise events, with
any content. An event with a region's name says that the region has reported, whatever else it
contains; and nothing in it may fail an instance, which would lose everything it has heard.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from acr_global.functions.durable import wire
from acr_global.model import Arrival

EVENT_RAISED = 15
"""The kind of an external event in a history. Source: azure-functions-durable 1.7, models/history/
HistoryEventType.py."""

_CLASS_MARKS = frozenset({"__class__", "__module__", "__data__"})

WRONG_CLOCK = timedelta(days=1)
"""A time of receipt further outside the push's own life is not explained by clocks."""


def make_readable(history: Iterable[Any]) -> None:
    """Prepare a history for its replay: an input becomes null that the SDK would fail to decode,
    or decode to an object of some class. Names become lower case, as they are awaited: the engine
    ignores case (`PushEvent-EastUS`), and the SDK does not.

    The SDK decodes outside the orchestrator, so an exception there fails the whole turn, and the
    turn the instance. Seen on the engine with `/*x*/1` and with an object that names a class.
    Source: azure-functions-durable 1.7, models/TaskOrchestrationExecutor.py.
    """
    for event in history:
        if event.event_type != EVENT_RAISED:
            continue
        event.Name = event.Name.lower()
        if not is_plain(event.Input):
            event.Input = "null"


def is_plain(text: object) -> bool:
    """Whether the SDK decodes an event's content, and to plain values."""
    try:
        _PLAIN.decode(text)  # type: ignore[arg-type] # checked by this
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _refuse_classes(value: dict[str, Any]) -> dict[str, Any]:
    if value.keys() >= _CLASS_MARKS:
        raise ValueError("names a class")
    return value


_PLAIN = json.JSONDecoder(object_hook=_refuse_classes)
"""Made once: an orchestrator's turn looks at each event anew."""


def arrival_of(
    region: str, content: object, event_id: str, begun_at: datetime, now: datetime
) -> Arrival:
    """The region's arrival, as the starter wrote it; any other content counts as received now.
    `event_id` stands for the id of an event without one."""
    try:
        arrival = wire.load(Arrival, content)
    except ValueError:
        return Arrival(region=region, event_id=event_id, received_at=now)
    credible = begun_at - WRONG_CLOCK <= arrival.received_at <= now + WRONG_CLOCK
    received_at = arrival.received_at if credible else now
    return arrival.model_copy(update={"region": region, "received_at": received_at})
