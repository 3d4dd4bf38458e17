"""A resource manager on loopback, with a registry and a function app, and the SDKs as clients."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.web import WebSiteManagementClient
from cryptography import x509

from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm, Registry, Site
from acr_global_rig.arm.entrance import token
from acr_global_rig.certificates import self_signed

REGIONS = ("westeurope", "northeurope")


class Credential:
    """One that anybody has."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Whatever it is for."""
        return AccessToken(token(), int(time.time()) + 3600)


@pytest.fixture
def arm(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoopbackArm]:
    """One that has nothing yet; clients trust its certificate."""
    path = tmp_path_factory.mktemp("arm") / "localhost.pem"
    path.write_bytes(self_signed(x509.DNSName("localhost"), ca=True))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with LoopbackArm(path) as arm:
        yield arm


@pytest.fixture
def registry(arm: LoopbackArm) -> Registry:
    """A registry of two regions."""
    return arm.add_registry("contoso", "westeurope", REGIONS)


@pytest.fixture
def site(arm: LoopbackArm) -> Site:
    """Our app, as it is listed."""
    return arm.add_site("func-app", "https://func-app.azurewebsites.net")


def options(arm: LoopbackArm) -> dict[str, Any]:
    """What a client of the SDKs is given; it tries nothing again."""
    scopes = [f"{arm.url}/.default"]
    return {"base_url": arm.url, "credential_scopes": scopes, "retry_total": 0}


@pytest.fixture
def acr(arm: LoopbackArm) -> Iterator[ContainerRegistryManagementClient]:
    """The SDK of registries."""
    with ContainerRegistryManagementClient(Credential(), SUBSCRIPTION, **options(arm)) as client:
        yield client


@pytest.fixture
def web(arm: LoopbackArm) -> Iterator[WebSiteManagementClient]:
    """The SDK of function apps."""
    with WebSiteManagementClient(Credential(), SUBSCRIPTION, **options(arm)) as client:
        yield client
