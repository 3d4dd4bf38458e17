"""`python -m tests.browser.pictures`: the pictures in docs/images, taken anew after a change of the
pages. Look at them before they are committed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from acr_global_rig.registry import REGIONS
from tests.browser.stage import KEY, LATE, ROOT, App, browser, running_app, why_not

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = ROOT / "docs" / "images"
DESK: dict[str, Any] = {"viewport": {"width": 1100, "height": 660}}
PHONE: dict[str, Any] = {"viewport": {"width": 380, "height": 760}}
HOST = "contoso.azurecr.io"


def play(app: App) -> None:
    """A morning's pushes, in some seconds."""

    def push(name: str, image: str, *regions: str, host: str = HOST) -> None:
        repository, _, tag = image.partition(":")
        digest = f"sha256:{name.encode().hex():0<64}"
        app.push(
            name,
            *regions,
            host=LATE if name == "web" else host,
            repository=repository,
            tag=tag,
            digest=digest,
        )

    def slowly(name: str, image: str, *pauses: float) -> None:
        for region, pause in zip(REGIONS, pauses, strict=False):
            push(name, image, region)
            time.sleep(pause)

    slowly("jobs", "shop/jobs:2.1", 0.2, 0.5, 0.0)
    slowly("api", "shop/api:2.1.0", 1.3, 2.4, 0.0)
    push("mail", "shop/mail:5.0.1", *REGIONS[:2], host=LATE)
    slowly("web", "shop/web:1.4.0", 0.6, 7.5)
    push("web", "shop/web:1.4.0", REGIONS[2])
    time.sleep(1)
    app.ops.gone.add("cart")
    slowly("cart", "shop/cart:7", 0.4, 0.9, 0.0)
    slowly("checkout", "team/checkout:2026.11", 1.9, 4.5)


@contextmanager
def looking(chromium: Browser, app: App, scheme: str, size: dict[str, Any]) -> Iterator[Page]:
    """A window, signed in."""
    zone: dict[str, Any] = {"timezone_id": "Europe/Berlin", "locale": "en-GB"}
    context = chromium.new_context(base_url=app.url, color_scheme=scheme, **size, **zone)  # type: ignore[arg-type] # light or dark
    shown = {"x-functions-key": KEY, "Sec-Fetch-Site": "same-origin"}
    context.request.post("/api/ui-signin", headers=shown)
    yield context.new_page()
    context.close()


def take(chromium: Browser, app: App) -> None:
    """Every picture."""
    for name, where, scheme, size in (
        ("pushes", "/api/ui", "light", DESK),
        ("push", "/api/ui/pushes/web", "light", DESK),
        ("push-dark", "/api/ui/pushes/checkout", "dark", DESK),
        ("regions-dark", "/api/ui/regions", "dark", DESK),
        ("dead-letters", "/api/ui/deadletters", "light", DESK),
        ("phone", "/api/ui", "light", PHONE),
        ("phone-dark", "/api/ui/pushes/web", "dark", PHONE),
    ):
        with looking(chromium, app, scheme, size) as page:
            page.goto(where)
            page.wait_for_function("() => document.querySelector('[data-live]:not([hidden])')")
            if name == "dead-letters":
                page.locator("summary").click()
            page.screenshot(path=FOLDER / f"{name}.png")


def main() -> int:
    """Take them."""
    if reason := why_not():
        print(f"error: {reason}", file=sys.stderr)  # noqa: T201 - a program of its own
        return 1
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    with running_app(overdue_after="4s") as app, sync_playwright() as playwright:
        play(app)
        chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        take(chromium, app)
        chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
