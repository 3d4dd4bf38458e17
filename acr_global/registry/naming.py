"""How the webhooks of one app are named, marked and addressed, for whoever makes them and whoever
looks for them. Pure.

A name is unique in its registry, which several apps may share. It is 5 to 50 letters and digits.
Source: ARM schema 2025-11-01, `registries/webhooks`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from acr_global.patterns import normalize_region

PREFIX = "acrglobal"
MAX_CHARS = 50
HASH_CHARS = 10

TAG = "acr-global-app"
"""Holds the ARM id of the app that a webhook belongs to."""

PATH = "/api/ImagePush"
"""The path of the function that receives the webhooks."""

KEY_HEADER = "x-functions-key"
"""In the URL a key would be readable in the registry's event log. Source:
learn.microsoft.com/azure/azure-functions/function-keys-how-to, `Use access keys`."""


def webhook_name(app: str, region: str) -> str:
    """`acrglobal`, the app's name and the region: `acrglobalfuncappwesteurope`.

    Where that is too long its end is a hash of both, so that no two of them are shortened to the
    same.
    """
    app, region = app.lower(), normalize_region(region)
    whole = PREFIX + _plain(app) + _plain(region)
    return whole if len(whole) <= MAX_CHARS else _hashed(whole, f"{app}/{region}")


def distinct_name(app_id: str, region: str) -> str:
    """A name for where the usual one is taken: of `app` in southeastasia, and of `appsouth` in
    eastasia, it is the same. `app_id` is the app's ARM id."""
    region = normalize_region(region)
    whole = PREFIX + _plain(app_name(app_id)) + _plain(region)
    return _hashed(whole, f"{app_id.lower()}/{region}")


def former_name(region: str) -> str:
    """The name that the docs once gave: without the app, as for the only one on its registry."""
    return (PREFIX + _plain(normalize_region(region)))[:MAX_CHARS]


def app_name(app_id: str) -> str:
    """The name in an app's ARM id, in lower case; WEBSITE_SITE_NAME is the same to the app."""
    return app_id.rstrip("/").rsplit("/", 1)[-1].lower()


def owner(tags: Mapping[str, object]) -> str | None:
    """The ARM id of the app that a webhook is marked for, in lower case; names of tags have no
    case. None where it is not marked."""
    found = next((v for k, v in tags.items() if k.lower() == TAG), None)
    return found.strip().rstrip("/").lower() or None if isinstance(found, str) else None


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isalnum())


def _hashed(whole: str, of: str) -> str:
    end = hashlib.sha256(of.encode()).hexdigest()[:HASH_CHARS]
    return whole[: MAX_CHARS - HASH_CHARS] + end
