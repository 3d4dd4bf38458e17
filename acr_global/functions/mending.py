"""What is done for an instance that broke off, or does not begin: by a new process that finds its
predecessor's journal (awaking.py), or by the timer that goes through what is open (patrol.py).

A push goes on by a courier, which begins its next life; a courier and a delivery by a start of
their own with all that their history holds. Doing it twice does no harm.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable

from acr_global import correlation, retry
from acr_global.functions import carrying, keeping, log, names, reviving, wire
from acr_global.functions.engine import AlreadyExistsError, Engine, Look
from acr_global.model import Arrival

COURIER, DELIVERY = "_courier.", "_delivery."
"""What their ids begin with; a push's does with neither."""

MOST_LIVES = len(reviving.PAUSES)
"""That a courier or a delivery is given after the first, as a push is."""


async def next_life(engine: Engine, instance_id: str, arrivals: Iterable[Arrival] = ()) -> bool:
    """See to it that an instance that has failed goes on; False where it is given up.

    `arrivals`: what is known of a push besides. Raises EngineError.
    """
    with contextlib.suppress(AlreadyExistsError):
        if instance_id.startswith(COURIER):
            return await _courier_again(engine, instance_id)
        if instance_id.startswith(DELIVERY):
            return await _delivery_again(engine, instance_id)
        await send_courier(engine, instance_id, arrivals)
    return True


async def send_courier(engine: Engine, push_id: str, arrivals: Iterable[Arrival] = ()) -> None:
    """Have a push seen through. One that is on its way already serves. Raises EngineError."""
    data = wire.CourierInput(push_id=push_id, arrivals=tuple(arrivals))
    with contextlib.suppress(AlreadyExistsError):
        await engine.start(names.COURIER, correlation.courier_id(push_id, keeping.WHOLE_PUSH), data)


async def _courier_again(engine: Engine, instance_id: str) -> bool:
    look = await engine.look_back(instance_id)
    try:
        given = wire.load(wire.CourierInput, look.input)
    except ValueError:  # started by hand
        return False
    if await carrying.is_given_up(engine, given.push_id, look):
        return False
    lives = (given.lives or 0) + 1
    if lives > MOST_LIVES:
        await carrying.give_up(engine, given, "its courier was broken off again and again")
        return False
    _log_begun_anew(instance_id, lives)
    await engine.start(names.COURIER, instance_id, given.model_copy(update={"lives": lives}))
    return True


async def _delivery_again(engine: Engine, instance_id: str) -> bool:
    """What is given up needs nothing more: a delivery that has failed is a dead letter."""
    look = await engine.look_back(instance_id)
    try:
        given = resumed(look)
    except ValueError:  # started by hand; or the record of a push that was given up
        return False
    lives = (given.lives or 0) + 1
    if lives > MOST_LIVES:
        return False
    _log_begun_anew(instance_id, lives)
    again = given.model_copy(update={"lives": lives})
    await engine.start(names.DELIVER_NOTIFICATION, instance_id, again)
    return True


def resumed(look: Look) -> wire.DeliveryInput:
    """A delivery that was broken off, with the attempts that its history holds.

    Raises ValueError where it is none.
    """
    given = wire.load(wire.DeliveryInput, look.input)
    state = given.delivery
    for event in look.history:
        if (event.get("EventType"), event.get("FunctionName")) == (
            "TaskCompleted",
            names.ATTEMPT_DELIVERY,
        ):
            made = wire.load(wire.AttemptOutput, event.get("Result")).attempts
            state = retry.after_attempts(state, made)
    return given.model_copy(update={"delivery": state})


def _log_begun_anew(instance_id: str, lives: int) -> None:
    last = lives == MOST_LIVES
    log.line(
        "instance-begun-anew",
        level=logging.ERROR if last else logging.WARNING,
        instance=instance_id,
        life=lives + 1,
        todo="look why Python ends (memory?); if this life breaks off too, it is a dead letter"
        if last
        else "nothing; if it comes often, look why Python ends (memory?)",
    )
