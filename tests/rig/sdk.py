"""The SDK's clients of the resource manager on loopback; they retry nothing."""

from __future__ import annotations

import time
from typing import Any

from azure.core.credentials import AccessToken
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.web import WebSiteManagementClient

from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm
from acr_global_rig.arm.entrance import token


class Credential:
    """A credential that anybody has."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Return a token, whatever the scopes."""
        return AccessToken(token(), int(time.time()) + 3600)


def registries(arm: LoopbackArm) -> ContainerRegistryManagementClient:
    """The client for registries."""
    return ContainerRegistryManagementClient(Credential(), SUBSCRIPTION, **_options(arm))


def apps(arm: LoopbackArm) -> WebSiteManagementClient:
    """The client for function apps."""
    return WebSiteManagementClient(Credential(), SUBSCRIPTION, **_options(arm))


def _options(arm: LoopbackArm) -> dict[str, Any]:
    scopes = [f"{arm.url}/.default"]
    return {"base_url": arm.url, "credential_scopes": scopes, "retry_total": 0}
