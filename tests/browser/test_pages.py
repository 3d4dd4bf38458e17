"""The pages in a real browser."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from acr_global_rig.registry import REGIONS
from tests.browser.conftest import Windows
from tests.browser.stage import KEY, LATE, App, axe

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\u202eevil"
VISIBLE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}evil:v1"

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def expect(found: Any) -> Any:
    """Playwright's: asks until it is so, or longer has passed than a slow machine takes."""
    from playwright.sync_api import expect

    expect.set_options(timeout=20_000)
    return expect(found)


def let_time_pass(page: Page, seconds: int) -> None:
    """Of the page's clock, without waiting for it."""
    page.clock.fast_forward(seconds * 1_000)


def comes_to(page: Page, place: Locator, text: str | re.Pattern[str]) -> None:
    """Let time pass until a place shows a text; what makes it do so takes its own time."""
    for _ in range(60):
        let_time_pass(page, 40)
        with contextlib.suppress(AssertionError):
            expect(place).to_contain_text(text, timeout=1_000)
            return
    expect(place).to_contain_text(text)


def with_clock(page: Page) -> Page:
    """A page whose timers can be run on."""
    page.clock.install()
    return page


def test_a_key_opens_the_pages_and_signing_out_closes_them(windows: Windows) -> None:
    """A wrong key does not. The way leads to the page that was asked for."""
    page = windows.open(signed_in=False)
    page.goto("/api/ui/regions")
    page.get_by_label("Key").fill("not-the-key")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The app does not know this key.")
    page.get_by_label("Key").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Regions")).to_be_visible()
    assert page.url.endswith("/api/ui/regions")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/api/ui")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    windows.forgive("401")


def test_the_list_fills_while_pushes_arrive(app: App, windows: Windows) -> None:
    """Nobody loads the page anew; as long as nothing happens, nothing is sent."""
    page = with_clock(windows.open())
    statuses: list[int] = []
    page.on("response", lambda one: statuses.append(one.status))
    page.goto("/api/ui?image=fill/app")
    expect(page.get_by_text("Nothing here fits")).to_be_visible()
    app.push("fill-1", *REGIONS[:2], repository="fill/app")
    row = page.get_by_role("row", name="fill/app:v1")
    comes_to(page, row, "waiting")
    expect(row.get_by_role("cell", name=REGIONS[2])).to_be_visible()
    expect(row).to_contain_text(re.compile(r"\d+:\d\d left"))
    app.push("fill-1", REGIONS[2], repository="fill/app")
    comes_to(page, row, "complete")
    statuses.clear()
    for _ in range(3):
        with page.expect_response(re.compile("image=fill")):
            let_time_pass(page, 40)
    expect(page.get_by_role("status")).to_have_text("Live")
    assert 304 in statuses
    assert {200, 304} >= set(statuses)


def test_the_timeline_shows_who_came_when(app: App, windows: Windows) -> None:
    """From left to right, in the order of arrival; the present is marked while it waits."""
    page = with_clock(windows.open())
    order = (REGIONS[2], REGIONS[0])
    for region in order:
        app.push("line-1", region, repository="line/app")
        page.wait_for_timeout(300)
    page.goto("/api/ui/pushes/line-1")
    line = page.locator("svg.timeline")
    expect(line.get_by_text("now")).to_be_visible()
    assert [*REGIONS] == line.locator("text.region").all_text_contents()
    expect(line.locator("text.lag")).to_have_text([re.compile("ms|s"), "awaited", "first"])
    dots = line.locator("circle.point")
    expect(dots).to_have_count(2)
    first, second = places(page)[REGIONS[2]], places(page)[REGIONS[0]]
    assert first < second
    app.push("line-1", REGIONS[1], repository="line/app")
    comes_to(page, page.locator("#live"), "In all 3 regions")
    expect(dots).to_have_count(3)
    found = places(page)
    assert found[REGIONS[2]] < found[REGIONS[0]] < found[REGIONS[1]]
    expect(line.get_by_text("now")).to_have_count(0)


def places(page: Page) -> dict[str, float]:
    """Where each region's dot stands, in pixels from the left."""
    found: dict[str, float] = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("svg.timeline g")]
          .filter((g) => g.querySelector("circle"))
          .map((g) => [g.querySelector(".region").textContent,
                       g.querySelector("circle").getBoundingClientRect().x]))"""
    )
    return found


def test_a_retry_is_confirmed_and_comes_through(app: App, windows: Windows) -> None:
    """By the keyboard alone. What is about to be confirmed stays while the page is kept fresh."""
    app.ops.gone.add("dead-1")
    app.push("dead-1", repository="dead/app")
    page = with_clock(windows.open())
    page.goto("/api/ui/deadletters")
    row = page.get_by_role("row", name="dead/app:v1")
    comes_to(page, row, "dead")
    ask = row.locator("summary")
    ask.focus()
    page.keyboard.press("Enter")
    expect(row.get_by_text("The message is sent again to ops")).to_be_visible()
    heard, asked = len(app.ops.heard), list[str]()
    page.on("request", lambda one: asked.append(one.url))
    let_time_pass(page, 60)
    assert [] == asked
    page.keyboard.press("Tab")
    expect(row.get_by_role("button", name="Retry now")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is tried again.")).to_be_visible()
    comes_to(page, page.locator("#live"), "Every target has the message.")
    told = [message["push"]["id"] for message in app.ops.heard[heard:]]
    assert "dead-1" in told
    page.goto("/api/ui/deadletters")
    expect(page.get_by_role("row", name="dead/app:v1")).to_have_count(0)


def test_hostile_names_are_read_and_not_run(app: App, windows: Windows) -> None:
    """In the list, on a push's page, in its title and among the dead letters."""
    app.ops.gone.add("hostile-1")
    app.push("hostile-1", repository=HOSTILE)
    page = with_clock(windows.open())
    page.goto("/api/ui")
    page.get_by_role("link", name=VISIBLE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(VISIBLE)
    assert page.title().startswith(VISIBLE)
    page.goto("/api/ui/deadletters")
    comes_to(page, page.locator("#live"), VISIBLE)
    assert 0 == page.locator("img").count()


def test_times_are_the_reader_s_and_utc_where_one_points(app: App, windows: Windows) -> None:
    """Without a script they are in UTC."""
    app.push("time-1", repository="time/app")
    page = windows.open(timezone_id="Asia/Tokyo", locale="en-GB")
    page.goto("/api/ui/pushes/time-1")
    time = page.locator("time").first
    utc = re.fullmatch(r"\d{4}-\d\d-\d\d (\d\d):(\d\d:\d\d) UTC", time.get_attribute("title") or "")
    assert utc
    expect(time).to_have_text(re.compile(f"{(int(utc[1]) + 9) % 24:02d}:{utc[2]}$"))
    expect(page.get_by_text("Times are in Asia/Tokyo")).to_be_visible()
    plain = windows.open(java_script_enabled=False)
    plain.goto("/api/ui/pushes/time-1")
    expect(plain.locator("time").first).to_have_text(utc[0])
    expect(plain.get_by_text("Times are in UTC.")).to_be_visible()


def test_whose_session_has_ended_is_asked_to_sign_in(windows: Windows) -> None:
    """Without a click, and comes back to the same page."""
    page = with_clock(windows.open())
    page.goto("/api/ui/deadletters")
    page.context.clear_cookies()
    let_time_pass(page, 5)
    page.get_by_label("Key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dead letters")).to_be_visible()
    windows.forgive("401")


def test_an_app_that_does_not_answer_is_told(windows: Windows) -> None:
    """That it answers again is told, too. Who pauses is left alone."""
    page = with_clock(windows.open())
    page.goto("/api/ui")
    status = page.get_by_role("status")
    expect(status).to_have_text("Live")
    page.context.set_offline(True)
    let_time_pass(page, 5)
    expect(status).to_have_text("Not up to date: the app does not answer")
    page.context.set_offline(False)
    let_time_pass(page, 5)
    expect(status).to_have_text("Live")
    page.get_by_role("button", name="Pause").click()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    let_time_pass(page, 120)
    expect(status).to_have_text("Paused")
    assert [] == asked
    with page.expect_response("**/api/ui"):
        page.get_by_role("button", name="Go on").click()
    expect(status).to_have_text("Live")
    windows.forgive("ERR_INTERNET_DISCONNECTED")


def test_what_has_the_focus_keeps_it(app: App, windows: Windows) -> None:
    """Where the list is renewed under it. The first key leads past the menu."""
    app.push("focus-1", REGIONS[0], repository="focus/app")
    page = with_clock(windows.open())
    page.goto("/api/ui?image=focus/app")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_role("link", name="focus/app:v1").focus()
    app.push("focus-1", *REGIONS[1:], repository="focus/app")
    comes_to(page, page.get_by_role("row", name="focus/app:v1"), "complete")
    expect(page.get_by_role("link", name="focus/app:v1")).to_be_focused()


@pytest.fixture(scope="module")
def everything(app: App) -> list[str]:
    """The addresses of pages with all that they can show."""
    app.ops.gone.add("all-1")
    app.push("all-1", repository="all/app")
    app.push("all-2", *REGIONS[:1], repository="all/" + "very-long-name/" * 12)
    app.push("all-3", *REGIONS[:2], repository="all/late", host=LATE)
    letter = "_delivery.complete.all-1"
    app.until_dead(letter)
    pushes = [f"/api/ui/pushes/all-{n}" for n in (1, 2, 3)]
    return [
        "/api/ui",
        "/api/ui/regions",
        "/api/ui/deadletters",
        f"/api/ui/deadletters/{letter}",
        *pushes,
    ]


LOOKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "light": ({"color_scheme": "light"}, {}),
    "dark": ({"color_scheme": "dark"}, {"runOnly": ["color-contrast"]}),
    "narrow": ({"viewport": {"width": 910, "height": 700}}, {"runOnly": ["cat.keyboard"]}),
    "phone": (PHONE, {"runOnly": ["color-contrast", "target-size"]}),
}
"""Windows, and what axe-core looks for in them: everything in one of them is enough."""


@pytest.mark.parametrize("look", LOOKS)
def test_nobody_is_kept_out(look: str, windows: Windows, everything: list[str]) -> None:
    """axe-core finds nothing, on any page; none is wider than its window."""
    options, looked_for = LOOKS[look]
    page, program = windows.open(**options), axe()
    for where in everything:
        page.goto(where)
        expect(page.locator("main")).to_be_visible()
        page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        assert [] == list(findings(page, program, looked_for)), where
        width = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], where


@pytest.mark.parametrize("where", ["signin", "nothing"])
def test_nobody_is_kept_out_of_the_smaller_pages(where: str, windows: Windows) -> None:
    """The one to sign in with, and those that say that something is not there."""
    page = windows.open(signed_in=where != "signin", color_scheme="dark")
    page.goto("/api/ui" if where == "signin" else "/api/ui/nowhere")
    assert [] == list(findings(page, axe(), {}))
    windows.forgive("401|404")


def findings(page: Page, program: str, looked_for: dict[str, Any]) -> Iterator[str]:
    """What axe-core finds, each in a line. Evaluated, because the page's policy takes no script."""
    page.evaluate(program)
    found = page.evaluate("(options) => axe.run(options)", looked_for)
    assert found["passes"]
    for violation in found["violations"]:
        for node in violation["nodes"]:
            yield f"{violation['impact']} {violation['id']}: {json.dumps(node['target'])}"
