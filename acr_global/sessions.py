"""Who looks at the pages: the session that a key has opened, the principal that App Service names,
and the token that each form carries. Pure.

A session is a cookie and nothing else: an id, its end, and an HMAC of both. It is checked without a
look into storage, by each instance of the app, because all of them are given the same secret.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from acr_global.urls import is_loopback, split_url

LIFE = timedelta(hours=1)
"""Of a session, from the key to the end. Nothing makes it longer: nobody can be asked whether the
key is still valid, so this is how long it outlives its withdrawal."""

COOKIE = "acr-global-session"
PATH = "/api/ui"
"""Of the cookie: it goes to the pages only."""

MAX_PRINCIPAL_CHARS = 65_536
"""Of its base64 form; a person in hundreds of groups has some tens of thousands."""

ENTRA = "aad"
"""The identity provider that is trusted to know whom an operator lets in. Others that App Service
has, such as Google, know everybody."""

_IDS = (
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
    "oid",
    "sub",
)
_NAMES = (
    "preferred_username",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
    "name",
)
"""Claims, the first that is there counts. Source: learn.microsoft.com/azure/app-service/
configure-authentication-user-identities, `Decode the client principal header`."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a cookie says, once its HMAC has been checked."""

    id: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """Who App Service says it is."""

    id: str
    name: str | None


def signing_key(secret: str) -> bytes:
    """The key that signs, from a secret that all instances know. Another secret is another key, and
    ends every session."""
    return hmac.digest(secret.encode(), b"acr-global pages, key 1", "sha256")


def open_session(now: datetime) -> Session:
    """A new session, which ends in LIFE."""
    return Session(secrets.token_hex(16), now + LIFE)


def written(key: bytes, session: Session) -> str:
    """The cookie's value."""
    text = f"{session.id}.{int(session.ends.timestamp())}"
    return f"{text}.{_sign(key, 'session', text)}"


def read(key: bytes, cookies: str, now: datetime) -> Session | None:
    """The session in a Cookie header; None without one that is ours and still lasts.

    Of several cookies of that name the first valid one counts: a neighbour under the same domain
    could have set another.
    """
    return next((s for text in _values(cookies) if (s := _read(key, text, now))), None)


def _values(cookies: str) -> Iterator[str]:
    for pair in cookies.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            yield value


def _read(key: bytes, value: str, now: datetime) -> Session | None:
    text, _, signature = value.rpartition(".")
    if not is_same(signature, _sign(key, "session", text)):
        return None
    name, _, ends = text.partition(".")
    session = Session(name, datetime.fromtimestamp(int(ends), UTC))  # as we have signed it
    return session if now < session.ends else None


def set_cookie(value: str, life: timedelta, *, secure: bool) -> str:
    """The Set-Cookie header. A life of 0 takes the cookie away."""
    plain = f"{COOKIE}={value}; Path={PATH}; Max-Age={int(life.total_seconds())}"
    return plain + "; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")


def is_secure(url: str) -> bool:
    """Whether the cookie is for https only: everywhere but on this machine."""
    return not (url.startswith("http:") and is_loopback(split_url(url).host))


def form_token(key: bytes, visitor: str) -> str:
    """What a form of this visitor's carries: no other site can know it."""
    return _sign(key, "form", visitor)


def is_same_origin(url: str, headers: Mapping[str, str]) -> bool:
    """Whether a request that changes something comes from one of our own pages, as its browser
    says. Every browser says either of the two with a POST.

    Source: developer.mozilla.org/docs/Web/HTTP/Reference/Headers, Sec-Fetch-Site and Origin.
    """
    if site := headers.get("sec-fetch-site"):
        return site == "same-origin"
    try:
        return split_url(headers.get("origin", "")).origin == split_url(url).origin
    except ValueError:
        return False


def read_principal(header: str) -> Principal | None:
    """Whoever App Service has let in by Entra ID; None where it names nobody, or not so."""
    if len(header) > MAX_PRINCIPAL_CHARS:
        return None
    try:
        found = json.loads(base64.b64decode(header, validate=True))
        if found["auth_typ"] != ENTRA:
            return None
        claims = {claim["typ"]: claim["val"] for claim in reversed(found["claims"])}
    except (binascii.Error, ValueError, TypeError, KeyError, RecursionError):
        return None
    known = next((claims[name] for name in _IDS if claims.get(name)), None)
    name = next((claims[name] for name in _NAMES if claims.get(name)), None)
    return Principal(str(known), str(name) if name else None) if known else None


def _sign(key: bytes, purpose: str, text: str) -> str:
    digest = hmac.digest(key, f"{purpose}\n{text}".encode(errors="replace"), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_same(given: str, wanted: str) -> bool:
    """Whether two texts are the same, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())
