"""An image's badge as it is asked for: `registry/repository:tag.svg`, and anybody may ask.

What is read is bounded, and whoever stands in between may keep an answer for a minute. A README
shows a broken picture for an error, so that a storage does not answer is said in the picture.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

import azure.functions as func

from acr_global import badge
from acr_global.functions.pages import browsers
from acr_global.functions.setup import Tools
from acr_global.functions.views.pushlists import LedgerUnavailableError, rows_of
from acr_global.image import Image, parse_image
from acr_global.ledger import Row, Wanted
from acr_global.model import PUSHED
from acr_global.patterns import matches
from acr_global.settings import Settings

KIND = "image/svg+xml"

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
    image = public_image(name, tools.settings)
    if image is None:
        return func.HttpResponse(status_code=404)
    wanted = Wanted(
        registry=image.registry, repository=image.repository, tag=image.tag, digest=image.digest
    )
    try:
        found, headers = badge.badge_of(await _newest(tools, wanted)), _HEADERS
    except LedgerUnavailableError:
        found, headers = badge.UNKNOWN, _HEADERS | {"Cache-Control": "no-store"}
    picture = badge.svg(found, name.removesuffix(".svg"))
    return browsers.if_new(picture, request, KIND, headers)


async def _newest(tools: Tools, wanted: Wanted) -> list[Row]:
    """The newest push of each kind, newest first; what else has happened since, as a purge of a
    thousand images, is passed over by the table itself. Raises LedgerUnavailableError, also where
    that has so much to pass over that it did not come to an end."""
    newest: list[Row] = []
    for action in PUSHED:
        rows, more = await rows_of(tools.ledger, replace(wanted, action=action), 1)
        if more and not rows:
            raise LedgerUnavailableError("The newest push was not found in time.")
        newest += rows
    return sorted(newest, key=lambda row: row.first_at, reverse=True)


def public_image(name: str, settings: Settings) -> Image | None:
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
