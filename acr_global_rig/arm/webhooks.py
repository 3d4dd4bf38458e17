"""A registry's webhooks: their properties, and what they post.

URI and headers are write-only: only `getCallbackConfig` returns them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from acr_global.patterns import normalize_region
from acr_global_rig.arm.exchange import Answer, Json, Refused, Request, not_found
from acr_global_rig.arm.firing import fire
from acr_global_rig.arm.operations import FAILED, SUCCEEDED, Operations
from acr_global_rig.arm.store import Store
from acr_global_rig.registry import GIVES_UP, ping

NAME = re.compile(r"[a-zA-Z0-9]{5,50}")
ACTIONS = {"push", "delete", "quarantine", "chart_push", "chart_delete"}
SECRET = ("serviceUri", "customHeaders")
LIMITS = {"Basic": 2, "Standard": 10, "Premium": 500}
"""Webhooks by SKU. Source: learn.microsoft.com/azure/container-registry/container-registry-skus."""


@dataclass
class Webhooks:
    """The webhooks of all registries."""

    store: Store
    operations: Operations
    gives_up: float = GIVES_UP
    """Seconds after which a post is given up."""
    merges_headers: bool = False
    """Whether PATCH adds to existing headers or replaces them; the service's way is not known."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """By a webhook's base URL, such as `https://app.azurewebsites.net`: the URL on this machine
    that stands for it."""
    secrets: dict[str, Json] = field(default_factory=dict)
    """URI and headers, by id in lower case."""
    logs: dict[str, list[Json]] = field(default_factory=dict)
    """Event logs, newest first, by id in lower case."""
    _posting: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(64))

    def answer(
        self, request: Request, registry: Json, name: str, rest: list[str]
    ) -> Answer | list[Json]:
        """Answer a request about one of this registry's webhooks; `rest` is the path after its
        name."""
        path = f"{registry['id']}/webhooks/{name}"
        match request.method, rest:
            case "PUT", []:
                return self._create(request, registry, path)
            case "DELETE", []:
                return self._delete(request, path)
            case "GET", ["operationStatuses", _]:
                return self.operations.answer(request)
        webhook = self.store.get(path)
        if webhook is None:
            raise not_found(path)
        match request.method, rest:
            case "GET", []:
                return Answer(200, webhook)
            case "PATCH", []:
                return self._update(request, path, webhook)
            case "POST", ["getCallbackConfig"]:
                return Answer(200, self.secrets[path.lower()])
            case "POST", ["ping"]:
                return Answer(200, {"id": self._ping(path)})
            case "POST" | "GET", ["listEvents"]:
                return self.logs.get(path.lower(), [])
        raise not_found(request.path)

    def put(self, path: str, location: str, properties: Json, tags: Json | None = None) -> Json:
        """Keep a webhook, with URI and headers apart."""
        shown = {"status": "enabled", "scope": ""}
        shown |= {k: v for k, v in properties.items() if k not in SECRET and v is not None}
        shown["provisioningState"] = FAILED if self.operations.next_fails else SUCCEEDED
        self.secrets[path.lower()] = {
            "serviceUri": properties.get("serviceUri"),
            "customHeaders": properties.get("customHeaders") or {},
        }
        return self.store.put(path, {"location": location, "tags": tags or {}, "properties": shown})

    def _create(self, request: Request, registry: Json, path: str) -> Answer:
        location = normalize_region(str(request.given.get("location") or ""))
        before = self.store.get(path)
        if not NAME.fullmatch(request.last):
            raise _bad("A webhook's name may have 5 to 50 letters and digits.")
        if not request.properties.get("serviceUri") or not request.properties.get("actions"):
            raise _bad("A webhook needs a location, a serviceUri and actions.")
        _check(request.properties)
        if before is not None and before["location"] != location:
            raise Refused(
                409,
                "InvalidResourceLocation",
                f"The resource '{request.last}' already exists in location '{before['location']}'. "
                f"A resource with the same name cannot be created in location '{location}'.",
            )
        if location not in self._locations(registry):
            # Source: azure-cli#26676.
            raise Refused(
                404, "RegistryResourceNotFound", f"The registry was not found in '{location}'."
            )
        limit = LIMITS[registry["sku"]["name"]]
        if before is None and len(self.store.below(f"{registry['id']}/webhooks")) >= limit:
            # Assumed: which error the service gives is not documented.
            raise Refused(409, "QuotaExceeded", f"The registry has {limit} webhooks already.")
        kept = self.put(path, location, request.properties, request.given.get("tags"))
        return self._begin(request, 201 if before is None else 200, kept, "Creating")

    def _update(self, request: Request, path: str, webhook: Json) -> Answer:
        """Change what is given; the rest stays."""
        _check(request.properties)
        before = self.secrets[path.lower()]
        given = {k: v for k, v in request.properties.items() if v is not None}
        if self.merges_headers and "customHeaders" in given:
            given["customHeaders"] = before["customHeaders"] | given["customHeaders"]
        tags = request.given.get("tags")
        kept = self.put(
            path,
            webhook["location"],
            webhook["properties"] | before | given,
            webhook["tags"] if tags is None else tags,
        )
        return self._begin(request, 200, kept, "Updating")

    def _begin(self, request: Request, status: int, kept: Json, state: str) -> Answer:
        """Answer a change, which is a long-running operation."""
        under_way = kept["properties"] | {"provisioningState": state}
        return self.operations.begin(request, status, {**kept, "properties": under_way})

    def _delete(self, request: Request, path: str) -> Answer:
        self.secrets.pop(path.lower(), None)
        self.logs.pop(path.lower(), None)
        if not self.store.remove(path):
            return Answer(204)
        return self.operations.begin(request, 202, None)

    def _locations(self, registry: Json) -> set[str]:
        """The regions that can have webhooks: home, and those whose replica has Succeeded."""
        replicas = self.store.below(f"{registry['id']}/replications")
        there = {r["location"] for r in replicas if _succeeded(r)}
        return {registry["location"], *there}

    def _ping(self, path: str) -> str:
        """Post a ping without waiting for its answer, which the log gets.

        Assumed: a disabled webhook is pinged too, and the log's entry has an id of its own.
        """
        event = ping()
        self.post(path, event)
        return str(event["id"])

    def fitting(self, registry: Json, region: str, event: Mapping[str, Any]) -> list[str]:
        """The ids of the webhooks that get an event in a region."""
        return [
            str(webhook["id"])
            for webhook in self.store.below(f"{registry['id']}/webhooks")
            if webhook["location"] == region
            and webhook["properties"]["status"] == "enabled"
            and event.get("action") in [a.lower() for a in webhook["properties"]["actions"]]
            and fits(webhook["properties"]["scope"], event.get("target") or {})
        ]

    def post(self, path: str, event: Mapping[str, Any]) -> Future[str]:
        """Post an event to one webhook; returns the status that its log gets."""
        secret = self.secrets[path.lower()]

        def post() -> str:
            uri, headers = secret["serviceUri"], secret["customHeaders"]
            entry = fire(uri, headers, event, self._reached(uri), self.gives_up)
            with self.store.lock:
                if path.lower() in self.secrets:
                    self.logs.setdefault(path.lower(), []).insert(0, entry)
            return str(entry["eventResponseMessage"]["statusCode"])

        return self._posting.submit(post)

    def _reached(self, uri: str) -> str:
        found = [(url, there) for url, there in self.elsewhere.items() if uri.startswith(url + "/")]
        return uri.replace(*found[0], 1) if found else uri

    def close(self) -> None:
        """Return when no post is under way."""
        self._posting.shutdown(cancel_futures=True)


def fits(scope: str, target: Mapping[str, Any]) -> bool:
    """Whether an event is in a webhook's scope: `foo:*`, `foo:bar`, `foo` (which is `foo:latest`),
    or nothing, which is everything.

    Source: learn.microsoft.com/azure/container-registry/container-registry-webhook. Assumed: what
    has no tag is in `foo:*`.
    """
    if not scope:
        return True
    repository, _, tag = scope.partition(":")
    return target.get("repository") == repository and (
        tag == "*" or target.get("tag") == (tag or "latest")
    )


def _check(properties: Json) -> None:
    """Raises Refused for a wrong action or URI. Assumed: the service's words. Actions may have any
    letters, and keep them. Source: Azure/azure-powershell, New-AzContainerRegistryWebhook
    .Recording.json."""
    if unknown := set(map(str.lower, properties.get("actions") or [])) - ACTIONS:
        raise _bad(f"Actions that there are not: {', '.join(sorted(unknown))}.")
    uri = str(properties.get("serviceUri") or "https://")
    if not uri.startswith(("http://", "https://")):
        raise _bad("A serviceUri begins with http:// or https://.")


def _succeeded(resource: Json) -> bool:
    return bool(resource["properties"]["provisioningState"] == SUCCEEDED)


def _bad(message: str) -> Refused:
    return Refused(400, "BadRequest", message)
