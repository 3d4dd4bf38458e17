"""How the loopback resource manager treats webhooks, as the SDK sees it."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.containerregistry import ContainerRegistryManagementClient

from acr_global_rig.arm import LoopbackArm, Registry

GROUP, NAME, HOOK = "registries", "contoso", "acrglobalwesteurope"
URI = "https://func-app.azurewebsites.net/api/ImagePush?region=westeurope"
HEADERS = {"x-functions-key": "a-key"}


def wanted(location: str = "westeurope", **changes: Any) -> Any:
    """The body of a PUT request."""
    properties = {"serviceUri": URI, "customHeaders": HEADERS, "actions": ["push"]}
    return {"location": location, "tags": {"app": "a"}, "properties": properties | changes}


def create(acr: ContainerRegistryManagementClient, name: str = HOOK, **about: Any) -> Any:
    """The webhook that exists when the operation has ended."""
    return acr.webhooks.begin_create(GROUP, NAME, name, wanted(**about)).result()


def code(caught: pytest.ExceptionInfo[HttpResponseError]) -> tuple[int | None, str | None]:
    """Status and code of an error."""
    error = caught.value
    return error.status_code, error.error.code if error.error else None


def test_a_webhook_is_created_with_what_was_given(
    acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """By default it is enabled, for every repository."""
    made = create(acr, location="West Europe")
    shown = {"status": "enabled", "scope": "", "actions": ["push"]}
    assert shown | {"provisioningState": "Succeeded"} == made.properties.as_dict()
    assert (HOOK, "westeurope", {"app": "a"}) == (made.name, made.location, made.tags)


def test_an_operation_is_under_way_as_often_as_is_wanted(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """The client asks until it has succeeded."""
    arm.operations.polls = 3
    create(acr)
    assert 4 == sum("/operationStatuses/" in asked.target for asked in arm.asked)


def test_only_get_callback_config_returns_uri_and_headers(
    acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """Neither the answers to PUT and GET nor the list show the key."""
    made = create(acr)
    listed = [webhook.as_dict() for webhook in acr.webhooks.list(GROUP, NAME)]
    assert "a-key" not in str(made.as_dict()) + str(listed)
    config = acr.webhooks.get_callback_config(GROUP, NAME, HOOK)
    assert (URI, HEADERS) == (config.service_uri, config.custom_headers)


def test_an_update_changes_what_it_is_given(
    acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """Other fields stay, also tags, URI and headers."""
    create(acr)
    change: Any = {"properties": {"status": "disabled"}}
    changed = acr.webhooks.begin_update(GROUP, NAME, HOOK, change).result()
    properties = changed.as_dict()["properties"]
    assert ("disabled", ["push"]) == (properties["status"], properties["actions"])
    assert {"app": "a"} == changed.tags
    assert HEADERS == acr.webhooks.get_callback_config(GROUP, NAME, HOOK).custom_headers


@pytest.mark.parametrize(("merges", "headers"), [(False, {"x": "y"}), (True, HEADERS | {"x": "y"})])
def test_an_update_replaces_headers_or_adds_to_them(
    arm: LoopbackArm,
    acr: ContainerRegistryManagementClient,
    registry: Registry,
    merges: bool,
    headers: dict[str, str],
) -> None:
    """Which of the two the service does is not known."""
    arm.webhooks.merges_headers = merges
    create(acr)
    change: Any = {"properties": {"customHeaders": {"x": "y"}}}
    acr.webhooks.begin_update(GROUP, NAME, HOOK, change).result()
    assert headers == acr.webhooks.get_callback_config(GROUP, NAME, HOOK).custom_headers


def test_a_webhook_is_deleted(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """Deleting it again changes nothing, and begins no operation."""
    create(acr)
    acr.webhooks.begin_delete(GROUP, NAME, HOOK).result()
    assert [] == list(acr.webhooks.list(GROUP, NAME))
    arm.asked.clear()
    acr.webhooks.begin_delete(GROUP, NAME, HOOK).result()
    assert ["DELETE"] == [asked.method for asked in arm.asked]


@pytest.mark.parametrize("name", ["four", "a" * 51, "with-hyphen"])
def test_a_name_has_5_to_50_letters_and_digits(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient, registry: Registry, name: str
) -> None:
    """The service refuses others, where the client lets them through."""
    with pytest.raises(HttpResponseError) as caught:
        create(acr, name)
    assert (400, "BadRequest") == code(caught)


@pytest.mark.parametrize(
    "changes",
    [{"actions": ["nosuch"]}, {"actions": []}, {"serviceUri": "ftp://x"}, {"serviceUri": ""}],
)
def test_a_wrong_webhook_is_refused(
    acr: ContainerRegistryManagementClient, registry: Registry, changes: dict[str, Any]
) -> None:
    """Here that is an unknown action, or a missing URI."""
    with pytest.raises(HttpResponseError) as caught:
        create(acr, **changes)
    assert (400, "BadRequest") == code(caught)


@pytest.mark.parametrize("state", ["Creating", "Failed", None])
def test_a_location_needs_a_replica_that_has_succeeded(
    acr: ContainerRegistryManagementClient, registry: Registry, state: str | None
) -> None:
    """Only the home region needs none."""
    if state:
        registry.set_replica("eastus", "Syncing", state)
    with pytest.raises(HttpResponseError) as caught:
        create(acr, location="eastus")
    assert (404, "RegistryResourceNotFound") == code(caught)
    registry.set_replica("eastus")
    assert "eastus" == create(acr, location="eastus").location


def test_a_webhook_does_not_move(
    acr: ContainerRegistryManagementClient, registry: Registry
) -> None:
    """A name is unique over all regions."""
    create(acr)
    with pytest.raises(HttpResponseError) as caught:
        create(acr, location="northeurope")
    assert (409, "InvalidResourceLocation") == code(caught)


def test_a_registry_has_as_many_webhooks_as_its_sku_allows(
    arm: LoopbackArm, acr: ContainerRegistryManagementClient
) -> None:
    """On Basic these are two, which the usages say."""
    arm.add_registry(NAME, "westeurope", sku="Basic")
    create(acr, "acrglobal1")
    create(acr, "acrglobal2")
    with pytest.raises(HttpResponseError) as caught:
        create(acr, "acrglobal3")
    assert (409, "QuotaExceeded") == code(caught)
    usages = {
        u.name: (u.current_value, u.limit)
        for u in acr.registries.list_usages(GROUP, NAME).value or []
    }
    assert (2, 2) == usages["Webhooks"]
