"""What a browser is answered: HTML and what belongs to it, with the headers that every such answer
has.

Of a page the browser may keep nothing; but it may say what it has (ETag), and 304 is then all that
comes back while the page is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import azure.functions as func

HEADERS = {
    "Cache-Control": "no-store",
    # Nothing from elsewhere, nothing inline, and nobody may show a page of ours within one of his.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A form's Origin would be `null` with no-referrer, and could not be told from a stranger's.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer to a browser."""

A_YEAR = "public, max-age=31536000, immutable"


def html(text: str, status: int = 200) -> func.HttpResponse:
    """A page."""
    # What JSON can carry and UTF-8 cannot has been taken out by the templates.
    return func.HttpResponse(text, status_code=status, mimetype="text/html", headers=HEADERS)


def html_if_new(text: str, request: func.HttpRequest) -> func.HttpResponse:
    """A page; or 304, where the browser has just this one."""
    return if_new(text, request, "text/html", HEADERS)


def if_new(
    text: str, request: func.HttpRequest, kind: str, headers: Mapping[str, str]
) -> func.HttpResponse:
    """A text of this kind, with these headers; or 304, where it is known."""
    mark = f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'
    more = {**headers, "ETag": mark}
    # On its way an answer that is packed may get a weak mark. Source: RFC 9110, section 8.8.3.
    marks = (m.strip().removeprefix("W/") for m in _marks_in(request).split(","))
    if mark in marks:
        return func.HttpResponse(status_code=304, headers=more)
    return func.HttpResponse(text, mimetype=kind, headers=more)


def _marks_in(request: func.HttpRequest) -> str:
    return str(request.headers.get("if-none-match", ""))


def file(body: bytes, kind: str, *, keep: bool) -> func.HttpResponse:
    """A stylesheet or a script; `keep`: its address names its content, so it can be kept."""
    more = HEADERS | {"Content-Type": kind} | ({"Cache-Control": A_YEAR} if keep else {})
    return func.HttpResponse(body, headers=more)


def see_other(where: str) -> func.HttpResponse:
    """To another page, which is then asked for; so a form is not sent again by going back."""
    return func.HttpResponse(status_code=303, headers=HEADERS | {"Location": where})
