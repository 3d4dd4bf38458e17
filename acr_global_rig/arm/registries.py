"""Microsoft.ContainerRegistry: registries, replications, usages; webhooks have a file of theirs."""

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
"""Which the SDK 15 and azure-cli 2.91 ask for."""


@dataclass
class Registries:
    """All of them."""

    store: Store
    webhooks: Webhooks

    def answer(self, request: Request) -> Answer | list[Json]:
        """A request below a registry, or for one; a list is for the caller to page."""
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
        """Make one, with its replicas; home is among them."""
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
    """A registry, for whoever sets it up: what it has changed without being asked."""

    id: str
    _all: Registries

    @property
    def name(self) -> str:
        """As it was given."""
        return self.id.rsplit("/", 1)[-1]

    def set_replica(
        self,
        region: str,
        status: str = "Ready",
        provisioning: str = "Succeeded",
        *,
        endpoint: bool = True,
    ) -> None:
        """Have a replica in a region, in this state; `endpoint`: pulls are routed there."""
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
        """Assumed: a webhook in its region stays, and is not told any more."""
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
        """Have a webhook that nobody asked for just now."""
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
        """By name; as they are, with URI and headers among their properties."""
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
        """An event happens in a region: its webhooks are told, side by side, as far as they are
        enabled and it is in their actions and scope.

        Returns, when all have answered or it has given up, the status by webhook; the event logs
        have event and answer. Where there is no replica, nothing happens.
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
