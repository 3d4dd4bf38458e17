"""Who may see the pages: each answer of the guard, and the whole way from key to sign-out."""

from __future__ import annotations

import json
import logging

import azure.functions as func
import pytest

from acr_global import sessions
from acr_global.functions import clock
from acr_global.functions.durable.journal import Journal
from acr_global.functions.pages import guard
from acr_global.functions.pages.guard import Visitor, visitor
from acr_global.functions.records.ledgers import in_memory
from acr_global.functions.setup import Announcement, Setup
from acr_global.settings import load_settings
from tests.test_sessions import principal

URL = "https://app.example/api/ui/pushes?state=overdue"
AT_HOME = {"Sec-Fetch-Site": "same-origin"}
IS_ON = {"WEBSITE_AUTH_ENABLED": "True"}


def client(query: str = "?taskHub=H&connection=Storage&code=a-system-key") -> str:
    """A durable client's binding, as far as it is asked here, of either release of the SDK."""
    base = "https://app.example/runtime/webhooks/durabletask"
    urls = {"statusQueryGetUri": f"{base}/instances/INSTANCEID{query}"}
    given = {
        "managementUrls": urls,
        "taskHubName": "H",
        "httpBaseUrl": base,
        "requiredQueryStringParameters": query.removeprefix("?"),
    }
    return json.dumps(given)


KEY = guard.key_of(client())
assert KEY


def setup(ui: str = "key", **environ: str) -> Setup:
    """What an app with this setting was built with."""
    loaded = load_settings({"ACR_GLOBAL_REGIONS": "eastus", "ACR_GLOBAL_UI": ui})
    return Setup(loaded, environ, Announcement(loaded), Journal(), in_memory())


def request(method: str = "GET", body: str = "", **headers: str) -> func.HttpRequest:
    """A request to one of the pages; names of headers with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return func.HttpRequest(method=method, url=URL, headers=named, body=body.encode())


def cookie() -> str:
    """That of a session that has just begun."""
    assert KEY
    value = sessions.written(KEY, sessions.open_session(clock.utcnow()))
    return f"{sessions.COOKIE}={value}"


def refused(found: Visitor | func.HttpResponse) -> func.HttpResponse:
    """The answer to somebody who may not see the pages; it is kept nowhere."""
    assert isinstance(found, func.HttpResponse)
    assert "no-store" == found.headers["Cache-Control"]
    return found


def let_in(found: Visitor | func.HttpResponse) -> Visitor:
    """The visitor."""
    assert isinstance(found, Visitor), found.status_code
    return found


def text(answer: func.HttpResponse) -> str:
    """An answer's body."""
    return answer.get_body().decode()


def test_a_session_lets_in() -> None:
    """With a token for its forms; it has no name, and signs out by a form."""
    found = let_in(visitor(request(cookie=cookie()), setup(), client()))
    assert (None, None) == (found.name, found.log_out)
    assert found.csrf


def test_nobody_is_asked_to_sign_in_where_he_is() -> None:
    """The page goes on at its own address, so that none needs to be trusted."""
    answer = refused(visitor(request(), setup(), client()))
    assert (401, "text/html") == (answer.status_code, answer.mimetype)
    assert 'data-then=""' in text(answer)
    assert "overdue" not in text(answer)


def test_a_link_from_elsewhere_is_followed_once_more() -> None:
    """The browser holds the cookie back until the step comes from the page itself."""
    for site, again in [("cross-site", "1"), ("same-site", "1"), ("none", ""), ("same-origin", "")]:
        answer = refused(visitor(request(sec_fetch_site=site), setup(), client()))
        assert f'data-again="{again}"' in text(answer), site


def test_a_form_of_somebody_whose_session_has_ended_leads_to_the_pages() -> None:
    """What it asked for is not done later, unasked."""
    answer = refused(visitor(request("POST", "csrf=x", **AT_HOME), setup(), client()))
    assert 401 == answer.status_code
    assert 'data-then="/api/ui"' in text(answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_whatever_changes_something_needs_a_form_of_ours(method: str) -> None:
    """The token of this visitor, posted by one of our pages."""
    there = cookie()
    token = let_in(visitor(request(cookie=there), setup(), client())).csrf
    others = let_in(visitor(request(cookie=cookie()), setup(), client())).csrf

    def status(body: str, **headers: str) -> int | None:
        found = visitor(request(method, body, cookie=there, **headers), setup(), client())
        return found.status_code if isinstance(found, func.HttpResponse) else None

    assert status(f"csrf={token}", sec_fetch_site="same-origin") is None
    assert status(f"a=b&csrf={token}&c=d", origin="https://app.example") is None
    assert 403 == status(f"csrf={token}", sec_fetch_site="cross-site")
    assert 403 == status(f"csrf={token}")
    assert 403 == status(f"csrf={others}", sec_fetch_site="same-origin")
    assert 403 == status("", sec_fetch_site="same-origin")
    assert 403 == status(f"csrf={token}&pad={'x' * 20_000}", sec_fetch_site="same-origin")


@pytest.mark.parametrize("query", ["", "?code=", "?taskHub=H"])
def test_without_a_secret_nobody_is_let_in(query: str) -> None:
    """Whatever he shows: a key that everybody knows would sign it."""
    found = visitor(request(cookie=cookie()), setup(), client(query))
    assert 503 == refused(found).status_code
    assert 503 == refused(guard.sign_in(request("POST", **AT_HOME), client(query))).status_code


def test_an_engine_without_management_urls_gives_no_secret() -> None:
    """An extension might send none."""
    nothing = json.loads(client("")) | {"managementUrls": {}}
    assert guard.key_of(json.dumps(nothing)) is None


def by_app_service(
    header: str, environ: dict[str, str], **more: str
) -> Visitor | func.HttpResponse:
    """What a principal in a header becomes."""
    given = request(x_ms_client_principal=header, **more)
    return visitor(given, setup("app-service", **environ), client())


def test_whom_app_service_names_is_let_in() -> None:
    """By name; signing out is App Service's, too."""
    found = let_in(by_app_service(principal(), IS_ON))
    assert "ada@contoso.com" == found.name
    assert "/.auth/logout?post_logout_redirect_uri=/api/ui" == found.log_out


@pytest.mark.parametrize("said", ["", "False", "0", "1", "yes"])
def test_a_principal_counts_for_nothing_where_app_service_is_not_known_to_be_on(said: str) -> None:
    """Anybody can send that header then."""
    environ = {"WEBSITE_AUTH_ENABLED": said} if said else {}
    assert 401 == refused(by_app_service(principal(), environ)).status_code


def test_a_principal_counts_for_nothing_where_keys_are_asked_for() -> None:
    """Also where App Service Authentication is on, for other reasons."""
    asked = request(x_ms_client_principal=principal())
    assert 401 == refused(visitor(asked, setup("key", **IS_ON), client())).status_code


def test_a_session_counts_for_nothing_where_app_service_signs_in() -> None:
    """There is one way in."""
    assert 302 == refused(by_app_service("", IS_ON, cookie=cookie())).status_code


def test_nobody_is_sent_to_app_service_and_back() -> None:
    """To the address that was asked for, on this app."""
    answer = refused(by_app_service("", IS_ON, sec_fetch_mode="navigate"))
    assert 302 == answer.status_code
    back = "%2Fapi%2Fui%2Fpushes%3Fstate%3Doverdue"
    assert f"/.auth/login/aad?post_login_redirect_uri={back}" == answer.headers["Location"]


def test_a_script_is_told_that_nobody_is_signed_in() -> None:
    """It could not follow to another site."""
    assert 401 == refused(by_app_service("", IS_ON, sec_fetch_mode="cors")).status_code


def test_a_principal_s_form_needs_its_token_too() -> None:
    """App Service's cookie goes along from other sites."""
    app = setup("app-service", **IS_ON)
    token = let_in(by_app_service(principal(), IS_ON)).csrf
    head = {"x_ms_client_principal": principal(), "sec_fetch_site": "same-origin"}
    let_in(visitor(request("POST", f"csrf={token}", **head), app, client()))
    answer = visitor(request("POST", "csrf=guess", **head), app, client())
    assert 403 == refused(answer).status_code


def test_signing_in_gives_a_session() -> None:
    """The host has compared the key by then; no body, no redirect."""
    answer = refused(guard.sign_in(request("POST", sec_fetch_site="same-origin"), client()))
    assert (204, b"") == (answer.status_code, answer.get_body())
    given, _, attributes = answer.headers["Set-Cookie"].partition(";")
    assert "; Secure" in attributes
    let_in(visitor(request(cookie=given), setup(), client()))


def test_another_site_cannot_sign_anybody_in() -> None:
    """Where a host asks for no key, it could."""
    asked = request("POST", sec_fetch_site="cross-site")
    assert 403 == refused(guard.sign_in(asked, client())).status_code


def test_a_key_in_an_address_opens_nothing() -> None:
    """The host would take it there; logs would keep it."""
    url = "https://app.example/api/ui-signin"
    query = {"code": "a-key"}
    asked = func.HttpRequest(method="POST", url=url, params=query, headers=AT_HOME, body=b"")
    assert 400 == refused(guard.sign_in(asked, client())).status_code


def test_the_log_says_who_has_sent_a_form(caplog: pytest.LogCaptureFixture) -> None:
    """It also says that one was refused; of a key's session nothing is known but that."""
    caplog.set_level(logging.INFO)
    token = let_in(by_app_service(principal(), IS_ON)).csrf
    head = {"x_ms_client_principal": principal(), "sec_fetch_site": "same-origin"}
    app = setup("app-service", **IS_ON)
    let_in(visitor(request("POST", f"csrf={token}", **head), app, client()))
    refused(visitor(request("POST", "csrf=x", **head), app, client()))
    sent, rejected = caplog.messages
    assert 'form-sent {"path": "/api/ui/pushes", "visitor": "ada@contoso.com"}' == sent
    assert 'form-refused {"path": "/api/ui/pushes"}' == rejected


def test_signing_out_takes_the_cookie_away() -> None:
    """It leads to the pages, which ask for a key again."""
    answer = refused(guard.sign_out(request("POST")))
    assert (303, "/api/ui") == (answer.status_code, answer.headers["Location"])
    assert answer.headers["Set-Cookie"].startswith(f"{sessions.COOKIE}=; Path=/api/ui; Max-Age=0;")
