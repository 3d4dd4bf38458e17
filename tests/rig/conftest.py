"""A resource manager on loopback, with a registry and a function app, and the SDKs as clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.web import WebSiteManagementClient
from cryptography import x509

from acr_global_rig.arm import LoopbackArm, Registry, Site
from acr_global_rig.certificates import self_signed
from tests.rig import sdk


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost`, made for this run."""
    path = tmp_path_factory.mktemp("arm") / "localhost.pem"
    path.write_bytes(self_signed(x509.DNSName("localhost"), ca=True))
    return path


@pytest.fixture
def arm(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackArm]:
    """A resource manager without resources, which clients trust."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with LoopbackArm(certificate) as arm:
        yield arm


@pytest.fixture
def registry(arm: LoopbackArm) -> Registry:
    """A registry of two regions."""
    return arm.add_registry("contoso", "westeurope", ["northeurope"])


@pytest.fixture
def site(arm: LoopbackArm) -> Site:
    """Our app, as the resource manager lists it."""
    return arm.add_site("func-app", "https://func-app.azurewebsites.net")


@pytest.fixture
def acr(arm: LoopbackArm) -> Iterator[ContainerRegistryManagementClient]:
    """The SDK's client for registries."""
    with sdk.registries(arm) as client:
        yield client


@pytest.fixture
def web(arm: LoopbackArm) -> Iterator[WebSiteManagementClient]:
    """The SDK's client for function apps."""
    with sdk.apps(arm) as client:
        yield client
