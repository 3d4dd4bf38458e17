"""One push, with what its notifications have come to, read from the engine alone.

Its instance is one look; of what could not be delivered at once, each message is two reads, by a
prefix that only it and its replays have, and one or two for each replay.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from acr_global import api, correlation, retry
from acr_global.ends import undelivered
from acr_global.errors import AcrGlobalError
from acr_global.functions import clock
from acr_global.functions.durable import notifications, wire
from acr_global.functions.durable.engine import Engine, Phase, Snapshot
from acr_global.functions.recovery import letters, replays
from acr_global.functions.views import pushviews
from acr_global.model import Attempt

MAX_REPLAYED = 10
"""Replays of one message of which the attempts are shown, the newest."""

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class PushUnknownError(AcrGlobalError):
    """There is no such push, or none any more."""

    status = 404
    reason = "push-unknown"


@dataclass(frozen=True, slots=True)
class Looked:
    """One push, and the newest delivery of each message that was not delivered at once."""

    seen: pushviews.View
    deliveries: tuple[Snapshot, ...]
    before: dict[str, tuple[Attempt, ...]]
    """By such a delivery's id: the attempts of those that it replays."""
    record: Snapshot
    """What is left of it where it was given up, and not tried again since; else absent."""


async def look(engine: Engine, push_id: str) -> Looked:
    """Read it. Raises PushUnknownError and EngineError."""
    push_id = push_id.lower()
    if not _ID.fullmatch(push_id):
        raise PushUnknownError("There is no push with this id.")
    snapshot = await engine.look_back(push_id)
    try:
        seen = pushviews.view(snapshot)
    except ValueError:  # not there, or started by hand
        raise PushUnknownError("There is no push with this id.") from None
    bases = dict.fromkeys(
        correlation.base_and_number(record.delivery)[0] for record in seen.said if record.delivery
    )
    deliveries = [await _newest(engine, base) for base in bases]
    before = {d.instance_id: await _before(engine, d) for d in deliveries}
    record = await record_of(engine, push_id, snapshot.phase)
    return Looked(seen, tuple(deliveries), before, record)


async def record_of(engine: Engine, push_id: str, phase: Phase) -> Snapshot:
    """What is left of a push where it was given up, and not tried again since; else absent. Raises
    EngineError."""
    record = (await replays.newest(engine, correlation.record_id(push_id)))[1]
    if record.phase is Phase.ABSENT or not letters.is_dead(record) or phase in _GOES_ON:
        return Snapshot(Phase.ABSENT)
    return record


_GOES_ON = (Phase.BEGUN, Phase.FINISHED)


async def _newest(engine: Engine, base: str) -> Snapshot:
    """The newest delivery of a message, whole."""
    return await letters.whole(engine, (await replays.newest(engine, base))[1])


async def _before(engine: Engine, delivery: Snapshot) -> tuple[Attempt, ...]:
    """The attempts of the deliveries that one replays, oldest first: one of those may have told
    somebody whom a later one leaves out for that."""
    attempts: tuple[Attempt, ...] = ()
    for _ in range(MAX_REPLAYED):
        try:
            replayed = wire.load(notifications.DeliveryInput, delivery.input).replay_of
        except ValueError:  # purged, or started by hand
            break
        if replayed is None or not correlation.is_delivery(replayed):
            break
        delivery = await letters.whole(engine, await engine.look(replayed, show_input=True))
        with contextlib.suppress(ValueError):
            attempts = (*letters.delivery_of(delivery).attempts, *attempts)
    return attempts


async def show(engine: Engine, push_id: str) -> api.PushDetails:
    """One push with its regions, verdicts and deliveries. Raises as `look` does."""
    return details(await look(engine, push_id))


def details(looked: Looked) -> api.PushDetails:
    """As it is shown."""
    deliveries = tuple(
        one for d in looked.deliveries if (one := _delivery(d, looked.before[d.instance_id]))
    )
    shown = pushviews.details(looked.seen, deliveries, clock.utcnow())
    if looked.record.phase is Phase.ABSENT:
        return shown
    cause = letters.summary_of(looked.record).get("cause")
    return shown.model_copy(update={"state": api.PushState.GIVEN_UP, "cause": cause})


def _delivery(snapshot: Snapshot, before: tuple[Attempt, ...]) -> api.PushDelivery | None:
    try:
        given = wire.load(notifications.DeliveryInput, snapshot.input)
    except ValueError:  # purged, or started by hand
        return None
    if given.verdict is None:
        return None
    state = letters.delivery_of(snapshot)
    return api.PushDelivery(
        id=snapshot.instance_id,
        verdict=given.verdict.type,
        state="retrying" if snapshot.goes_on else str(letters.summary_of(snapshot).get("state")),
        owed=retry.owed(state) if snapshot.goes_on else (),
        dead=retry.dead(state) if snapshot.goes_on else undelivered(state),
        attempts=(*before, *state.attempts),
    )


def given_up(looked: Looked) -> tuple[str, ...]:
    """The ids of what can be tried again."""
    dead = [d for d in (*looked.deliveries, looked.record) if d.phase is not Phase.ABSENT]
    return tuple(d.instance_id for d in dead if letters.is_dead(d))
