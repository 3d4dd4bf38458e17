"""`ImagePush`: one region's webhook, or one envelope of several events.

The registry waits 5 s for the answer, sends each event once, and keeps our answer in its event
log: so the answer comes fast, says 202 only for what is kept, and gives nothing away.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import azure.functions as func

from acr_global import api
from acr_global.correlation import push_key
from acr_global.errors import NotKeptError, Problem, RejectedError, SettingsError
from acr_global.functions import clock, log
from acr_global.functions.answers import Answer, error_answer, respond
from acr_global.functions.arrivals import keeping, searching, strays
from acr_global.functions.arrivals.instances import ByContent, ById, Instances
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.engine import Engine
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup
from acr_global.functions.telemetry import observing
from acr_global.model import Arrival, PushEvent
from acr_global.patterns import is_region, normalize_region
from acr_global.policy import Override
from acr_global.receive import CAUGHT_UP, Ignored, Result, Stray, is_caught_up, receive, spelled
from acr_global.settings import Loaded, Settings

LOGGED_CHARS = 16_000
"""Of a webhook. The registry's own have under 2,000; the telemetry service cuts a message at
32,768. Source: Application Insights docs, limits per message."""

_AGAIN = (
    "run acr-global catch-up, or post this body to ImagePush again with this query: docs/alarms.md"
)
"""What to do with a webhook that was refused. The registry has it in its log, too; so nothing need
be copied."""

_OVER = {searching.Place.DECIDED: "already-decided", searching.Place.TERMINATED: "terminated"}
"""The reason in the answer where nothing was kept because the push is over."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.IMAGE_PUSH)
    @app.route(route="ImagePush", methods=["POST"])
    @app.durable_client()
    async def image_push(req: func.HttpRequest, client: str) -> func.HttpResponse:
        setup.announce()
        engine = setup.tools(client).engine
        return respond(await answer(setup.loaded, engine, req.params, req.get_body()))


async def answer(loaded: Loaded, engine: Engine, query: Mapping[str, str], body: bytes) -> Answer:
    """Answer one webhook, or one envelope of several events.

    With `caught_up=true` in the query, the event was not delivered at its time: it counts as an
    arrival at its own timestamp.
    """
    came = clock.utcnow()
    try:
        received = receive(query, body, loaded.settings)
    except RejectedError as error:
        return _observed(_rejected(error, query), error, query, came)
    pairs = zip(received.results, received.documents, strict=True)
    answers = await asyncio.gather(
        *(_answer_one(loaded, engine, result, query, event) for result, event in pairs)
    )
    for result, one in zip(received.results, answers, strict=True):
        _observed(one, result, query, came)
    if not received.envelope:
        return answers[0]
    results = [a.body for a in answers]
    return Answer(_overall(answers), api.Envelope.model_validate({"results": results}))


def _observed(answer: Answer, result: Result, query: Mapping[str, str], came: datetime) -> Answer:
    """Tell of one event's answer. Its region is named where it is expected, and so one of few."""
    if observer := observing.observer():
        stray = result.event if isinstance(result, Stray) and answer.status < 300 else None
        event = result if isinstance(result, PushEvent) else stray
        observer.answered(answer, event, came, caught_up=is_caught_up(query))
    return answer


def _overall(answers: list[Answer]) -> int:
    """One status for an envelope: one that asks for it again if a valid event was not kept;
    otherwise 202 if any was, or 400 if none was valid."""
    statuses = {a.status for a in answers}
    for status in (503, 202, 200):
        if status in statuses:
            return status
    return 400 if answers else 200


async def _answer_one(
    loaded: Loaded, engine: Engine, result: Result, query: Mapping[str, str], document: Any
) -> Answer:
    """Answer one event: what needs no storage at once, the rest when it is kept."""
    if isinstance(result, RejectedError):
        return _rejected(result, query)
    if isinstance(result, SettingsError):
        return _refused(loaded.errors, _post(query, document), result)
    if isinstance(result, Ignored):
        log.line("webhook", status="ignored", reason=result.reason)
        return Answer(200, api.Ignored(reason=result.reason))
    event = result.event if isinstance(result, Stray) else result
    policy = loaded.settings.policy(event.artifact.registry)
    terms = _terms(loaded.settings, policy, event, caught_up=is_caught_up(query))
    instances = _instances(engine, policy, event)
    try:
        if isinstance(result, Stray):
            open_push = await strays.open_push(instances, terms)
            if open_push is None:
                return await _answer_one(loaded, engine, result.otherwise, query, document)
            terms = open_push
        return await _keep(engine, instances, event, terms)
    except NotKeptError as error:
        return _not_kept(_post(query, document), error)


def _terms(
    settings: Settings, policy: Override, event: PushEvent, *, caught_up: bool
) -> wire.PushTerms:
    """The terms with which this event would begin a push."""
    now = clock.utcnow()
    # An event without a time of its own is like any other.
    made_at = min(event.timestamp, now) if caught_up and event.timestamp else None
    return wire.PushTerms(
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
            received_at=now,
            timestamp=made_at or event.timestamp,
            digest=event.artifact.digest,
            caught_up=True if made_at else None,
        ),
        begun_at=made_at,
        birth=uuid.uuid4().hex if policy.correlation == "content" else None,
    )


def _instances(engine: Engine, policy: Override, event: PushEvent) -> Instances:
    """The instances among which the push of this event is found."""
    key = push_key(event, policy.correlation)
    return ByContent(engine, key) if policy.correlation == "content" else ById(engine, key)


async def _keep(
    engine: Engine, instances: Instances, event: PushEvent, terms: wire.PushTerms
) -> Answer:
    """Keep the event, log where, and say so."""
    kept = await keeping.keep(engine, instances, terms)
    over = _OVER.get(kept.place)
    log.line(
        "webhook",
        status="ignored" if over else "accepted",
        push=kept.push_id,
        region=event.region,
        registry=event.artifact.registry,
        image=event.artifact.reference,
        event_id=event.id,
        dropped=event.dropped,
        kept=kept.place.value,
        caught_up=terms.arrival.caught_up and terms.arrival.timestamp,
    )
    if over:
        return Answer(200, api.Ignored(reason=over))
    return Answer(202, api.Accepted(push=kept.push_id, region=event.region))


def _rejected(error: RejectedError, query: Mapping[str, str]) -> Answer:
    """Whoever reads the line wants to know whose webhook it was: of what was said in the place of a
    region only what can be one."""
    region = normalize_region(spelled(query).get("region", ""))
    log.line(
        "webhook",
        level=logging.WARNING,
        status="rejected",
        region=region if is_region(region) else None,
        reason=error.reason,
    )
    return error_answer(error)


def _post(query: Mapping[str, str], body: Any) -> dict[str, Any]:
    """A webhook as a log line may hold it: of the query only what we read, because it might carry a
    key; of a very long body only the beginning."""
    text = body if isinstance(body, str) else json.dumps(body)
    if len(text) > LOGGED_CHARS:
        body = text[:LOGGED_CHARS]
    params = spelled(query)
    return {k: params[k] for k in ("region", "registry", CAUGHT_UP) if k in params} | {"body": body}


def _not_kept(received: dict[str, Any], error: NotKeptError) -> Answer:
    """The registry will not send it again, so the log line holds all that is needed to."""
    log.line(
        "arrival-not-kept",
        level=logging.ERROR,
        reason=error.reason,
        cause=str(error.__cause__ or error),
        todo=f"once the app's storage answers, {_AGAIN}",
        received=received,
    )
    return error_answer(error)


def _refused(
    problems: tuple[Problem, ...], received: dict[str, Any], error: SettingsError
) -> Answer:
    """The registry will not send it again when the setting is right; the log line holds it."""
    log.line(
        "settings-wrong",
        level=logging.ERROR,
        settings={p.setting: p.message for p in problems},
        cause=error.message,
        todo=f"correct these app settings; then {_AGAIN}",
        received=received,
    )
    return error_answer(error)
