"""The channel `teams`: an Adaptive Card through a Teams Workflows webhook.

Sources: learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors (envelope, limits);
learn.microsoft.com/adaptive-cards/create/textfeatures: a TextBlock reads Markdown, a
RichTextBlock does not. So everything that comes from a push stands in a RichTextBlock, where
there is nothing to escape.

Answers: connectors answer 200 or 202 even on failure, with a sentence that holds the inner
status: `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error
429 with ContextId ...` (MicrosoftDocs/msteams-docs#402, #9064). 202 without one says that the
workflow has accepted the card, not that it has posted it; its run history shows that.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Literal

from acr_global.model import OutboundRequest, Outcome
from acr_global.notify.notice import Notice
from acr_global.notify.outcomes import Answer, Judgement, judge_status
from acr_global.notify.request import to_json
from acr_global.notify.sheet import Row, Sheet, Tone, sheet_of
from acr_global.notify.target import HttpTarget
from acr_global.notify.words import shorten
from acr_global.urls import Url

CARD_VERSION = "1.2"
"""The lowest that has all that stands in our cards: of newer ones Teams shows none on phones.
Sources: MicrosoftDocs/msteams-docs#8432, #13646."""
MESSAGE_BYTES = 28_672
"""Teams' limit for a message after its own wrapping."""
BODY_BYTES = 20_000
"""Bytes of our body: leaves room for the wrapping, whose size is not documented."""
TEXT_CHARS = 500
"""Characters of one text; a limit of our own, so that the facts stay far under BODY_BYTES."""

_FLOWS = (".logic.azure.com", ".environment.api.powerplatform.com")
_SIGNED = re.compile(r"(?:^|&)sig=[^&]")

_STYLES = {Tone.GOOD: "good", Tone.WARNING: "warning", Tone.BAD: "attention"}
_COLORS = {Tone.GOOD: "Good", Tone.WARNING: "Warning", Tone.BAD: "Attention"}

_FAILED = re.compile(
    r"delivery failed|failed with error|error contacting|endpoint returned|http error"
    r"|bad payload|too many requests|throttl"
)
_OFF = "workflowtriggerisnotenabled"
"""Somebody has turned the workflow off, and may turn it on again."""
_INNER_STATUS = re.compile(r"(?:http|error|status|code)[\W_]{0,5}([3-5]\d\d)(?!\d)")


class TeamsTarget(HttpTarget):
    """A card in a Microsoft Teams channel, through a Workflows webhook."""

    url_is_secret: ClassVar[bool] = True
    kind: Literal["teams"] = "teams"

    def check_receiver(self, url: Url) -> None:
        """Raise ValueError for what is no workflow's, and for a workflow's that it will refuse.

        A workflow wants one proof of who calls, the signature in its URL or a token, and answers
        401 to none and to both. Sources: caronc/apprise#1316, Azure/logicapps#1157.
        """
        if f".{url.host}".endswith(".office.com"):
            raise ValueError(
                "is an Office 365 connector's, and those were retired in 2026; make a webhook "
                "with Workflows"
            )
        if not url.host.endswith(_FLOWS):
            return
        signed, authorized = _SIGNED.search(url.query), self.authorizes or url.userinfo is not None
        if not signed and not authorized:
            raise ValueError(
                "has no sig=, without which its workflow takes nothing: copy it whole, in quotes "
                "where a shell reads it, from a trigger that anyone may start"
            )
        if signed and authorized:
            raise ValueError("has a sig= beside an Authorization header; its workflow takes one")

    def render(self, message: Notice, environ: Mapping[str, str], now: datetime) -> OutboundRequest:
        """A card with the headline, the facts, and the rows."""
        sheet = sheet_of(message, self.template)
        shown = len(sheet.rows)
        body = _body(sheet, shown)
        while len(body) > BODY_BYTES and shown:
            shown -= 1
            body = _body(sheet, shown)
        return self.request(environ, body, {"content-type": "application/json"})

    def read_answer(self, answer: Answer, general: Judgement) -> Judgement:
        """Judge by the status that the body of a 2xx mentions."""
        if general.outcome is Outcome.DEAD and _OFF in answer.text:
            return Judgement(Outcome.RETRY, "teams-workflow-off", answer.status)
        said = _failure(answer) if general.outcome is Outcome.DELIVERED else None
        if said is None:
            return general
        number = _INNER_STATUS.search(said)
        if number is None:
            return Judgement(Outcome.RETRY, "teams-failed", answer.status, answer.retry_after)
        inner = judge_status(int(number[1]), answer.headers, answer.at)
        return replace(inner, reason=f"teams-http-{number[1]}", status=answer.status)


def _body(sheet: Sheet, shown: int) -> bytes:
    title = shorten(sheet.title, TEXT_CHARS)
    left = len(sheet.rows) - shown + sheet.more
    rows = [_row(row) for row in sheet.rows[:shown]]
    more = [_line((f"and {left} more", {}))] if left else []
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": CARD_VERSION,
        "fallbackText": title,
        "msteams": {"width": "full"},
        "body": [
            {
                "type": "Container",
                "style": _STYLES[sheet.tone],
                "bleed": True,
                "items": [_line((title, {"size": "Large", "weight": "Bolder"}))],
            },
            *(_fact(label, value) for label, value in sheet.facts),
            {
                "type": "Container",
                "separator": True,
                "items": rows + more,
            },
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


def _row(row: Row) -> dict[str, Any]:
    return _line(
        (shorten(row.name, TEXT_CHARS) + "  ", {"weight": "Bolder"}),
        (shorten(row.text, TEXT_CHARS), {"color": _COLORS[row.tone]}),
    )


def _line(*runs: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    inlines = [{"type": "TextRun", "text": text, **style} for text, style in runs]
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": inlines}


def _failure(answer: Answer) -> str | None:
    """The words in which a 2xx says that it failed. An answer in JSON may be anything that a
    workflow's author has made, even our own card: there only an error's name counts."""
    said, text = answer.json_object, answer.text
    if said is None:
        return text if text[:1] not in "{[" and _FAILED.search(text) else None
    inner = said.get("statuscode", said.get("status"))
    if said.get("issuccessstatuscode") is False or (isinstance(inner, int) and inner >= 400):
        return f"status {inner}"
    if said.get("error"):
        return json.dumps(said["error"])
    message = str(said.get("message", ""))
    return message if _FAILED.search(message) else None


NOTES = """\
An [Adaptive Card](https://learn.microsoft.com/adaptive-cards/) through a Teams *Workflows*
webhook: in the channel, *Workflows* → *Send webhook alerts to a channel*; the URL it shows is the
secret. The URL of an Office 365 connector (`...webhook.office.com`) is refused: they were retired
in 2026. So is a workflow's URL without `sig=`: a shell has cut it at an `&`, or not everybody may
start the workflow. With an `Authorization` header it must have none.

```json
{"name": "releases", "kind": "teams", "url": {"$secret": "TEAMS_URL"}}
```

Headline, facts, and the regions with their lag, the missing first. Nothing in the card reads
Markdown, so no name from a push can pose as a link. Teams takes 28,672 bytes after its own
wrapping: a body stays under 20,000, and what does not fit is counted (`and 12 more`).

202 says that the workflow has accepted the card: it is delivered to the workflow. Whether it was
posted, the workflow's run history shows. A success may also say in its text that it was none
(`... failed with error ... HTTP error 429` and the like): the number in it is what counts, and
without one it is tried again
([msteams-docs#9064](https://github.com/MicrosoftDocs/msteams-docs/issues/9064)). Where a workflow
has an answer of its own making, only a JSON answer with `error`, with such a text as its
`message`, or with a `status` or `statusCode` of 400 and more, counts as a failure. 2xx with a web
page is tried again: the URL leads to a sign-in or a site. So is a 400 that says
`WorkflowTriggerIsNotEnabled`: somebody has turned the workflow off, and may turn it on again.

Reasons of its own: `teams-http-<number>`, `teams-failed`, `teams-workflow-off`, `answer-page`.
"""
