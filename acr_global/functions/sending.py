"""One attempt for each of a message's targets, side by side: what `FirePushNotification` and
`AttemptDelivery` have in common.

The senders are imported where they are used: at a cold start a webhook must be answered first,
within 5 s.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from acr_global.functions import log, observing, pacing
from acr_global.functions.setup import Tools
from acr_global.model import Attempt, Outcome, Verdict
from acr_global.notify.message import message_of


async def attempt_all(
    tools: Tools, verdict: Verdict, wanted: tuple[str, ...]
) -> tuple[Attempt, ...]:
    """One attempt for each target, side by side; none fails another."""
    if not wanted:
        return ()
    from acr_global.notify import deliver

    message, since = message_of(verdict), tools.clock()
    known = [t for t in tools.settings.targets if t.name in wanted]
    made = await deliver.attempt_all(message, known, tools.environ, tools.clock)
    by_name = {attempt.target: attempt for attempt in made}
    attempts = tuple(
        by_name.get(name) or not_sent(tools, name, Outcome.RETRY, "target-unknown")
        for name in wanted
    )
    for attempt in attempts:
        _log_attempt(verdict, message.id, attempt)
    if observer := observing.observer():
        observer.attempted(tools.settings, verdict, attempts, since)
    return attempts


def _log_attempt(verdict: Verdict, message_id: str, attempt: Attempt) -> None:
    delivered = attempt.outcome is Outcome.DELIVERED
    since_verdict = attempt.at - verdict.decided_at
    log.line(
        "attempt",
        level=logging.INFO if delivered else logging.WARNING,
        push=verdict.push_id,
        verdict=verdict.type.value,
        message=message_id,
        target=attempt.target,
        outcome=attempt.outcome.value,
        reason=attempt.reason,
        status=attempt.status,
        location=attempt.location,
        seconds=round(since_verdict.total_seconds(), 3),
    )


def not_sent(tools: Tools, target: str, outcome: Outcome, reason: str) -> Attempt:
    """An attempt that was decided without a request."""
    return Attempt(target=target, at=tools.clock(), outcome=outcome, reason=reason)


async def give_way(attempts: Sequence[Attempt]) -> None:
    """Wait for the end of a burst after failed attempts, whose retries often fail again; an attempt
    without a place was not made at all."""
    from acr_global.notify import deliver

    sent = [a for a in attempts if a.reason != deliver.BUSY]
    if sent and all(a.outcome is not Outcome.DELIVERED for a in sent):
        await pacing.lull()
