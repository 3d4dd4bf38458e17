"""What an operator may see of a request: everything that is not secret. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from acr_global.notify.notice import Notice
from acr_global.notify.target import LibraryTarget, Target
from acr_global.secret import SecretRef
from acr_global.urls import split_url

MASK = "***"
_HIDDEN = frozenset({"authorization", "webhook-signature"})
"""Headers masked in previews: with the signature anyone could send the bytes for some minutes."""


def preview(message: Notice, target: Target, environ: Mapping[str, str], now: datetime) -> str:
    """The exact request as text, with everything secret masked. Raises RenderError."""
    request = target.render(message, environ, now)
    own = {name.lower() for name in getattr(target, "headers", ())}
    head = [
        f"{name}: {MASK if name in _HIDDEN | own else value}" for name, value in request.headers
    ]
    first = f"{request.method} {masked_url(request.url, target)}"
    return "\n".join([first, *head, "", request.body.decode()])


def masked_url(url: str, target: Target) -> str:
    """Scheme and host, and the path where it is not secret; never a user or a query."""
    if isinstance(target, LibraryTarget):
        return f"{url.partition('://')[0]}://{MASK}"
    parts = split_url(url)
    user = "" if parts.userinfo is None else f"{MASK}@"
    hidden = target.url_is_secret or isinstance(target.url, SecretRef)
    path = f"/{MASK}" if hidden else parts.path + (f"?{MASK}" if parts.query else "")
    return f"{parts.scheme}://{user}{parts.place}{path}"
