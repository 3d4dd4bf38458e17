"""`GatherEvidence`: find out about regions that have not reported.

It asks whether this machine has noted an accepted arrival of theirs, or a courier still carries one
and, where the settings allow it, whether the registry has made one that it could not deliver, and
what else it says.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING

from acr_global import correlation, verdict
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.engine import Engine, EngineError, Phase, Snapshot
from acr_global.functions.durable.sdk import App
from acr_global.functions.durable.wire import JsonObject
from acr_global.functions.recovery.accepted import accepted
from acr_global.functions.setup import Setup, Tools
from acr_global.functions.telemetry import observing
from acr_global.model import Arrival, Evidence
from acr_global.policy import Override
from acr_global.receive import not_watched

if TYPE_CHECKING:
    from acr_global.registry.question import Access, Question

SINCE_SLACK = timedelta(minutes=5)
"""How much older than the push's instance an event in the registry's log may be."""

NOTED_SLACK = timedelta(seconds=10)
"""How much older than the push's first arrival a noted one may be: it may have come before, and was
kept after it. What is older was of an earlier push of the same id, which has been purged since."""

PAUSES_SECONDS = (0.0, 0.2, 1.0)
"""Before each look for a courier; the second and third follow a failed one."""

CALL_SECONDS = 3.0
"""For one request to the engine. A look is two at most, so all looks take less than 20 s."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.GATHER_EVIDENCE)
    @app.activity(names.GATHER_EVIDENCE)
    @app.durable_client()
    async def gather_evidence(work: JsonObject, client: str) -> JsonObject:
        if work == wire.PROBE:
            return work
        given = wire.load(wire.EvidenceInput, work)
        return wire.dump(await gather(setup.tools(client, CALL_SECONDS), given))


async def gather(tools: Tools, data: wire.EvidenceInput) -> wire.EvidenceOutput:
    """Look what was accepted here; then ask all else at the same time."""
    since, missing = tools.clock(), data.missing
    noted = await asyncio.to_thread(_noted, tools.engine, data)
    heard = {a.region for a in noted}
    data = data.model_copy(update={"missing": tuple(r for r in missing if r not in heard)})
    carried, undelivered, evidence = await asyncio.gather(
        asyncio.gather(*(_carried(tools.engine, data, region) for region in data.missing)),
        _undelivered(tools, data),
        ask_registry(tools, data),
    )
    arrivals = noted + tuple(a for a in carried if a) + undelivered
    evidence += _passed_over(tools, data, {a.region for a in arrivals}, evidence)
    if observer := observing.observer():
        found = (*(a.region for a in arrivals), *(e.region for e in evidence if e.found))
        observer.checked(data.push_id, data.artifact, missing, found, since)
    return wire.EvidenceOutput(arrivals=arrivals, evidence=evidence)


def _passed_over(
    tools: Tools, data: wire.EvidenceInput, heard: Collection[str], evidence: tuple[Evidence, ...]
) -> tuple[Evidence, ...]:
    """What to say of regions where the settings have come to take this push's webhooks no more, or
    for another push."""
    settings, artifact = tools.settings, data.artifact
    policy = settings.policy(artifact.registry)
    same = correlation.strategy_of(data.push_id) == policy.correlation
    if same and not not_watched(settings, policy, data.action, artifact.repository, artifact.tag):
        return ()
    why = "the settings have changed since; its report may have been passed over"
    silent = (region for region in data.missing if region not in heard)
    return verdict.doubts(silent, evidence, why, tools.clock())


async def _undelivered(tools: Tools, data: wire.EvidenceInput) -> tuple[Arrival, ...]:
    """What the timer that catches up has yet to take in of this push. Raises nothing."""
    policy = tools.settings.policy(data.artifact.registry)
    if not (data.missing and policy.registry_id and tools.settings.catches_up()):
        return ()
    from acr_global.catchup import report_of
    from acr_global.functions.catching_up.logs import Logs
    from acr_global.registry.look import Identity
    from acr_global.registry.question import BUDGET

    now, identity = tools.clock(), Identity(tools.credential)
    logs = Logs(now - data.begun_at + SINCE_SLACK)
    try:
        found = await logs.undelivered(
            access_to(tools, policy), data.missing, identity.get, now, BUDGET.total_seconds()
        )
    finally:
        with contextlib.suppress(Exception):
            await identity.close()
    reports = (report_of(entry, _question(data), now) for entry in found.entries)
    return tuple(report for report in reports if report)


async def _carried(engine: Engine, data: wire.EvidenceInput, region: str) -> Arrival | None:
    """The arrival that a courier carries, or has just delivered, if there is one."""
    courier = correlation.courier_id(data.push_id, region)
    for pause in PAUSES_SECONDS:
        await asyncio.sleep(pause)
        try:
            snapshot = await engine.look(courier, show_input=True)
            cargo = None if snapshot.phase is Phase.ABSENT else _cargo(snapshot, region)
            stale = cargo and data.first_at and verdict.is_stale(cargo, data.first_at)
            return None if stale else cargo
        except EngineError:
            continue
    return None  # the alarm is not held up by an engine that does not answer


def _noted(engine: Engine, data: wire.EvidenceInput) -> tuple[Arrival, ...]:
    """The first arrival of each missing region that was accepted on this machine."""
    since = (data.first_at or data.begun_at) - NOTED_SLACK
    found = accepted(engine.journal.folder, data.push_id)
    ours = [a for a in found if a.region in data.missing and a.received_at >= since]
    return tuple({a.region: a for a in reversed(ours)}.values())


def _cargo(snapshot: Snapshot, region: str) -> Arrival | None:
    try:
        arrivals = wire.load(wire.CourierInput, snapshot.input).arrivals
    except ValueError:
        return None  # not started by us
    return next((a for a in arrivals if a.region == region), None)


def access_to(tools: Tools, policy: Override, kinds: tuple[str, ...] = ()) -> Access:
    """How one registry may be asked."""
    from acr_global.registry.question import Access

    # The platform sets the app's own names, by which its webhooks are found at the registry.
    own_host = tools.environ.get("WEBSITE_HOSTNAME")
    return Access(
        app=tools.environ.get("WEBSITE_SITE_NAME"),
        webhook_url=f"https://{own_host}/api/{names.IMAGE_PUSH}" if own_host else None,
        kinds=kinds,
        resource_id=policy.registry_id,
        region_endpoints=policy.region_endpoints,
        arm_endpoint=tools.settings.arm_endpoint,
    )


async def ask_registry(tools: Tools, data: wire.EvidenceInput) -> tuple[Evidence, ...]:
    """Ask the registry about the missing regions. Raises nothing."""
    if not (data.missing and data.evidence):
        return ()
    # Imported here: most apps never ask, and a webhook waits only 5 s for a cold start.
    from acr_global.registry.look import look

    policy = tools.settings.policy(data.artifact.registry)
    access = access_to(tools, policy, data.evidence)
    return await look(_question(data), access, credential=tools.credential, now=tools.clock)


def _question(data: wire.EvidenceInput) -> Question:
    from acr_global.registry.question import Question

    return Question(
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
