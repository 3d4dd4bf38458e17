"""An image's badge as it is asked for: `registry/repository:tag.svg`, and anybody may ask.

What is read is bounded, and whoever stands in between may keep an answer for a minute. A README
shows a broken picture for an error, so that a storage does not answer is said in the picture.
"""

from __future__ import annotations

from urllib.parse import unquote

import azure.functions as func

from acr_global import badge
from acr_global.functions import browsers
from acr_global.functions.pushlists import LedgerUnavailableError, rows_of
from acr_global.functions.setup import Tools
from acr_global.image import Image, parse_image
from acr_global.ledger import Wanted
from acr_global.patterns import matches
from acr_global.settings import Settings

KIND = "image/svg+xml"
NEWEST = 10
"""Rows that are looked at: the newest may be deletions, of which a badge says nothing."""

_HEADERS = {
    "Cache-Control": "public, max-age=60",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


async def answer(tools: Tools, request: func.HttpRequest) -> func.HttpResponse:
    """The picture; 304 where it is known; 404 where it is none of those that may be shown."""
    route = request.route_params
    # The host leaves a quoted slash as it is; no image's name holds a percent sign.
    name = unquote(f"{route.get('registry', '')}/{route.get('image', '')}")
    image = shown(name, tools.settings)
    if image is None:
        return func.HttpResponse(status_code=404)
    wanted = Wanted(
        registry=image.registry, repository=image.repository, tag=image.tag, digest=image.digest
    )
    try:
        rows, _ = await rows_of(tools.ledger, wanted, NEWEST)
        found, headers = badge.badge_of(rows), _HEADERS
    except LedgerUnavailableError:
        found, headers = badge.UNKNOWN, _HEADERS | {"Cache-Control": "no-store"}
    picture = badge.svg(found, name.removesuffix(".svg"))
    return browsers.if_new(picture, request, KIND, headers)


def shown(name: str, settings: Settings) -> Image | None:
    """The image that `name`.svg names, if it may be shown."""
    if not name.endswith(".svg") or not name.isascii() or not name.isprintable():
        return None
    try:
        image = parse_image(name.removesuffix(".svg"))
    except ValueError:
        return None
    patterns = settings.policy(image.registry).badge
    allowed = image.registry and matches(patterns, image.repository, image.tag)
    return image if allowed else None
