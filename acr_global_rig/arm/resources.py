"""Every resource whose provider has no file here: kept as it is sent, and returned.

Deployments have their outputs at once. An unknown action succeeds and does nothing.
"""

from __future__ import annotations

from acr_global_rig.arm.exchange import Answer, Json, Request, not_found
from acr_global_rig.arm.paths import is_one
from acr_global_rig.arm.store import Store

DEPLOYMENTS = "/Microsoft.Resources/deployments/"


def answer(request: Request, store: Store, outputs: Json) -> Answer | list[Json]:
    """Answer a request; every deployment has these `outputs`."""
    match request.method:
        case "PUT" | "PATCH":
            kept = _keep(request, store, outputs)
            return Answer(201 if request.method == "PUT" else 200, kept)
        case "DELETE":
            return Answer(200, {}) if store.remove(request.path) else Answer(204)
        case "POST":
            return Answer(200, _act(request.last))
    if (one := store.get(request.path)) is not None:
        return Answer(200, one)
    if request.method == "HEAD" or is_one(request.path):
        raise not_found(request.path)
    return store.below(request.path)


def _keep(request: Request, store: Store, outputs: Json) -> Json:
    before = store.get(request.path) or {}
    properties = {**before.get("properties", {}), **request.properties}
    properties["provisioningState"] = "Succeeded"
    if DEPLOYMENTS in request.path:
        named = {name: {"type": "Object", "value": value} for name, value in outputs.items()}
        properties = {"provisioningState": "Succeeded", "outputs": named}
    return store.put(request.path, {**before, **request.given, "properties": properties})


def _act(action: str) -> Json:
    match action:
        case "validate":
            return {"properties": {"provisioningState": "Succeeded"}}
        case "whatIf":
            return {"status": "Succeeded", "properties": {"changes": []}}
    return {}
