"""The channel `apprise`: every other service, through the library apprise (an optional extra).

The library takes one URL per service, makes the request itself, and answers true or false.
"""

import difflib
import logging
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import SecretStr

from acr_global.errors import RenderError
from acr_global.model import OutboundRequest
from acr_global.notify.notice import Notice
from acr_global.notify.sheet import Sheet, Tone, sheet_of
from acr_global.notify.target import LibraryTarget
from acr_global.notify.words import fit_lines, shorten
from acr_global.secret import SecretRef, check_alone, resolve

TITLE_CHARS = 250
"""Characters; the library's own default, which services may undercut: it cuts for them."""
BODY_CHARS = 8_000
"""Characters; a limit of our own. The library cuts further where a service takes less."""
LINE_CHARS = 600
"""Characters of one line; a limit of our own."""

_TALKATIVE = ("apprise", "urllib3")
"""Loggers whose lines show URLs and answers, and so secrets."""

_HERE = "localhost,127.0.0.0/8,169.254.0.0/16,0.0.0.0,::1,::"
"""The part of urls.stays_here that requests understands."""

_NEXT_URL = re.compile(r"[\s,;][a-z0-9]{1,32}://", re.IGNORECASE)

_TYPES = {Tone.GOOD: "success", Tone.WARNING: "warning", Tone.BAD: "failure"}


class AppriseTarget(LibraryTarget):
    """Any service that the library apprise knows; `url` is in its notation."""

    package: ClassVar[str] = "apprise"
    kind: Literal["apprise"] = "apprise"

    def check_value(self, value: SecretStr | SecretRef, resolved: str) -> None:
        """Check the URL as far as that is possible without the library."""
        check_alone("url", resolved, "url-invalid")
        _check_url(resolved)

    def render(self, message: Notice, environ: Mapping[str, str], now: datetime) -> OutboundRequest:
        """The library's input as a request: `title` and `type` stand in the headers."""
        sheet = sheet_of(message, self.template)
        url = resolve(self.url, environ)
        _check_url(url)
        return OutboundRequest(
            url=url,
            headers=(
                ("title", shorten(sheet.title, TITLE_CHARS)),
                ("type", _TYPES[sheet.tone]),
            ),
            body=_text(sheet).encode(),
        )

    def check_with_library(self, url: str) -> None:
        """Check that the library accepts the URL, for one destination."""
        _open_service(url)

    def send(self, request: OutboundRequest) -> bool:
        """Send it in the calling thread."""
        headers = dict(request.headers)
        return bool(
            _open_service(request.url).notify(
                body=request.body.decode(),
                title=headers["title"],
                notify_type=headers["type"],
                body_format="text",
            )
        )


def _text(sheet: Sheet) -> str:
    """The rows, as many as the facts leave room for, and the facts."""
    facts = "\n".join(shorten(f"{label}: {value}", LINE_CHARS) for label, value in sheet.facts)
    rows = [shorten(row.line, LINE_CHARS) for row in sheet.rows]
    fitted = fit_lines(rows, BODY_CHARS - len(facts) - 1, sheet.more)
    return "\n".join(filter(None, (fitted, facts)))


def _check_url(text: str) -> None:
    """Raise RenderError unless `text` looks like one URL in the library's notation.

    The library accepts several, separated by a comma, semicolon or blank before the next scheme. It
    gives one answer for all of them, so a retry would repeat what some have got already.
    """
    scheme, mark, rest = text.partition("://")
    if not (scheme.isascii() and scheme.isalnum() and mark):
        raise RenderError(
            "url must be one URL in apprise's notation, such as mailto://user:password@host",
            reason="url-invalid",
        )
    if _NEXT_URL.search(rest):
        raise RenderError(
            "url holds several URLs; make a target of each, or one that fails would have the "
            "others told again and again (inside of one URL write a comma or blank as %2C, %20)",
            reason="url-several",
        )


def _keep_to_what_was_given() -> None:
    """Configure requests, on which the services are built, by the environment that it reads.

    It would otherwise look up credentials in `.netrc` for any host, and use a proxy for this
    machine. (A session could be told both, but services make their own.)
    """
    os.environ["NETRC"] = os.devnull
    name = "no_proxy" if os.environ.get("no_proxy") else "NO_PROXY"
    listed = os.environ.get(name, "")
    if listed.strip() != "*" and _HERE not in listed:
        os.environ[name] = f"{listed},{_HERE}" if listed else _HERE


def _open_service(url: str) -> Any:
    """The library, holding the one destination that the URL names; nothing is sent.

    Raises RenderError `url-invalid` or `url-several`, and ImportError where the library is not
    installed.
    """
    _keep_to_what_was_given()
    import apprise

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    service = apprise.Apprise(asset=_in_this_thread(apprise.AppriseAsset))
    if not service.add(url):
        scheme = url.partition("://")[0].lower()
        raise RenderError(_why_not(scheme, service.details), reason="url-invalid")
    # The length of a service is the number of its requests, for each of its own retries.
    if sum(len(s) // (getattr(s, "retry", 0) + 1) for s in service) > 1:
        raise RenderError(
            "url names several recipients; make a target of each, or one that fails would have "
            "the others told again and again",
            reason="url-several",
        )
    return service


def _why_not(scheme: str, details: Callable[..., Any]) -> str:
    """Why the library refuses a URL of this scheme. Only a scheme that it knows is shown."""
    known: dict[str, Any] = {}
    for entry in details(show_requirements=True, show_disabled=True)["schemas"]:
        for name in (*(entry["protocols"] or ()), *(entry["secure_protocols"] or ())):
            known[name] = entry
    if scheme in known and known[scheme]["enabled"]:
        return f"the library apprise does not understand what follows {scheme}://"
    if scheme in known:
        needed = ", ".join(known[scheme]["requirements"]["packages_required"])
        return f"{scheme}:// cannot be used here" + (f"; it needs {needed}" if needed else "")
    near = difflib.get_close_matches(scheme[:50], known, n=1)
    hint = f"; did you mean {near[0]}://?" if near else ""
    if scheme in ("http", "https"):
        hint = "; for a receiver of your own use the kind webhook"
    return f"the library apprise knows no service by this URL{hint}"


def _in_this_thread(asset: Any) -> Any:
    """The library's options for sending in the calling thread.

    By default it sends from a few threads that all services share, where a service that hangs
    holds up the others; from release 2 on, even a single service, for its time limit. Our own
    limit bounds the attempt.
    """
    limit = {"service_timeout": 0} if hasattr(asset, "_service_timeout") else {}
    return asset(async_mode=False, **limit)


NOTES = """\
Mail, PagerDuty, Opsgenie, Discord and over a hundred others through the library
[apprise](https://github.com/caronc/apprise), in its URL notation. It is an optional extra:
install `acr-global[apprise]`, or uncomment it in requirements.txt and `make lock`; `make release`
then makes a zip that has it.

```json
{"name": "mail", "kind": "apprise", "url": {"$secret": "APPRISE_URL"}, "on": ["overdue", \
"incomplete"]}
```

The library makes the request itself and answers only true or false, so there is no outcome table;
it reads the [proxy variables](settings.md#proxies) itself too, and its own timeouts
(`?cto=4&rto=4` in the URL) end what ours has stopped waiting for.

**One target, one destination.** The answer is one for all that a URL names, so a retry would tell
those again who have it already. Several URLs in one `url` (apart by comma, semicolon or blank)
are refused when the settings are read, and so are several recipients of one service
(`ntfy://host/a/b`, `mailto://...?to=a@x.example,b@x.example`) by `settings check` and at first
use, with the reason `url-several`: make a target of each. One mail to several people is one
destination: a list's address in `to`, or the others in `cc` and `bcc`. What the library does not
count cannot be seen by us: a topic or group that the service itself spreads is one destination,
and a service that sends one message in parts, or that tries again by itself (`?retry=`), may
repeat a part.

**A URL that the library does not take** (an unknown scheme such as `slak://`, `mailtos://`
without its host, a scheme that needs another package) is found by `settings check`, and at first
use with the reason `url-invalid`. The app does not load the library for it when it starts, so
`/api/health` does not know.

False is tried again: the library says no more. Reasons of its own: `apprise-failed`,
`apprise-missing` (it is not installed), `url-several`.
"""
