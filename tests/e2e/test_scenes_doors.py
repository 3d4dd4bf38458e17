"""Who may come in, by which door; on both hosts, with keys that are asked for."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from acr_global.functions.app import build_app
from acr_global.functions.pages.pageviews import DONE, SHOWN
from acr_global_rig import engine
from acr_global_rig.world import world
from tests.e2e.browsing import Browser
from tests.e2e.scene import Scene, Stage, both, engine_only

KEYS = Stage({"BADGE": "*"}, auth=True)
"""With all functions that only some settings ask for."""
MORTAL = Stage(auth=True)
"""A host of its own, for a scene in which its Python dies."""
BY_APP_SERVICE = Stage({"UI": "app-service"}, auth=True)
OFF = Stage({"UI": "off"}, auth=True)

OPEN = {
    "Badge": "the settings name the images that it shows; of others it is 404",
    "Health": "a platform asks it, and it shows no value",
    "PageAssets": "the page to sign in with needs them; they are the same for everybody",
}
"""The functions that answer anybody, and why they may."""

NAMES = {"Badge": "x.svg", "PageAssets": "style.css"}
"""What to put for a name in a route; anything, where it is not said."""

BEHIND = {
    name: ["/".join(("ui", *way)).replace("*", "x") for way in (*ways, ("signout",), ("nowhere",))]
    for name, ways in (("Pages", SHOWN), ("PageForms", DONE))
}
"""What one function has behind its one route."""

FORGED = base64.b64encode(
    json.dumps(
        {"auth_typ": "aad", "claims": [{"typ": "sub", "val": "x"}, {"typ": "name", "val": "Eve"}]}
    ).encode()
).decode()
"""A principal that no App Service has made."""


@dataclass(frozen=True)
class Door:
    """One method of one route."""

    function: str
    method: str
    path: str


def doors(**settings: str) -> Iterator[Door]:
    """Every door of an app, so that a new function is not forgotten here."""
    environ = {"REGIONS": "eastus"} | settings
    app = build_app({f"ACR_GLOBAL_{name}": value for name, value in environ.items()})
    functions: list[Any] = app.get_functions()
    for function in functions:
        trigger = function.get_trigger().get_dict_repr()
        if trigger["type"] == "httpTrigger":
            name = function.get_function_name()
            path = re.sub(r"\{[^}]*\}", NAMES.get(name, "x"), trigger["route"])
            paths = BEHIND.get(name, [path])
            methods = [method.value for method in trigger["methods"]]
            yield from (Door(name, m, f"api/{p}") for m in methods for p in paths)


@dataclass(frozen=True)
class Heard:
    """The answer to a knock."""

    status: int
    text: str
    headers: Mapping[str, str]


async def knock(s: Scene, door: Door, **headers: str) -> Heard:
    """One request as a browser makes it; names of headers with _ for -."""
    async with s.session.request(
        door.method,
        f"{s.door}/{door.path}",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        allow_redirects=False,
    ) as answer:
        return Heard(answer.status, await answer.text(), dict(answer.headers))


@both(stage=KEYS)
async def test_every_door_is_closed_without_a_key_or_a_session(s: Scene) -> None:
    """Whoever knocks: nobody, a wrong key, a forged principal, a forged session."""
    there = [door for door in doors(**KEYS.settings) if door.function not in OPEN]
    assert {"ImagePush", "RetryPush", "Pages", "PageForms", "SignIn"} < {
        door.function for door in there
    }
    wrong: list[dict[str, str]] = [
        {},
        {"x_functions_key": "not-the-key"},
        {"x_ms_client_principal": FORGED, "x_ms_client_principal_name": "Eve"},
        {"cookie": "acr-global-session=0123.9999999999.c2lnbmVk", "sec_fetch_site": "same-origin"},
    ]
    for shown in wrong:
        found = {door: (await knock(s, door, **shown)).status for door in there}
        assert dict.fromkeys(there, 401) == found, shown


@both(stage=KEYS)
async def test_a_few_doors_are_open_on_purpose(s: Scene) -> None:
    """None of them is anything but read."""
    there = [door for door in doors(**KEYS.settings) if door.function in OPEN]
    assert {*OPEN} == {door.function for door in there}
    assert {"GET", "HEAD"} == {door.method for door in there}
    assert dict.fromkeys(there, 200) == {door: (await knock(s, door)).status for door in there}


@both(stage=KEYS)
async def test_a_monitor_may_ask_for_the_head_alone(s: Scene) -> None:
    """The health check answers it as it answers GET, without a body."""
    found, head = [await knock(s, Door("Health", m, "api/health")) for m in ("GET", "HEAD")]
    assert (200, 200, "") == (found.status, head.status, head.text)


@both(stage=BY_APP_SERVICE)
async def test_a_forged_principal_opens_nothing_where_app_service_is_not_on(s: Scene) -> None:
    """The setting alone does not make the header true."""
    there = [door for door in doors(UI="app-service") if door.function not in OPEN]
    assert "SignIn" not in {door.function for door in there}
    for door in there:
        assert 401 == (await knock(s, door, x_ms_client_principal=FORGED)).status, door


@both(stage=OFF)
async def test_without_pages_there_is_no_door_to_them(s: Scene) -> None:
    """Not even one that is closed."""
    assert [] == [door for door in doors(UI="off") if door.path.startswith("api/ui")]
    for door in doors():
        if door.path.startswith("api/ui"):
            key = engine.FUNCTION_KEY
            assert 404 == (await knock(s, door, x_functions_key=key)).status, door


SIGN_IN = Door("SignIn", "POST", "api/ui-signin")
HOME = Door("Pages", "GET", "api/ui")


@both(stage=KEYS)
async def test_a_key_typed_once_opens_the_pages(s: Scene) -> None:
    """It opens no API. No page and no log line shows key or session, and signing out ends it."""
    browser = await Browser.signed_in(s.session, s.door, engine.FUNCTION_KEY)
    seen = await browser.get()
    assert (200, True) == (seen.status, "Sign out" in seen.words)
    assert (
        401 == (await knock(s, Door("Pushes", "GET", "api/pushes"), cookie=browser.cookie)).status
    )
    for secret in (engine.FUNCTION_KEY, browser.cookie.partition("=")[2]):
        assert secret not in s.log() + seen.text
    left = await browser.post("/api/ui/signout", seen.form("/api/ui/signout"))
    assert (303, "/api/ui") == (left.status, left.where)


@both(stage=KEYS)
async def test_the_cookie_is_for_the_pages_of_this_browser_alone(s: Scene) -> None:
    """Neither scripts nor other sites nor the rest of the app get it."""
    shown = {"x_functions_key": engine.FUNCTION_KEY, "sec_fetch_site": "same-origin"}
    heard = await knock(s, SIGN_IN, **shown)
    assert (204, "") == (heard.status, heard.text)
    attributes = heard.headers["Set-Cookie"].lower().split("; ")[1:]
    given = {"httponly", "samesite=strict", "path=/api/ui", "max-age=3600"}
    assert given == set(attributes)  # and Secure, but on this machine


@both(stage=KEYS)
async def test_a_form_of_another_site_does_nothing(s: Scene) -> None:
    """Whatever token it has."""
    browser = await Browser.signed_in(s.session, s.door, engine.FUNCTION_KEY)
    fields = (await browser.get()).form("/api/ui/signout")
    other = await Browser.signed_in(s.session, s.door, engine.FUNCTION_KEY)
    assert 403 == (await other.post("/api/ui/signout", fields)).status
    assert 403 == (await browser.post("/api/ui/signout", {})).status
    leave = Door("PageForms", "POST", "api/ui/signout")
    assert 403 == (await knock(s, leave, cookie=browser.cookie, sec_fetch_site="cross-site")).status


@both(stage=KEYS)
async def test_who_is_nobody_is_asked_to_sign_in_where_he_is(s: Scene) -> None:
    """By a page that shows nothing of what is behind it, under the same headers as each page."""
    await s.insist(s.event(), "eastus", code=engine.FUNCTION_KEY)
    heard = await knock(s, Door("Pages", "GET", f"api/ui/pushes/{s.push_id()}"))
    assert (401, True) == (heard.status, "x-functions-key" not in heard.text)
    assert s.repository not in heard.text
    known = await Browser.signed_in(s.session, s.door, engine.FUNCTION_KEY)
    page = await knock(s, HOME, cookie=known.cookie)
    for name in ("Content-Security-Policy", "X-Frame-Options", "Referrer-Policy", "Cache-Control"):
        assert page.headers[name] == heard.headers[name]


async def test_a_session_ends_after_an_hour() -> None:
    """However often it was used."""
    async with world() as w:
        browser = await Browser.signed_in(w.session, w.host.url)
        await asyncio.sleep(3_590)
        assert 200 == (await browser.get()).status
        await asyncio.sleep(11)
        assert 401 == (await browser.get()).status


@engine_only(stage=MORTAL)
async def test_a_session_outlives_its_process_and_holds_on_other_instances(s: Scene) -> None:
    """Each is given the same secret by its host."""
    assert isinstance(s.host, engine.Host)
    browser = await Browser.signed_in(s.session, s.door, engine.FUNCTION_KEY)
    other = s.host.another()
    await other.start()
    try:
        there = Browser(s.session, other.url, browser.cookie)
        assert 200 == (await there.get()).status
    finally:
        other.kill()
    assert s.host.kill_python()

    async def is_back() -> bool:
        return (await knock(s, HOME, cookie=browser.cookie)).status == 200

    await s.eventually(is_back)
