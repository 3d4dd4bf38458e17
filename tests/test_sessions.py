"""Sessions, form tokens and principals: what is let in, and what looks like it and is not."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global import sessions
from acr_global.sessions import COOKIE, LIFE, Principal, Session

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
KEY = sessions.signing_key("a system key")
OTHER = sessions.signing_key("another system key")
SESSION = Session("0123", NOW + LIFE)
COOKIES = f"{COOKIE}={sessions.written(KEY, SESSION)}"


def test_a_session_is_read_as_it_was_written() -> None:
    """By whoever has the key: no instance needs to have opened it."""
    assert SESSION == sessions.read(KEY, COOKIES, NOW)


def test_each_session_has_an_id_of_its_own() -> None:
    """So form tokens of one do not fit another."""
    assert sessions.open_session(NOW).id != sessions.open_session(NOW).id
    assert NOW + LIFE == sessions.open_session(NOW).ends


@pytest.mark.parametrize(("late", "lasts"), [(-1, True), (0, False), (1, False)])
def test_a_session_ends_at_its_end(late: int, lasts: bool) -> None:
    """Whatever the browser does with the cookie."""
    found = sessions.read(KEY, COOKIES, NOW + LIFE + timedelta(seconds=late))
    assert lasts == (found is not None)


def test_another_secret_ends_every_session() -> None:
    """That is how all are ended at once."""
    assert sessions.read(OTHER, COOKIES, NOW) is None


@pytest.mark.parametrize(
    "cookies",
    [
        "",
        COOKIE,
        f"{COOKIE}=",
        f"{COOKIE}=..",
        f"{COOKIE}=0123.9999999999",
        f"{COOKIE}=0123.9999999999.",
        f"other={sessions.written(KEY, SESSION)}",
        f"{COOKIES}x",
        COOKIES.replace("0123", "0124"),
        COOKIES.replace(str(int(SESSION.ends.timestamp())), "9999999999"),
        f"{COOKIE}=0123.9999999999.{sessions.form_token(KEY, '0123.9999999999')}",
        f"{COOKIE}=\udc80\u20ac",
    ],
)
def test_a_cookie_that_is_not_ours_opens_nothing(cookies: str) -> None:
    """Not one that was altered, and not one that is signed as something else."""
    assert sessions.read(KEY, cookies, NOW) is None


@given(st.text())
def test_no_text_opens_a_session(text: str) -> None:
    """None raises either."""
    assert sessions.read(KEY, f"{COOKIE}={text}", NOW) is None


def test_the_valid_one_of_two_cookies_counts() -> None:
    """A neighbour under the same domain may have set one of the same name."""
    assert SESSION == sessions.read(KEY, f"a=b; {COOKIE}=theirs;{COOKIES}; c=d", NOW)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites() -> None:
    """It goes to the pages alone, and not in clear."""
    assert (
        f"{COOKIE}=v; Path=/api/ui; Max-Age=3600; HttpOnly; SameSite=Strict; Secure"
        == sessions.set_cookie("v", LIFE, secure=True)
    )
    assert "Secure" not in sessions.set_cookie("v", LIFE, secure=False)


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://app.azurewebsites.net/api/ui", True),
        ("http://app.azurewebsites.net/api/ui", True),
        ("https://localhost/api/ui", True),
        ("http://localhost:7071/api/ui", False),
        ("http://127.0.0.1:7071/api/ui", False),
        ("http://[::1]:7071/api/ui", False),
        ("http://localhost.example.com/api/ui", True),
    ],
)
def test_only_this_machine_needs_no_https(url: str, secure: bool) -> None:
    """Elsewhere a browser drops the cookie rather than show it in clear."""
    assert secure == sessions.is_secure(url)


def test_a_form_token_is_of_one_visitor_and_one_secret() -> None:
    """It is no cookie either."""
    token = sessions.form_token(KEY, "0123")
    assert token == sessions.form_token(KEY, "0123")
    assert token not in (sessions.form_token(KEY, "0124"), sessions.form_token(OTHER, "0123"))
    assert token not in COOKIES


URL = "https://app.example/api/ui/signout"


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "https://front.example"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://app.example"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "https://app.example"}, True),
        ({"origin": "https://app.example:443"}, True),
        ({"origin": "http://app.example"}, False),
        ({"origin": "https://app.example.evil.example"}, False),
        ({"origin": "https://app.example:8443"}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://["}, False),
        ({"referer": URL}, False),
        ({}, False),
    ],
)
def test_a_change_comes_from_a_page_of_ours(headers: dict[str, str], same: bool) -> None:
    """What the browser says of it first; where it says nothing, the origin. A front door may have
    changed the host, so the origin need not be ours where the browser says that it is."""
    assert same == sessions.is_same_origin(URL, headers)


OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def principal(**parts: Any) -> str:
    """A header, as App Service makes it, with some parts changed."""
    claims = [
        {"typ": "preferred_username", "val": "ada@contoso.com"},
        {"typ": OID, "val": "6e2b"},
        {"typ": OID, "val": "second"},
        {"typ": "groups", "val": "g1"},
    ]
    whole = {"auth_typ": "aad", "claims": claims, "name_typ": "n", "role_typ": "r"} | parts
    return base64.b64encode(json.dumps(whole).encode()).decode()


def test_a_principal_has_an_id_and_a_name() -> None:
    """The first claim of its kind counts."""
    assert Principal("6e2b", "ada@contoso.com") == sessions.read_principal(principal())


def test_a_principal_may_have_no_name() -> None:
    """An app has none."""
    claims = [{"typ": "sub", "val": "an-app"}]
    assert Principal("an-app", None) == sessions.read_principal(principal(claims=claims))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "ada@contoso.com",
        "e30=",
        "bnVsbA==",
        principal(auth_typ="google"),
        principal(claims=[]),
        principal(claims=None),
        principal(claims=[{"typ": OID}]),
        principal(claims=[{"typ": OID, "val": ""}]),
        principal(claims=["x"]),
        principal(claims=[{"typ": [], "val": "x"}]),
        base64.b64encode(b"[" * 40_000).decode(),
        base64.b64encode(b"\xff\xfe").decode(),
        principal(pad="x" * 100_000),
    ],
)
def test_a_header_that_names_nobody_lets_nobody_in(header: str) -> None:
    """One of a provider that knows everybody lets nobody in either."""
    assert sessions.read_principal(header) is None
