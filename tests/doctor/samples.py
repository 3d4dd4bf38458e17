"""Facts of a healthy app and registry, for tests to spoil."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from acr_global import api
from acr_global.doctor.facts import Answer, App, Facts, Hook
from acr_global.functions.durable import names
from acr_global.registration.model import Function, Registry, Replica, Webhook, WebhookEvent
from acr_global.version import VERSION

AT = datetime(2026, 5, 4, 10, tzinfo=UTC)
HOST = "func-app.azurewebsites.net"
REGIONS = ("westeurope", "eastus")
KEY = "c2VjcmV0LWtleQ=="
PING = {"status": "ignored", "reason": "ping"}

EXPECTED = api.Expected(
    regions=REGIONS,
    actions=("push", "chart_push"),
    correlation="id",
    evidence=(),
    targets=("ops",),
)
DIAGNOSIS = api.Diagnosis(
    version=VERSION,
    python="3.12.1",
    now=AT,
    functions=names.always(),
    problems=(),
    expected=(EXPECTED,),
    probe=api.Probe(state="done", seconds=1.2),
)
FUNCTIONS = tuple(Function(name) for name in names.always())
APP = App(
    HOST, Answer(200, {"status": "ok", "problems": []}), Answer(200, PING), DIAGNOSIS, AT, FUNCTIONS
)
REGISTRY = Registry("/subscriptions/s/contoso", "contoso", "contoso.azurecr.io", "westeurope", "P")
REPLICAS = tuple(Replica(region, "Ready", "Succeeded") for region in REGIONS)


def event(
    event_id: str = "p1", minutes: float = 0, status: int | None = 202, **target: Any
) -> WebhookEvent:
    """A log entry of a push, so long after AT."""
    content = {"repository": "app", "digest": "sha256:1", "tag": "v1", **target}
    body = {"id": event_id, "action": "push", "target": content}
    return WebhookEvent("e", AT + timedelta(minutes=minutes), f"https://{HOST}", body, status)


def hook(region: str, *events: WebhookEvent, **webhook: Any) -> Hook:
    """A webhook that is as it should be, with these log entries."""
    about: dict[str, Any] = {
        "name": f"acrglobalfuncapp{region}",
        "location": region,
        "actions": ("push",),
        "scope": "",
        "uri": f"https://{HOST}/api/ImagePush?region={region}",
        "headers": {"X-Functions-Key": KEY},
    }
    return Hook(Webhook(**{**about, **webhook}), None, events or (event(),), Answer(200, PING))


HOOKS = tuple(map(hook, REGIONS))
FACTS = Facts(APP, REGISTRY, REPLICAS, HOOKS)


def expecting(**about: Any) -> api.Diagnosis:
    """A diagnosis in which the app expects something else of its registry."""
    return DIAGNOSIS.model_copy(update={"expected": (EXPECTED.model_copy(update=about),)})


def with_app(**about: Any) -> Facts:
    """Facts in which something about the app differs."""
    return replace(FACTS, app=replace(APP, **about))


def probed(**about: Any) -> Facts:
    """Facts with this result of the probe."""
    probe = api.Probe.model_validate({"state": "done", "seconds": 25.0, **about})
    return with_app(diagnosis=DIAGNOSIS.model_copy(update={"probe": probe}))
