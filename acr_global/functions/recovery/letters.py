"""Dead letters: deliveries that ended with targets that did not get the message, and pushes that
were given up because they broke off again and again.

There is no second store: a dead letter is its `DeliverNotification` instance. A replay is a new
instance under the same id with `~1`, `~2`, … behind it, and sends the same message with the
same message id; of one message, only the newest delivery counts (replays.py).
"""

from __future__ import annotations

from typing import Any

from acr_global import correlation, ends
from acr_global.errors import AcrGlobalError
from acr_global.functions.durable import notifications, wire
from acr_global.functions.durable.engine import Engine, Phase, Snapshot
from acr_global.functions.recovery import resuming
from acr_global.retry import Delivery


class NotFoundError(AcrGlobalError):
    """There is no such dead letter."""

    status = 404
    reason = "dead-letter-unknown"


async def existing(engine: Engine, instance_id: str) -> Snapshot:
    """A dead letter, or what was one, with its input. Raises NotFoundError."""
    if not correlation.is_delivery(instance_id):
        raise NotFoundError("There is no dead letter with this id.")
    snapshot = await engine.look(instance_id, show_input=True)
    if snapshot.phase is Phase.ABSENT:
        raise NotFoundError("There is no dead letter with this id.")
    return snapshot


def is_dead(snapshot: Snapshot) -> bool:
    """Whether a delivery has ended, by itself or broken off, and a target lacks its message."""
    return snapshot.has_ended and not ends.is_good(summary_of(snapshot).get("state"))


def summary_of(snapshot: Snapshot) -> dict[str, Any]:
    """A letter as a list shows it: its custom status. Where a host has died over its last turn the
    engine has written its end, and that not: then what its output says."""
    if isinstance(snapshot.custom_status, dict):
        return snapshot.custom_status
    if snapshot.output in ends.COURIER_ENDS:
        return {"state": snapshot.output}
    if (ended := output_of(snapshot)) is None:
        return {"state": "failed"}
    dead = ends.undelivered(ended.delivery)
    return {"state": ended.state, "push": ended.delivery.push_id, "dead": list(dead)}


def push_given_up(snapshot: Snapshot) -> wire.CourierInput | None:
    """The input of a courier that gave a push up, or tried it again. Raises NotFoundError."""
    if not correlation.is_record(snapshot.instance_id):
        return None
    return _input_of(wire.CourierInput, snapshot)


def given_of(snapshot: Snapshot) -> notifications.DeliveryInput:
    """What was to be delivered. Raises NotFoundError."""
    return _input_of(notifications.DeliveryInput, snapshot)


def _input_of(kind: type[wire.M], snapshot: Snapshot) -> wire.M:
    try:
        return wire.load(kind, snapshot.input)
    except ValueError:  # started by hand
        raise NotFoundError("There is no dead letter with this id.") from None


def output_of(snapshot: Snapshot) -> notifications.DeliveryOutput | None:
    """The output of a delivery that came to its end."""
    try:
        return wire.load(notifications.DeliveryOutput, snapshot.output)
    except ValueError:
        return None


async def whole(engine: Engine, snapshot: Snapshot) -> Snapshot:
    """The same delivery; where it has not ended well, with its history, for that holds its
    attempts. Raises EngineError."""
    if snapshot.phase is Phase.ABSENT or output_of(snapshot):
        return snapshot
    return await engine.look_back(snapshot.instance_id)


def delivery_of(snapshot: Snapshot) -> Delivery:
    """A delivery, `whole`, as it ended, or as far as it has come. Raises ValueError where its input
    is no delivery's."""
    ended = output_of(snapshot)
    return ended.delivery if ended else resuming.delivery(snapshot).delivery
