"""Which channel renders for which kind of target, and what an operator may see of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never
from urllib.parse import urlsplit

from acr_global.model import Message, OutboundRequest
from acr_global.notify.channels import apprise, cloudevents, github, slack, teams, webhook
from acr_global.notify.target import (
    AppriseTarget,
    CloudEventsTarget,
    GithubTarget,
    SlackTarget,
    Target,
    TeamsTarget,
    WebhookTarget,
)
from acr_global.secret import SecretRef

MASK = "***"
_HIDDEN = frozenset({"authorization", "webhook-signature"})
"""Headers masked in previews; who has the signature could send the shown bytes for minutes."""


def render(
    message: Message, target: Target, secrets: Mapping[str, str], now: datetime
) -> OutboundRequest:
    """The request for one target, with the exact bytes. Raises RenderError."""
    match target:
        case WebhookTarget():
            return webhook.render(message, target, secrets, now)
        case CloudEventsTarget():
            return cloudevents.render(message, target, secrets, now)
        case TeamsTarget():
            return teams.render(message, target, secrets, now)
        case SlackTarget():
            return slack.render(message, target, secrets, now)
        case GithubTarget():
            return github.render(message, target, secrets, now)
        case AppriseTarget():
            return apprise.render(message, target, secrets, now)
        case _:
            assert_never(target)


def preview(message: Message, target: Target, secrets: Mapping[str, str], now: datetime) -> str:
    """The exact request as text, with everything secret masked. Raises RenderError."""
    request = render(message, target, secrets, now)
    own = {name.lower() for name in getattr(target, "headers", ())}
    head = [
        f"{name}: {MASK if name in _HIDDEN | own else value}" for name, value in request.headers
    ]
    first = f"{request.method} {masked_url(request.url, target)}"
    return "\n".join([first, *head, "", request.body.decode()])


def masked_url(url: str, target: Target) -> str:
    """Scheme and host; the path too, where it is no secret; never a user, never a query."""
    if isinstance(target, AppriseTarget):
        return f"{url.partition('://')[0]}://{MASK}"
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    user = f"{MASK}@" if "@" in parts.netloc else ""
    hidden = target.url_is_secret or isinstance(target.url, SecretRef)
    path = f"/{MASK}" if hidden else parts.path + (f"?{MASK}" if parts.query else "")
    return f"{parts.scheme}://{user}{host}{path}"
