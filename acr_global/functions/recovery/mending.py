"""Resumes instances that broke off, or do not begin: for a new process that finds its predecessor's
journal (awaking.py), and for the timer function `ReviveInterrupted`, which goes through what is
open.

A courier begins a push's next life; a courier or a delivery itself is started again with all that
its history holds. Doing it twice does no harm.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable
from typing import Literal

from acr_global import correlation, reporting
from acr_global.functions import clock, log
from acr_global.functions.durable import groups, names, notifications, wire
from acr_global.functions.durable.engine import AlreadyExistsError, Engine, Phase, Snapshot
from acr_global.functions.recovery import givingup, replays, resuming
from acr_global.functions.telemetry import observing
from acr_global.lives import MAX_LIVES, is_spent
from acr_global.model import Arrival


async def send_courier(engine: Engine, push_id: str, arrivals: Iterable[Arrival] = ()) -> None:
    """Send a courier to see a push through, with these arrivals. An existing courier serves, but
    has only its own arrivals, and may wait for minutes: then each of these gets one of its own.
    (One of that id carries an arrival of the same region.) Raises EngineError."""
    data = wire.CourierInput(push_id=push_id, arrivals=tuple(arrivals))
    try:
        await engine.start(names.COURIER, correlation.courier_id(push_id), data)
    except AlreadyExistsError:
        for arrival in data.arrivals:
            own = data.model_copy(update={"arrivals": (arrival,)})
            with contextlib.suppress(AlreadyExistsError):
                courier = correlation.courier_id(push_id, arrival.region)
                await engine.start(names.COURIER, courier, own)


async def begin_again(engine: Engine, instance_id: str) -> bool:
    """Let a courier, a delivery or a group that has failed go on; False where it is given up, or
    over. Raises EngineError.
    """
    broken = await engine.look_back(instance_id)
    if broken.phase is not Phase.FAILED:  # somebody else was faster
        return broken.goes_on
    with contextlib.suppress(AlreadyExistsError):
        # What an operator tries again of a push that was given up is a courier, too.
        if correlation.is_courier(instance_id) or correlation.is_record(instance_id):
            return await _courier_again(engine, broken)
        if correlation.is_group(instance_id):
            return await _group_again(engine, broken)
        return await _delivery_again(engine, broken)
    return True


async def _courier_again(engine: Engine, broken: Snapshot) -> bool:
    try:
        given = wire.load(wire.CourierInput, broken.input)
    except ValueError:  # started by hand
        return False
    if not given.by_hand and await givingup.is_given_up(engine, given.push_id, broken):
        return False
    lives = (given.lives or 0) + 1
    if is_spent(lives):
        await givingup.give_up(engine, given, "its courier was broken off again and again")
        return False
    again = given.model_copy(update={"lives": lives})
    await engine.start(names.COURIER, broken.instance_id, again)
    _log_begun_anew(broken.instance_id, lives)
    return True


async def _delivery_again(engine: Engine, broken: Snapshot) -> bool:
    """Let a delivery go on. One that is given up needs nothing more: it is a dead letter. Nor does
    one that an operator has replayed meanwhile."""
    base, number = correlation.base_and_number(broken.instance_id)
    try:
        given = resuming.delivery(broken)
    except ValueError:  # started by hand; or the record of a push that was given up
        return False
    lives = (given.lives or 0) + 1
    if is_spent(lives) or (await replays.newest(engine, base))[0] > number:
        return False
    again = given.model_copy(update={"lives": lives})
    await engine.start(names.DELIVER_NOTIFICATION, broken.instance_id, again)
    _log_begun_anew(broken.instance_id, lives)
    return True


async def _group_again(engine: Engine, broken: Snapshot) -> bool:
    """Let a group go on with all that its history holds."""
    try:
        given = resuming.group(broken)
    except ValueError:  # started by hand
        return False
    lives = (given.lives or 0) + 1
    if is_spent(lives):
        log.line(
            "group-given-up",
            level=logging.ERROR,
            group=broken.instance_id,
            todo="look why Python ends (memory?), and replay the dead letter, if it has left one;"
            " from here on each push is told of by itself",
        )
        await _leave_letters(engine, given)
        return False
    _log_begun_anew(broken.instance_id, lives)
    again = given.model_copy(update={"lives": lives})
    await engine.start(names.GATHER_ALARMS, broken.instance_id, again)
    return True


async def _leave_letters(engine: Engine, given: groups.GroupInput) -> None:
    """Leave what a group had not told or handed over as dead letters, but for those that are there:
    a start on an id that has ended replaces it. Raises EngineError."""
    now = clock.utcnow()
    letters = [notifications.given_up(each, now) for each in given.owed or ()]
    letters += [notifications.undelivered(t, now) for t in reporting.untold(given.group, now)]
    for letter in letters:
        instance_id = notifications.delivery_id(letter)
        if (await engine.look(instance_id)).phase is Phase.ABSENT:
            with contextlib.suppress(AlreadyExistsError):
                await engine.start(names.DELIVER_NOTIFICATION, instance_id, letter)


def _log_begun_anew(instance_id: str, lives: int) -> None:
    last = lives == MAX_LIVES
    log.line(
        "instance-begun-anew",
        level=logging.ERROR if last else logging.WARNING,
        instance=instance_id,
        life=lives + 1,
        todo="look why Python ends (memory?); if this life breaks off too, it is a dead letter"
        if last
        else "nothing; if it comes often, look why Python ends (memory?)",
    )
    if observer := observing.observer():
        observer.revived(_kind(instance_id))


def _kind(instance_id: str) -> Literal["courier", "delivery", "group"]:
    if correlation.is_group(instance_id):
        return "group"
    return "courier" if correlation.is_courier(instance_id) else "delivery"
