"""Names, tags and locations are parameters of the deployment."""

from __future__ import annotations

import re

from tests.infra.deployment import INFRA, load


def test_a_given_name_is_used() -> None:
    """An organisation can keep its naming convention."""
    deployment = load("existing")
    for kind, name in {
        "Microsoft.Web/sites": "our-app",
        "Microsoft.Web/serverfarms": "our-plan",
        "Microsoft.Storage/storageAccounts": "ourstorage",
        "Microsoft.ManagedIdentity/userAssignedIdentities": "our-identity",
        "Microsoft.Insights/components": "our-insights",
    }.items():
        assert name == deployment.the(kind)["name"]


def test_everything_that_can_have_them_has_tags_and_the_location() -> None:
    """A resource with a location has tags, too."""
    placed = [r for r in load("private").document["predictedResources"] if "location" in r]
    assert placed
    for resource in placed:
        assert {"owner": "platform", "costCenter": "4711"}.items() <= resource["tags"].items()
        assert resource["location"] in ("westeurope", "global")


def test_over_zones_each_group_has_two_instances_ready() -> None:
    """A single instance would be in one zone, and the platform may refuse it."""
    deployment = load("private")
    assert deployment.the("Microsoft.Web/serverfarms")["properties"]["zoneRedundant"] is True
    assert "Standard_ZRS" == deployment.the("Microsoft.Storage/storageAccounts")["sku"]["name"]
    site = deployment.the("Microsoft.Web/sites")["properties"]
    ready = site["functionAppConfig"]["scaleAndConcurrency"]["alwaysReady"]
    assert all(group["instanceCount"] >= 2 for group in ready)


def test_every_parameter_says_what_it_means() -> None:
    """The descriptions are the only list of the parameters."""
    text = (INFRA / "main.bicep").read_text()
    for before, name in re.findall(r"((?:^@.*\n)*)^param (\w+)", text, re.M):
        assert "@description(" in before, name
