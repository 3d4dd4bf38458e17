"""`az` and the SDK, side by side at one registry and one function app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.web import WebSiteManagementClient

from acr_global_rig.arm import LoopbackArm, Registry, Site
from tests.az.client import Az, AzError

REGISTRY, APP, HOOK = "contoso", "func-acr-global", "acrglobalwesteurope"
OF_REGISTRY = ("registries", REGISTRY)
OF_APP = ("acr-global", APP)
BY_APP = ("--resource-group", "acr-global", "--name", APP)
KEY = "a-key-of-the-function"
BODY: Any = {
    "location": "westeurope",
    "tags": {"app": "one"},
    "properties": {
        "serviceUri": "https://app.example/api/ImagePush?region=westeurope",
        "customHeaders": {"x-functions-key": KEY},
        "actions": ["push", "delete"],
        "scope": "team/app:*",
        "status": "enabled",
    },
}
"""A webhook, as the SDK is given it."""


@dataclass
class Both:
    """Both clients, and requests by either."""

    az: Az
    acr: ContainerRegistryManagementClient
    web: WebSiteManagementClient
    arm: LoopbackArm
    registry: Registry
    site: Site

    def of_webhook(self, command: str, *more: str, name: str = HOOK) -> Any:
        """The answer to `az acr webhook COMMAND`."""
        return self.az("acr", "webhook", command, "-r", REGISTRY, "-n", name, *more)

    def create(self, *more: str) -> Any:
        """The webhook of BODY, made by az; the key is in a file."""
        headers = self.az.folder / "headers"
        headers.write_text(f"x-functions-key={KEY}")
        given = BODY["properties"]
        return self.of_webhook(
            *["create", "--location", "westeurope", "--uri", given["serviceUri"]],
            *["--actions", *given["actions"], "--scope", given["scope"], "--tags", "app=one"],
            *["--headers", f"@{headers}", *more],
        )


def flat(document: Any) -> Any:
    """A resource as az shows it: its properties beside its name."""
    found = dict(document)
    return found.pop("properties", {}) | found


def refused(ask: Callable[[], Any]) -> str:
    """The text of az where it is refused something."""
    try:
        ask()
    except AzError as error:
        return str(error)
    raise AssertionError("az was not refused")
