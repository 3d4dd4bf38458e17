"""Redirects: which are followed, and what may be shown of others. Pure.

GitHub answers 301, 302 or 307 where a repository has been renamed or moved, and asks that the
request be repeated as it is (docs.github.com/rest/using-the-rest-api/best-practices-for-using-
the-rest-api, `Follow redirects`); 308 says the same by RFC 9110 15.4.9. 303 asks for another
method. It is followed to the same scheme, host and port only: the request carries a token.

Others are not followed, as Standard Webhooks says: the operator changes the setting.
"""

from __future__ import annotations

import re

from acr_global.urls import resolve_url, split_url

MAX_HOPS = 3
"""Redirects that one attempt follows; a limit of our own. A repository's old name takes one."""
MAX_URL_CHARS = 2_000
"""Characters; a limit of our own. GitHub's URLs have fewer than 200."""

_FOLLOWED = frozenset({301, 302, 307, 308})
_REDIRECTS = _FOLLOWED | {303}
_SCHEMES = ("https", "http")
_PLACE = re.compile(r"[a-z0-9.-]+(?::[0-9]+)?|\[[0-9a-f:.]+\](?::[0-9]+)?", re.IGNORECASE)


def new_url(url: str, status: int, location: str | None) -> str | None:
    """Where an answer from `url` points, as a whole URL; None where it points nowhere usable."""
    if status not in _REDIRECTS or not location:
        return None
    if len(location) > MAX_URL_CHARS or not location.isascii() or not location.isprintable():
        return None
    try:
        new = resolve_url(url, location.strip())
        parts = split_url(new)
    except ValueError:
        return None
    return new if parts.scheme in _SCHEMES and parts.host and " " not in new else None


def may_follow(url: str, status: int, new: str) -> bool:
    """Whether the same request may be made there, for targets that follow redirects."""
    here, there = split_url(url), split_url(new)
    plain = there.userinfo is None and _PLACE.fullmatch(there.place) is not None
    return status in _FOLLOWED and plain and here.origin == there.origin
