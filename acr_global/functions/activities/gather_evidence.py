"""What the activity `GatherEvidence` does: find out about regions that have not reported.

Two questions. Has one of their reports been accepted and is still on its way with a courier?
And, where the settings allow it, what does the registry itself say?
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from acr_global import correlation, verdict
from acr_global.functions import clock, names, wire
from acr_global.functions.engine import Engine, EngineError, Look, Phase
from acr_global.model import Arrival, Evidence
from acr_global.settings import Settings

SINCE_SLACK = timedelta(minutes=5)
"""How much older than the push's instance an event in the registry's log may be."""

PAUSES_SECONDS = (0.0, 0.2, 1.0)
"""Before each look for a courier; the second and third follow a failed one."""

CALL_SECONDS = 3.0
"""For one request to the engine. A look is two at most, so all looks take less than 20 s."""


async def gather(
    settings: Settings,
    environ: Mapping[str, str],
    engine: Engine,
    data: wire.LookInput,
    credential: Any = None,
) -> wire.LookOutput:
    """Both questions at once. `credential`: an Azure one; None for the app's own identity."""
    carried, evidence = await asyncio.gather(
        asyncio.gather(*(_carried(engine, data, region) for region in data.missing)),
        _ask_registry(settings, environ, data, credential),
    )
    return wire.LookOutput(arrivals=tuple(a for a in carried if a), evidence=evidence)


async def _carried(engine: Engine, data: wire.LookInput, region: str) -> Arrival | None:
    """The report that a courier carries, or has just delivered, if there is one."""
    courier = correlation.courier_id(data.push_id, region)
    for pause in PAUSES_SECONDS:
        await asyncio.sleep(pause)
        try:
            look = await engine.look(courier, show_input=True)
            cargo = None if look.phase is Phase.ABSENT else _cargo(look, region)
            stale = cargo and data.first_at and verdict.is_stale(cargo, data.first_at)
            return None if stale else cargo
        except EngineError:
            continue
    return None  # the alarm is not held up by an engine that does not answer


def _cargo(look: Look, region: str) -> Arrival | None:
    try:
        arrivals = wire.load(wire.CourierInput, look.input).arrivals
    except ValueError:
        return None  # not started by us
    return next((a for a in arrivals if a.region == region), None)


async def _ask_registry(
    settings: Settings, environ: Mapping[str, str], data: wire.LookInput, credential: Any
) -> tuple[Evidence, ...]:
    if not data.evidence:
        return ()
    # Imported here: most apps never ask, and the registry's webhook waits 5 s for a cold start.
    from acr_global.registry.look import Access, Question, look

    policy = settings.policy(data.artifact.registry)
    question = Question(
        push_id=data.push_id,
        event_ids=frozenset(data.event_ids),
        action=data.action.value,
        registry=data.artifact.registry,
        repository=data.artifact.repository,
        tag=data.artifact.tag,
        digest=data.artifact.digest,
        missing=data.missing,
        since=data.begun_at - SINCE_SLACK,
        media_type=data.artifact.media_type,
    )
    # The platform sets the app's own host name; by it the registry's webhooks are found as ours.
    own_host = environ.get("WEBSITE_HOSTNAME")
    access = Access(
        webhook_url=f"https://{own_host}/api/{names.IMAGE_PUSH}" if own_host else None,
        kinds=data.evidence,
        resource_id=policy.registry_id,
        region_endpoints=policy.region_endpoints,
        arm_endpoint=settings.arm_endpoint,
    )
    return await look(question, access, credential=credential, now=clock.utcnow)
