"""The hosts that end-to-end tests run on; what is started for a run ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acr_global_rig import engine
from acr_global_rig.arm import LoopbackArm
from tests.e2e.beside_arm import trusted_arm
from tests.e2e.scene import pieces_of
from tests.e2e.theatre import OnDevhost, OnEngine


@pytest.fixture(scope="session")
def storage() -> Iterator[engine.Azurite]:
    """One Azurite for the run."""
    if reason := engine.why_not():
        pytest.skip(reason)
    with engine.azurite() as running:
        yield running


@pytest.fixture(scope="session")
def on_engine(storage: engine.Azurite) -> Iterator[OnEngine]:
    """The host that scenes share."""
    stage = OnEngine(storage)
    try:
        yield stage
    finally:
        stage.close()


@pytest.fixture
def host(request: pytest.FixtureRequest) -> OnDevhost | OnEngine:
    """The host that a scene plays on."""
    if request.param == "devhost":
        return OnDevhost()
    stage: OnEngine = request.getfixturevalue("on_engine")
    stage.begin(pieces_of(request.session.items))
    return stage


@pytest.fixture
def arm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackArm]:
    """A resource manager that this process trusts."""
    with trusted_arm(tmp_path, monkeypatch) as running:
        yield running
