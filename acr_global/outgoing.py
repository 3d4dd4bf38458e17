"""Sessions and requests to other hosts, in the shell: every one of ours is made here.

Of the environment only proxies are taken, as proxies.py says. Credentials never are: where a
library is told to trust the environment it also reads `.netrc`, and sends what it finds there to
whatever host is asked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypedDict

import aiohttp
from yarl import URL

from acr_global import proxies
from acr_global.headers import EVERYWHERE, basic
from acr_global.urls import split_userinfo

HEAD_BYTES = 65_536
"""Of one line in an answer's head, at most; the library's own limit is 8,190."""


class Route(TypedDict, total=False):
    """What the HTTP library is to be told about a request's way."""

    proxy: URL
    proxy_headers: dict[str, str]
    """For the proxy alone; the receiver does not see them."""


def new_session(
    *,
    timeout: aiohttp.ClientTimeout | None = None,
    connector: aiohttp.BaseConnector | None = None,
    decompress: bool = True,
) -> aiohttp.ClientSession:
    """A session without cookies. Call it in a running event loop, and close it.

    A connector that is given stays the caller's. Without `decompress` bodies are left as they
    come, and asked for as they are: a request that says nothing of codings accepts any of them
    (RFC 9110 12.5.3).
    """
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=connector is None,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=EVERYWHERE if decompress else EVERYWHERE | {"accept-encoding": "identity"},
        timeout=timeout or aiohttp.ClientTimeout(),
        auto_decompress=decompress,
        max_line_size=HEAD_BYTES,
        max_field_size=HEAD_BYTES,
    )


def request(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    **more: Any,
) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    """One request, through the proxy that is set for its URL; redirects are not followed.

    The URL goes out as it is written: a query that is itself signed must not be put in another
    form. Only a user and password in it become a header, beside which there must be no other
    Authorization. Raises ProxyError, and what the library raises; `more` is the library's.
    """
    way, for_proxy = route(url)
    url, userinfo = split_userinfo(url)
    authorization = basic(userinfo or "")
    own = {"authorization": authorization} if authorization else {}
    return session.request(
        method,
        URL(url, encoded=True),
        headers={**own, **headers, **for_proxy},
        allow_redirects=False,
        **way,
        **more,
    )


def route(url: str) -> tuple[Route, dict[str, str]]:
    """The way of a request, and the headers that it must itself carry on it. Raises ProxyError.

    A request in clear is handed to the proxy as it is, with what is meant for the proxy in it;
    for TLS the proxy is first asked for a tunnel.
    """
    proxy = proxies.proxy_for(url, os.environ)
    if proxy is None:
        return {}, {}
    shown = {"proxy-authorization": proxy.authorization} if proxy.authorization else {}
    if url.lower().startswith("https:"):
        return {"proxy": URL(proxy.url), "proxy_headers": shown}, {}
    return {"proxy": URL(proxy.url)}, shown
