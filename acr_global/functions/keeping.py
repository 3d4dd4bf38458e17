"""Accepted means kept: put an arrival where nothing can lose it, or say that it was not.

There are three such places: the input of the start that won, an event to an instance that has
begun, and the input of a courier that carries it to one that has not. The textbook way (look,
start if absent, raise) answers 202 and loses arrivals in a plain race and in a crash; why, and
what was seen, stands in docs/decisions.md.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from pydantic import BaseModel

from acr_global import correlation
from acr_global.errors import NotKeptError
from acr_global.functions import names, wire
from acr_global.functions.engine import AlreadyExistsError, EngineError, Look, Phase
from acr_global.model import Arrival

BUDGET_SECONDS = 3.0
"""How long to look for an instance to begin. The registry waits 5 s and never comes back; the
first push after an idle spell takes about 2 s (maxQueuePollingInterval) to begin."""

COURIER_SECONDS = 1.2
"""What is left for starting a courier."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 0.5


class EngineLike(Protocol):
    """The calls that keeping needs; the real one is `engine.Engine`."""

    async def look(self, instance_id: str, *, show_input: bool = False) -> Look: ...
    async def start(self, orchestrator: str, instance_id: str, data: BaseModel) -> None: ...
    async def raise_event(self, instance_id: str, name: str, data: BaseModel) -> bool: ...


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
    engine: EngineLike, key: str, start: wire.PushInput, *, generations: bool = False
) -> Kept:
    """Keep `start.arrival` for the push `key`.

    `start` is the input of an instance that this arrival would begin. `generations`: the key
    is of content and can come again after its instance has ended.
    Raises NotKeptError when the engine took it nowhere within the budget.
    """
    search = _Search(engine, key, start, generations)
    try:
        async with asyncio.timeout(BUDGET_SECONDS):
            return await search.run()
    except TimeoutError:
        pass
    if search.exists is None:
        raise NotKeptError("The arrival could not be stored in time.") from search.error
    return await _send_courier(engine, search.exists, start.arrival)


class _Search:
    """Looking for a place, again and again, until there is one or the caller stops it."""

    def __init__(
        self, engine: EngineLike, key: str, start: wire.PushInput, generations: bool
    ) -> None:
        self._engine, self._key, self._start, self._generations = engine, key, start, generations
        self.exists: str | None = None
        """The instance last seen to be there; a courier can find it later."""
        self.error: Exception | None = None

    async def run(self) -> Kept:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._once()
            except (EngineError, _UndecidedError) as error:
                self.error = error
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _once(self) -> Kept:
        start, look = await _current(self._engine, self._key, self._start, self._generations)
        self.exists = start.push_id if look.phase in (Phase.PENDING, Phase.BEGUN) else None
        return await _place(self._engine, look, start)


async def _current(
    engine: EngineLike, key: str, start: wire.PushInput, generations: bool
) -> tuple[wire.PushInput, Look]:
    """The instance this arrival belongs to, and how far it is."""
    if not generations:
        look = await engine.look(key)
        over = replace(look, phase=Phase.FINISHED) if _decided(look) else look
        return replace_id(start, key), over
    generation, look, reports = await _newest_generation(engine, key)
    start = replace_id(start, correlation.generation_id(key, generation))
    if reports is None:
        return start, look
    if any(same_event(report, start.arrival) for report in reports):
        return start, replace(look, phase=Phase.FINISHED)
    following = replace_id(start, correlation.generation_id(key, generation + 1))
    return following.model_copy(update={"earlier": reports}), Look(Phase.ABSENT)


def replace_id(start: wire.PushInput, push_id: str) -> wire.PushInput:
    """The same input for another instance."""
    return start.model_copy(update={"push_id": push_id})


async def _newest_generation(
    engine: EngineLike, key: str
) -> tuple[int, Look, tuple[Arrival, ...] | None]:
    """The last generation that is there (0 if none), and its reports if it is over.

    Doubling steps, then halving. Generations follow one another without a gap and each begins
    only when the one before is over, so an open one is the newest, and n of them take about
    2·log2(n) looks.
    """

    async def at(generation: int) -> tuple[Look, tuple[Arrival, ...] | None]:
        look = await engine.look(correlation.generation_id(key, generation), show_input=True)
        return look, _reports(look)

    low, high, step = 0, 0, 1
    look, reports = await at(0)
    while reports is not None and high != low + 1:
        middle = (low + high) // 2 if high else low + step
        there, heard = await at(middle)
        if there.phase is Phase.ABSENT:
            high = middle
        else:
            low, look, reports, step = middle, there, heard, step * 2
    return low, look, reports


def _decided(look: Look) -> bool:
    """Whether an instance has reached its last verdict, though it runs on for some seconds."""
    return look.phase is Phase.BEGUN and wire.is_decided(look.custom_status)


def _reports(look: Look) -> tuple[Arrival, ...] | None:
    """What a generation that is over, and those before it, had heard from the regions.

    None: it is not over. Nothing: it was broken off.
    """
    if look.phase in (Phase.FINISHED, Phase.FAILED):
        try:
            return wire.load(wire.PushOutput, look.output).reports()
        except ValueError:
            return ()
    if not _decided(look):
        return None
    status = wire.load(wire.PushStatus, look.custom_status)
    if status.arrivals is None:
        return None
    given = wire.load(wire.PushInput, look.input)
    return wire.newest_reports(given.earlier, status.arrivals)


def same_event(one: Arrival, other: Arrival) -> bool:
    """A redelivery: the same region's same event, not another push of the same content."""
    return (one.region, one.event_id) == (other.region, other.event_id)


async def _place(engine: EngineLike, look: Look, start: wire.PushInput) -> Kept:
    match look.phase:
        case Phase.ABSENT:
            return await _start(engine, start)
        case Phase.BEGUN:
            name = correlation.event_name(start.arrival.region)
            if await engine.raise_event(start.push_id, name, start.arrival):
                return Kept(Place.EVENT, start.push_id)
            raise _UndecidedError("finished while the event was on its way")
        case Phase.PENDING:
            raise _UndecidedError("not begun yet")
        case Phase.FINISHED:
            return Kept(Place.DECIDED, start.push_id)
        case Phase.FAILED:
            raise NotKeptError(
                "This push's instance has failed.", reason="instance-failed", status=503
            )


async def _start(engine: EngineLike, start: wire.PushInput) -> Kept:
    """Start, then read the input back: of two starts at once, one is silently discarded."""
    start = start.model_copy(update={"nonce": uuid.uuid4().hex})
    try:
        await engine.start(names.WAIT_FOR_ALL_REGIONS, start.push_id, start)
    except AlreadyExistsError:
        raise _UndecidedError("another start was first") from None
    look = await engine.look(start.push_id, show_input=True)
    if start.nonce in str(look.input):
        return Kept(Place.START, start.push_id)
    raise _UndecidedError("another start won")


async def _send_courier(engine: EngineLike, push_id: str, arrival: Arrival) -> Kept:
    """Hand the arrival to a courier; one that is on its way already carries the same."""
    courier = correlation.courier_id(push_id, arrival.region)
    data = wire.CourierInput(push_id=push_id, arrival=arrival)
    try:
        async with asyncio.timeout(COURIER_SECONDS):
            await engine.start(names.COURIER, courier, data)
    except AlreadyExistsError:
        pass
    except (EngineError, TimeoutError) as error:
        raise NotKeptError("The arrival could not be stored in time.") from error
    return Kept(Place.COURIER, push_id)
