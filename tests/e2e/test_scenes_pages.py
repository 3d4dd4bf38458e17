"""The pages show what happens, and retry what was given up; on both hosts."""

from __future__ import annotations

import re

from acr_global_rig.registry import REGIONS
from tests.e2e.browsing import Browser, Seen
from tests.e2e.scene import Scene, both


async def visiting(s: Scene) -> Browser:
    """An operator."""
    return await Browser.signed_in(s.session, s.door)


async def once(s: Scene, browser: Browser, path: str, words: str, **query: str) -> Seen:
    """A page, once it says something."""

    async def says() -> Seen | None:
        seen = await browser.get(path, **query)
        return seen if seen.status == 200 and words in seen.words else None

    found: Seen = await s.eventually(says)
    return found


@both()
async def test_the_list_fills_while_pushes_arrive(s: Scene) -> None:
    """As long as nothing happens, the answer is that it is the same."""
    browser = await visiting(s)
    nothing = await browser.get(image=s.repository)
    assert "Nothing here fits" in nothing.words
    same = await browser.get(image=s.repository, mark=nothing.mark)
    assert (304, "") == (same.status, same.text)
    await s.push(*REGIONS[:2])
    waiting = await once(s, browser, "", "1 waiting State", image=s.repository)
    assert (200, REGIONS[2] in waiting.words) == (waiting.status, True)
    assert waiting.mark != nothing.mark
    await s.push(REGIONS[2])
    complete = await once(s, browser, "", "1 push, 0 waiting", image=s.repository, state="complete")
    assert f"/api/ui/pushes/{s.push_id()}" in complete.text


@both()
async def test_one_push_is_drawn_region_by_region(s: Scene) -> None:
    """In the order of the setting, each at its place; and it says who was told."""
    browser = await visiting(s)
    await s.push(*REGIONS[::-1])
    seen = await once(s, browser, f"/pushes/{s.push_id()}", "ops delivered")
    assert "In all 3 regions" in seen.words
    bars = re.findall(r'<text class="region"[^>]*>([^<]*)<', seen.text)
    assert [*REGIONS] == bars
    places = [float(x) for x in re.findall(r'<circle class="point" cx="([\d.]+)%"', seen.text)]
    assert 3 == len(places)
    assert places[2] == 0.0 <= places[1] <= places[0]


@both(policy="three")
async def test_a_form_retries_what_was_given_up(s: Scene) -> None:
    """Only one of ours does, and only once."""
    s.receiver("second").answers = [410]
    browser = await visiting(s)
    await s.push()
    page = await once(s, browser, f"/pushes/{s.push_id()}", "Retry now")
    action = f"/api/ui/pushes/{s.push_id()}/retry"
    fields = page.form(action)
    assert 403 == (await browser.post(action, {})).status
    assert 403 == (await browser.post(action, {"csrf": fields["csrf"][::-1]})).status
    assert 1 == len(s.receiver("second").requests)
    done = await browser.post(action, fields)
    assert (303, f"/api/ui/pushes/{s.push_id()}?done=retry") == (done.status, done.where)
    assert "It is tried again." in (await browser.follow(done.where or "")).words
    await s.until(lambda: len(s.receiver("second").requests) == 2, "second")

    async def is_settled() -> bool:
        seen = await browser.get(f"/pushes/{s.push_id()}")
        return "Retry now" not in seen.text and "Nobody is left to be told" in seen.words

    await s.eventually(is_settled)
    again = await browser.post(action, fields)
    assert (409, True) == (again.status, "Nothing to retry" in again.words)


@both(policy="three")
async def test_a_dead_letter_is_sent_anew(s: Scene) -> None:
    """From its own page, which then shows the new delivery."""
    s.receiver("third").answers = [410]
    browser = await visiting(s)
    await s.push()
    letter = f"_delivery.complete.{s.push_id()}"
    page = await once(s, browser, f"/deadletters/{letter}", "Retry now")
    assert "third" in page.words
    action = f"/api/ui/deadletters/{letter}/replay"

    async def sent_anew() -> Seen | None:
        done = await browser.post(action, page.form(action))
        return done if done.status != 409 else None  # until its delivery has ended

    done = await s.eventually(sent_anew)
    assert (303, f"/api/ui/deadletters/{letter}~1?done=retry") == (done.status, done.where)
    await s.until(lambda: len(s.receiver("third").requests) == 2, "third")
    await once(s, browser, f"/deadletters/{letter}~1", "Every target has the message.")


@both()
async def test_regions_are_counted(s: Scene) -> None:
    """With their share in what was pushed."""
    browser = await visiting(s)
    await s.push()
    await s.told("complete")
    seen = await once(s, browser, "/regions", "reported", within="1h")
    assert set(REGIONS) <= set(re.findall(r'<text class="region"[^>]*>([^<]*)<', seen.text))


@both()
async def test_what_is_not_there_is_told_as_a_page(s: Scene) -> None:
    """With the way back."""
    browser = await visiting(s)
    for path in ("/nowhere", "/pushes/none-of-ours", "/pushes/a/b/c", "/deadletters/x"):
        seen = await browser.get(path)
        assert (404, True) == (seen.status, "Not here" in seen.words), path
    assert (
        404
        == (
            await browser.post("/api/ui/nowhere", (await browser.get()).form("/api/ui/signout"))
        ).status
    )
