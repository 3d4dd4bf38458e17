"""Accepted means kept: put an arrival where nothing can lose it, or say that it was not.

There are three such places: the input of the start that won, an event to an instance that has
begun, and the input of a courier that carries it to one that has not. The textbook way (look,
start if absent, raise) answers 202 and loses arrivals in a plain race and in a crash; why, and
what was seen, stands in docs/decisions.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum

from acr_global import correlation
from acr_global.errors import NotKeptError
from acr_global.functions import names, wire
from acr_global.functions.engine import AlreadyExistsError, Engine, EngineError, Look, Phase
from acr_global.functions.generations import Generation, newest_generation
from acr_global.model import Arrival

BUDGET_SECONDS = 3.0
"""How long to look for an instance to begin. The registry waits 5 s and never comes back; the
first push after an idle spell takes about 2 s (maxQueuePollingInterval) to begin."""

COURIER_SECONDS = 1.2
"""What is left for starting a courier."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 0.5


class Place(Enum):
    """Where an arrival is after keeping."""

    START = "start"
    EVENT = "event"
    COURIER = "courier"
    DECIDED = "decided"
    """Nowhere: its push has been decided already."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The outcome for one arrival."""

    place: Place
    push_id: str


class _UndecidedError(Exception):
    """This look settled nothing; the next may."""


async def keep(
    engine: Engine, key: str, start: wire.PushInput, *, generations: bool = False
) -> Kept:
    """Keep `start.arrival` for the push `key`.

    `start` is the input of an instance that this arrival would begin. `generations`: the key
    is of content and can come again after its last verdict.
    Raises NotKeptError when the engine took it nowhere within the budget.
    """
    search, errors = _Search(engine, key, start, generations), list[Exception]()
    kept = await _insist(search.once, BUDGET_SECONDS, errors)
    if kept is None and (push_id := search.known_id):
        kept = await _insist(
            lambda: _send_courier(engine, push_id, start.arrival), COURIER_SECONDS, errors
        )
    if kept is None:
        cause = errors[-1] if errors else EngineError("the engine took too long to answer")
        raise NotKeptError("The arrival could not be stored in time.") from cause
    return kept


async def _insist(
    attempt: Callable[[], Awaitable[Kept]], seconds: float, errors: list[Exception]
) -> Kept | None:
    """Try again and again; None when the time is over. What went wrong is added to `errors`."""
    pause = FIRST_PAUSE_SECONDS
    try:
        async with asyncio.timeout(seconds):
            while True:
                try:
                    return await attempt()
                except (EngineError, _UndecidedError) as error:
                    errors.append(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    except TimeoutError:
        return None


class _Search:
    """The search for a place, and what it has learnt on the way."""

    def __init__(self, engine: Engine, key: str, start: wire.PushInput, generations: bool) -> None:
        self._engine, self._key, self._start, self._generations = engine, key, start, generations
        self.known_id: str | None = None
        """The instance last known to be there; a courier can find it later."""
        self._started: tuple[str, str] | None = None
        """The last start of our own: instance and nonce."""

    async def once(self) -> Kept:
        """One look, and what follows from it."""
        start, look = await _current(self._engine, self._key, self._start, self._generations)
        there = look.phase in (Phase.PENDING, Phase.BEGUN)
        self.known_id = start.push_id if there else None
        if self._started and await self._is_ours(*self._started):
            return Kept(Place.START, self._started[0])
        match look.phase:
            case Phase.ABSENT:
                return await self._start_it(start)
            case Phase.BEGUN:
                return await _tell(self._engine, start)
            case Phase.PENDING:
                raise _UndecidedError("not begun yet")
            case Phase.FINISHED:
                return Kept(Place.DECIDED, start.push_id)
            case Phase.FAILED:
                raise NotKeptError("This push's instance has failed.", reason="instance-failed")

    async def _start_it(self, start: wire.PushInput) -> Kept:
        """Start, then read the input back: of two starts at once, one is silently discarded."""
        nonce = uuid.uuid4().hex
        self._started = (start.push_id, nonce)
        await self._engine.start(
            names.WAIT_FOR_ALL_REGIONS, start.push_id, start.model_copy(update={"nonce": nonce})
        )
        self.known_id = start.push_id
        if await self._is_ours(start.push_id, nonce):
            return Kept(Place.START, start.push_id)
        raise _UndecidedError("another start won")

    async def _is_ours(self, push_id: str, nonce: str) -> bool:
        """Whether the start that won is this one, even if its answer was lost."""
        look = await self._engine.look(push_id, show_input=True)
        # As text: what stands there may have been started by hand, in any form.
        return nonce in str(look.input)


async def _current(
    engine: Engine, key: str, start: wire.PushInput, generations: bool
) -> tuple[wire.PushInput, Look]:
    """The instance this arrival belongs to, and how far it is."""
    if generations:
        return _in_generation(await newest_generation(engine, key), key, start)
    look = await engine.look(key)
    over = look.phase is Phase.BEGUN and wire.is_decided(look.custom_status)
    return _as(start, key), replace(look, phase=Phase.FINISHED) if over else look


def _in_generation(
    newest: Generation, key: str, start: wire.PushInput
) -> tuple[wire.PushInput, Look]:
    """The newest generation while it is open; after that the next one, but for a redelivery."""
    start = _as(start, correlation.generation_id(key, newest.number))
    if newest.reports is None:
        return start, newest.look
    if any(_same_event(report, start.arrival) for report in newest.reports):
        return start, replace(newest.look, phase=Phase.FINISHED)
    following = _as(start, correlation.generation_id(key, newest.number + 1))
    return following.model_copy(update={"earlier": newest.reports}), Look(Phase.ABSENT)


def _as(start: wire.PushInput, push_id: str) -> wire.PushInput:
    return start.model_copy(update={"push_id": push_id})


def _same_event(one: Arrival, other: Arrival) -> bool:
    """The same region's same event: a redelivery, not another push of the same content."""
    return (one.region, one.event_id) == (other.region, other.event_id)


async def _tell(engine: Engine, start: wire.PushInput) -> Kept:
    name = correlation.event_name(start.arrival.region)
    if await engine.raise_event(start.push_id, name, start.arrival):
        return Kept(Place.EVENT, start.push_id)
    raise _UndecidedError("finished while the event was on its way")


async def _send_courier(engine: Engine, push_id: str, arrival: Arrival) -> Kept:
    """Hand the arrival to a courier. One that is on its way already carries a report of the same
    region for the same push: by content perhaps another event, which is a repeat then."""
    courier = correlation.courier_id(push_id, arrival.region)
    data = wire.CourierInput(push_id=push_id, arrival=arrival)
    with contextlib.suppress(AlreadyExistsError):
        await engine.start(names.COURIER, courier, data)
    return Kept(Place.COURIER, push_id)
