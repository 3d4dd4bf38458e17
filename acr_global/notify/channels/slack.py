"""The channel `slack`: blocks and a fallback text through an incoming webhook.

Sources: docs.slack.dev/reference/block-kit/blocks (limits); docs.slack.dev/messaging/
formatting-message-text: & < > are control characters everywhere. Blocks are plain_text, where
no other character means anything; `emoji` is off, or `app:tada:` would turn into a picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from acr_global.model import Message, OutboundRequest
from acr_global.notify.request import build_request, to_json
from acr_global.notify.target import SlackTarget
from acr_global.notify.words import (
    describe,
    facts,
    fit,
    fit_lines,
    headline,
    missing_first,
    plain,
    shorten,
)

HEADER_CHARS = 150
SECTION_CHARS = 3_000
FIELD_CHARS = 2_000
FIELDS = 10
BLOCKS = 50
"""Slack's limits: characters of a header, a section's text and a field; fields in a section;
blocks in a message."""
FALLBACK_CHARS = 4_000
"""Slack's advice for the text of a message; it cuts at 40,000."""
LINE_CHARS = 200
"""Characters of one region's line; ours."""


def render(
    message: Message, target: SlackTarget, secrets: Mapping[str, str], now: datetime
) -> OutboundRequest:
    """The headline, the facts, and the regions, the missing first."""
    title = headline(message, target.template)
    fields = [
        _text(fit(f"{label}\n{value}", FIELD_CHARS, escape)) for label, value in facts(message)
    ]
    blocks = [
        {"type": "header", "text": _text(fit(title, HEADER_CHARS, escape))},
        {"type": "section", "fields": fields[:FIELDS]},
        {"type": "section", "text": _text(_regions(message))},
    ]
    body = to_json({"text": fit(title, FALLBACK_CHARS, escape), "blocks": blocks})
    return build_request(target, secrets, body, {"content-type": "application/json"})


def escape(text: str) -> str:
    """The three characters that Slack reads as markup, as it wants them written."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _regions(message: Message) -> str:
    lines = [
        escape(shorten(f"{plain(r.region)}: {describe(r)}", LINE_CHARS))
        for r in missing_first(message.regions)
    ]
    return fit_lines(lines, SECTION_CHARS) or "no regions"


def _text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
