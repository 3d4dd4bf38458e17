"""A resource manager on loopback, and our client of it, signed in as an app's identity."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cryptography import x509

from acr_global.registration import asking
from acr_global.registration.arm import Arm
from acr_global.registration.model import App
from acr_global.registration.model import Registry as ReadRegistry
from acr_global.registration.plan import Wanted, plan
from acr_global.registration.settle import Done, Settled, settle
from acr_global.registration.signin import cloud_at
from acr_global.registration.survey import webhooks_of
from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm, Registry, Site
from acr_global_rig.certificates import self_signed

REGIONS = ("westeurope", "northeurope", "eastus")
URL = "https://func-app.azurewebsites.net"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A certificate for `localhost` with its key."""
    return self_signed(x509.DNSName("localhost"), ca=True)


@pytest.fixture
def rig(
    certificate: bytes, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoopbackArm]:
    """A resource manager without resources. The SDK retries nothing, because retries would wait."""
    path = tmp_path_factory.mktemp("arm") / "localhost.pem"
    path.write_bytes(certificate)
    monkeypatch.setattr(asking, "RETRIES", 0)
    with LoopbackArm(path) as rig:
        for name, value in rig.environ.items():
            monkeypatch.setenv(name, value)
        yield rig


@pytest.fixture
def registry(rig: LoopbackArm) -> Registry:
    """A registry of three regions."""
    return rig.add_registry("contoso", "westeurope", REGIONS)


@pytest.fixture
def site(rig: LoopbackArm) -> Site:
    """Our app, as the resource manager lists it."""
    return rig.add_site("func-app", URL)


@pytest.fixture
def arm(rig: LoopbackArm) -> Iterator[Arm]:
    """Our client."""
    with Arm.open(cloud_at(rig.url), SUBSCRIPTION) as arm:
        yield arm


@pytest.fixture
def there(arm: Arm, registry: Registry) -> ReadRegistry:
    """The registry, as our client reads it."""
    return arm.registry(registry.id)


@pytest.fixture
def ours(site: Site) -> App:
    """The app, as `apply` knows it."""
    return App(site.id, URL)


Apply = Callable[[], Settled]


def applying(arm: Arm, registry: ReadRegistry, app: App, told: list[Done] | None = None) -> Settled:
    """Do what `webhooks apply` does, with the key of the app and without its pauses."""

    def look() -> tuple:  # type: ignore[type-arg] # of steps
        key = arm.function_key(app.id, registry.name, create=True)
        replicas = arm.replicas(registry)
        return plan(Wanted(app, key), replicas, webhooks_of(arm, registry, app))

    heard: list[Done] = [] if told is None else told
    return settle(arm, registry, look, heard.append, lambda _: None)
