"""The pages where something is amiss, and their parts; in virtual time."""

from __future__ import annotations

import asyncio
import re

import pytest

from acr_global.functions.views import pushlists
from acr_global.ui import assets
from acr_global_rig.registry import REGIONS
from acr_global_rig.world import World, world
from devhost import Hazards
from tests.e2e.browsing import Browser
from tests.e2e.test_pushes import Broken, with_ledger
from tests.e2e.test_reviving import give_up


async def visiting(w: World) -> Browser:
    """An operator."""
    return await Browser.signed_in(w.session, w.host.url)


async def test_an_empty_app_says_what_to_do_next() -> None:
    """On each page."""
    async with world() as w:
        browser = await visiting(w)
        assert "acr-global webhooks apply" in (await browser.get()).words
        assert "No push to count" in (await browser.get("/regions")).words
        assert "Nothing was given up" in (await browser.get("/deadletters")).words


async def test_a_wrong_filter_is_told_beside_the_form() -> None:
    """Which stays filled; and so is a token of another list."""
    async with world() as w:
        browser = await visiting(w)
        seen = await browser.get(image="a@b")
        assert (400, True, True) == (
            seen.status,
            "The parameter image: " in seen.words,
            'value="a@b"' in seen.text,
        )
        other = await browser.get(after="1.x")
        assert (400, True) == (other.status, "The parameter after" in other.words)
        assert 200 == (await browser.get("/deadletters", after="")).status
        letters = await browser.get("/deadletters", after="1.x")
        assert (400, True) == (letters.status, "The parameter after" in letters.words)


async def test_pages_of_the_list_lead_on_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through all pushes, with the filter, and each once."""
    monkeypatch.setattr(pushlists, "PAGE_ROWS", 2)
    async with world() as w:
        for push in range(5):
            await w.push(f"p{push}")
            await asyncio.sleep(61)
        browser = await visiting(w)
        found, where = [], "/api/ui?within=24h&state=complete"
        while where:
            seen = await browser.follow(where)
            found += re.findall(r"/api/ui/pushes/(p\d)", seen.text)
            assert ('rel="first"' in seen.text) == (len(found) > 2)
            older = re.search(r'href="([^"]*)" rel="next"', seen.text)
            where = older[1].replace("&amp;", "&") if older else ""
        assert ["p4", "p3", "p2", "p1", "p0"] == found


async def test_a_wrong_setting_is_named_above_the_list() -> None:
    """Not its value; and no mere warning, such as of a name that is not known."""
    async with world(LATE_WINDOW="hush", LATE_WINDO="1h") as w:
        seen = await (await visiting(w)).get()
        assert "A setting is wrong ACR_GLOBAL_LATE_WINDOW" in seen.words
        assert "hush" not in seen.text
        assert "LATE_WINDO " not in seen.words


async def test_a_push_that_was_given_up_goes_on_by_a_form() -> None:
    """Also from the list of dead letters."""
    async with world(TIMEOUT="2h") as w:
        await give_up(w)
        browser = await visiting(w)
        page = await browser.get("/pushes/p1")
        assert "Given up: it was broken off again and again." in page.words
        letters = await browser.get("/deadletters")
        (action,) = re.findall(r'action="([^"]*/replay)"', letters.text)
        done = await browser.post(action, letters.form(action))
        assert (303, "/api/ui/pushes/p1?done=retry") == (done.status, done.where)
        await asyncio.sleep(60)
        assert "Waiting for" in (await browser.get("/pushes/p1")).words
        assert "Nothing was given up" in (await browser.get("/deadletters")).words


async def test_where_the_list_cannot_be_read_a_page_says_so() -> None:
    """One push can still be looked at."""
    async with world(app=with_ledger(Broken())) as w:
        await w.push("p1")
        await asyncio.sleep(60)
        browser = await visiting(w)
        for path in ("", "/regions"):
            seen = await browser.get(path)
            assert (503, True) == (seen.status, "Not now" in seen.words)
        assert "In all 3 regions" in (await browser.get("/pushes/p1")).words


async def test_where_the_engine_does_not_answer_a_page_says_so() -> None:
    """Nothing of what it said is shown."""
    async with world(hazards=Hazards(management_errors=1.0)) as w:
        seen = await (await visiting(w)).get("/pushes/p1")
        assert (503, True) == (seen.status, "The app's storage did not answer." in seen.words)


async def test_what_a_page_loads_is_kept_only_under_its_own_mark() -> None:
    """An address of another release gets what there is, for once."""
    async with world() as w:
        for name in assets.KINDS:
            for where, kept in ((assets.path(name), True), (f"/api/ui-assets/{name}", False)):
                async with w.session.get(w.host.url + where) as answer:
                    assert 200 == answer.status
                    assert assets.KINDS[name] == answer.headers["Content-Type"]
                    assert kept == ("immutable" in answer.headers["Cache-Control"])
        async with w.session.get(f"{w.host.url}/api/ui-assets/x.css") as answer:
            assert 404 == answer.status


async def test_a_mark_that_was_weakened_on_its_way_is_known() -> None:
    """As one among several is."""
    async with world() as w:
        browser = await visiting(w)
        await w.push("p1", REGIONS[:1])
        await asyncio.sleep(60)
        mark = (await browser.get()).mark
        assert 304 == (await browser.get(mark=f'"other", W/{mark}')).status
        assert 200 == (await browser.get(mark='"other"')).status


async def test_a_page_that_waits_stays_the_same_while_time_passes() -> None:
    """Its deadline is counted by the script."""
    async with world() as w:
        browser = await visiting(w)
        await w.push("p1", REGIONS[:1])
        await asyncio.sleep(61)
        mark = (await browser.get("/pushes/p1")).mark
        await asyncio.sleep(10)
        assert 304 == (await browser.get("/pushes/p1", mark=mark)).status
        await w.push("p1", REGIONS[1:2])
        await w.host.settle()
        assert 200 == (await browser.get("/pushes/p1", mark=mark)).status
