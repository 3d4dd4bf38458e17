"""Dead letters: deliveries that ended with targets that did not get the message, and pushes that
were given up because they broke off again and again.

There is no second store: a dead letter is its `DeliverNotification` instance. A replay is a new
instance under the same id with `~1`, `~2`, … behind it, and sends the same message with the
same message id; of one message, only the newest delivery counts (replays.py).
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

from acr_global import api
from acr_global.errors import AcrGlobalError
from acr_global.functions import carrying, clock, courier, log, names, paging, wire
from acr_global.functions.delivering import summary, undelivered
from acr_global.functions.engine import AlreadyExistsError, Engine, Look, Phase
from acr_global.functions.replays import newest, numbered, order
from acr_global.retry import Delivery
from acr_global.settings import Settings

PREFIX = "_delivery."
_ID = re.compile(r"_delivery\.[a-z]+\.[a-z0-9][a-z0-9._-]{0,80}(~[0-9]{1,3})?")


GOOD_ENDS = ("delivered", "superseded", *courier.GOOD_ENDS)
"""A courier's too: a push that was given up is tried again with one."""


class NotFoundError(AcrGlobalError):
    """There is no such dead letter."""

    status = 404
    reason = "dead-letter-unknown"


class NotReplayableError(AcrGlobalError):
    """The newest delivery of this message is not dead."""

    status = 409
    reason = "not-a-dead-letter"


async def listing(engine: Engine, after: str | None = None) -> api.DeadLetters:
    """Dead letters as summaries, in the order of their ids; `next` says where to go on. Raises
    RejectedError where `after` was never a `next`."""
    listed = await engine.list_by_prefix(PREFIX, paging.take(after))
    by_message = {order(look)[0]: look for look in sorted(listed.looks, key=order)}
    dead = [look for look in by_message.values() if _is_dead(look)]
    if listed.next:  # a letter's replay may stand beyond the cut
        dead = [look for look in dead if not await _has_replay(engine, look)]
    letters = tuple(api.letter(look.instance_id, _summary(look)) for look in dead)
    return api.DeadLetters(deadletters=letters, next=paging.give(listed.next))


async def _has_replay(engine: Engine, look: Look) -> bool:
    base, number = order(look)
    return (await engine.look(numbered(base, number + 1))).phase is not Phase.ABSENT


def _is_dead(look: Look) -> bool:
    """It ended, by itself or broken off, and somebody who was to be told was not."""
    ended = look.phase in (Phase.FINISHED, Phase.FAILED, Phase.TERMINATED)
    return ended and _summary(look).get("state") not in GOOD_ENDS


def _summary(look: Look) -> dict[str, Any]:
    return look.custom_status if isinstance(look.custom_status, dict) else {"state": "failed"}


async def show(engine: Engine, instance_id: str) -> api.DeadLetterDetails:
    """One delivery, with each attempt's time and reason."""
    look = await _existing(engine, instance_id)
    if push := _push_given_up(look):
        known = {**_summary(look), "arrivals": push.arrivals, "attempts": ()}
        return api.DeadLetterDetails(id=instance_id, **known)
    given = wire.load(wire.DeliveryInput, look.input)
    # Of many targets the status names the first only.
    known = _summary(look)
    if ended := _ended(look):
        known = summary(given, ended.delivery, ended.state)
    known |= {"attempts": _delivery(look, given).attempts, "message": given.verdict}
    return api.DeadLetterDetails(id=instance_id, **known)


async def replay(settings: Settings, engine: Engine, instance_id: str) -> api.Replay:
    """Send a dead letter's message again to the targets that did not get it."""
    await _existing(engine, instance_id)
    base = instance_id.partition("~")[0]
    number, look = await newest(engine, base)
    if not _is_dead(look):
        raise NotReplayableError("This message's newest delivery is not a dead letter.")
    if push := _push_given_up(look):
        return await _try_again(engine, numbered(base, number + 1), push, look.instance_id)
    given = wire.load(wire.DeliveryInput, look.input)
    state = Delivery(
        push_id=given.verdict.push_id,
        targets=undelivered(_delivery(look, given)),
        begun_at=clock.utcnow(),
        schedule=settings.retry_schedule,
    )
    return await _start(engine, numbered(base, number + 1), given, state, look.instance_id)


def _push_given_up(look: Look) -> wire.CourierInput | None:
    """What a courier that gave a push up, or was to try it again, had with it."""
    if not look.instance_id.startswith(f"{PREFIX}{carrying.GIVEN_UP}."):
        return None
    return wire.load(wire.CourierInput, look.input)


async def _try_again(
    engine: Engine, new_id: str, push: wire.CourierInput, record: str
) -> api.Replay:
    """Give a push that was given up another life."""
    again = push.model_copy(update={"given_up": None, "rounds": 0, "by_hand": True})
    with contextlib.suppress(AlreadyExistsError):
        await engine.start(names.COURIER, new_id, again)
    log.line("replay", delivery=new_id, of=record, push=push.push_id)
    return api.Replay(delivery=new_id, push=push.push_id)


async def _start(
    engine: Engine, new_id: str, given: wire.DeliveryInput, state: Delivery, replay_of: str
) -> api.Replay:
    data = wire.DeliveryInput(verdict=given.verdict, delivery=state, replay_of=replay_of)
    # Somebody else may replay it at this moment: one delivery serves both.
    with contextlib.suppress(AlreadyExistsError):
        await engine.start(names.DELIVER_NOTIFICATION, new_id, data)
    log.line("replay", delivery=new_id, of=replay_of, targets=list(state.targets))
    return api.Replay(delivery=new_id, targets=state.targets)


async def _existing(engine: Engine, instance_id: str) -> Look:
    if not _ID.fullmatch(instance_id):
        raise NotFoundError("There is no dead letter with this id.")
    look = await engine.look(instance_id, show_input=True)
    if look.phase is Phase.ABSENT:
        raise NotFoundError("There is no dead letter with this id.")
    return look


def _ended(look: Look) -> wire.DeliveryOutput | None:
    """What a delivery that came to its end left behind."""
    try:
        return wire.load(wire.DeliveryOutput, look.output)
    except ValueError:
        return None


def _delivery(look: Look, given: wire.DeliveryInput) -> Delivery:
    """The delivery as it ended, or as it began where it was broken off."""
    ended = _ended(look)
    return ended.delivery if ended else given.delivery
