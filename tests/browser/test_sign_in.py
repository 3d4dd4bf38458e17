"""Signing in and out in a real browser: what it does with the cookie, and with the key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from acr_global.sessions import COOKIE
from tests.browser.conftest import Windows
from tests.browser.stage import KEY, App
from tests.browser.test_pages import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

ELSEWHERE = "http://elsewhere.example"
"""Another site. Its pages are made by the test; nothing is asked of it."""


@pytest.fixture
def page(windows: Windows) -> Iterator[Page]:
    """A window of somebody who has not signed in."""
    yield windows.open(signed_in=False)
    windows.forgive("401")


def sign_in(page: Page, where: str = "/api/ui") -> None:
    """Type the key."""
    page.goto(where)
    page.get_by_label("Key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def show_elsewhere(windows: Windows, page: Page, body: str) -> None:
    """A page of another site."""
    page.route(f"{ELSEWHERE}/**", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(f"{ELSEWHERE}/")
    windows.forgive("asked of another host")


def test_the_key_is_in_a_header_and_nowhere_else(page: Page) -> None:
    """In no address, no body and nothing that the browser keeps."""
    told: list[str] = []
    page.on("request", lambda one: told.append(f"{one.url} {one.post_data}"))
    sign_in(page, "/api/ui/regions?within=24h")
    assert [] == [text for text in told if KEY in text]
    assert page.url.endswith("/api/ui/regions?within=24h")
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert '[{},{},""]' == kept


def test_a_wrong_key_can_be_typed_over(page: Page) -> None:
    """At once, without looking for the field."""
    page.goto("/api/ui")
    page.get_by_label("Key").fill("not-the-key")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The app does not know this key.")
    page.keyboard.type(KEY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_what_cannot_be_sent_is_told(page: Page) -> None:
    """A header takes no such letters; nothing is asked then."""
    page.goto("/api/ui")
    page.get_by_label("Key").fill("\u20ac\u0416")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This key cannot be sent")


def test_the_browser_keeps_the_cookie_from_scripts_and_sites(page: Page) -> None:
    """As it was told to."""
    sign_in(page)
    (cookie,) = page.context.cookies()
    assert (COOKIE, "/api/ui", True, "Strict") == (
        cookie["name"],
        cookie["path"],
        cookie["httpOnly"],
        cookie["sameSite"],
    )


def test_signing_out_takes_the_cookie_off(page: Page) -> None:
    """Going back shows nothing of what was there."""
    sign_in(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert [] == page.context.cookies()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_without_a_script_the_key_is_not_sent_in_the_address(windows: Windows) -> None:
    """It opens nothing. (Whose script is off in earnest reads why; this browser only acts so.)"""
    page = windows.open(signed_in=False, java_script_enabled=False)
    page.goto("/api/ui")
    page.get_by_label("Key").fill(KEY)
    with page.expect_response("**/api/ui-signin") as refused:
        page.get_by_role("button", name="Sign in").click()
    assert 401 == refused.value.status
    assert [] == page.context.cookies()
    windows.forgive("401|ERR_HTTP_RESPONSE_CODE_FAILURE")


def test_a_link_on_another_site_leads_in(windows: Windows, app: App, page: Page) -> None:
    """The browser keeps the cookie back at the first step; the page takes it once more."""
    sign_in(page)
    show_elsewhere(windows, page, f'<a href="{app.url}/api/ui/deadletters">there</a>')
    page.get_by_text("there").click()
    expect(page.get_by_role("heading", name="Dead letters")).to_be_visible()


def test_a_link_on_another_site_leads_nobody_in_who_has_no_session(
    windows: Windows, app: App, page: Page
) -> None:
    """It does not go round in a circle either."""
    steps: list[str] = []
    page.on("framenavigated", lambda frame: steps.append(frame.url))
    show_elsewhere(windows, page, f'<a href="{app.url}/api/ui/deadletters">there</a>')
    page.get_by_text("there").click()
    expect(page.get_by_label("Key")).to_be_visible()
    page.get_by_label("Key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dead letters")).to_be_visible()
    assert len(steps) <= 4  # elsewhere; there, twice; and there as somebody


def test_a_form_on_another_site_does_nothing(windows: Windows, app: App, page: Page) -> None:
    """Who is signed in stays so."""
    sign_in(page)
    show_elsewhere(
        windows,
        page,
        f'<form method="post" action="{app.url}/api/ui/signout"><button>win</button></form>',
    )
    page.get_by_text("win").click()
    expect(page.get_by_label("Key")).to_be_visible()  # the cookie stayed at home
    page.goto("/api/ui")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_page_that_is_kept_fresh_tells_that_nobody_is_signed_in_any_more(page: Page) -> None:
    """It asks for the key where the reader is."""
    page.clock.install()
    sign_in(page, "/api/ui?state=overdue")
    expect(page.get_by_role("status")).to_have_text("Live")
    page.context.clear_cookies()
    page.clock.fast_forward(5_000)
    expect(page.get_by_label("Key")).to_be_visible()
    assert re.search(r"/api/ui\?state=overdue$", page.url)
