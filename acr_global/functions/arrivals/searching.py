"""The search for a place where arrivals of one push are kept (keeping.py)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from acr_global import correlation
from acr_global.errors import NotKeptError
from acr_global.functions import log
from acr_global.functions.arrivals import beginning
from acr_global.functions.arrivals.instances import Instances, new_input
from acr_global.functions.arrivals.pacing import UndecidedError
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.engine import (
    AlreadyExistsError,
    Engine,
    EngineError,
    Phase,
    Snapshot,
)
from acr_global.functions.durable.journal import Journal
from acr_global.functions.recovery import reviving
from acr_global.model import Arrival

LAST_LOOK_SECONDS = 0.4
"""For asking whether a start without an answer was carried out all the same."""

BEGUN_SECONDS = 4.0
"""How long a push that was seen to have begun counts as begun. Only where Python has died in a turn
of it since, in another process, is it started anew, and that takes some seconds, too."""

JOIN_SECONDS = 1.0
"""How long others may join a search: as long as a burst has it wait for its turn. Who joined later
would have a courier sooner than it needs one."""

GATHER_SECONDS = 0.05
"""From a push's first webhook here to its start, so that others which come about then may join."""

BEGINS_SECONDS = 0.1
"""From a start of this process to the first look whether the push has begun. Mostly it has by then,
and a look before that is for nothing."""

MAX_TOGETHER = 30
"""Arrivals in one search. Where they are events they are raised one after another, within the time
that it has; and so a start's input has a bound, whatever is repeated."""

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


async def begin(engine: Engine, start: wire.PushInput) -> bool:
    """Start a push's instance, and read its input back: of two starts at once, one is silently
    discarded. False where another start won. Raises EngineError, AlreadyExistsError."""
    await engine.start(names.WAIT_FOR_ALL_REGIONS, start.push_id, start)
    return await _is_ours(engine, start.push_id, start.nonce)


async def _is_ours(engine: Engine, push_id: str, nonce: str) -> bool:
    """Whether the start that won is this one, even if its answer was lost."""
    snapshot = await engine.look(push_id, show_input=True)
    # Compared as text: it may have been started by hand, in any form.
    return nonce in str(snapshot.input)


Seeking = tuple[Arrival, asyncio.Future[Kept | None]]
"""An arrival, and its outcome: None where the search ended without one."""


class Search:
    """The search for a place, and what it has learnt on the way."""

    def __init__(
        self,
        engine: Engine,
        instances: Instances,
        terms: wire.PushTerms,
        start: wire.PushInput | None,
    ) -> None:
        self._engine, self._instances, self._terms = engine, instances, terms
        self._input = start
        """The input that would begin the push's instance; None while that is not known."""
        self.begins_at = now()
        """When a push that was started here has begun, mostly; no look is needed before."""
        self._started: tuple[str, str] | None = None
        """The last start of our own, with all arrivals in it: instance and nonce."""
        self._looked = False
        self._absent: wire.PushInput | None = None
        """The input that is to begin a push which a look has not found, once others have come."""
        may_come = start is not None and not terms.arrival.caught_up
        self._gather_until = now() + GATHER_SECONDS if may_come else 0.0
        self._all: list[Seeking] = []
        self._is_open, self._open_until = True, now() + JOIN_SECONDS
        self.first = self.join(terms.arrival)
        """The outcome of the arrival that the search began with."""

    def takes(self, terms: wire.PushTerms) -> bool:
        """Whether an arrival may join: it is early enough, and would begin the same push."""
        if not self._is_open or now() > self._open_until or len(self._all) >= MAX_TOGETHER:
            return False
        return terms.model_copy(update={"arrival": self._terms.arrival}) == self._terms

    def join(self, arrival: Arrival) -> asyncio.Future[Kept | None]:
        """Look for this arrival's place as well; its outcome."""
        outcome = asyncio.get_running_loop().create_future()
        self._all.append((arrival, outcome))
        return outcome

    def end(self) -> None:
        """Tell those that have no place yet that this search finds none."""
        for _, outcome in self._seeking():
            outcome.set_result(None)

    def _seeking(self) -> Iterator[Seeking]:
        """Those that have no place yet, and who joins meanwhile. After the last nobody joins."""
        for arrival, outcome in self._all:
            if not outcome.done():
                yield arrival, outcome
        self._is_open = False

    def _keep_all(self, place: Place, push_id: str) -> None:
        for _, outcome in self._seeking():
            outcome.set_result(Kept(place, push_id))

    async def once(self) -> None:
        """Take one look, and act on it; at first without one, where none is needed."""
        first, self._looked = not self._looked, True
        if first and await self._tell_unseen():
            return
        if self._absent:
            await self._begin_together(self._absent)
            return
        found = await self._instances.find(self._terms)
        self._input, start, snapshot = found.start, found.start, found.snapshot
        if self._started and await _is_ours(self._engine, *self._started):
            self._keep_as_start(self._started[0])
            return
        match snapshot.phase:
            case Phase.ABSENT:
                self._say_if_purged(start)
                if (pause := self._gather_until - now()) > 0:
                    self._absent = start
                    raise UndecidedError("others may come", pause=pause)
                await self._begin_together(start)
            case Phase.BEGUN:
                _note_begun(self._engine.journal, start, snapshot)
                await self._tell(start.push_id)
            case Phase.PENDING:
                raise UndecidedError("not begun yet")
            case Phase.FINISHED:
                self._keep_all(Place.DECIDED, start.push_id)
            case Phase.FAILED:
                await self._begin_anew(start)
            case Phase.TERMINATED:
                self._ended_by_hand(start.push_id, snapshot)

    async def _tell_unseen(self) -> bool:
        """Raise the events without a look, where this process has lately seen that the push has
        begun. One that has ended since, the engine refuses; what else goes wrong, a look shows."""
        start, since = self._input, now() - BEGUN_SECONDS
        if start is None or not self._engine.journal.had_begun(start.push_id, since):
            return False
        with contextlib.suppress(EngineError, UndecidedError):
            await self._tell(start.push_id)
            return True
        return False

    async def _tell(self, push_id: str) -> None:
        """Raise the arrivals, one after another, to an instance that has begun."""
        for arrival, outcome in self._seeking():
            name = correlation.event_name(arrival.region)
            if not await self._engine.raise_event(push_id, name, arrival):
                raise UndecidedError("finished while the event was on its way")
            self._engine.journal.accepted(push_id, arrival)
            _answer(outcome, Kept(Place.EVENT, push_id))

    async def send_couriers(self) -> None:
        """Hand each arrival to a courier. One with the same id already carries an arrival of the
        same region for the same push; by content it may be another event, which then is a
        repeat."""
        start = self._input
        if start is None:
            raise UndecidedError("the push is not known yet")
        for arrival, outcome in self._seeking():
            own = start.model_copy(update={"arrival": arrival, "nonce": uuid.uuid4().hex})
            courier = correlation.courier_id(start.push_id, arrival.region)
            data = wire.CourierInput(push_id=start.push_id, arrivals=(arrival,), start=own)
            with contextlib.suppress(AlreadyExistsError):
                await self._engine.start(names.COURIER, courier, data)
            self._engine.journal.left_to_courier(start.push_id)
            _answer(outcome, Kept(Place.COURIER, start.push_id))

    async def last_look(self) -> None:
        """Look whether a start without an answer was carried out."""
        if self._started is None:
            return
        with contextlib.suppress(EngineError, TimeoutError):
            async with asyncio.timeout(LAST_LOOK_SECONDS):
                if await _is_ours(self._engine, *self._started):
                    self._keep_as_start(self._started[0])

    async def _begin_together(self, start: wire.PushInput) -> None:
        """Begin a push that a look has not found, with all that have joined."""
        self._absent = None
        others = [a for a, _ in self._seeking() if a is not start.arrival]
        await self._begin(start.model_copy(update={"more": tuple(others)}))

    async def _begin(self, start: wire.PushInput) -> None:
        """Begin the push with an input that holds every arrival that has no place yet."""
        self._started = (start.push_id, start.nonce)
        self.begins_at = now() + BEGINS_SECONDS
        if not await begin(self._engine, start):
            raise UndecidedError("another start won")
        self._keep_as_start(start.push_id)

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

    def _keep_as_start(self, push_id: str) -> None:
        silent = set(self._terms.regions) - {arrival.region for arrival, _ in self._all}
        self._engine.journal.started(push_id, silent)
        task = asyncio.create_task(beginning.see_it_begin(self._engine, push_id))
        _watching.add(task)
        task.add_done_callback(_watching.discard)
        self._keep_all(Place.START, push_id)

    async def _begin_anew(self, start: wire.PushInput) -> None:
        """Begin the next life of a push that was broken off; where that must wait, send a
        courier."""
        snapshot = await self._engine.look_back(start.push_id)
        if snapshot.phase is not Phase.FAILED:
            raise UndecidedError("somebody else has begun it anew")
        try:
            life = reviving.next_life(snapshot, [arrival for arrival, _ in self._seeking()])
        except ValueError:
            reason = "instance-failed"
            raise NotKeptError("This push's instance has failed.", reason=reason) from None
        if reviving.may_begin_at(life):
            raise UndecidedError("it has failed before; its next life is to wait")
        await self._begin(new_input(start.push_id, life))
        beginning.note_begun_anew(start.push_id, life)

    def _ended_by_hand(self, push_id: str, snapshot: Snapshot) -> None:
        """The outcome where somebody has terminated the instance: nothing more is kept, and that is
        logged. (Unless a courier is about to start it again, which then carries these arrivals,
        too.)"""
        if reviving.is_being_begun_anew(snapshot):
            raise UndecidedError("it is being begun anew")
        for arrival, outcome in self._seeking():
            log.line(
                "push-terminated",
                level=logging.WARNING,
                push=push_id,
                region=arrival.region,
                cause=str(snapshot.output)[:200],
                todo="somebody ended this instance; purge it, and the next webhook begins the push"
                " anew",
            )
            outcome.set_result(Kept(Place.TERMINATED, push_id))


def _answer(outcome: asyncio.Future[Kept | None], kept: Kept) -> None:
    """Note an outcome, unless nobody waits for it any more, or there is one already."""
    if not outcome.done():
        outcome.set_result(kept)


def _note_begun(journal: Journal, start: wire.PushInput, snapshot: Snapshot) -> None:
    journal.seen(start.push_id)
    if not snapshot.suspended:
        journal.begun(start.push_id, now())
        return
    log.line(
        "push-suspended",
        level=logging.WARNING,
        push=start.push_id,
        region=start.arrival.region,
        todo="somebody suspended this instance; resume it: what comes meanwhile is kept for it",
    )


def now() -> float:
    """Seconds, by this event loop's clock."""
    return asyncio.get_running_loop().time()
