"""The channel `apprise`: every other service, through the library apprise (an optional extra).

The library takes one URL per service, makes the request itself, and answers true or false.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from acr_global.model import Message, OutboundRequest, VerdictType
from acr_global.notify.words import (
    describe,
    facts,
    fit_lines,
    headline,
    missing_first,
    plain,
    shorten,
)
from acr_global.secret import resolve
from acr_global.targets import AppriseTarget

TITLE_CHARS = 250
"""Characters; the library's own default, which services may undercut: it cuts for them."""
BODY_CHARS = 8_000
"""Characters; ours. The library cuts further where a service takes less."""
LINE_CHARS = 600
"""Characters of one line; ours."""

_TALKATIVE = ("apprise", "urllib3")
"""Loggers whose lines show URLs and answers, and with them what is secret."""

_HERE = "localhost,127.0.0.0/8,169.254.0.0/16,0.0.0.0,::1,::"
"""What of proxies.stays_here can be said to requests."""

_TYPES = {
    VerdictType.COMPLETE: "success",
    VerdictType.OVERDUE: "failure",
    VerdictType.RECOVERED: "warning",
    VerdictType.INCOMPLETE: "failure",
}


def render(
    message: Message, target: AppriseTarget, secrets: Mapping[str, str], now: datetime
) -> OutboundRequest:
    """What the library is to be given: `title` and `type` stand in the headers."""
    title = shorten(headline(message, target.template), TITLE_CHARS)
    regions = [f"{plain(r.region)}: {describe(r)}" for r in missing_first(message.regions)]
    lines = regions + [f"{label}: {value}" for label, value in facts(message)]
    text = fit_lines([shorten(line, LINE_CHARS) for line in lines], BODY_CHARS)
    return OutboundRequest(
        url=resolve(target.url, secrets),
        headers=(("title", title), ("type", _TYPES[message.type])),
        body=text.encode(),
    )


def notify(request: OutboundRequest) -> bool | None:
    """Send it, blocking; None where the library does not understand the URL.

    Raises ImportError where the library is not installed.
    """
    _keep_to_what_was_given()
    import apprise

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    service = apprise.Apprise(asset=_in_this_thread(apprise.AppriseAsset))
    if not service.add(request.url):
        return None
    headers = dict(request.headers)
    return bool(
        service.notify(
            body=request.body.decode(),
            title=headers["title"],
            notify_type=headers["type"],
            body_format="text",
        )
    )


def _keep_to_what_was_given() -> None:
    """Tell the library that the services are built on, requests, by the environment that it reads.

    It would look up credentials in `.netrc` for whatever host is asked, and ask for this machine
    through a proxy. (Both can be said to a session only, and services make their own.)
    """
    os.environ["NETRC"] = os.devnull
    name = "no_proxy" if os.environ.get("no_proxy") else "NO_PROXY"
    listed = os.environ.get(name, "")
    if listed.strip() != "*" and _HERE not in listed:
        os.environ[name] = f"{listed},{_HERE}" if listed else _HERE


def _in_this_thread(asset: Any) -> Any:
    """The library's options for sending where it is called.

    By its own it sends in a pool of a few threads that all services share, where a service that
    hangs holds up the others; from release 2 on for one service too, because of its own time
    limit. Ours bounds the attempt.
    """
    limit = {"service_timeout": 0} if hasattr(asset, "_service_timeout") else {}
    return asset(async_mode=False, **limit)
