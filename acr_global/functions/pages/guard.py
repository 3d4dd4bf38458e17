"""Who may see the pages. Each function of a page, and of what a page's form does, begins with it:

    found = visitor(req, setup, client)
    if not isinstance(found, Visitor):
        return found

Their routes are anonymous at the host, which knows keys only and wants one in each request; a
browser shows none when it follows a link. So the host is asked once, by a route that it guards
(http/sign_in.py), and what it has let through is given a session (sessions.py).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, quote

import azure.functions as func

from acr_global import sessions
from acr_global.functions import clock, log
from acr_global.functions.durable import sdk
from acr_global.functions.pages import browsers, entrance
from acr_global.functions.setup import Setup
from acr_global.settings import app_service_signs_in
from acr_global.urls import split_url

HOME = sessions.PATH
TOKEN_FIELD = "csrf"  # noqa: S105 - the name of a form's field
SIGN_OUT = "signout"
"""Below HOME: the form that ends a session."""
MAX_FORM_BYTES = 16_384

LOG_IN = "/.auth/login/aad"
LOG_OUT = "/.auth/logout"
"""Source: learn.microsoft.com/azure/app-service/configure-authentication-customize-sign-in-out."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may see the pages, and do what their forms do."""

    csrf: str
    """The value of the field TOKEN_FIELD in each form that posts."""
    name: str | None = None
    """Who App Service says it is; None where a key was shown, which has no name."""
    log_out: str | None = None
    """Where a link leads that signs out; None where a form does, posted to SIGN_OUT."""


def visitor(request: func.HttpRequest, setup: Setup, client: str) -> Visitor | func.HttpResponse:
    """Who asks; or the answer to somebody who may not. `client`: the function's durable client.

    Raises nothing, and asks nobody. For any method but GET and HEAD it also checks that one of our
    own forms was posted, of this visitor's. The answers:

        401   nobody who may: the page to sign in with, at the address that was asked for, so that
              it needs no way back; to a script's fetch as well, which then loads its page anew
        302   nobody who may, where App Service signs in: to there, and back to this address
        403   somebody who may, but not by a form of ours
        503   the host gives the app no secret to sign with
    """
    key = key_of(client)
    if key is None:
        return without_secret()
    if setup.loaded.settings.ui == "app-service":
        found = _by_principal(request, setup.environ, key)
    else:
        found = _by_session(request, key)
    if not isinstance(found, Visitor) or request.method in ("GET", "HEAD"):
        return found
    if not _is_ours(request, found):
        log.line("form-refused", level=logging.WARNING, path=split_url(request.url).path)
        return entrance.plain(403, "No form of these pages sent this. Go back, load the page anew.")
    log.line("form-sent", path=split_url(request.url).path, visitor=found.name)
    return found


def key_of(client: str) -> bytes | None:
    """What signs sessions and forms: made of the system key that the host gives with each durable
    client binding, in the URLs of the engine's own API. None where there is none.

    All instances of an app are given the same, it survives restarts, and no visitor sees it (its
    holder can read, end and remove each push by that API anyhow). Source: azure-functions-host,
    DefaultScriptWebHookProvider.cs (`durabletask_extension`).
    """
    query = split_url(sdk.keyed_url(client)).query
    secret = parse_qs(query).get("code", [""])[0]
    return sessions.signing_key(secret) if secret else None


def without_secret() -> func.HttpResponse:
    """The answer where sessions cannot be signed."""
    return entrance.plain(503, "This host gives the app no secret to sign sessions with.")


def _by_session(request: func.HttpRequest, key: bytes) -> Visitor | func.HttpResponse:
    session = sessions.read(key, request.headers.get("cookie", ""), clock.utcnow())
    if session is None:
        return entrance.page(request)
    return Visitor(sessions.form_token(key, session.id))


def _by_principal(
    request: func.HttpRequest, environ: Mapping[str, str], key: bytes
) -> Visitor | func.HttpResponse:
    if not app_service_signs_in(environ):
        return entrance.plain(401, "App Service Authentication is not on: see docs/pages.md.")
    principal = sessions.read_principal(request.headers.get("x-ms-client-principal", ""))
    if principal is not None:
        token = sessions.form_token(key, principal.id)
        return Visitor(token, principal.name, f"{LOG_OUT}?post_logout_redirect_uri={HOME}")
    if request.method == "GET" and request.headers.get("sec-fetch-mode") in (None, "navigate"):
        way = f"{LOG_IN}?post_login_redirect_uri={quote(_here(request.url), safe='')}"
        return func.HttpResponse(status_code=302, headers={"Location": way} | browsers.HEADERS)
    return entrance.plain(401, "Nobody is signed in. Load the page anew.")


def sign_in(request: func.HttpRequest, client: str) -> func.HttpResponse:
    """204 with the cookie, to somebody whose key the host has compared."""
    key = key_of(client)
    if key is None:
        return without_secret()
    if "code" in request.params:
        return entrance.plain(400, "A key does not belong into an address, where logs keep it.")
    if not sessions.is_same_origin(request.url, request.headers):
        return entrance.plain(403, "Only the page to sign in with may ask for a session.")
    log.line("signed-in", way="key")
    value = sessions.written(key, sessions.open_session(clock.utcnow()))
    return func.HttpResponse(status_code=204, headers=_cookie(request, value, sessions.LIFE))


def sign_out(request: func.HttpRequest) -> func.HttpResponse:
    """303 to the pages, without the cookie, so that they ask for a key."""
    headers = _cookie(request, "", timedelta(0)) | {"Location": HOME}
    return func.HttpResponse(status_code=303, headers=headers)


def _cookie(request: func.HttpRequest, value: str, life: timedelta) -> dict[str, str]:
    cookie = sessions.set_cookie(value, life, secure=sessions.is_secure(request.url))
    return {"Set-Cookie": cookie} | browsers.HEADERS


def _is_ours(request: func.HttpRequest, found: Visitor) -> bool:
    given = form(request).get(TOKEN_FIELD, "")
    return sessions.is_same_origin(request.url, request.headers) and sessions.is_same(
        given, found.csrf
    )


def form(request: func.HttpRequest) -> dict[str, str]:
    """The fields of a form that was posted, each once; nothing of a body that is none."""
    body = request.get_body()
    if len(body) > MAX_FORM_BYTES:
        return {}
    fields = parse_qs(body.decode(errors="replace"))
    return {name: values[-1] for name, values in fields.items()}


def _here(url: str) -> str:
    """The address that was asked for, on this app: path and query only, whatever host was named."""
    parts = split_url(url)
    return "/" + parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
