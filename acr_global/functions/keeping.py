"""Accepted means kept: put an arrival where nothing can lose it, or say that it was not.

There are three such places: the input of the start that won, an event to an instance that has
begun, and the input of a courier, which sees a push through that has not begun, was broken off, or
cannot be asked about in time. The textbook way (look, start if absent, raise) answers 202 and loses
arrivals in a plain race and in a crash; docs/decisions.md says why, and what was seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from enum import Enum

from acr_global import correlation
from acr_global.errors import NotKeptError
from acr_global.functions import beginning, log, names, reviving, wire
from acr_global.functions.engine import AlreadyExistsError, Engine, EngineError, Phase, Snapshot
from acr_global.functions.instances import Instances, new_input
from acr_global.functions.journal import Journal
from acr_global.functions.pacing import TooManyError, UndecidedError, admitted, first_of, insist

COURIER_AFTER_SECONDS = 2.0
"""From the first look to sending a courier beside the search. The first push after an idle spell
takes about 2 s (maxQueuePollingInterval) to begin."""

BUDGET_SECONDS = 4.2
"""For finding a place. The registry waits 5 s and never comes back."""

LAST_LOOK_SECONDS = 0.4
"""For asking whether a start without an answer was carried out all the same."""

BEGUN_SECONDS = 4.0
"""How long a push that was seen to have begun counts as begun. Only where Python has died in a turn
of it since, in another process, is it started anew, and that takes some seconds, too."""

_watching: set[asyncio.Task[None]] = set()
"""Tasks that go on after the answer: the loop itself keeps no reference to them."""


class Place(Enum):
    """Where an arrival is after keeping."""

    START = "start"
    EVENT = "event"
    COURIER = "courier"
    DECIDED = "decided"
    """Nowhere: its push has been decided already."""
    TERMINATED = "terminated"
    """Nowhere: an operator has ended its push."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The outcome for one arrival."""

    place: Place
    push_id: str


async def keep(engine: Engine, instances: Instances, terms: wire.PushTerms) -> Kept:
    """Keep `terms.arrival` for its push.

    `instances`: where that push is found. `terms`: with what this arrival would begin it.
    Raises NotKeptError when the engine took it nowhere within the budget.
    """
    search, errors = _Search(engine, instances, terms), list[Exception]()
    try:
        with admitted(BUDGET_SECONDS):
            async with asyncio.timeout(BUDGET_SECONDS):
                return await first_of(
                    insist(search.once, errors),
                    insist(search.send_courier, errors, COURIER_AFTER_SECONDS),
                )
    except TooManyError:
        raise NotKeptError(
            "More webhooks are under way than can be stored in time.", reason="too-busy"
        ) from None
    except TimeoutError:
        if kept := await search.last_look():
            return kept
        cause = errors[-1] if errors else EngineError("the engine took too long to answer")
        raise NotKeptError("The arrival could not be stored in time.") from cause


async def begin(engine: Engine, start: wire.PushInput) -> bool:
    """Start a push's instance, and read its input back: of two starts at once, one is silently
    discarded. False where another start won. Raises EngineError, AlreadyExistsError."""
    engine.journal.begins_anew(start.push_id)
    await engine.start(names.WAIT_FOR_ALL_REGIONS, start.push_id, start)
    return await _is_ours(engine, start.push_id, start.nonce)


async def _is_ours(engine: Engine, push_id: str, nonce: str) -> bool:
    """Whether the start that won is this one, even if its answer was lost."""
    snapshot = await engine.look(push_id, show_input=True)
    # Compared as text: it may have been started by hand, in any form.
    return nonce in str(snapshot.input)


class _Search:
    """The search for a place, and what it has learnt on the way."""

    def __init__(self, engine: Engine, instances: Instances, terms: wire.PushTerms) -> None:
        self._engine, self._instances, self._terms = engine, instances, terms
        self._found: wire.PushInput | None = None
        """The input that would begin the arrival's instance; None while that is not known."""
        self._started: tuple[str, str] | None = None
        """The last start of our own: instance and nonce."""
        self._looked = False

    async def once(self) -> Kept:
        """Take one look, and act on it; at first without one, where none is needed."""
        first, self._looked = not self._looked, True
        if first and (kept := await self._tell_unseen()):
            return kept
        found = await self._instances.find(self._terms)
        self._found, start, snapshot = found.start, found.start, found.snapshot
        if self._started and await _is_ours(self._engine, *self._started):
            return self._kept_as_start(self._started[0])
        match snapshot.phase:
            case Phase.ABSENT:
                self._say_if_purged(start)
                return await self._begin(start)
            case Phase.BEGUN:
                _note_begun(self._engine.journal, start, snapshot)
                if kept := await _tell(self._engine, start):
                    return kept
                raise UndecidedError("finished while the event was on its way")
            case Phase.PENDING:
                raise UndecidedError("not begun yet")
            case Phase.FINISHED:
                return Kept(Place.DECIDED, start.push_id)
            case Phase.FAILED:
                return await self._begin_anew(start)
            case Phase.TERMINATED:
                return _ended_by_hand(start, snapshot)

    async def _tell_unseen(self) -> Kept | None:
        """Raise the event without a look, where this process has lately seen that the push has
        begun. One that has ended since, the engine refuses; what else goes wrong, a look shows."""
        start, since = self._instances.known(self._terms), _now() - BEGUN_SECONDS
        if start is None or not self._engine.journal.had_begun(start.push_id, since):
            return None
        with contextlib.suppress(EngineError):
            return await _tell(self._engine, start)
        return None

    async def send_courier(self) -> Kept:
        """Hand the arrival to a courier. One with the same id already carries an arrival of the
        same region for the same push; by content it may be another event, which then is a
        repeat."""
        start = self._found or self._instances.known(self._terms)
        if start is None:
            raise UndecidedError("the push is not known yet")
        courier = correlation.courier_id(start.push_id, start.arrival.region)
        data = wire.CourierInput(push_id=start.push_id, arrivals=(start.arrival,), start=start)
        with contextlib.suppress(AlreadyExistsError):
            await self._engine.start(names.COURIER, courier, data)
        self._engine.journal.seen(start.push_id)  # the courier sees to its beginning
        return Kept(Place.COURIER, start.push_id)

    async def last_look(self) -> Kept | None:
        """Look whether a start without an answer was carried out."""
        if self._started is None:
            return None
        with contextlib.suppress(EngineError, TimeoutError):
            async with asyncio.timeout(LAST_LOOK_SECONDS):
                if await _is_ours(self._engine, *self._started):
                    return self._kept_as_start(self._started[0])
        return None

    async def _begin(self, start: wire.PushInput) -> Kept:
        self._started = (start.push_id, start.nonce)
        if await begin(self._engine, start):
            return self._kept_as_start(start.push_id)
        raise UndecidedError("another start won")

    def _say_if_purged(self, start: wire.PushInput) -> None:
        """Log that a push seen lately is gone: somebody has removed it while it was open, and its
        arrivals with it. It begins anew, with what is still to come."""
        if self._started is None and self._engine.journal.knows(start.push_id):
            log.line(
                "push-purged",
                level=logging.WARNING,
                push=start.push_id,
                region=start.arrival.region,
                todo="somebody purged this push while it was open; it begins anew, and an alarm may"
                " name regions that had reported before: post their webhooks again",
            )

    def _kept_as_start(self, push_id: str) -> Kept:
        silent = set(self._terms.regions) - {self._terms.arrival.region}
        self._engine.journal.started(push_id, silent)
        task = asyncio.create_task(beginning.see_it_begin(self._engine, push_id))
        _watching.add(task)
        task.add_done_callback(_watching.discard)
        return Kept(Place.START, push_id)

    async def _begin_anew(self, start: wire.PushInput) -> Kept:
        """Begin the next life of a push that was broken off; where that must wait, send a
        courier."""
        snapshot = await self._engine.look_back(start.push_id)
        if snapshot.phase is not Phase.FAILED:
            raise UndecidedError("somebody else has begun it anew")
        try:
            life = reviving.next_life(snapshot, [start.arrival])
        except ValueError:
            reason = "instance-failed"
            raise NotKeptError("This push's instance has failed.", reason=reason) from None
        if reviving.may_begin_at(life):
            raise UndecidedError("it has failed before; its next life is to wait")
        kept = await self._begin(new_input(start.push_id, life))
        beginning.note_begun_anew(start.push_id, life)
        return kept


def _ended_by_hand(start: wire.PushInput, snapshot: Snapshot) -> Kept:
    """The outcome where somebody has terminated the instance: nothing more is kept, and that is
    logged. (Unless a courier is about to start it again, which then carries this arrival, too.)"""
    if reviving.is_being_begun_anew(snapshot):
        raise UndecidedError("it is being begun anew")
    log.line(
        "push-terminated",
        level=logging.WARNING,
        push=start.push_id,
        region=start.arrival.region,
        cause=str(snapshot.output)[:200],
        todo="somebody ended this instance; purge it, and the next webhook begins the push anew",
    )
    return Kept(Place.TERMINATED, start.push_id)


def _note_begun(journal: Journal, start: wire.PushInput, snapshot: Snapshot) -> None:
    journal.seen(start.push_id)
    if not snapshot.suspended:
        journal.begun(start.push_id, _now())
        return
    log.line(
        "push-suspended",
        level=logging.WARNING,
        push=start.push_id,
        region=start.arrival.region,
        todo="somebody suspended this instance; resume it: what comes meanwhile is kept for it",
    )


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _tell(engine: Engine, start: wire.PushInput) -> Kept | None:
    """Raise the arrival to an instance that has begun; None where it has ended."""
    name = correlation.event_name(start.arrival.region)
    if not await engine.raise_event(start.push_id, name, start.arrival):
        return None
    engine.journal.accepted(start.push_id, start.arrival)
    return Kept(Place.EVENT, start.push_id)
