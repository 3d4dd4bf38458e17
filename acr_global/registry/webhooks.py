"""Which of a registry's webhooks is ours in a region. Pure.

The list of webhooks tells name, location and status, but not the URL: that takes
`getCallbackConfig`, whose answer holds the custom headers too, and so the app's key. We do not
ask for that right. A webhook is ours by its name; where no name fits, the log of every webhook
in the region is read, and only the entries that were posted to our URL count.

Source of the fields: ARM schema 2025-11-01, Webhook and WebhookProperties.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from acr_global.patterns import normalize_region
from acr_global.registry.guard import CheckFailedError
from acr_global.registry.question import WEBHOOK_PREFIX, Access

MAX_UNNAMED = 20
"""Webhooks in one region whose logs are read for want of a name. A registry may have 500."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook, as far as its entry could be read."""

    name: str
    location: str
    """Normalised: lower case, no spaces."""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """The webhooks whose logs are worth reading for one region."""

    webhooks: tuple[Webhook, ...]
    by_name: bool
    """False: only entries posted to our URL count."""


def webhook_name(region: str) -> str:
    """The name that registration gives to a region's webhook; letters and digits, at most 50."""
    plain = "".join(c for c in normalize_region(region) if c.isascii() and c.isalnum())
    return (WEBHOOK_PREFIX + plain)[:50]


def parse_webhook(entry: Mapping[str, object]) -> Webhook | None:
    """One entry of the list; None where it has no name or location."""
    name, location, properties = entry.get("name"), entry.get("location"), entry.get("properties")
    if not isinstance(name, str) or not isinstance(location, str):
        return None
    status = properties.get("status") if isinstance(properties, Mapping) else None
    return Webhook(name, normalize_region(location), enabled=status != "disabled")


def choose(webhooks: Iterable[Webhook], region: str, access: Access) -> Choice:
    """The webhooks to ask for `region`: the named one, else all where our URL is known.

    Raises CheckFailedError when none can be told to be ours.
    """
    here = tuple(w for w in webhooks if w.location == normalize_region(region))
    wanted = webhook_name(region)
    named = tuple(w for w in here if w.name.lower() == wanted)
    if named:
        return Choice(named, by_name=True)
    if not here:
        raise CheckFailedError("the registry has no webhook in this region")
    if not access.webhook_url:
        raise CheckFailedError("no webhook of ours in this region")
    if len(here) > MAX_UNNAMED:
        raise CheckFailedError(f"more than {MAX_UNNAMED} webhooks in this region, none named ours")
    return Choice(here, by_name=False)
