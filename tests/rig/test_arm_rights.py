"""What the loopback resource manager permits: sign-in, rights and API versions."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.identity import DefaultAzureCredential
from azure.mgmt.containerregistry import ContainerRegistryManagementClient as Acr
from azure.mgmt.web import WebSiteManagementClient as Web

from acr_global_rig.arm import PRINCIPAL, SUBSCRIPTION, LoopbackArm, Registry, Site
from acr_global_rig.arm.paths import action_of

REGISTRY, SITE = ("registries", "contoso"), ("acr-global", "func-app")
HOOK = (*REGISTRY, "acrglobal1")
PUT: Any = {"location": "westeurope", "properties": {"serviceUri": "http://x", "actions": ["push"]}}
PATCH: Any = {"properties": {"scope": "a"}}
KEY: Any = {"properties": {"name": "contoso"}}

CALLS: dict[str, Callable[[Acr, Web], Any]] = {
    "Microsoft.ContainerRegistry/registries/read": lambda acr, _: acr.registries.get(*REGISTRY),
    "Microsoft.ContainerRegistry/registries/listUsages/read": lambda acr, _: (
        acr.registries.list_usages(*REGISTRY)
    ),
    "Microsoft.ContainerRegistry/registries/replications/read": lambda acr, _: list(
        acr.replications.list(*REGISTRY)
    ),
    "Microsoft.ContainerRegistry/registries/webhooks/read": lambda acr, _: list(
        acr.webhooks.list(*REGISTRY)
    ),
    "Microsoft.ContainerRegistry/registries/webhooks/write": lambda acr, _: (
        acr.webhooks.begin_create(*HOOK, PUT).result(),
        acr.webhooks.begin_update(*HOOK, PATCH).result(),
    ),
    "Microsoft.ContainerRegistry/registries/webhooks/operationStatuses/read": lambda acr, _: (
        acr.webhooks.begin_create(*HOOK, PUT).result()
    ),
    "Microsoft.ContainerRegistry/registries/webhooks/delete": lambda acr, _: (
        acr.webhooks.begin_delete(*HOOK).result()
    ),
    "Microsoft.ContainerRegistry/registries/webhooks/getCallbackConfig/action": lambda acr, _: (
        acr.webhooks.get_callback_config(*HOOK)
    ),
    "Microsoft.ContainerRegistry/registries/webhooks/ping/action": lambda acr, _: acr.webhooks.ping(
        *HOOK
    ),
    "Microsoft.ContainerRegistry/registries/webhooks/listEvents/action": lambda acr, _: list(
        acr.webhooks.list_events(*HOOK)
    ),
    "Microsoft.Web/sites/read": lambda _, web: web.web_apps.get(*SITE),
    "Microsoft.Web/sites/functions/read": lambda _, web: list(web.web_apps.list_functions(*SITE)),
    "Microsoft.Web/sites/functions/listkeys/action": lambda _, web: web.web_apps.list_function_keys(
        *SITE, "ImagePush"
    ),
    "Microsoft.Web/sites/functions/keys/write": lambda _, web: (
        web.web_apps.create_or_update_function_secret(*SITE, "ImagePush", "contoso", KEY)
    ),
    "Microsoft.Web/sites/host/listkeys/action": lambda _, web: web.web_apps.list_host_keys(*SITE),
    "Microsoft.Web/sites/host/sync/action": lambda _, web: web.web_apps.sync_functions(*SITE),
}
"""What needs each action."""


@pytest.mark.parametrize("action", CALLS)
def test_without_its_action_a_request_is_refused_and_the_action_named(
    arm: LoopbackArm, acr: Acr, web: Web, registry: Registry, site: Site, action: str
) -> None:
    """The caller has all other rights."""
    registry.add_webhook(HOOK[-1], "westeurope", "http://127.0.0.1:9")
    arm.rights = set(CALLS) - {action}
    with pytest.raises(HttpResponseError) as caught:
        CALLS[action](acr, web)
    assert 403 == caught.value.status_code
    assert f"perform action '{action}' over scope" in str(caught.value)


def test_a_right_may_be_a_pattern_as_in_a_role(
    arm: LoopbackArm, acr: Acr, registry: Registry
) -> None:
    """Case does not matter."""
    arm.rights = {"microsoft.containerregistry/*/read"}
    assert "contoso" == acr.registries.get(*REGISTRY).name


def test_a_list_of_resources_shows_what_may_be_read(
    arm: LoopbackArm, acr: Acr, web: Web, registry: Registry, site: Site
) -> None:
    """An empty list is no error. `az` finds a registry by the filter."""
    kind = "Microsoft.ContainerRegistry/registries"
    query = {"api-version": "2024-11-01", "$filter": f"resourceType eq '{kind}'"}

    def names() -> list[object]:
        asked = HttpRequest("GET", f"/subscriptions/{SUBSCRIPTION}/resources", params=query)
        filtered = [found["name"] for found in acr.send_request(asked).json()["value"]]
        return [
            *filtered,
            *(r.name for r in acr.registries.list()),
            *(s.name for s in web.web_apps.list()),
        ]

    assert ["contoso", "contoso", "func-app"] == names()
    arm.rights = set()
    assert [] == names()


RESOURCES = "Microsoft.Resources"
WEBHOOKS = "Microsoft.ContainerRegistry/registries/webhooks"


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "resourceGroups/g", f"{RESOURCES}/subscriptions/resourceGroups/read"),
        (
            "POST",
            f"resourceGroups/g/providers/{RESOURCES}/deployments/d/validate",
            f"{RESOURCES}/deployments/validate/action",
        ),
        (
            "DELETE",
            "providers/A.B/cs/c/providers/Microsoft.Authorization/roleAssignments/r",
            "Microsoft.Authorization/roleAssignments/delete",
        ),
        (
            "GET",
            "providers/Microsoft.ContainerRegistry/registries/r/webhooks/w/listEvents",
            f"{WEBHOOKS}/listEvents/action",
        ),
    ],
)
def test_an_action_is_made_of_method_and_types(method: str, path: str, action: str) -> None:
    """The next page of an action's answer needs the same action."""
    assert action == action_of(method, f"/subscriptions/s/{path}")


def test_an_app_signs_in_by_its_identity(arm: LoopbackArm, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on App Service, azure-identity finds it by the environment."""
    for name, value in arm.environ.items():
        monkeypatch.setenv(name, value)
    with DefaultAzureCredential() as credential:
        token = credential.get_token(f"{arm.url}/.default").token
    claims = token.split(".")[1]
    assert PRINCIPAL == json.loads(base64.urlsafe_b64decode(claims + "=="))["oid"]
