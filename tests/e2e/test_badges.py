"""Badges where something is amiss; in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from acr_global.functions.records.ledgers import MemoryLedger, Page
from acr_global.ledger import Span
from acr_global_rig.registry import REGIONS, event
from acr_global_rig.world import World, world
from tests.e2e.test_pushes import Broken, with_ledger

HOST = "myregistry.azurecr.io"
"""The registry of the pushes here."""


async def badge(w: World, image: str, **headers: str) -> tuple[int, str, Any]:
    """The status, the picture and the headers."""
    async with w.session.get(f"{w.host.url}/api/badge/{image}", headers=headers) as answer:
        return answer.status, await answer.text(), answer.headers


async def test_a_table_that_fails_is_said_in_the_picture() -> None:
    """A README would show a broken picture for an error; and nobody keeps it."""
    async with world(app=with_ledger(Broken()), BADGE="*") as w:
        status, picture, headers = await badge(w, f"{HOST}/team/app.svg")
        assert (200, True) == (status, "not known now" in picture)
        assert "no-store" == headers["Cache-Control"]


async def test_a_badge_outlives_any_number_of_deletions() -> None:
    """As a purge makes them: of other digests, in the same repository."""
    async with world(BADGE="*", ACTIONS="push,delete") as w:
        await w.push("p1")
        for n in range(12):
            digest = f"sha256:{n:064}"
            for region in REGIONS:
                gone = event(f"d{n}", digest=digest, tag=None) | {"action": "delete"}
                await w.post(gone, region)
        await w.until(lambda: len(w.verdicts()) == 13)
        await asyncio.sleep(60)
        assert "in all 3 regions" in (await badge(w, f"{HOST}/team/app.svg"))[1]


async def test_a_badge_is_of_the_newest_push_whatever_was_pushed() -> None:
    """An image, or a chart of the same name."""
    async with world(BADGE="*", ALARM_GROUP="0") as w:
        await w.push("p1", REGIONS[:1])
        await w.until(lambda: w.verdicts("p1"))
        for region in REGIONS:
            await w.post(event("c1") | {"action": "chart_push"}, region)
        await w.until(lambda: w.verdicts("c1"))
        await asyncio.sleep(60)
        assert "in all 3 regions" in (await badge(w, f"{HOST}/team/app.svg"))[1]


class Endless(MemoryLedger):
    """A table that has so much to pass over that no request comes to an end."""

    async def read(self, span: Span, top: int, after: str | None) -> Page:
        """Nothing, and where to go on."""
        return Page((), "further")


async def test_a_push_that_was_not_found_in_time_is_not_said_to_be_none() -> None:
    """Whoever stands in between would keep that."""
    async with world(app=with_ledger(Endless()), BADGE="*") as w:
        _, picture, headers = await badge(w, f"{HOST}/team/app.svg")
        assert "not known now" in picture
        assert "no-store" == headers["Cache-Control"]


@pytest.mark.parametrize(
    "image",
    [
        f"{HOST}/team/app",
        f"{HOST}/team/app.png",
        f"{HOST}/other/app.svg",
        f"{HOST}/team/app:.svg",
        f"{HOST}/team/app%0A.svg",
        f"{HOST}/team/%C3%A4.svg",
        f"{HOST}/.svg",
        "myregistry/team/app.svg",
        "no%20host.io/team/app.svg",
        HOST,
    ],
)
async def test_what_is_no_image_that_may_be_shown_is_not_there(image: str) -> None:
    """The answer has no body."""
    async with world(app=with_ledger(Broken()), BADGE="team/*,myregistry/*") as w:
        assert (404, "") == (await badge(w, image))[:2]


async def test_a_registry_of_its_own_may_show_more() -> None:
    """It may also show nothing, where all others show something."""
    own = '{"open.io": {"badge": "*"}, "shut.io": {"badge": ""}}'
    async with world(BADGE="team/*", REGISTRIES=own) as w:
        shown = [f"{host}/{name}.svg" for host in ("open.io", "shut.io", HOST) for name in "tx"]
        shown += [f"{host}/team/app.svg" for host in ("open.io", "shut.io", HOST)]
        found = [(await badge(w, image))[0] for image in shown]
        assert [200, 200, 404, 404, 404, 404, 200, 404, 200] == found


async def test_without_the_setting_there_is_no_such_route() -> None:
    """As with any address that the app does not have."""
    async with world() as w:
        unknown = await badge(w, "../unknown")
        assert unknown[:2] == (await badge(w, f"{HOST}/team/app.svg"))[:2] == (404, "")
