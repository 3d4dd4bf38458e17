"""What is said of a push is entered in the ledger, by the activities that say it.

Only afterwards, so that no notification waits for it; and a failure costs the row alone, which
nothing is decided by. What rows are is imported with the first: a webhook needs none of it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterable

from acr_global.ends import SUPERSEDED
from acr_global.functions import log
from acr_global.functions.setup import Tools
from acr_global.model import Attempt, Outcome, Verdict


async def enter(tools: Tools, verdict: Verdict, attempts: Iterable[Attempt]) -> None:
    """Enter a verdict, and who could not be told at once."""
    from acr_global import ledger

    failed = [a.target for a in attempts if a.outcome is not Outcome.DELIVERED]
    row = ledger.row_of(verdict, failed)
    await _done(tools.ledger.put(ledger.keys(row), ledger.written(row)), verdict)


async def settle(tools: Tools, verdict: Verdict, attempts: Iterable[Attempt]) -> None:
    """Enter who has been told after all, or need not be told any more, if anybody."""
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
    except Exception as error:  # whatever it is, the notification is out, and is not to be repeated
        log.line(
            "push-not-listed",
            level=logging.WARNING,
            push=verdict.push_id,
            verdict=verdict.type.value,
            cause=str(error),
            todo="nothing: it is in no list, but was decided, and is shown by its id; if it comes "
            "often, look whether the app may write to the tables of its storage account",
        )
