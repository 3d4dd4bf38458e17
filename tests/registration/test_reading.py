"""Reading the resource manager's answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from acr_global.registration import reading
from acr_global.registration.model import Function, Registry, Replica, Site, Usage, Webhook

SAMPLES = Path(__file__).parents[1] / "samples"
LISTED: dict[str, Any] = {
    "id": "/the/id",
    "name": "acrglobalwesteurope",
    "location": "West Europe",
    "tags": {"team": "a", "odd": 1},
    "properties": {
        "status": "disabled",
        "scope": "team/*",
        "actions": ["push", "delete"],
        "provisioningState": "Succeeded",
    },
}


def test_a_registry_is_read() -> None:
    """Its location is normalised, and its tier kept."""
    entry = {
        "id": "/the/id",
        "name": "contoso",
        "location": "West Europe",
        "sku": {"name": "Premium", "tier": "Premium"},
        "properties": {"loginServer": "contoso.azurecr.io"},
    }
    expected = Registry("/the/id", "contoso", "contoso.azurecr.io", "westeurope", "Premium")
    assert expected == reading.read_registry(entry)


def test_a_replica_is_read() -> None:
    """A region that is left out of routing has its images all the same."""
    properties = {
        "provisioningState": "Succeeded",
        "status": {"displayStatus": "Syncing"},
        "regionEndpointEnabled": False,
    }
    entry = {"name": "eastus", "location": "East US", "properties": properties}
    expected = Replica("eastus", "Syncing", "Succeeded", endpoint_enabled=False, home=False)
    assert expected == reading.read_replica(entry, "westeurope")
    assert reading.read_replica(entry, "eastus").home


def test_a_replica_that_says_nothing_has_its_endpoint() -> None:
    """The service leaves out default values."""
    assert reading.read_replica({"location": "eastus"}, "").endpoint_enabled


def test_a_webhook_is_read() -> None:
    """Only what getCallbackConfig tells is missing."""
    expected = Webhook(
        "acrglobalwesteurope",
        "westeurope",
        ("push", "delete"),
        "team/*",
        enabled=False,
        tags={"team": "a"},
    )
    assert expected == reading.read_webhook(LISTED)


def test_a_webhooks_actions_count_in_any_letters() -> None:
    """The service keeps those in which they came. Source: Azure/azure-powershell,
    Update-AzContainerRegistryWebhook.Recording.json (2025)."""
    entry = {
        "type": "Microsoft.ContainerRegistry/registries/webhooks",
        "name": "beauxq",
        "location": "eastus",
        "tags": {},
        "properties": {
            "status": "enabled",
            "scope": "foo:*",
            "actions": ["Delete", "Push"],
            "provisioningState": "Succeeded",
        },
    }
    expected = Webhook("beauxq", "eastus", ("delete", "push"), "foo:*")
    assert expected == reading.read_webhook(entry)


def test_a_webhooks_callback_is_read() -> None:
    """Its repr shows neither URI nor headers."""
    told = {"serviceUri": "https://app/?code=KEY", "customHeaders": {"x-functions-key": "KEY"}}
    webhook = reading.with_callback(reading.read_webhook(LISTED), told)
    assert "https://app/?code=KEY" == webhook.uri
    assert {"x-functions-key": "KEY"} == webhook.headers
    assert "KEY" not in repr(webhook)


def test_an_event_is_read() -> None:
    """The entry is the service's own example."""
    (entry,) = json.loads((SAMPLES / "11_arm_listEvents_spec_example.json").read_text())["value"]
    event = reading.read_event(entry)
    assert "00000000-0000-0000-0000-000000000000" == event.id
    assert datetime(2017, 3, 1, 23, 14, 37, 70780, tzinfo=UTC) == event.at
    assert "http://myservice.com" == event.uri
    assert "push" == event.request_body["action"]
    assert 200 == event.status


@pytest.mark.parametrize("status", [None, "", "OK", "²"])
def test_a_status_that_is_no_number_is_none(status: object) -> None:
    """An entry has none before the app has answered."""
    assert reading.read_event({"eventResponseMessage": {"statusCode": status}}).status is None


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (None, "soon"),
        (None, None),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00"),
        (datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=1))), "2026-01-02T00:00:00+01:00"),
    ],
)
def test_a_time_is_aware_or_none(expected: datetime | None, said: object) -> None:
    """Without a zone it is UTC."""
    entry = {"eventRequestMessage": {"content": {"timestamp": said}}}
    assert expected == reading.read_event(entry).at


def test_a_usage_needs_its_numbers() -> None:
    """Without them there is nothing to compare."""
    assert Usage("Webhooks", 3, 500) == reading.read_usage(
        {"name": "Webhooks", "currentValue": 3, "limit": 500}
    )
    assert reading.read_usage({"name": "Webhooks", "limit": 500}) is None


def test_an_app_answers_at_its_hosts() -> None:
    """The default host is first; each stands once, in lower case."""
    properties = {"defaultHostName": "App.net", "hostNames": ["app.net", "own.example", 1]}
    entry = {"id": "/the/id", "name": "app", "properties": properties}
    assert Site("/the/id", "app", ("app.net", "own.example")) == reading.read_site(entry)
    assert Site("", "", ()) == reading.read_site({})


def test_a_function_is_named_without_its_app() -> None:
    """It also tells whether the host has disabled it."""
    entry = {"name": "app/ImagePush", "properties": {"isDisabled": True}}
    assert Function("ImagePush", enabled=False) == reading.read_function(entry)
    assert Function("ImagePush") == reading.read_function({"name": "ImagePush"})


@pytest.mark.parametrize("answer", [{"contoso": "K"}, {"properties": {"contoso": "K"}}])
def test_keys_are_read_with_an_envelope_or_without(answer: dict[str, object]) -> None:
    """The service has answered either way."""
    assert {"contoso": "K"} == reading.read_keys(answer)
