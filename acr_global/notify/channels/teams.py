"""The channel `teams`: an Adaptive Card through a Teams Workflows webhook.

Sources: learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors (envelope, limits);
learn.microsoft.com/adaptive-cards/create/textfeatures: a TextBlock reads Markdown, a
RichTextBlock does not. So everything that comes from a push stands in a RichTextBlock, where
there is nothing to escape.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from acr_global.model import Message, OutboundRequest, RegionReport, VerdictType
from acr_global.notify.request import build_request, to_json
from acr_global.notify.target import TeamsTarget
from acr_global.notify.words import describe, facts, headline, missing_first, plain, shorten

CARD_VERSION = "1.4"
MESSAGE_BYTES = 28_672
"""Teams' limit for a message after its own wrapping."""
BODY_BYTES = 20_000
"""Bytes of our body: leaves room for the wrapping, whose size is not documented."""
TEXT_CHARS = 500
"""Characters of one piece of text; ours, so that the facts alone stay far under BODY_BYTES."""

_STYLES = {
    VerdictType.COMPLETE: "good",
    VerdictType.OVERDUE: "attention",
    VerdictType.RECOVERED: "warning",
    VerdictType.INCOMPLETE: "attention",
}
_COLORS = {"missing": "Attention", "evidence": "Warning", "arrived": "Good"}


def render(
    message: Message, target: TeamsTarget, secrets: Mapping[str, str], now: datetime
) -> OutboundRequest:
    """A card with the headline, the facts, and the regions, the missing first."""
    rows = [_region(report) for report in missing_first(message.regions)]
    shown = len(rows)
    body = _body(message, target, rows, shown)
    while len(body) > BODY_BYTES and shown:
        shown -= 1
        body = _body(message, target, rows, shown)
    return build_request(target, secrets, body, {"content-type": "application/json"})


def _body(message: Message, target: TeamsTarget, rows: list[dict[str, Any]], shown: int) -> bytes:
    title = shorten(headline(message, target.template), TEXT_CHARS)
    more = [_line((f"and {len(rows) - shown} more", {}))] if shown < len(rows) else []
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": CARD_VERSION,
        "fallbackText": title,
        "msteams": {"width": "full"},
        "body": [
            {
                "type": "Container",
                "style": _STYLES[message.type],
                "bleed": True,
                "items": [_line((title, {"size": "Large", "weight": "Bolder"}))],
            },
            *(_fact(label, value) for label, value in facts(message)),
            {"type": "Container", "separator": True, "items": rows[:shown] + more},
        ],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return to_json({"type": "message", "attachments": [attachment]})


def _fact(label: str, value: str) -> dict[str, Any]:
    return _line((f"{label}  ", {"isSubtle": True}), (shorten(value, TEXT_CHARS), {}))


def _region(report: RegionReport) -> dict[str, Any]:
    return _line(
        (shorten(plain(report.region), TEXT_CHARS) + "  ", {"weight": "Bolder"}),
        (shorten(describe(report), TEXT_CHARS), {"color": _COLORS[report.state]}),
    )


def _line(*runs: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    inlines = [{"type": "TextRun", "text": text, **style} for text, style in runs]
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": inlines}
