"""The real `az`, signed in to a resource manager on loopback. Only `make az` runs these: it takes
minutes, and installs azure-cli beside the project.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from acr_global_rig.arm import LoopbackArm
from tests.az.both import APP, REGISTRY, Both
from tests.az.client import Az, certificate, environment, sign_in
from tests.rig import sdk

collect_ignore_glob = [] if os.environ.get("ACR_AZ") else ["*"]


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LoopbackArm, Az]]:
    """The resource manager, and an `az` that knows no other."""
    folder = tmp_path_factory.mktemp("az")
    trusted = certificate(folder)
    az = Az(environment(folder, trusted), folder)
    with LoopbackArm(trusted) as arm:
        sign_in(arm.url, az.environ)
        yield arm, az


@pytest.fixture
def both(cloud: tuple[LoopbackArm, Az], monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    """Both clients at one registry and one app, with nothing else there."""
    arm, az = cloud
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", az.environ["REQUESTS_CA_BUNDLE"])
    arm.clear()
    registry = arm.add_registry(REGISTRY, "westeurope", ["northeurope"])
    site = arm.add_site(APP, f"https://{APP}.azurewebsites.net")
    with sdk.registries(arm) as acr, sdk.apps(arm) as web:
        yield Both(az, acr, web, arm, registry, site)
