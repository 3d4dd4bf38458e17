"""The app's identity has the roles that its calls need, each on one resource, and no others."""

from __future__ import annotations

import json
import re

import pytest

from tests.infra.actions import ACTIONS, DATA_ACTIONS
from tests.infra.deployment import EVERY, INFRA, ROOT, Assignment, Deployment, load

# What the code calls, and the role for it.
BLOBS = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
"""Storage Blob Data Owner: the host's leases and keys, the published package, large messages."""
QUEUES = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
"""Storage Queue Data Contributor: the task hub's queues."""
TABLES = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
"""Storage Table Data Contributor: the list of pushes; the task hub's instances and histories."""
TELEMETRY = "3913510d-42f4-4e42-8a64-420c390055eb"
"""Monitoring Metrics Publisher: what the host sends to Application Insights."""
SCHEDULER = "0ad04412-c4d5-4796-b79c-f76d14c8d402"
"""Durable Task Data Contributor: the task hub on the scheduler."""
SECRETS = "4633458b-17de-408a-874b-0445c86b69e6"
"""Key Vault Secrets User: the references among the app settings."""

READ_LOGS = [
    "Microsoft.ContainerRegistry/registries/webhooks/read",
    "Microsoft.ContainerRegistry/registries/webhooks/listEvents/action",
]
PULL = ["Microsoft.ContainerRegistry/registries/pull/read"]
"""docs/evidence.md, Rights and packages."""


def expected(deployment: Deployment) -> set[Assignment]:
    """The roles of the table that this deployment needs."""
    storage = deployment.the("Microsoft.Storage/storageAccounts")["id"]
    needed = {
        Assignment(BLOBS, storage),
        Assignment(TABLES, storage),
        Assignment(TELEMETRY, deployment.the("Microsoft.Insights/components")["id"]),
    }
    if hubs := deployment.all("Microsoft.DurableTask/schedulers/taskHubs"):
        needed.add(Assignment(SCHEDULER, hubs[0]["id"]))
    else:
        needed.add(Assignment(QUEUES, storage))
    for vault in deployment.all("Microsoft.KeyVault/vaults"):
        needed.add(Assignment(SECRETS, vault["id"]))
    if registry := deployment.app_settings.get("ACR_GLOBAL_REGISTRY_ID"):
        role = deployment.the("Microsoft.Authorization/roleDefinitions")
        needed.add(Assignment(role["name"], registry))
    return needed


@pytest.mark.parametrize("name", ["main", "smallest", "private"])
def test_the_roles_are_those_of_the_table(name: str) -> None:
    """Each is given on one resource, never on a group or a subscription."""
    deployment = load(name)
    assert expected(deployment) == set(deployment.assignments)
    assert len(expected(deployment)) == len(deployment.assignments)
    for assignment in deployment.assignments:
        assert "/providers/" in assignment.scope


def test_the_scheduler_takes_the_place_of_queues() -> None:
    """With the scheduler, the app needs no role on the account's queues; on its tables it needs one
    for the list of pushes."""
    roles = {a.role for a in load("private").assignments}
    assert {SCHEDULER, TABLES} < roles
    assert QUEUES not in roles


def test_the_custom_role_is_what_its_evidence_asks() -> None:
    """It is in the registry's group, by a name that no other deployment has."""
    role = load("private").the("Microsoft.Authorization/roleDefinitions")
    properties = role["properties"]
    group = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/registries"
    assert [group] == properties["assignableScopes"]
    assert role["id"].startswith(group + "/")
    (permission,) = properties["permissions"]
    assert [*READ_LOGS, *PULL] == permission["actions"]
    assert [] == permission["dataActions"]
    app = load("private").the("Microsoft.Web/sites")["name"]
    assert f"acr-global evidence {app} contoso" == properties["roleName"]


def test_every_action_is_one_that_the_provider_has() -> None:
    """Bicep accepts any name, and so does a role definition until it is used."""
    text = (INFRA / "modules" / "types.bicep").read_text()
    named = {
        part
        for part in text.split("'")
        if part.startswith("Microsoft.ContainerRegistry/registries")
    }
    assert 5 == len(named)
    assert set() == named - ACTIONS - DATA_ACTIONS


def test_where_roles_are_not_assigned_the_list_is_an_output() -> None:
    """It names the role and the resource of each."""
    deployment = load("existing")
    assert [] == deployment.assignments
    assert [] == deployment.all("Microsoft.Authorization/roleDefinitions")
    listed = json.dumps(deployment.document["outputs"]["rolesToAssign"])
    for part in (
        "format('storage-{0}'",
        "format('monitoring-{0}'",
        "Key Vault Secrets User",
        "Microsoft.KeyVault/vaults/shared-vault",
        "registries/repositories/content/read",
        "Microsoft.ContainerRegistry/registries/one",
        "Microsoft.ContainerRegistry/registries/two",
    ):
        assert part in listed


@pytest.mark.parametrize("name", ["main", "smallest", "private"])
def test_where_roles_are_assigned_the_list_is_empty(name: str) -> None:
    """Nothing is left to be done by hand."""
    assert load(name).document["outputs"]["rolesToAssign"] in (
        [],
        "[concat(createArray(), createArray(), createArray())]",
    )


def test_the_docs_name_every_role() -> None:
    """An operator who assigns them by hand finds them there."""
    modules = "".join(path.read_text() for path in INFRA.rglob("*.bicep"))
    docs = (ROOT / "docs" / "deploying.md").read_text()
    roles = set(re.findall(r"(?:role|name): '([A-Z][A-Za-z]+(?: [A-Za-z]+)+)'", modules))
    assert len(roles) >= 6
    assert set() == {role for role in roles if role not in docs}


def test_every_parameter_file_is_checked() -> None:
    """A new one must be added to this file."""
    assert {"main", "smallest", "private", "existing"} == set(EVERY)
