"""Which of a registry's webhooks is ours in a region. Pure.

The list of webhooks tells name, location, tags and status, but not the URL: that takes
`getCallbackConfig`, whose answer holds the custom headers too, and so the app's key. We do not
ask for that right. A webhook is ours by its tag or its name; where neither fits, the log of every
webhook in the region is read, and only the entries that were posted to our URL count.

Source of the fields: ARM schema 2025-11-01, Webhook and WebhookProperties.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from acr_global.patterns import normalize_region
from acr_global.registry.guard import CheckFailedError
from acr_global.registry.naming import app_name, former_name, owner, webhook_name
from acr_global.registry.question import Access

MAX_UNNAMED = 20
"""Webhooks in one region whose logs are read for want of a name. A registry may have 500."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook, as far as its entry could be read."""

    name: str
    location: str
    """Normalised: lower case, no spaces."""
    enabled: bool = True
    app: str | None = None
    """The name of the app that it is marked for, in lower case; None where it is not marked."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The webhooks whose logs are worth reading for one region."""

    webhooks: tuple[Webhook, ...]
    by_name: bool
    """They are known by name or tag. False: only entries posted to our URL count."""


def parse_webhook(entry: Mapping[str, object]) -> Webhook | None:
    """One entry of the list; None where it has no name or location."""
    name, location, properties = entry.get("name"), entry.get("location"), entry.get("properties")
    if not isinstance(name, str) or not isinstance(location, str):
        return None
    status = properties.get("status") if isinstance(properties, Mapping) else None
    tags = entry.get("tags")
    marked = owner(tags) if isinstance(tags, Mapping) else None
    app = app_name(marked) if marked else None
    return Webhook(name, normalize_region(location), status != "disabled", app)


def choose(webhooks: Iterable[Webhook], region: str, access: Access) -> Choice:
    """The webhooks to ask for `region`: those marked for our app, else the one named as ours is,
    else all where our URL is known. What is marked for another app never is.

    Raises CheckFailedError when none can be told to be ours.
    """
    own = (access.app or "").lower()
    there = [w for w in webhooks if w.location == normalize_region(region)]
    here = tuple(w for w in there if not own or w.app in (None, own))
    marked = tuple(w for w in here if w.app and w.app == own)
    names = (webhook_name(own, region), former_name(region))  # one, where our own is not known
    if ours := marked or _named(here, names[0]) or _named(here, names[1]):
        return Choice(ours, by_name=True)
    if not there:
        raise CheckFailedError("the registry has no webhook in this region")
    if not here or not access.webhook_url:
        raise CheckFailedError("no webhook of ours in this region")
    if len(here) > MAX_UNNAMED:
        raise CheckFailedError(f"more than {MAX_UNNAMED} webhooks in this region, none named ours")
    return Choice(here, by_name=False)


def _named(webhooks: tuple[Webhook, ...], name: str) -> tuple[Webhook, ...]:
    return tuple(w for w in webhooks if w.name.lower() == name)
