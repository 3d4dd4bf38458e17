"""What the docs say to type runs, with the real `az`."""

from __future__ import annotations

import shutil

import pytest

from acr_global_rig.arm import LoopbackArm
from tests.az.client import Az
from tests.az.pages import leaked, run, set_up, stood_in, with_az

PAGES = with_az()


@pytest.fixture(scope="session")
def environ(
    cloud: tuple[LoopbackArm, Az], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """In which `az` is the real one, and all else is stood in for."""
    return stood_in(tmp_path_factory.mktemp("programs"), cloud[1].environ)


def test_there_are_pages() -> None:
    """The pattern still finds them."""
    assert {"README.md", "deploying.md", "security.md", "upgrading.md"} <= PAGES.keys()


@pytest.mark.bicep
@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run(
    cloud: tuple[LoopbackArm, Az], environ: dict[str, str], page: str
) -> None:
    """One after the other. No webhook's URL has a key in it then, and where the page ends with
    tearing down, nothing of ours is left at the registry."""
    if not shutil.which("bicep"):
        pytest.skip("`bicep` is not on PATH, and az would fetch one")
    arm, _ = cloud
    set_up(arm)
    assert "" == "".join(run(block, environ) for block in PAGES[page])
    assert [] == leaked(arm)
    if page == "deploying.md":
        assert [] == [i for i in arm.store.ids() if "/webhooks/" in i or "/role" in i]
