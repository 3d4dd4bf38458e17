"""Microsoft.Web: sites, their functions and keys.

Source of the paths: azure-mgmt-web 11.0 (2025-05-01); of the answers: what azure-cli 2.91 reads.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from acr_global.functions.durable import names
from acr_global.urls import split_url
from acr_global_rig.arm.exchange import Answer, Json, Request, not_found
from acr_global_rig.arm.paths import PLANS, SITES, resource_id, split
from acr_global_rig.arm.store import Store

FLEX = {"name": "FC1", "tier": "FlexConsumption"}
OURS = names.every()
"""The app's functions."""


@dataclass
class Sites:
    """All function apps."""

    store: Store
    keys: dict[str, dict[str, str]] = field(default_factory=dict)
    """Keys of functions and hosts, by id in lower case."""
    unseen: dict[str, list[str]] = field(default_factory=dict)
    """By the site's id: functions that a host lists only after it was told to sync."""

    def answer(self, request: Request) -> Answer | list[Json]:
        """Answer a request for a site or below one."""
        path, below = split(request.path, SITES)
        if not path:
            return self.store.within(request.path, SITES)
        site = self.store.get(path)
        if site is None:
            raise not_found(request.path)
        match request.method, below:
            case "GET", []:
                return Answer(200, site)
            case "GET", ["functions"]:
                return self.store.below(f"{path}/functions")
            case "POST", ["host", "default", "listkeys"]:
                return Answer(200, self._host_keys(path))
            case "PUT", ["host", "default", _, name]:
                return self._put_key(request, self._keys(f"{path}/host/default"), name)
            case "POST", ["host", "default", "sync"]:
                self._look_again(path)
                return Answer(204)
            case "POST", ["restart"]:
                return Answer(200)
            case _, ["functions", function, *more]:
                return self._function(request, path, function, more)
        raise not_found(request.path)

    def _function(self, request: Request, site: str, function: str, more: list[str]) -> Answer:
        path = f"{site}/functions/{function}"
        found = self.store.get(path)
        if found is None:
            raise not_found(path)
        keys = self._keys(path)
        match request.method, more:
            case "GET", []:
                return Answer(200, found)
            case "POST", ["listkeys"]:
                return Answer(200, keys)
            case "PUT", ["keys", name]:
                return self._put_key(request, keys, name)
            case "DELETE", ["keys", name]:
                return Answer(204 if keys.pop(name, None) else 404)
        raise not_found(request.path)

    def _put_key(self, request: Request, keys: dict[str, str], name: str) -> Answer:
        status = 200 if name in keys else 201
        keys[name] = request.properties.get("value") or new_key()
        properties = {"name": name, "value": keys[name]}
        about = {"id": request.path, "name": name, "type": f"{SITES}/functions/keys"}
        return Answer(status, {**about, "properties": properties})

    def _keys(self, path: str) -> dict[str, str]:
        """The keys at a path; a function has one from the beginning."""
        return self.keys.setdefault(path.lower(), {"default": new_key()})

    def _host_keys(self, path: str) -> Json:
        keys = self._keys(f"{path}/host/default")
        system = {"durabletask_extension": keys.setdefault("durabletask_extension", new_key())}
        master = keys.setdefault("_master", new_key())
        plain = {k: v for k, v in keys.items() if k not in ("_master", *system)}
        return {"masterKey": master, "functionKeys": plain, "systemKeys": system}

    def _look_again(self, path: str) -> None:
        found = self.unseen.pop(path.lower(), [])
        if found:
            self.store.remove(f"{path}/functions")
        for function in found:
            self.put_function(path, function)

    def put_function(self, site: str, function: str, *, disabled: bool = False) -> None:
        """Let a host list a function."""
        about = {"name": function, "language": "python", "isDisabled": disabled}
        listed = {"name": f"{site.rsplit('/', 1)[-1]}/{function}", "properties": about}
        self.store.put(f"{site}/functions/{function}", listed)

    def add(self, name: str, url: str, functions: Iterable[str], group: str) -> Site:
        """Make a function app with its functions."""
        path = resource_id(SITES, name, group)
        host = split_url(url).place
        plan = resource_id(PLANS, f"plan-{name}", group)
        properties = {"state": "Running", "enabled": True, "defaultHostName": host}
        properties |= {"serverFarmId": plan, "sku": FLEX["tier"]}
        site = {"location": "westeurope", "kind": "functionapp,linux", "properties": properties}
        with self.store.lock:
            self.store.put(path, {**site, "tags": {}})
            self.store.put(plan, {"location": "westeurope", "sku": FLEX, "kind": "functionapp"})
            for function in functions:
                self.put_function(path, function)
        return Site(path, self)


@dataclass(frozen=True)
class Site:
    """A function app, for tests to set up and change."""

    id: str
    _all: Sites

    @property
    def name(self) -> str:
        """Its name, as it was given."""
        return self.id.rsplit("/", 1)[-1]

    def disable(self, function: str) -> None:
        """Let the host list a function, and not run it."""
        with self._all.store.lock:
            self._all.put_function(self.id, function, disabled=True)

    def remove(self, function: str) -> None:
        """Let the host not list a function."""
        with self._all.store.lock:
            self._all.store.remove(f"{self.id}/functions/{function}")

    def find_later(self, functions: Iterable[str] = tuple(OURS)) -> None:
        """Let the host list these only after it was told to sync."""
        self._all.unseen[self.id.lower()] = list(functions)

    def keys(self, function: str) -> dict[str, str]:
        """The keys of a function by name; tests may change them."""
        return self._all._keys(f"{self.id}/functions/{function}")


def new_key() -> str:
    """A key as the platform makes them: 40 bytes as text."""
    return secrets.token_urlsafe(40) + "=="
