"""`Diagnosis`: the state of the app, seen from inside, for an operator (`acr-global doctor`)."""

from __future__ import annotations

import asyncio
import platform

import azure.functions as func

from acr_global import api
from acr_global.functions.activities.gather_evidence import ask_registry
from acr_global.functions.answers import respond_to_operator
from acr_global.functions.durable import names, wire
from acr_global.functions.durable.probing import CALL_SECONDS, Prober
from acr_global.functions.durable.sdk import App
from acr_global.functions.http.health import problems_of
from acr_global.functions.setup import Setup, Tools
from acr_global.model import Action, Artifact, EvidenceKind
from acr_global.policy import Override
from acr_global.version import VERSION

REPOSITORY = "acr-global/diagnosis"
DIGEST = f"sha256:{0:064d}"
"""The digest of a push that does not exist; no content is known to have it."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""
    prober = Prober()

    @app.function_name(names.DIAGNOSIS)
    @app.route(route="diagnosis", methods=["GET"])
    @app.durable_client()
    async def diagnosis(req: func.HttpRequest, client: str) -> func.HttpResponse:
        tools = setup.tools(client, CALL_SECONDS)
        return await respond_to_operator(diagnose(setup, tools, prober))


async def diagnose(setup: Setup, tools: Tools, prober: Prober) -> api.Diagnosis:
    """Everything that is known here; engine and registries are asked side by side."""
    registries = setup.loaded.settings.registries
    probe, expected = await asyncio.gather(
        prober.probe(tools.engine),
        asyncio.gather(*(_expected(tools, host) for host in (None, *registries))),
    )
    return api.Diagnosis(
        version=VERSION,
        python=platform.python_version(),
        now=tools.clock(),
        functions=names.there(
            catches_up=tools.settings.catches_up(),
            badges=tools.settings.has_badges(),
            ui=tools.settings.ui,
        ),
        problems=problems_of(setup.loaded),
        expected=tuple(one for one in expected if one.regions),
        newest_turn=setup.journal.newest_turn,
        probe=probe,
    )


async def _expected(tools: Tools, registry: str | None) -> api.Expected:
    policy = tools.settings.policy(registry)
    return api.Expected(
        registry=registry,
        regions=policy.regions,
        actions=tools.settings.actions,
        correlation=policy.correlation,
        evidence=policy.evidence,
        registry_id=policy.registry_id,
        targets=tools.settings.target_names(policy),
        asked=await ask_registry(tools, _question(tools, registry, policy)),
    )


def _question(tools: Tools, registry: str | None, policy: Override) -> wire.EvidenceInput:
    """A question about a push that does not exist; the ARM id names the registry by default."""
    name = (policy.registry_id or "").rstrip("/").rpartition("/")[2].lower()
    host = registry or (f"{name}.azurecr.io" if name else None)
    return wire.EvidenceInput(
        push_id="_diagnosis",
        event_ids=(),
        action=Action.PUSH,
        artifact=Artifact(registry=host, repository=REPOSITORY, digest=DIGEST),
        missing=policy.regions,
        begun_at=tools.clock(),
        evidence=tuple(dict.fromkeys((*policy.evidence, *_for_catching_up(tools, policy)))),
    )


def _for_catching_up(tools: Tools, policy: Override) -> tuple[str, ...]:
    """The kinds of evidence to ask for, to know whether the event logs can be read."""
    reads = tools.settings.catches_up() and policy.registry_id
    return (EvidenceKind.EVENT_LOG.value,) if reads else ()
