"""Enters the verdicts on a push in the ledger, for the activities that send them, and asks it for
those of an earlier instance before an alarm.

They enter them after the first attempts, so that no notification waits for it, and before what
failed is handed over, which marks it (hand_over_delivery.py). A failure costs only the row. The
code of rows is imported with the first, because a webhook needs none.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from acr_global.ends import UNNEEDED
from acr_global.functions import log
from acr_global.functions.setup import Tools
from acr_global.model import Artifact, Attempt, Outcome, Verdict, VerdictType

if TYPE_CHECKING:
    from acr_global import ledger

BEGUN_AGAIN_WITHIN = timedelta(minutes=10)
"""A start that the host carries out so late is one that nobody waits for any more."""

_GOOD = (VerdictType.COMPLETE, VerdictType.RECOVERED)


async def enter(tools: Tools, verdict: Verdict, attempts: Iterable[Attempt]) -> bool:
    """Enter a verdict, and the targets that did not get it at once; whether it was entered."""
    from acr_global import ledger

    failed = [a.target for a in attempts if a.outcome is not Outcome.DELIVERED]
    row = ledger.row_of(verdict, failed)
    return await _done(tools.ledger.put(ledger.keys(row), ledger.written(row)), verdict)


async def row_of(
    tools: Tools, push_id: str, artifact: Artifact, since: datetime
) -> ledger.Row | None:
    """The row of a push that began after a moment, if there is one. Raises LedgerError."""
    from acr_global import ledger

    page = await tools.ledger.read(ledger.of_push(push_id, artifact, since), top=1, after=None)
    return next(ledger.readable(page.rows), None)


async def said_before(tools: Tools, alarm: Verdict) -> ledger.Row | None:
    """The row of the good verdict with which this push had ended, if it had: then a start that was
    held up has begun it again, and the alarm would be false. None as well where the ledger cannot
    say.

    Where the engine numbers its starts, that is known at once (recall_push.py); elsewhere, or where
    the ledger could not be asked then, this is the last moment."""
    since = alarm.begun_at - BEGUN_AGAIN_WITHIN
    try:
        row = await row_of(tools, alarm.push_id, alarm.artifact, since)
    except Exception:  # whatever it is, an alarm too many is better than none
        return None
    if row is None or row.state not in _GOOD:
        return None
    log_begun_again(alarm.push_id, row.state)
    return row


def log_begun_again(push_id: str, said: VerdictType) -> None:
    """Log that a push was begun again that had been decided."""
    log.line(
        "push-begun-again",
        level=logging.WARNING,
        push=push_id,
        verdict=said.value,
        todo="nothing: what had been said of it stands; if it comes often, look why the app's "
        "storage is slow",
    )


async def mark_done(tools: Tools, verdict: Verdict, attempts: Iterable[Attempt]) -> None:
    """Enter the targets that got it after all, or no longer need it, if there are any."""
    from acr_global import ledger

    done = [a.target for a in attempts if a.outcome is Outcome.DELIVERED or a.reason in UNNEEDED]
    if done:
        marks = ledger.told(verdict.type, done)
        await _done(tools.ledger.mark(ledger.keys(ledger.row_of(verdict)), marks), verdict)


async def _done(entry: Awaitable[None], verdict: Verdict) -> bool:
    """Whether an entry was made; a failure is logged, and raises nothing."""
    try:
        await entry
        return True
    except Exception as error:  # whatever it is, the notification is sent, and must not be repeated
        log.line(
            "push-not-listed",
            level=logging.WARNING,
            push=verdict.push_id,
            verdict=verdict.type.value,
            cause=str(error),
            todo="nothing: lists lack it, or who was told of it since, but it was decided, and is "
            "shown by its id; if it comes often, look whether the app may write to the tables of "
            "its storage account",
        )
        return False
