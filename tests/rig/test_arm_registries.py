"""How the loopback resource manager shows registries, as the SDK sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.mgmt.containerregistry import ContainerRegistryManagementClient

from acr_global_rig.arm import LoopbackArm, Registry

SAMPLES = Path(__file__).parents[1] / "samples"


def keys(document: Any) -> Any:
    """The names in a document, without their values."""
    return {k: keys(v) for k, v in document.items()} if isinstance(document, dict) else None


def test_a_registry_is_where_it_was_made(
    acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """It is found by its id in any case."""
    found = acr.registries.get("REGISTRIES", "Contoso").as_dict()
    assert ("contoso", "westeurope", "Premium") == (
        found["name"],
        found["location"],
        found["sku"]["name"],
    )
    assert "contoso.azurecr.io" == found["properties"]["loginServer"]


def test_a_replica_has_the_form_that_was_recorded(
    acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """The recording is of the service; home is among the replicas."""
    recorded = json.loads((SAMPLES / "12_arm_replication_recorded_2026.json").read_text())
    found = [replica.as_dict() for replica in acr.replications.list("registries", "contoso")]
    assert ["westeurope", "northeurope"] == [replica["name"] for replica in found]
    assert keys(recorded) == keys(found[0])


def test_a_replica_may_be_unwell(
    acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """It may be syncing, or left out of routing."""
    registry.set_replica("North Europe", "Syncing", endpoint=False)
    found = acr.replications.get("registries", "contoso", "northeurope").as_dict()["properties"]
    assert ("Syncing", False) == (found["status"]["displayStatus"], found["regionEndpointEnabled"])


def test_only_premium_has_replicas(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient
) -> None:
    """A registry of another tier has only its location."""
    arm.add_registry("contoso", "westeurope", ["northeurope"], sku="Standard")
    assert [] == list(acr.replications.list("registries", "contoso"))


def test_a_list_comes_in_pages(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """Each page says where the next one is."""
    arm.page = 2
    for number in range(5):
        registry.add_webhook(f"hook{number}", "westeurope", "http://127.0.0.1:9")
    listed = [webhook.name for webhook in acr.webhooks.list("registries", "contoso")]
    assert [f"hook{number}" for number in range(5)] == listed
    assert 3 == len(arm.asked)


def test_what_is_not_there_is_not_found(
    acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """A registry, a replica and a webhook are answered 404."""
    with pytest.raises(ResourceNotFoundError):
        acr.registries.get("registries", "other")
    with pytest.raises(ResourceNotFoundError):
        acr.replications.get("registries", "contoso", "eastus")
    with pytest.raises(ResourceNotFoundError):
        acr.webhooks.ping("registries", "contoso", "nosuch")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "MissingApiVersionParameter"),
        ({"api-version": "1999-01-01"}, "NoRegisteredProviderFound"),
    ],
)
def test_an_unknown_api_version_is_refused(
    acr: ContainerRegistryManagementClient, registry: Registry, query: dict[str, str], code: str
) -> None:
    """A missing version is, too."""
    answer = acr.send_request(HttpRequest("GET", registry.id, params=query))
    assert (400, code) == (answer.status_code, answer.json()["error"]["code"])
