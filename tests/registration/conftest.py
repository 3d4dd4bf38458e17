"""Our client of a resource manager on loopback, signed in as an app's identity is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from acr_global.registration.arm import Arm
from acr_global.registration.model import App
from acr_global.registration.model import Registry as ReadRegistry
from acr_global.registration.signin import cloud_at
from acr_global_rig.arm import SUBSCRIPTION, LoopbackArm, Registry, Site
from tests.loopback_arm import URL, certificate, registry, rig, site

__all__ = ["certificate", "registry", "rig", "site"]


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
