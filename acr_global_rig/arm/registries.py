"""Microsoft.ContainerRegistry: registries, replications, usages; webhooks have a file of their
own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from acr_global.patterns import normalize_region
from acr_global_rig.arm.exchange import Answer, Json, Refused, Request, not_found
from acr_global_rig.arm.paths import REGISTRIES, resource_id, split
from acr_global_rig.arm.store import Store
from acr_global_rig.arm.webhooks import LIMITS, Webhooks

VERSIONS = ("2025-11-01", "2026-09-01-preview")
"""The API versions that the SDK 15 and azure-cli 2.91 use."""


@dataclass
class Registries:
    """All registries."""

    store: Store
    webhooks: Webhooks

    def answer(self, request: Request) -> Answer | list[Json]:
        """Answer a request for a registry or below one; the caller pages a list."""
        if request.query["api-version"] not in VERSIONS:
            versions = ", ".join(VERSIONS)
            message = f"api-version {request.query['api-version']} is none of: {versions}."
            raise Refused(400, "NoRegisteredProviderFound", message)
        path, below = split(request.path, REGISTRIES)
        if not path:
            return self.store.within(request.path, REGISTRIES)
        registry = self.store.get(path)
        if registry is None:
            raise not_found(request.path)
        return self._answer(request, registry, below)

    def _answer(self, request: Request, registry: Json, below: list[str]) -> Answer | list[Json]:
        match request.method, below:
            case "GET", []:
                return Answer(200, registry)
            case "GET", ["webhooks" | "replications" as kind]:
                return self.store.below(f"{registry['id']}/{kind}")
            case _, ["webhooks", name, *rest]:
                return self.webhooks.answer(request, registry, name, rest)
            case "GET", ["replications", _]:
                if replica := self.store.get(request.path):
                    return Answer(200, replica)
            case "GET", ["listUsages"]:
                return Answer(200, {"value": self._usages(registry)})
        raise not_found(request.path)

    def _usages(self, registry: Json) -> list[Json]:
        """Source: `az acr show-usage` in the SKUs' page; -1 is no limit."""
        limit = LIMITS[registry["sku"]["name"]]
        webhooks = len(self.store.below(f"{registry['id']}/webhooks"))
        replicas = len(self.store.below(f"{registry['id']}/replications"))
        return [
            {"name": "Size", "limit": 536870912000, "currentValue": 0, "unit": "Bytes"},
            {"name": "Webhooks", "limit": limit, "currentValue": webhooks, "unit": "Count"},
            {"name": "Geo-replications", "limit": -1, "currentValue": replicas, "unit": "Count"},
        ]

    def add(self, name: str, home: str, regions: Iterable[str], sku: str, group: str) -> Registry:
        """Make a registry with its replicas, home included."""
        path = resource_id(REGISTRIES, name, group)
        properties = {"loginServer": f"{name.lower()}.azurecr.io", "provisioningState": "Succeeded"}
        about = {"location": normalize_region(home), "tags": {}, "sku": {"name": sku, "tier": sku}}
        with self.store.lock:
            self.store.put(path, {**about, "properties": properties})
        registry = Registry(path, self)
        if sku == "Premium":
            for region in dict.fromkeys([home, *regions]):
                registry.set_replica(region)
        return registry


@dataclass(frozen=True)
class Registry:
    """A registry, for tests to set up and change behind the clients' back."""

    id: str
    _all: Registries

    @property
    def name(self) -> str:
        """Its name, as it was given."""
        return self.id.rsplit("/", 1)[-1]

    def set_replica(
        self,
        region: str,
        status: str = "Ready",
        provisioning: str = "Succeeded",
        *,
        endpoint: bool = True,
    ) -> None:
        """Set the state of the replica in a region, or add it; `endpoint`: pulls are routed
        there."""
        location = normalize_region(region)
        properties = {
            "provisioningState": provisioning,
            "status": {"displayStatus": status, "timestamp": datetime.now(UTC).isoformat()},
            "regionEndpointEnabled": endpoint,
            "zoneRedundancy": "Disabled",
        }
        replica = {"location": location, "tags": {}, "properties": properties}
        with self._all.store.lock:
            self._all.store.put(f"{self.id}/replications/{location}", replica)

    def remove_replica(self, region: str) -> None:
        """Remove a replica. Assumed: a webhook in its region stays, and gets no more events."""
        with self._all.store.lock:
            self._all.store.remove(f"{self.id}/replications/{normalize_region(region)}")

    def add_webhook(
        self,
        name: str,
        location: str,
        uri: str,
        headers: Mapping[str, str] | None = None,
        *,
        actions: Iterable[str] = ("push",),
        scope: str = "",
        enabled: bool = True,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Add a webhook that no client has made."""
        properties = {
            "serviceUri": uri,
            "customHeaders": dict(headers or {}),
            "actions": list(actions),
            "scope": scope,
            "status": "enabled" if enabled else "disabled",
        }
        with self._all.store.lock:
            path = f"{self.id}/webhooks/{name}"
            self._all.webhooks.put(path, normalize_region(location), properties, dict(tags or {}))

    def webhooks(self) -> dict[str, Json]:
        """The webhooks by name, with URI and headers among their properties."""
        with self._all.store.lock:
            return {
                webhook["name"]: {
                    **webhook,
                    "properties": webhook["properties"]
                    | self._all.webhooks.secrets[webhook["id"].lower()],
                }
                for webhook in self._all.store.below(f"{self.id}/webhooks")
            }

    def events(self, webhook: str) -> list[Json]:
        """A webhook's event log, newest first."""
        with self._all.store.lock:
            return list(self._all.webhooks.logs.get(f"{self.id}/webhooks/{webhook}".lower(), []))

    def fire(self, region: str, event: Mapping[str, Any]) -> dict[str, str]:
        """Let an event happen in a region. Its enabled webhooks get it, side by side, where their
        actions and scope include it.

        Returns the status by webhook when all have answered or were given up; the event logs then
        have event and answer. Without a replica nothing happens.
        """
        location = normalize_region(region)
        with self._all.store.lock:
            registry = self._all.store.get(self.id)
            replica = self._all.store.get(f"{self.id}/replications/{location}")
            if registry is None or (replica is None and registry["location"] != location):
                return {}
            told = self._all.webhooks.fitting(registry, location, event)
            posted = {path: self._all.webhooks.post(path, event) for path in told}
        return {path.rsplit("/", 1)[-1]: status.result() for path, status in posted.items()}
