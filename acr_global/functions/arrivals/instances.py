"""Which instance an arrival belongs to: by the notification's id always the same one; by content
the newest generation, or the one after it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Literal

from acr_global import correlation
from acr_global.functions.durable import wire
from acr_global.functions.durable.engine import Engine, EngineError, Phase, Snapshot
from acr_global.functions.recovery import givingup, mending, reviving
from acr_global.model import Arrival


@dataclass(frozen=True, slots=True)
class Found:
    """An instance, existing or not, and its state."""

    start: wire.PushInput
    """The input that would begin it, if it does not exist."""
    snapshot: Snapshot


def new_input(
    push_id: str, terms: wire.PushTerms, *, first: Literal[True] | None = None
) -> wire.PushInput:
    """The input of an instance: its terms with its id, and a nonce that no other start has. The
    terms have been validated before; each webhook needs one, though most start nothing."""
    own = {"push_id": push_id, "nonce": uuid.uuid4().hex, "first": first}
    return wire.PushInput.model_construct(**dict(terms) | own)


class ById:
    """The push's key is its instance's id."""

    def __init__(self, engine: Engine, key: str) -> None:
        self._engine, self._key = engine, key

    def start_unasked(self, terms: wire.PushTerms) -> wire.PushInput | None:
        """The input that would begin the instance, if that is known without asking."""
        return new_input(self._key, terms, first=True)

    async def newest(self) -> Snapshot:
        """The instance, with its input. Raises EngineError."""
        return await self._engine.look(self._key, show_input=True)

    async def find(self, terms: wire.PushTerms) -> Found:
        """The instance that an arrival belongs to. Raises EngineError."""
        snapshot = await self._engine.look(self._key)
        over = snapshot.phase is Phase.BEGUN and wire.is_decided(snapshot.custom_status)
        snapshot = replace(snapshot, phase=Phase.FINISHED) if over else snapshot
        return Found(new_input(self._key, terms, first=True), snapshot)


class ByContent:
    """The key is of content, which can be pushed again after its last verdict."""

    def __init__(self, engine: Engine, key: str) -> None:
        self._engine, self._key = engine, key

    def start_unasked(self, terms: wire.PushTerms) -> wire.PushInput | None:
        """None: finding the generation takes a look."""
        return None

    async def newest(self) -> Snapshot:
        """The last existing generation (or absent), with its input: the first in the order of ids.
        Raises EngineError.

        Each begins only when the one before is over, so an open one is the newest. It does not
        matter which earlier ones still exist.
        """
        return (await self._newest())[1]

    async def _newest(self) -> tuple[int, Snapshot]:
        snapshot = await self._engine.first_by_prefix(correlation.generation_prefix(self._key))
        if snapshot.phase is Phase.ABSENT:
            return 0, snapshot
        try:
            return correlation.generation_of(snapshot.instance_id), snapshot
        except ValueError as error:  # started by hand
            raise EngineError(f"list: {error}") from error

    async def find(self, terms: wire.PushTerms) -> Found:
        """The newest generation while it is open, and not given up; then the next one, except for a
        redelivery.

        Raises EngineError.
        """
        number, snapshot = await self._newest()
        heard = _heard_if_over(snapshot)
        start = new_input(correlation.generation_id(self._key, number), terms, first=True)
        broken, given_up = heard is None and reviving.has_another_life(snapshot), False
        if broken:
            heard, given_up = await self._left_by(snapshot)
        if heard is None or _awaited(terms.arrival, snapshot):
            return Found(start, snapshot)
        heard = wire.newest_arrivals(heard, await self._heard_since(snapshot))
        arrival = terms.arrival
        if _is_of_the_past(arrival, snapshot) or any(_same_event(a, arrival) for a in heard):
            return Found(start, snapshot if broken else replace(snapshot, phase=Phase.FINISHED))
        if broken and not given_up:  # its verdict may be owed, and no event comes to it
            await mending.send_courier(self._engine, snapshot.instance_id)
        again = terms.model_copy(update={"earlier": heard})
        following = new_input(correlation.generation_id(self._key, number + 1), again, first=True)
        return Found(following, Snapshot(Phase.ABSENT))

    async def _left_by(self, broken: Snapshot) -> tuple[tuple[Arrival, ...] | None, bool]:
        """The arrivals of a generation that was broken off, and of those before it, where no event
        comes to it any more: its last verdict is certain, or it was given up, or cannot be read;
        and whether it is one of these two. None where it waits on in its next life. Only its
        history tells: a row that failed has no status. Raises EngineError."""
        looked = await self._engine.look_back(broken.instance_id)
        if not reviving.has_another_life(looked):  # somebody has begun it anew
            return None, False
        given_up = await givingup.is_given_up(self._engine, broken.instance_id, looked)
        try:
            return reviving.heard_if_over(looked, given_up=given_up), given_up
        except ValueError:  # it was started by hand
            return (), True

    async def _heard_since(self, over: Snapshot) -> tuple[Arrival, ...]:
        """What a decided generation that still runs, with regions missing, has heard since its
        status was set: only its history has that. Raises EngineError."""
        if over.phase is not Phase.BEGUN:
            return ()
        try:
            if not wire.load(wire.PushStatus, over.custom_status).missing:
                return ()
            life = reviving.next_life(await self._engine.look_back(over.instance_id))
        except ValueError:  # it was started by hand
            return ()
        return (*(life.known.arrivals if life.known else ()), *life.more)


Instances = ById | ByContent


def _heard_if_over(snapshot: Snapshot) -> tuple[Arrival, ...] | None:
    """The arrivals of a generation that is over, and of those before it; empty if it was broken
    off. None: it is not over."""
    try:
        if snapshot.phase is Phase.ABSENT:
            return None
        if snapshot.phase is Phase.FAILED:
            wire.load(wire.PushInput, snapshot.input)
            return None  # it goes on, in a next life; or only what it has come to is still told
        if reviving.is_being_begun_anew(snapshot):
            return None  # so does this one
        if snapshot.phase is Phase.FINISHED:
            return wire.load(wire.PushOutput, snapshot.output).newest_arrivals()
        if snapshot.phase is not Phase.TERMINATED and not wire.is_decided(snapshot.custom_status):
            return None
        # It was ended by hand; or it is decided, and runs on: in a late window, or some seconds.
        status = wire.load(wire.PushStatus, snapshot.custom_status)
        earlier = wire.load(wire.PushInput, snapshot.input).earlier
    except ValueError:
        return ()
    arrivals = status.arrivals()
    if arrivals is None and snapshot.phase is not Phase.TERMINATED:
        return None
    return wire.newest_arrivals(earlier, arrivals or ())


def _awaited(arrival: Arrival, over: Snapshot) -> bool:
    """Whether a generation that somebody has ended by hand would wait for this region still, before
    its deadline: then the event is of that one, and begins no other."""
    if over.phase is not Phase.TERMINATED or reviving.is_being_begun_anew(over):
        return False
    try:
        status = wire.load(wire.PushStatus, over.custom_status)
        push = wire.load(wire.PushInput, over.input)
    except ValueError:  # it had not begun, or was started by hand
        return False
    deadline = (push.begun_at or push.arrival.received_at) + push.timeout
    return arrival.region in status.missing and arrival.reported_at <= deadline


def _is_of_the_past(arrival: Arrival, over: Snapshot) -> bool:
    """Whether a caught-up event is older than the end of the newest generation: it belongs to that
    one or an earlier one, and begins no other."""
    ended = over.updated
    return bool(arrival.caught_up and ended and arrival.reported_at <= ended)


def _same_event(one: Arrival, other: Arrival) -> bool:
    """The same region's same event: a redelivery, not another push of the same content."""
    return (one.region, one.event_id) == (other.region, other.event_id)
