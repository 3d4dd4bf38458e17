"""What an operator may see of a request: everything that is not secret. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from acr_global.notify.notice import Notice
from acr_global.notify.target import LibraryTarget, Target
from acr_global.secret import SecretRef
from acr_global.urls import split_url

MASK = "***"
_HIDDEN = frozenset({"authorization", "webhook-signature"})
"""Headers masked in previews: with the signature anyone could send the bytes for some minutes."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A request with everything secret masked."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    """Names and values, in their order."""
    body: str

    def __str__(self) -> str:
        """As it goes over the wire, nearly."""
        head = [f"{name}: {value}" for name, value in self.headers]
        return "\n".join([f"{self.method} {self.url}", *head, "", self.body])


def preview(message: Notice, target: Target, environ: Mapping[str, str], now: datetime) -> Preview:
    """The exact request. Raises RenderError."""
    request = target.render(message, environ, now)
    hidden = _HIDDEN | {name.lower() for name in getattr(target, "headers", ())}
    return Preview(
        request.method,
        masked_url(request.url, target),
        tuple((name, MASK if name in hidden else value) for name, value in request.headers),
        request.body.decode(),
    )


def masked_url(url: str, target: Target) -> str:
    """Scheme and host, and the path where it is not secret; never a user or a query."""
    if isinstance(target, LibraryTarget):
        return f"{url.partition('://')[0]}://{MASK}"
    parts = split_url(url)
    user = "" if parts.userinfo is None else f"{MASK}@"
    hidden = target.url_is_secret or isinstance(target.url, SecretRef)
    path = f"/{MASK}" if hidden else parts.path + (f"?{MASK}" if parts.query else "")
    return f"{parts.scheme}://{user}{parts.place}{path}"
