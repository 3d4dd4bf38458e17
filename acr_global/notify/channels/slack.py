"""The channel `slack`: blocks and a fallback text through an incoming webhook.

Sources: docs.slack.dev/reference/block-kit/blocks (limits); docs.slack.dev/messaging/
formatting-message-text: & < > are control characters everywhere. Blocks are plain_text, where
no other character means anything; `emoji` is off, or `app:tada:` would turn into a picture.

Answers (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, `Handling errors`)
follow the table in outcomes.py and say why in a word, which becomes the reason; 200 says `ok`.
Slack's Web API, and services that copy it, answer 200 with the word, alone or as
`{"ok": false, "error": word}`.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Literal

from acr_global.model import OutboundRequest, Outcome
from acr_global.notify.notice import Notice
from acr_global.notify.outcomes import Answer, Judgement, refused
from acr_global.notify.request import to_json
from acr_global.notify.sheet import Sheet, sheet_of
from acr_global.notify.target import HttpTarget
from acr_global.notify.words import fit, fit_lines, shorten
from acr_global.urls import Url

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
"""Characters of one row; a limit of our own."""

_WORKFLOWS = re.compile("/(?:triggers|workflows)/")
"""Source: docs.slack.dev/workflows/creating-workflow-triggers, `Webhook triggers`; apprise#891."""
_LIMITS = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_TRANSIENT = frozenset(
    {
        "fatal_error",
        "internal_error",
        "request_timeout",
        "rollup_error",
        "service_unavailable",
        "team_added_to_org",
    }
)
_KEYS = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "invalid_token",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)
_REFUSALS = frozenset(
    {
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "invalid_blocks",
        "invalid_payload",
        "is_archived",
        "missing_text_or_fallback_or_attachments",
        "msg_too_long",
        "no_active_hooks",
        "no_service",
        "no_service_id",
        "no_team",
        "no_text",
        "not_in_channel",
        "posting_to_general_channel_denied",
        "team_disabled",
        "too_many_attachments",
        "user_not_found",
    }
)
_WORDS = _TRANSIENT | _KEYS | _REFUSALS
"""Only known words, so that no text of a receiver is kept."""
_ERROR = re.compile(
    r"(?:\w+_)?(?:invalid|no|not|error|failed|failure|denied|disabled|disallowed|prohibited|archived"
    r"|missing|expired|revoked|unknown|unsupported|too|restricted|exceeded|limited)(?:_\w+)?"
)
"""An unknown word whose parts say that something is wrong."""


class SlackTarget(HttpTarget):
    """A message in a Slack channel, through an incoming webhook."""

    url_is_secret: ClassVar[bool] = True
    kind: Literal["slack"] = "slack"

    def check_receiver(self, url: Url) -> None:
        """Raise ValueError for what starts a workflow, which takes only what its author has
        named."""
        if _WORKFLOWS.match(url.path) and url.host.startswith("hooks.slack"):
            raise ValueError(
                "starts a workflow, which takes no messages; make an incoming webhook, whose path "
                "begins with /services/"
            )

    def render(self, message: Notice, environ: Mapping[str, str], now: datetime) -> OutboundRequest:
        """The headline, the facts, and the rows."""
        sheet = sheet_of(message, self.template)
        fields = [
            _text(fit(f"{label}\n{value}", FIELD_CHARS, escape)) for label, value in sheet.facts
        ]
        blocks = [
            {"type": "header", "text": _text(fit(sheet.title, HEADER_CHARS, escape))},
            {"type": "section", "fields": fields[:FIELDS]},
            {"type": "section", "text": _text(_rows(sheet))},
        ]
        body = to_json({"text": fit(sheet.title, FALLBACK_CHARS, escape), "blocks": blocks})
        return self.request(environ, body, {"content-type": "application/json"})

    def read_answer(self, answer: Answer, general: Judgement) -> Judgement:
        """Judge by the word, if it is known, also beside a 2xx."""
        text, status = answer.text, answer.status
        if general.outcome is not Outcome.DELIVERED:
            if text not in _WORDS:
                return general
            if status == 404:  # it is Slack that says so, and not a router on the way
                return Judgement(Outcome.DEAD, f"slack-{text}", status)
            return replace(general, reason=f"slack-{text}")
        word = _word(answer)
        if word is None:
            return general
        reason = f"slack-{word}" if word in _WORDS else "slack-refused"
        if word in _LIMITS:
            return Judgement(Outcome.RETRY, "slack-rate-limited", status, answer.retry_after)
        if word in _TRANSIENT:
            return Judgement(Outcome.RETRY, reason, status, answer.retry_after)
        if word in _KEYS:
            return refused(reason, status, answer.retry_after)
        return Judgement(Outcome.DEAD, reason, status)


def escape(text: str) -> str:
    """Escape the three characters that Slack reads as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _rows(sheet: Sheet) -> str:
    lines = [escape(shorten(row.line, LINE_CHARS)) for row in sheet.rows]
    return fit_lines(lines, SECTION_CHARS, sheet.more) or "no regions"


def _text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _word(answer: Answer) -> str | None:
    """The word by which a 2xx says that something is wrong; None without one."""
    said = answer.json_object
    if said is not None:
        failed = said.get("ok") is False or said.get("success") is False
        return str(said.get("error", "")) if failed else None
    known = answer.text in _WORDS | _LIMITS
    return answer.text if known or _ERROR.fullmatch(answer.text) else None


NOTES = """\
Block Kit and a plain fallback text through an [incoming
webhook](https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).

```json
{"name": "oncall", "kind": "slack", "url": {"$secret": "SLACK_URL"}, "on": ["overdue", \
"recovered"],
 "template": "$reference: $verdict, missing $missing"}
```

A URL that starts a workflow (`https://hooks.slack.com/triggers/...`) is refused: it takes no
messages.

`& < >` are escaped everywhere and all blocks are plain text, so no tag can call `@channel`.
Limits kept: header 150 characters, section 3,000, field 2,000, 10 fields, 50 blocks.

Beside another status than 2xx a word such as `no_service` is the attempt's reason, and dead beside
404 ([handling
errors](https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors)).
Beside 2xx such a word, or `{"ok": false}`, is dead; of a limit (`ratelimited`) or a failure of
Slack's (`internal_error`) it is tried again, of a key (`invalid_auth`) once more ([Web
API](https://docs.slack.dev/apis/web-api/#responses)). 2xx with a web page is tried again: the URL
leads to a sign-in or a site.

Reasons of its own: `slack-<word>`, `slack-refused`, `slack-rate-limited`, `answer-page`.
"""
