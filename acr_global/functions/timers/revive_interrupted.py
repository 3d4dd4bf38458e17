"""`ReviveInterrupted`, by a timer: goes through the instances that are noted as open.

A push whose turn died with Python is Failed for good, and such instances can be found
only by reading all of the engine's storage. So processes note what stays open (noting.py),
and this reads the notes: one range read by prefix, and one look at each instance that they name.
Failed instances go on (mending.py), so does a push for which the engine has lost a message, and a
note whose instances are all over is removed.

It needs nothing from its own process, which on Flex Consumption runs no orchestrators. Two runs
at once do no harm.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from functools import partial

from acr_global.correlation import NOTES, is_push
from acr_global.functions import clock, log, timings
from acr_global.functions.durable import names
from acr_global.functions.durable.engine import (
    STOOD_STILL,
    Engine,
    EngineError,
    Phase,
    Snapshot,
)
from acr_global.functions.durable.sdk import App
from acr_global.functions.recovery import givingup, mending, noting, reviving
from acr_global.functions.setup import Setup, Tools
from acr_global.functions.telemetry import observing
from acr_global.functions.timings import RUN_SECONDS, Pages
from acr_global.model import Frozen

SCHEDULE = "0 */4 * * * *"
"""Second 0 of every fourth minute, in UTC: a broken-off instance goes on within five."""
EVERY = timedelta(minutes=4)
"""The same, from one run to the next."""

AT_ONCE = 8
"""Looks side by side."""

WAKE_EVERY = timedelta(hours=1)
"""From one message to a push that stands still to the next: where its partition is not read, they
pile up. It is told by the time, for each run may be in a process of its own."""

BEGINS_WITHIN = timedelta(minutes=1)
"""An instance that has not begun by then gets a courier."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""
    patrol = Patrol()

    async def run(tools: Tools) -> None:
        await patrol.run(tools.engine)

    timings.register(app, setup, names.REVIVE_INTERRUPTED, SCHEDULE, run)


class Patrol:
    """Goes through all notes, in one run or in several."""

    def __init__(self) -> None:
        self._pages = Pages()
        self._found: dict[str, datetime] = {}
        """Pushes that were found open since the first note, and when they began."""
        self._named: set[str] = set()
        """Instances that something was said of since then: several notes may name one."""
        self._begun_at: datetime | None = None
        """When that was. A round through all notes may take several runs."""
        self._apart = EVERY
        """From one look at an instance to the next."""

    async def run(self, engine: Engine) -> None:
        """One run. What the engine does not answer is left to the next."""
        errors: list[EngineError] = []
        try:
            async with asyncio.timeout(RUN_SECONDS):
                await self._run(engine, errors)
        except EngineError as error:
            errors.append(error)
        except TimeoutError:
            pass  # the next run goes on with the page that this one was at
        if errors:
            log.line(
                "open-not-read",
                level=logging.WARNING,
                cause=str(errors[-1]),
                times=len(errors),
                todo="nothing; the next run, in four minutes, tries again",
            )

    async def _run(self, engine: Engine, errors: list[EngineError]) -> None:
        """Page after page of notes, until the last one or until time is up."""
        if self._pages.at_first:
            self._found, self._named = {}, set()
            before, self._begun_at = self._begun_at, clock.utcnow()
            self._apart = max(EVERY, self._begun_at - before) if before else EVERY
        read = partial(engine.list_by_prefix, NOTES, pages=1, show_input=True)
        async for page in self._pages.rest(read):
            for note in page:
                await self._see_to(engine, note, errors)
        if not errors and (observer := observing.observer()):
            observer.found_open(list(self._found.values()))

    async def _see_to(self, engine: Engine, note: Snapshot, errors: list[EngineError]) -> None:
        """Look after every instance that a note names, and remove it where all are over."""
        places = asyncio.Semaphore(AT_ONCE)

        async def look_at(instance_id: str) -> bool:
            async with places:
                try:
                    snapshot = await engine.look(instance_id)
                    goes_on = await is_open(engine, instance_id, snapshot)
                    await self._wake(engine, instance_id, snapshot)
                except EngineError as error:  # it holds up no other
                    errors.append(error)
                    return True
            self._say_if_suspended(instance_id, snapshot)
            if goes_on and is_push(instance_id):
                self._found[instance_id] = snapshot.created or clock.utcnow()
            return goes_on

        if not any(await asyncio.gather(*map(look_at, noting.named(note)))):
            await _remove(engine, note)

    def _say_if_suspended(self, instance_id: str, snapshot: Snapshot) -> None:
        if snapshot.suspended and instance_id not in self._named:
            self._named.add(instance_id)
            log.line(
                "instance-suspended",
                level=logging.WARNING,
                instance=instance_id,
                todo="somebody suspended this instance, and nothing is said of it meanwhile;"
                " resume it",
            )

    async def _wake(self, engine: Engine, instance_id: str, snapshot: Snapshot) -> None:
        """Wake a push that stands still; end it where it was woken in vain. Then it is begun anew,
        as one that broke off. Raises EngineError."""
        may_be = is_push(instance_id) and instance_id not in self._named
        since = reviving.stands_still_from(snapshot) if may_be else None
        late = clock.utcnow() - since if since else timedelta(-1)
        if late < timedelta(0) or late % WAKE_EVERY >= self._apart:
            return
        self._named.add(instance_id)
        woken_at = reviving.woken_in_vain((await engine.look_back(instance_id)).history)
        if woken_at is None:
            log.line(
                "push-stands-still",
                level=logging.WARNING if late < WAKE_EVERY else logging.ERROR,
                push=instance_id,
                since=snapshot.updated,
                todo="nothing yet; if it comes again in an hour, the host reads nothing of this"
                " push's partition: restart the app",
            )
            await engine.raise_event(instance_id, names.WAKE_EVENT, Frozen())
        elif clock.utcnow() - woken_at >= reviving.CHECKS_WITHIN:
            log.line(
                "push-stood-still",
                level=logging.ERROR,
                push=instance_id,
                since=snapshot.updated,
                todo="nothing of this push, it is begun anew: the engine has lost a message; if it"
                " comes often, keep the number of hosts steady",
            )
            await engine.terminate(instance_id, STOOD_STILL)


async def _remove(engine: Engine, note: Snapshot) -> None:
    if not note.goes_on:
        await engine.purge(note.instance_id)
    elif not _is_recent(note):  # its start message is lost; a running instance cannot be purged
        await engine.terminate(note.instance_id, "acr-global: nothing of it is open")


async def is_open(engine: Engine, instance_id: str, snapshot: Snapshot) -> bool:
    """Whether an instance must still be looked after; resumes one that broke off.

    Raises EngineError.
    """
    match snapshot.phase:
        case Phase.BEGUN:
            return True
        case Phase.FAILED if is_push(instance_id):
            return await _push_goes_on(engine, instance_id, snapshot)
        case Phase.FAILED:
            return await mending.begin_again(engine, instance_id)
        case Phase.TERMINATED if reviving.is_being_begun_anew(snapshot):
            return _is_recent(snapshot) or await _push_goes_on(engine, instance_id, snapshot)
        case Phase.PENDING:
            if _is_recent(snapshot) or not is_push(instance_id):
                return True
            return await _push_goes_on(engine, instance_id, snapshot)
        case Phase.ABSENT | Phase.FINISHED | Phase.TERMINATED:
            return False


async def _push_goes_on(engine: Engine, push_id: str, snapshot: Snapshot) -> bool:
    """Send a courier for a push, unless it was given up and waits for an operator."""
    if await givingup.is_given_up(engine, push_id, snapshot):
        return False
    await mending.send_courier(engine, push_id)
    return True


def _is_recent(snapshot: Snapshot) -> bool:
    """Whether something has just happened to an instance, so that more may."""
    return snapshot.updated is not None and clock.utcnow() - snapshot.updated < BEGINS_WITHIN
