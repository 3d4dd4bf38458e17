"""Who may come in, by which door; on both hosts, with keys that are asked for."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from acr_global.functions.app import build_app
from acr_global_rig import engine
from tests.e2e.scene import Scene, Stage, both, engine_only

KEYS = Stage(auth=True)
BY_APP_SERVICE = Stage({"UI": "app-service"}, auth=True)
OFF = Stage({"UI": "off"}, auth=True)

OPEN = {
    "Health": "a platform asks it, and it shows no value",
    "SignInScript": "it is the same for everybody",
    "PageAssets": "they are, too, and the page to sign in with needs them",
}
"""The functions that answer anybody, and why they may."""

NAMED = {"PageAssets": "style.css"}
"""What is put into a route where not anything will do."""

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
            name = NAMED.get(function.get_function_name(), "x")
            path = re.sub(r"\{[^}]*\}", name, trigger["route"])
            for method in trigger["methods"]:
                yield Door(function.get_function_name(), method.value, f"api/{path}")


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
    there = [door for door in doors() if door.function not in OPEN]
    assert {"ImagePush", "Pushes", "RetryPush", "SignOut"} < {door.function for door in there}
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
    there = [door for door in doors() if door.function in OPEN]
    assert {*OPEN} == {door.function for door in there}
    assert dict.fromkeys(there, "GET") == {door: door.method for door in there}
    assert dict.fromkeys(there, 200) == {door: (await knock(s, door)).status for door in there}


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


SIGN_IN = Door("SignIn", "POST", "api/ui/session")
SIGN_OUT = Door("SignOut", "POST", "api/ui/signout")


async def signed_in(s: Scene, key: str = engine.FUNCTION_KEY) -> str:
    """A session for a key, as a cookie."""
    shown = {"x_functions_key": key, "sec_fetch_site": "same-origin"}
    heard = await knock(s, SIGN_IN, **shown)
    assert (204, "") == (heard.status, heard.text)
    cookie, *attributes = heard.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/api/ui"} < set(attributes)
    return cookie


@both(stage=KEYS)
async def test_a_key_typed_once_opens_a_session(s: Scene) -> None:
    """No answer and no log line shows key or session."""
    cookie = await signed_in(s)
    heard = await knock(s, SIGN_OUT, cookie=cookie, sec_fetch_site="same-origin")
    assert 403 == heard.status  # a form's token is missing; the session is not
    assert 401 == (await knock(s, Door("Pushes", "GET", "api/pushes"), cookie=cookie)).status
    for secret in (engine.FUNCTION_KEY, cookie.partition("=")[2]):
        assert secret not in s.log() + heard.text


@engine_only(stage=KEYS)
async def test_a_session_outlives_its_process_and_holds_on_other_instances(s: Scene) -> None:
    """Each is given the same secret by its host."""
    assert isinstance(s.host, engine.Host)
    cookie = await signed_in(s)
    other = s.host.another()
    await other.start()
    try:
        there = Scene(other.url, s.session, s.board, s.spans)
        assert 403 == (await knock(there, SIGN_OUT, cookie=cookie)).status
    finally:
        other.kill()
    assert s.host.kill_python()

    async def is_back() -> bool:
        return (await knock(s, SIGN_OUT, cookie=cookie)).status == 403

    await s.eventually(is_back)
