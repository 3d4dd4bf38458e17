"""No shared keys, no passwords, nothing needlessly public, nothing below TLS 1.2."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.deployment import EVERY, load


@pytest.fixture(params=EVERY)
def name(request: pytest.FixtureRequest) -> str:
    """The name of each parameter file."""
    return str(request.param)


def test_storage_has_no_shared_key_and_nothing_public(name: str) -> None:
    """The package and the task hub are read with an identity, over TLS 1.2."""
    deployment = load(name)
    properties = deployment.the("Microsoft.Storage/storageAccounts")["properties"]
    assert properties["allowSharedKeyAccess"] is False
    assert properties["allowBlobPublicAccess"] is False
    assert properties["supportsHttpsTrafficOnly"] is True
    assert "TLS1_2" == properties["minimumTlsVersion"]
    container = deployment.the("Microsoft.Storage/storageAccounts/blobServices/containers")
    assert "None" == container["properties"]["publicAccess"]


def test_telemetry_is_taken_from_an_identity_only(name: str) -> None:
    """The connection string alone lets nobody send anything."""
    assert load(name).the("Microsoft.Insights/components")["properties"]["DisableLocalAuth"] is True


def test_nobody_publishes_by_a_password(name: str) -> None:
    """Passwords are off for the source control manager and for FTP."""
    policies = load(name).all("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    allowed = {p["name"].rsplit("/", 1)[1]: p["properties"]["allow"] for p in policies}
    assert {"scm": False, "ftp": False} == allowed


def test_the_app_speaks_https_alone(name: str) -> None:
    """TLS is at least 1.2, and the app fetches its package by its identity."""
    properties: dict[str, Any] = load(name).the("Microsoft.Web/sites")["properties"]
    assert properties["httpsOnly"] is True
    assert "1.2" == properties["siteConfig"]["minTlsVersion"]
    assert "1.2" == properties["siteConfig"]["scmMinTlsVersion"]
    storage = properties["functionAppConfig"]["deployment"]["storage"]
    assert "UserAssignedIdentity" == storage["authentication"]["type"]


def test_a_private_deployment_reaches_storage_and_vault_privately() -> None:
    """The app itself stays reachable for the registry, and denies every other caller."""
    deployment = load("private")
    for kind in ("Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"):
        properties = deployment.the(kind)["properties"]
        assert "Disabled" == properties["publicNetworkAccess"]
        assert "Deny" == properties["networkAcls"]["defaultAction"]
    reached = {
        link["properties"]["groupIds"][0]
        for endpoint in deployment.all("Microsoft.Network/privateEndpoints")
        for link in endpoint["properties"]["privateLinkServiceConnections"]
    }
    assert {"blob", "table", "vault"} == reached
    site = deployment.the("Microsoft.Web/sites")["properties"]
    assert "Enabled" == site["publicNetworkAccess"]
    assert "Deny" == site["siteConfig"]["ipSecurityRestrictionsDefaultAction"]
    assert site["virtualNetworkSubnetId"]


def test_existing_resources_are_used_and_not_made_again() -> None:
    """Network, vault and workspace stay their owners'."""
    deployment = load("existing")
    for kind in (
        "Microsoft.Network/virtualNetworks",
        "Microsoft.KeyVault/vaults",
        "Microsoft.OperationalInsights/workspaces",
        "Microsoft.ContainerRegistry/registries",
    ):
        assert [] == deployment.all(kind)
    zones = [zone["name"] for zone in deployment.all("Microsoft.Network/privateDnsZones")]
    assert ["'blob'", "'queue'", "'table'"] == [z.split(", ")[1] for z in zones]
    assert 3 == len(deployment.all("Microsoft.Network/privateDnsZones/virtualNetworkLinks"))
