"""Removes what has ended, once it has been kept for its time: the engine's instances, one by one,
and the ledger's rows.

By a filter the engine would remove all of one age in one call, dead letters with the rest, and for
as long as it takes. So what has ended is listed, which is a read of all that is kept, and each
instance is removed by its id, which the engine refuses where it runs again. Whatever is broken off
in the middle goes on with the next run, for what is gone is not listed any more.

What is left alone: notes and marks, which have owners (`ReviveInterrupted`, `CatchUp`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from acr_global import ledger
from acr_global.correlation import DELIVERIES, MARKS, NOTES, base_and_number, is_push
from acr_global.functions import log
from acr_global.functions.durable.engine import Engine, EngineError, Phase, Snapshot
from acr_global.functions.records.ledgers import MAX_REMOVED, Ledger, LedgerError
from acr_global.functions.recovery import letters
from acr_global.functions.setup import Tools
from acr_global.functions.telemetry import observing
from acr_global.functions.timings import RUN_SECONDS, Pages
from acr_global.settings import Settings

AT_ONCE = 4
"""Instances side by side: a purge is 6 requests to storage, and webhooks go before it."""

MAX_KEYS = 4
"""That one row stands under."""

KINDS = ("delivery", "courier", "group", "probe")
"""What an id that is no push's begins with, behind the underscore."""


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """What ended before these moments is removed; None: nothing of it is."""

    finished: datetime
    dead: datetime | None

    @property
    def latest(self) -> datetime:
        """Nothing that ended later is removed."""
        return max(self.finished, self.dead or self.finished)


def cutoffs_of(settings: Settings, now: datetime) -> Cutoffs | None:
    """As the settings say it; None where everything is kept."""
    if not settings.keep:
        return None
    dead = now - settings.keep_dead_letters if settings.keep_dead_letters else None
    return Cutoffs(now - settings.keep, dead)


def is_due(snapshot: Snapshot, cutoffs: Cutoffs) -> bool:
    """Whether an instance has been kept for its time. A push that was given up has a dead letter,
    which can give it another life."""
    instance_id, ended = snapshot.instance_id, snapshot.updated
    if instance_id.startswith((NOTES, MARKS)) or ended is None or not snapshot.has_ended:
        return False
    if instance_id.startswith(DELIVERIES):
        dead = letters.is_dead(snapshot)
    else:
        dead = is_push(instance_id) and snapshot.phase is Phase.FAILED
    before = cutoffs.dead if dead else cutoffs.finished
    return before is not None and ended < before


def kind_of(instance_id: str) -> str:
    """For logs and counters."""
    if is_push(instance_id):
        return "push"
    head = instance_id[1:].partition(".")[0]
    return head if head in KINDS else "other"


class Purging:
    """Goes through all that has ended, in one run or in several."""

    def __init__(self) -> None:
        self._pages = Pages()

    async def run(self, tools: Tools) -> None:
        """One run. What does not answer is left to the next."""
        cutoffs = cutoffs_of(tools.settings, tools.clock())
        if cutoffs is None:
            return
        removed: Counter[str] = Counter()
        errors: list[str] = []
        try:
            async with asyncio.timeout(RUN_SECONDS):
                await self._rows(tools.ledger, cutoffs, removed, errors)
                await self._instances(tools.engine, cutoffs, removed, errors)
        except TimeoutError:
            pass  # the next run goes on with the page that this one was at
        if removed:
            log.line("purged", removed=dict(removed))
            if observer := observing.observer():
                observer.removed(removed)
        if errors:
            log.line(
                "not-purged",
                level=logging.WARNING,
                cause=errors[-1],
                times=len(errors),
                todo="nothing; the next run, in an hour, tries again",
            )

    async def _rows(
        self, rows: Ledger, cutoffs: Cutoffs, removed: Counter[str], errors: list[str]
    ) -> None:
        """Remove the rows of pushes that were decided long ago: they are the oldest."""
        after: str | None = None
        try:
            while True:
                page = await rows.read(
                    ledger.older(cutoffs.finished), MAX_REMOVED // MAX_KEYS, after
                )
                due = [
                    row for row in ledger.readable(page.rows) if row.decided_at < cutoffs.finished
                ]
                if due:
                    await rows.remove([key for row in due for key in ledger.keys(row)])
                    removed["row"] += len(due)
                if (after := page.next) is None:
                    return
        except LedgerError as error:
            errors.append(str(error))

    async def _instances(
        self, engine: Engine, cutoffs: Cutoffs, removed: Counter[str], errors: list[str]
    ) -> None:
        places = asyncio.Semaphore(AT_ONCE)

        async def see_to(snapshot: Snapshot) -> None:
            async with places:
                try:
                    for instance_id in await _due_with(engine, snapshot, cutoffs):
                        await engine.purge(instance_id)
                        removed[kind_of(instance_id)] += 1
                except EngineError as error:  # it holds up no other
                    errors.append(str(error))

        try:
            async for page in self._pages.rest(partial(engine.list_ended, cutoffs.latest)):
                due = [found for found in page if is_due(found, cutoffs)]
                await asyncio.gather(*map(see_to, _once_each(due)))
        except EngineError as error:
            errors.append(str(error))


def _once_each(due: Iterable[Snapshot]) -> Iterable[Snapshot]:
    """Of each message's deliveries one."""
    return {base_and_number(found.instance_id)[0]: found for found in due}.values()


async def _due_with(engine: Engine, snapshot: Snapshot, cutoffs: Cutoffs) -> list[str]:
    """The ids to remove for an instance that is due, in this order.

    The deliveries of one message go together, the newest last, once that one is due: it decides
    whether the message is a dead letter, so an older one must not outlive it. Raises EngineError.
    """
    if not snapshot.instance_id.startswith(DELIVERIES):
        return [snapshot.instance_id]
    base, _ = base_and_number(snapshot.instance_id)
    found = [await engine.look(base), *(await engine.list_by_prefix(f"{base}~")).snapshots]
    there = sorted(
        (one for one in found if one.phase is not Phase.ABSENT),
        key=lambda one: base_and_number(one.instance_id),
    )
    return [one.instance_id for one in there] if there and is_due(there[-1], cutoffs) else []
