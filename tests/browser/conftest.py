"""One app and one browser for the tests beside; a window of its own for each.

They use Playwright's synchronous side, which keeps an event loop of its own in this thread. So both
end with the module, and no test here is a coroutine function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.stage import KEY, App, browser, running_app, why_not

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
"""Run in each page before its own script: a violation of its policy is an error on the console."""


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    """The app."""
    if reason := why_not():
        pytest.skip(reason)
    with running_app() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(app: App) -> Iterator[Browser]:
    """The browser. Its sandbox cannot be had by root, as whom tests run in a container."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        yield running
        running.close()


@dataclass
class Windows:
    """Opens windows, and notes what they report as an error, or ask of another host."""

    app: App
    chromium: Browser
    errors: list[str] = field(default_factory=list)
    opened: list[BrowserContext] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def open(self, *, signed_in: bool = True, **options: Any) -> Page:
        """A window with cookies of its own; `options` as Playwright has them."""
        context = self.chromium.new_context(base_url=self.app.url, **options)
        self.opened.append(context)
        context.set_default_timeout(30_000)
        context.add_init_script(WATCH)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("dialog", lambda dialog: self.errors.append(f"dialog: {dialog.message}"))
        context.on("console", self._hear)
        context.on("request", self._see)
        if signed_in:
            shown = {"x-functions-key": KEY, "Sec-Fetch-Site": "same-origin"}
            assert context.request.post("/api/ui-signin", headers=shown).status == 204
        return context.new_page()

    def forgive(self, pattern: str) -> None:
        """Pass over errors that a test has caused, which the browser tells in its own words, and
        when it likes."""
        self.forgiven.append(pattern)

    def unforgiven(self) -> list[str]:
        """The other errors."""
        return [e for e in self.errors if not any(re.search(p, e) for p in self.forgiven)]

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.errors.append(said.text)

    def _see(self, asked: Request) -> None:
        if not asked.url.startswith(self.app.url):
            self.errors.append(f"asked of another host: {asked.url}")


@pytest.fixture
def windows(app: App, chromium: Browser) -> Iterator[Windows]:
    """Opens windows; an error in one of them fails the test."""
    windows = Windows(app, chromium)
    yield windows
    for context in windows.opened:
        context.close()
    assert [] == windows.unforgiven()
