"""What the HTTP function `ImagePush` does with one request.

The registry waits 5 s for the answer, sends each event once, and keeps our answer in its event
log: so the answer comes fast, says 202 only for what is kept, and gives nothing away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from acr_global import correlation
from acr_global.errors import AcrGlobalError, NotKeptError, RejectedError
from acr_global.functions import clock, keeping, log, wire
from acr_global.model import Arrival, PushEvent
from acr_global.receive import Ignored, Result, receive
from acr_global.settings import Settings


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON body of one answer."""

    status: int
    body: dict[str, Any]


async def image_push(
    settings: Settings, engine: keeping.EngineLike, query: Mapping[str, str], body: bytes
) -> Answer:
    """Answer one webhook, or one envelope of several events."""
    try:
        received = receive(query, body, settings)
    except RejectedError as error:
        return _rejected(error)
    answers = await asyncio.gather(*(_answer(settings, engine, r) for r in received.results))
    if not received.envelope:
        return answers[0]
    return Answer(_overall(answers), {"results": [a.body for a in answers]})


def _overall(answers: list[Answer]) -> int:
    """One status for an envelope: ask for it again if something good was not kept; otherwise
    202 if anything was, 400 if nothing in it was any good."""
    statuses = {a.status for a in answers}
    for status in (503, 202, 200):
        if status in statuses:
            return status
    return 400 if answers else 200


async def _answer(settings: Settings, engine: keeping.EngineLike, result: Result) -> Answer:
    if isinstance(result, RejectedError):
        return _rejected(result)
    if isinstance(result, Ignored):
        log.line("webhook", status="ignored", reason=result.reason)
        return Answer(200, {"status": "ignored", "reason": result.reason})
    try:
        return await _keep(settings, engine, result)
    except NotKeptError as error:
        return _not_kept(result, error)


async def _keep(settings: Settings, engine: keeping.EngineLike, event: PushEvent) -> Answer:
    policy = settings.policy(event.artifact.registry)
    key = correlation.push_key(event, policy.correlation)
    start = wire.PushInput(
        nonce="",
        push_id=key,
        action=event.action,
        artifact=event.artifact,
        regions=policy.regions,
        timeout=policy.timeout,
        late_window=policy.late_window,
        check_every=policy.check_every,
        evidence=policy.evidence,
        targets=settings.target_names(policy),
        arrival=Arrival(
            region=event.region,
            event_id=event.id,
            received_at=clock.utcnow(),
            timestamp=event.timestamp,
            digest=event.artifact.digest,
        ),
    )
    kept = await keeping.keep(engine, key, start, generations=policy.correlation == "content")
    log.line(
        "webhook",
        status="ignored" if kept.place is keeping.Place.DECIDED else "accepted",
        push=kept.push_id,
        region=event.region,
        image=event.artifact.reference,
        event_id=event.id,
        kept=kept.place.value,
    )
    if kept.place is keeping.Place.DECIDED:
        return Answer(200, {"status": "ignored", "reason": "already-decided"})
    return Answer(202, {"status": "accepted", "push": kept.push_id, "region": event.region})


def _rejected(error: RejectedError) -> Answer:
    log.line("webhook", level=logging.WARNING, status="rejected", reason=error.reason)
    return error_answer(error)


def _not_kept(event: PushEvent, error: NotKeptError) -> Answer:
    """The registry will not send it again, so the log line holds all that is needed to."""
    log.line(
        "arrival-not-kept",
        level=logging.ERROR,
        reason=error.reason,
        cause=str(error.__cause__ or ""),
        todo="post this event to ImagePush again once the app's storage answers",
        event=event.model_dump(mode="json"),
    )
    return error_answer(error)


def error_answer(error: AcrGlobalError) -> Answer:
    """An error as the caller sees it: a reason slug and one plain sentence."""
    return Answer(
        error.status, {"status": "error", "reason": error.reason, "message": error.message}
    )
