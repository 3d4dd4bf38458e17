"""Headers of requests to other hosts: what each carries, and what a URL's user becomes. Pure."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import unquote_to_bytes

EVERYWHERE = {"user-agent": "acr-global/1", "accept": "*/*"}
"""What gateways expect of every request. Source: the OWASP core rule set, 920300 and 920320:
without one of them a request looks like an attack."""


def basic(userinfo: str) -> str | None:
    """`user:password`, percent-encoded → Basic credentials: decoded once, and no more.

    Raw characters count as UTF-8 (RFC 7617 2.1), encoded ones are the bytes that they say.
    """
    user, _, password = userinfo.partition(":")
    if not user and not password:
        return None
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return "Basic " + b64encode(pair).decode()
