"""One attempt for each of a message's targets, side by side: what `FirePushNotification` and
`AttemptDelivery` have in common.

The senders are imported where they are used: at a cold start a webhook must be answered first,
within 5 s.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from acr_global.functions import log
from acr_global.functions.arrivals import pacing
from acr_global.functions.setup import Tools
from acr_global.functions.telemetry import observing
from acr_global.functions.telemetry.observing import Subject
from acr_global.grouping import GroupReport
from acr_global.model import Attempt, Outcome, Verdict
from acr_global.notify.message import message_of
from acr_global.notify.notice import Notice

GROUP = "group"
"""Stands for the verdict where a group of pushes is told of."""


async def attempt_all(
    tools: Tools, verdict: Verdict, wanted: tuple[str, ...]
) -> tuple[Attempt, ...]:
    """One attempt for each target, side by side; none fails another."""
    return await _attempt_all(tools, verdict, message_of(verdict), wanted)


async def attempt_group(
    tools: Tools, report: GroupReport, wanted: tuple[str, ...]
) -> tuple[Attempt, ...]:
    """Likewise of a group of pushes."""
    from acr_global.notify.group import group_message

    return await _attempt_all(tools, report, group_message(report), wanted)


async def _attempt_all(
    tools: Tools, about: Verdict | GroupReport, message: Notice, wanted: tuple[str, ...]
) -> tuple[Attempt, ...]:
    """An attempt at each target of a message. A name that the settings lack counts as a failed one:
    they may have it again when it is retried."""
    if not wanted:
        return ()
    from acr_global.notify import deliver

    begun = tools.clock()
    targets = [t for t in tools.settings.targets if t.name in wanted]
    made = await deliver.attempt_all(message, targets, tools.environ, tools.clock)
    by_name = {attempt.target: attempt for attempt in made}
    attempts = tuple(
        by_name.get(name) or not_sent(tools, name, Outcome.RETRY, "target-unknown")
        for name in wanted
    )
    subject = _subject_of(about)
    for attempt in attempts:
        _log_attempt(attempt, subject, message.id)
    if observer := observing.observer():
        observer.attempted(tools.settings, subject, attempts, begun)
    return attempts


def _log_attempt(attempt: Attempt, subject: Subject, message_id: str) -> None:
    delivered = attempt.outcome is Outcome.DELIVERED
    log.line(
        "attempt",
        level=logging.INFO if delivered else logging.WARNING,
        push=subject.push,
        group=subject.group,
        verdict=subject.word,
        message=message_id,
        target=attempt.target,
        outcome=attempt.outcome.value,
        reason=attempt.reason,
        status=attempt.status,
        location=attempt.location,
        seconds=round((attempt.at - subject.since).total_seconds(), 3),
    )


def _subject_of(about: Verdict | GroupReport) -> Subject:
    if isinstance(about, Verdict):
        return Subject(about.type.value, about.decided_at, push=about.push_id)
    return Subject(GROUP, about.at, group=about.group_id)


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
