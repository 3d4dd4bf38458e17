"""Requests to the resource manager, one method each. Imports the Azure SDK when it is opened.

Every method needs one right, which stands beside it; ArmError says where it is missing. Where the
service asks us to wait the SDK does, and tries again; a wait of more than MAX_WAIT is not obeyed.
Methods may be called from several threads.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from acr_global.arm_ids import REGISTRIES, SITES, parse_id
from acr_global.registration import reading, rights
from acr_global.registration.asking import patience, said
from acr_global.registration.model import (
    PREMIUM,
    SUCCEEDED,
    Function,
    Registry,
    Replica,
    Site,
    Usage,
    Webhook,
    WebhookEvent,
)
from acr_global.registration.refusal import ArmError
from acr_global.registration.signin import Cloud, open_credential, open_transport

POLL_SECONDS = 2.0
"""Between two looks at an operation, where the service names no time."""
MAX_EVENTS = 5_000
"""Entries read of one webhook's log; this only ends a bad paging."""

IMAGE_PUSH = "ImagePush"
"""The function that the webhooks are posted to."""


class Arm:
    """The resource manager of one cloud, asked as one identity. Use it as a context manager."""

    def __init__(self, cloud: Cloud, subscription: str | None, credential: Any):
        self._cloud = cloud
        self._subscription = subscription
        self._credential = credential
        self._clients: dict[tuple[str, str], Any] = {}

    @classmethod
    def open(cls, cloud: Cloud, subscription: str | None = None, tenant: str | None = None) -> Arm:
        """`subscription` is where a name is looked up; an ARM id contains its own.

        Raises SignInError where the packages are missing; nothing is asked yet.
        """
        return cls(cloud, subscription, open_credential(cloud, tenant))

    def __enter__(self) -> Arm:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()
        self._credential.close()

    def registry(self, name_or_id: str) -> Registry:
        """The registry of this name or ARM id. Raises ArmError."""
        parts = parse_id(name_or_id, REGISTRIES)
        with said(f"read the registry {_shown(name_or_id)}", rights.READ_REGISTRY):
            if parts:
                client = self._registries(parts[0])
                return reading.read_registry(client.registries.get(*parts[1:]).as_dict())
            listed = self._registries(self._default()).registries.list()
            found = [r for r in map(_read_registry, listed) if r.name.lower() == name_or_id.lower()]
        if not found:
            raise ArmError(
                f"no registry {_shown(name_or_id)} can be seen in the subscription "
                f"{self._subscription}: it is called otherwise, or in another one, or the right "
                f"{rights.READ_REGISTRY} is missing",
                status=404,
            )
        return found[0]

    def replicas(self, registry: Registry) -> tuple[Replica, ...]:
        """Where the registry is, its home region first. Raises ArmError."""
        home = Replica(registry.location, "", SUCCEEDED, home=True)
        if registry.sku.lower() != PREMIUM.lower():
            return (home,)
        with said("list the registry's replicas", rights.READ_REPLICAS):
            listed = self._of(registry).replications.list(*_path(registry))
            found = [reading.read_replica(r.as_dict(), registry.location) for r in listed]
        if not any(replica.home for replica in found):
            found.append(home)
        return tuple(sorted(found, key=lambda replica: (not replica.home, replica.region)))

    def webhooks(self, registry: Registry) -> tuple[Webhook, ...]:
        """Every webhook of the registry, without URI and headers. Raises ArmError."""
        with said("list the registry's webhooks", rights.READ_WEBHOOKS):
            listed = self._of(registry).webhooks.list(*_path(registry))
            return tuple(reading.read_webhook(w.as_dict()) for w in listed)

    def callback(self, registry: Registry, webhook: Webhook) -> Webhook:
        """The webhook with its URI and its custom headers, keys in clear. Raises ArmError."""
        with said(f"read where the webhook {webhook.name} posts to", rights.READ_CALLBACK):
            webhooks = self._of(registry).webhooks
            config = webhooks.get_callback_config(*_path(registry), webhook.name)
            return reading.with_callback(webhook, config.as_dict())

    def usages(self, registry: Registry) -> tuple[Usage, ...]:
        """The registry's usages and limits. Raises ArmError."""
        with said("read the registry's limits", rights.READ_USAGES):
            answer = self._of(registry).registries.list_usages(*_path(registry)).as_dict()
            listed = map(reading.read_usage, answer.get("value") or ())
            return tuple(usage for usage in listed if usage)

    def create(self, registry: Registry, desired: Webhook) -> None:
        """Make a webhook, or make an existing one anew, and wait for it. Raises ArmError."""
        given = {"location": desired.location, **_given(desired)}
        with said(f"make the webhook {desired.name}", rights.WRITE_WEBHOOK):
            webhooks = self._of(registry).webhooks
            webhooks.begin_create(*_path(registry), desired.name, given).result()

    def update(self, registry: Registry, desired: Webhook) -> None:
        """Change a webhook, and wait for it. All fields and headers are sent, because it is not
        known whether the service replaces headers or adds to them. Raises ArmError.
        """
        with said(f"change the webhook {desired.name}", rights.WRITE_WEBHOOK):
            webhooks = self._of(registry).webhooks
            webhooks.begin_update(*_path(registry), desired.name, _given(desired)).result()

    def delete(self, registry: Registry, name: str) -> None:
        """Remove a webhook, and wait for it; a missing one counts as removed. Raises ArmError."""
        with said(f"remove the webhook {name}", rights.DELETE_WEBHOOK):
            self._of(registry).webhooks.begin_delete(*_path(registry), name).result()

    def ping(self, registry: Registry, name: str) -> str:
        """Let a webhook send a ping; returns the event's id. Raises ArmError."""
        with said(f"ping the webhook {name}", rights.PING_WEBHOOK):
            answer = self._of(registry).webhooks.ping(*_path(registry), name).as_dict()
            return str(answer.get("id") or "")

    def events(self, registry: Registry, name: str) -> tuple[WebhookEvent, ...]:
        """A webhook's event log, in the service's order. Raises ArmError."""
        with said(f"read the event log of the webhook {name}", rights.READ_EVENTS):
            listed = self._of(registry).webhooks.list_events(*_path(registry), name)
            return tuple(
                reading.read_event(e.as_dict()) for e in itertools.islice(listed, MAX_EVENTS)
            )

    def sites(self) -> tuple[Site, ...]:
        """Every app of the subscription that may be seen. Raises ArmError."""
        with said("list the subscription's apps", rights.READ_SITE):
            listed = self._web(self._default()).web_apps.list()
            return tuple(reading.read_site(s.as_dict()) for s in listed)

    def functions(self, site_id: str) -> tuple[Function, ...]:
        """The functions that an app's host has found. Raises ArmError."""
        client, path = self._site(site_id)
        with said("list the app's functions", rights.READ_FUNCTIONS):
            listed = client.web_apps.list_functions(*path)
            return tuple(reading.read_function(f.as_dict()) for f in listed)

    def function_key(self, site_id: str, name: str, *, create: bool) -> str | None:
        """The key of ImagePush with this name; a missing one is made if `create`, otherwise None.
        Two callers that make one at once both get the one that stays. Raises ArmError.
        """
        found = self._keys(site_id).get(name)
        if found or not create:
            return found or None
        client, path = self._site(site_id)
        with said(f"make a key of {IMAGE_PUSH} named {name}", rights.WRITE_KEY):
            # The platform chooses its value. The envelope is what `az functionapp function
            # keys set` sends; the SDK's own model has none.
            body = {"properties": {"name": name, "value": None}}
            client.web_apps.create_or_update_function_secret(*path, IMAGE_PUSH, name, body)
        return self._keys(site_id).get(name)

    def _keys(self, site_id: str) -> dict[str, str]:
        client, path = self._site(site_id)
        with said(f"read the keys of {IMAGE_PUSH}", rights.READ_KEYS):
            return reading.read_keys(
                client.web_apps.list_function_keys(*path, IMAGE_PUSH).as_dict()
            )

    def _of(self, registry: Registry) -> Any:
        parts = parse_id(registry.id, REGISTRIES)
        return self._registries(parts[0] if parts else self._default())

    def _site(self, site_id: str) -> tuple[Any, tuple[str, str]]:
        parts = parse_id(site_id, SITES)
        if parts is None:
            raise ArmError("the app's ARM id is not one of a function app", status=400)
        return self._web(parts[0]), parts[1:]

    def _default(self) -> str:
        if not self._subscription:
            raise ArmError(
                "no subscription is named: give --subscription ID or AZURE_SUBSCRIPTION_ID, or the "
                "registry's ARM id",
                status=400,
            )
        return self._subscription

    def _registries(self, subscription: str) -> Any:
        def make(*about: Any, **options: Any) -> Any:
            from azure.mgmt.containerregistry import ContainerRegistryManagementClient

            return ContainerRegistryManagementClient(*about, **options)

        return self._client(REGISTRIES, subscription, make)

    def _web(self, subscription: str) -> Any:
        def make(*about: Any, **options: Any) -> Any:
            from azure.mgmt.web import WebSiteManagementClient

            return WebSiteManagementClient(*about, **options)

        return self._client(SITES, subscription, make)

    def _client(self, kind: str, subscription: str, make: Callable[..., Any]) -> Any:
        """One of the SDK's clients, opened when it is first used. Raises ArmError."""
        found = self._clients.get((kind, subscription))
        if found is None:
            endpoint = self._cloud.endpoint
            try:
                found = make(
                    self._credential,
                    subscription,
                    endpoint,
                    credential_scopes=[f"{endpoint}/.default"],
                    transport=open_transport(),
                    retry_policy=patience(),
                    permit_redirects=False,  # the token is for this endpoint
                    polling_interval=POLL_SECONDS,
                )
            except ImportError:
                raise ArmError(
                    "a package is not installed; in the checkout: python -m pip install -e '.[cli]'"
                ) from None
            self._clients[kind, subscription] = found
        return found


def _read_registry(entry: Any) -> Registry:
    return reading.read_registry(entry.as_dict())


def _shown(name_or_id: str) -> str:
    return name_or_id.rstrip("/").rsplit("/", 1)[-1]


def _path(registry: Registry) -> tuple[str, str]:
    """The registry's group and name. Raises ArmError."""
    parts = parse_id(registry.id, REGISTRIES)
    if parts is None:
        raise ArmError("the registry's ARM id is not one of a registry", status=400)
    return parts[1:]


def _given(desired: Webhook) -> dict[str, Any]:
    """The body of a request about a webhook."""
    properties = {
        "serviceUri": desired.uri,
        "customHeaders": dict(desired.headers or {}),
        "actions": list(desired.actions),
        "scope": desired.scope,
        "status": "enabled" if desired.enabled else "disabled",
    }
    return {"tags": dict(desired.tags), "properties": properties}
