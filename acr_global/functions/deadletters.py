"""Dead letters: deliveries that ended with targets that did not get the message.

There is no second store: a dead letter is its `DeliverNotification` instance. A replay is a new
instance under the same id with `.r1`, `.r2`, … behind it, and sends the same message with the
same message id; of one message, only the newest delivery counts.
"""

from __future__ import annotations

import contextlib
import re
from itertools import groupby
from typing import Any

from acr_global.errors import AcrGlobalError
from acr_global.functions import clock, log, names, wire
from acr_global.functions.engine import AlreadyExistsError, Engine, Look, Phase
from acr_global.retry import Delivery, dead
from acr_global.settings import Settings

PREFIX = "_delivery."
_ID = re.compile(r"_delivery\.[a-z]+\.[a-z0-9][a-z0-9._-]{0,80}")
_REPLAY = re.compile(r"(?P<base>.*?)(?:\.r(?P<number>\d{1,3}))?")


class NotFoundError(AcrGlobalError):
    """There is no such dead letter."""

    status = 404
    reason = "dead-letter-unknown"


class NotReplayableError(AcrGlobalError):
    """The newest delivery of this message is not dead."""

    status = 409
    reason = "not-a-dead-letter"


async def listing(engine: Engine) -> dict[str, Any]:
    """All dead letters, as a list of their summaries."""
    looks, cut_off = await engine.list_by_prefix(PREFIX)
    by_message = groupby(sorted(looks, key=_order), key=lambda look: _order(look)[0])
    newest = [list(group)[-1] for _, group in by_message]
    letters = [{"id": look.instance_id, **_summary(look)} for look in newest if _is_dead(look)]
    return {"deadletters": letters, "cut_off": cut_off}


def _order(look: Look) -> tuple[str, int]:
    match = _REPLAY.fullmatch(look.instance_id)
    assert match  # noqa: S101 - the pattern matches every text
    return match["base"], int(match["number"] or 0)


def _is_dead(look: Look) -> bool:
    return look.phase is Phase.FAILED or _summary(look).get("state") == "dead"


def _summary(look: Look) -> dict[str, Any]:
    return look.custom_status if isinstance(look.custom_status, dict) else {"state": "failed"}


async def show(engine: Engine, instance_id: str) -> dict[str, Any]:
    """One delivery, with each attempt's time and reason."""
    look = await _existing(engine, instance_id)
    given = wire.load(wire.DeliveryInput, look.input)
    delivery = _delivery(look, given)
    return {
        "id": instance_id,
        **_summary(look),
        "attempts": [a.model_dump(mode="json", exclude_none=True) for a in delivery.attempts],
        "message": given.verdict.model_dump(mode="json", exclude_none=True),
    }


async def replay(settings: Settings, engine: Engine, instance_id: str) -> dict[str, Any]:
    """Send a dead letter's message again to the targets that did not get it."""
    await _existing(engine, instance_id)
    base = _order(Look(Phase.ABSENT, instance_id=instance_id))[0]
    look, number = await _existing(engine, base), 0
    while (further := await engine.look(f"{base}.r{number + 1}", show_input=True)).phase is not (
        Phase.ABSENT
    ):
        look, number = further, number + 1
    if not _is_dead(look):
        raise NotReplayableError("This message's newest delivery is not a dead letter.")
    given = wire.load(wire.DeliveryInput, look.input)
    state = Delivery(
        push_id=given.verdict.push_id,
        targets=dead(_delivery(look, given)) or given.delivery.targets,
        begun_at=clock.utcnow(),
        schedule=settings.retry_schedule,
    )
    return await _start(engine, f"{base}.r{number + 1}", given, state, look.instance_id)


async def _start(
    engine: Engine, new_id: str, given: wire.DeliveryInput, state: Delivery, replay_of: str
) -> dict[str, Any]:
    data = wire.DeliveryInput(verdict=given.verdict, delivery=state, replay_of=replay_of)
    # Somebody else may replay it at this moment: one delivery serves both.
    with contextlib.suppress(AlreadyExistsError):
        await engine.start(names.DELIVER_NOTIFICATION, new_id, data)
    log.line("replay", delivery=new_id, of=replay_of, targets=list(state.targets))
    return {"status": "accepted", "delivery": new_id, "targets": list(state.targets)}


async def _existing(engine: Engine, instance_id: str) -> Look:
    if not _ID.fullmatch(instance_id):
        raise NotFoundError("There is no dead letter with this id.")
    look = await engine.look(instance_id, show_input=True)
    if look.phase is Phase.ABSENT:
        raise NotFoundError("There is no dead letter with this id.")
    return look


def _delivery(look: Look, given: wire.DeliveryInput) -> Delivery:
    """The delivery as it ended, or as it began where it was broken off."""
    try:
        return wire.load(wire.DeliveryOutput, look.output).delivery
    except ValueError:
        return given.delivery
