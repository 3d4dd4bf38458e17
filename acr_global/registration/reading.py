"""The resource manager's answers, read into the model. Pure: values that are not as the schema
says are passed over, or become the value that says least.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from acr_global.patterns import normalize_region
from acr_global.registration.model import (
    Function,
    Registry,
    Replica,
    Site,
    Usage,
    Webhook,
    WebhookEvent,
)
from acr_global.registry.firings import parse_firing, posted

Entry = Mapping[str, object]


def read_registry(entry: Entry) -> Registry:
    """One registry."""
    return Registry(
        id=_text(entry, "id"),
        name=_text(entry, "name"),
        login_server=_text(_map(entry, "properties"), "loginServer"),
        location=normalize_region(_text(entry, "location")),
        sku=_text(_map(entry, "sku"), "name"),
    )


def read_replica(entry: Entry, home: str) -> Replica:
    """One replication; `home` is the registry's own location."""
    properties = _map(entry, "properties")
    region = normalize_region(_text(entry, "location"))
    return Replica(
        region=region,
        status=_text(_map(properties, "status"), "displayStatus"),
        provisioning_state=_text(properties, "provisioningState"),
        endpoint_enabled=properties.get("regionEndpointEnabled") is not False,
        home=region == home,
    )


def read_webhook(entry: Entry) -> Webhook:
    """One webhook, without what only getCallbackConfig tells.

    The service keeps its actions in the letters in which they came, `Push` from PowerShell. Source:
    Azure/azure-powershell, Update-AzContainerRegistryWebhook.Recording.json.
    """
    properties = _map(entry, "properties")
    actions = properties.get("actions")
    return Webhook(
        name=_text(entry, "name"),
        location=normalize_region(_text(entry, "location")),
        actions=tuple(str(a).lower() for a in actions) if isinstance(actions, list) else (),
        scope=_text(properties, "scope"),
        enabled=_text(properties, "status") != "disabled",
        tags=_texts(_map(entry, "tags")),
        provisioning_state=_text(properties, "provisioningState"),
    )


def with_callback(webhook: Webhook, entry: Entry) -> Webhook:
    """The webhook with what getCallbackConfig tells of it."""
    uri, headers = _text(entry, "serviceUri"), _texts(_map(entry, "customHeaders"))
    return replace(webhook, uri=uri, headers=headers)


def read_event(entry: Entry) -> WebhookEvent:
    """One entry of an event log."""
    firing, (uri, body) = parse_firing(entry), posted(entry)
    return WebhookEvent(
        id=_text(entry, "id"),
        at=firing.at,
        uri=uri or "",
        request_body=body if isinstance(body, Mapping) else {},
        status=firing.status,
    )


def read_usage(entry: Entry) -> Usage | None:
    """One line of the list of usages; None where it says no number."""
    value, limit = entry.get("currentValue"), entry.get("limit")
    if not isinstance(value, int) or not isinstance(limit, int):
        return None
    return Usage(_text(entry, "name"), value, limit)


def read_site(entry: Entry) -> Site:
    """One app."""
    properties = _map(entry, "properties")
    named = properties.get("hostNames")
    hosts = [properties.get("defaultHostName"), *(named if isinstance(named, list) else ())]
    known = (host.lower() for host in hosts if isinstance(host, str) and host)
    return Site(_text(entry, "id"), _text(entry, "name"), tuple(dict.fromkeys(known)))


def read_function(entry: Entry) -> Function:
    """One function; the list names it APP/FUNCTION."""
    disabled = _map(entry, "properties").get("isDisabled")
    return Function(_text(entry, "name").rsplit("/", 1)[-1], enabled=disabled is not True)


def read_keys(entry: Entry) -> dict[str, str]:
    """A function's keys by name; the service returns them with an envelope or without."""
    within = entry.get("properties")
    return _texts(within if isinstance(within, Mapping) else entry)


def _map(entry: Entry, key: str) -> Entry:
    found = entry.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(entry: Entry, key: str) -> str:
    found = entry.get(key)
    return found if isinstance(found, str) else ""


def _texts(entry: Entry) -> dict[str, str]:
    return {key: value for key, value in entry.items() if isinstance(value, str)}
