"""The commands in the docs run with the real `az`."""

from __future__ import annotations

import shutil

import pytest

from acr_global_rig.arm import LoopbackArm
from tests.az.client import Az
from tests.az.pages import MADE, URL, deployed, leaked, run, set_up, stood_in, with_az
from tests.rig.app import listening

PAGES = with_az()


@pytest.fixture(scope="session")
def environ(
    cloud: tuple[LoopbackArm, Az], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """An environment with the real `az`, and stand-ins for all else."""
    arm, az = cloud
    return stood_in(tmp_path_factory.mktemp("programs"), az, arm)


def test_there_are_pages() -> None:
    """The pattern still finds them."""
    assert {"README.md", "deploying.md", "security.md", "upgrading.md"} <= PAGES.keys()


@pytest.mark.bicep
@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run(
    cloud: tuple[LoopbackArm, Az], environ: dict[str, str], page: str
) -> None:
    """They run one after another. Afterwards no webhook's URL has a key in it, and where the page
    tears down, nothing of ours is left at the registry."""
    if not shutil.which("bicep"):
        pytest.skip("`bicep` is not on PATH, and az would fetch one")
    arm, _ = cloud
    set_up(arm)
    with listening() as app:
        arm.webhooks.elsewhere[URL] = app.url
        assert "" == "".join(run(block, environ) for block in PAGES[page])
    assert [] == leaked(arm)
    if page == "pages.md":
        assert MADE in deployed(arm)
    if page == "deploying.md":
        assert [] == [i for i in arm.store.ids() if "/webhooks/" in i or "/role" in i]
