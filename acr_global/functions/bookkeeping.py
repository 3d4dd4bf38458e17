"""Enters the verdicts on a push in the ledger, for the activities that send them, and asks it for
those of an earlier instance before an alarm.

They enter them afterwards, so that no notification waits for it; a failure costs only the row. The
code of rows is imported with the first, because a webhook needs none.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterable
from datetime import timedelta

from acr_global.ends import SUPERSEDED
from acr_global.functions import log
from acr_global.functions.setup import Tools
from acr_global.model import Attempt, Outcome, Verdict, VerdictType

BEGUN_AGAIN_WITHIN = timedelta(minutes=10)
"""A start that the host carries out so late is one that nobody waits for any more."""


async def enter(tools: Tools, verdict: Verdict, attempts: Iterable[Attempt]) -> None:
    """Enter a verdict, and the targets that did not get it at once."""
    from acr_global import ledger

    failed = [a.target for a in attempts if a.outcome is not Outcome.DELIVERED]
    row = ledger.row_of(verdict, failed)
    await _done(tools.ledger.put(ledger.keys(row), ledger.written(row)), verdict)


async def said_before(tools: Tools, alarm: Verdict) -> VerdictType | None:
    """The good verdict with which this push had ended, if it had: then a start that was held up has
    begun it again, and the alarm would be false. None as well where the ledger cannot say."""
    from acr_global import ledger

    span = ledger.of_push(alarm.push_id, alarm.artifact, alarm.begun_at - BEGUN_AGAIN_WITHIN)
    try:
        page = await tools.ledger.read(span, top=1, after=None)
    except Exception:  # whatever it is, an alarm too many is better than none
        return None
    states = {row.state for row in ledger.readable(page.rows)}
    found = next(iter(states & {VerdictType.COMPLETE, VerdictType.RECOVERED}), None)
    if found:
        log.line(
            "push-begun-again",
            level=logging.WARNING,
            push=alarm.push_id,
            verdict=found.value,
            todo="nothing: it had ended, and its alarm is left out; if it comes often, look why "
            "the app's storage is slow",
        )
    return found


async def settle(tools: Tools, verdict: Verdict, attempts: Iterable[Attempt]) -> None:
    """Enter the targets that got it after all, or no longer need it, if there are any."""
    from acr_global import ledger

    settled = [
        a.target for a in attempts if a.outcome is Outcome.DELIVERED or a.reason == SUPERSEDED
    ]
    if settled:
        marks = ledger.told(verdict.type, settled)
        await _done(tools.ledger.mark(ledger.keys(ledger.row_of(verdict)), marks), verdict)


async def _done(entry: Awaitable[None], verdict: Verdict) -> None:
    try:
        await entry
    except Exception as error:  # whatever it is, the notification is sent, and must not be repeated
        log.line(
            "push-not-listed",
            level=logging.WARNING,
            push=verdict.push_id,
            verdict=verdict.type.value,
            cause=str(error),
            todo="nothing: it is in no list, but was decided, and is shown by its id; if it comes "
            "often, look whether the app may write to the tables of its storage account",
        )
