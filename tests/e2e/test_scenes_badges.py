"""Badges, for everybody; on both hosts."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from acr_global_rig.engine import FUNCTION_KEY
from acr_global_rig.registry import REGIONS
from tests.e2e.scene import Scene, Stage, both
from tests.e2e.test_scenes_pushes import once_listed

OPEN = Stage({"BADGE": "team/*:v*,team/*:"}, auth=True)


async def badge(s: Scene, image: str, **headers: str) -> tuple[int, str, Any]:
    """As a reader of a README asks for it, who has no key."""
    address = f"{s.door}/api/badge/plain.example/{image}.svg"
    async with s.session.get(address, headers=headers) as answer:
        return answer.status, await answer.text(), answer.headers


@both(stage=OPEN)
async def test_a_badge_shows_the_newest_push_to_everybody(s: Scene) -> None:
    """The image may be written with its tag, however the address is quoted."""
    s.headers = {"x-functions-key": FUNCTION_KEY}
    status, picture, _ = await badge(s, f"{s.repository}:v1")
    assert (200, True) == (status, "no push yet" in picture)
    await s.push()
    await once_listed(s, "complete")
    for image in (s.repository, f"{s.repository}:v1", quote(f"{s.repository}:v1", safe="")):
        status, picture, headers = await badge(s, image)
        assert (200, True) == (status, "in all 3 regions" in picture), image
        assert "image/svg+xml" == headers["Content-Type"].partition(";")[0]
    assert "public, max-age=60" == headers["Cache-Control"]
    status, nothing, _ = await badge(s, s.repository, **{"If-None-Match": headers["ETag"]})
    assert 200 == status, "another name is another picture"
    status, nothing, again = await badge(
        s, f"{s.repository}:v1", **{"If-None-Match": headers["ETag"]}
    )
    assert (304, "", headers["ETag"]) == (status, nothing, again["ETag"])


@both(stage=OPEN)
async def test_an_image_that_is_not_named_has_no_badge(s: Scene) -> None:
    """Pushed or not, it is 404 without a body, and the rest of the API stays closed."""
    s.headers = {"x-functions-key": FUNCTION_KEY}
    await s.push(tag="dev")
    await once_listed(s, "complete")
    for image in (f"{s.repository}:dev", f"{s.repository}:other", "elsewhere/app"):
        assert (404, "") == (await badge(s, image))[:2]
    s.headers = {}
    assert 401 == (await s.call("GET", "api/pushes"))[0]


@both(policy="final", stage=OPEN)
async def test_a_badge_says_that_a_push_is_late(s: Scene) -> None:
    """It counts the regions, and names none."""
    s.headers = {"x-functions-key": FUNCTION_KEY}
    await s.push(*REGIONS[:2])
    await once_listed(s, "overdue")
    async with s.session.get(f"{s.door}/api/badge/final.example/{s.repository}.svg") as answer:
        picture = await answer.text()
    assert "late in 1 of 3 regions" in picture
    assert [] == [region for region in REGIONS if region in picture]
