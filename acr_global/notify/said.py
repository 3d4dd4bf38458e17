"""What receivers of a known kind say in their own words, beside the status. Pure.

Slack (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, `Handling errors`)
follows the table and says why in a word, which becomes the reason; it answers 200 `ok`. Its Web
API, and some that copy it, say 200 and the word too, alone or as `{"ok": false, "error": word}`.

GitHub (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api): 403 is a rate
limit where Retry-After is set, where x-ratelimit-remaining is 0 (then until x-ratelimit-reset,
epoch seconds), or where message or documentation_url speak of one; a secondary one, which used
to be called abuse detection, lasts a minute at least. Other 403s are a missing permission.

Teams: connectors say 200 or 202 for what they could not do, with a sentence that holds the inner
status: `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error
429 with ContextId ...` (MicrosoftDocs/msteams-docs#402, #9064). 202 without one says that the
workflow has accepted the card, not that it has posted it; its run history shows that.

A web page beside a 2xx is no answer of any of the three: the URL leads to a sign-in or a site.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never

from acr_global.model import Outcome
from acr_global.notify.outcomes import Judgement, Kind, judge_status, refused
from acr_global.retry_after import capped, parse_retry_after

READS_BODY: frozenset[Kind] = frozenset({"teams", "slack", "github"})
"""Kinds whose answer says more than its status."""

SECONDARY_LIMIT_SECONDS = 60.0
"""GitHub: `wait for at least one minute` where no header says how long."""

_SLACK_LIMITS = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_SLACK_TRANSIENT = frozenset(
    {
        "fatal_error",
        "internal_error",
        "request_timeout",
        "rollup_error",
        "service_unavailable",
        "team_added_to_org",
    }
)
_SLACK_KEYS = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "invalid_token",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)
_SLACK_REFUSALS = frozenset(
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
_SLACK_WORDS = _SLACK_TRANSIENT | _SLACK_KEYS | _SLACK_REFUSALS
"""Known words only, so that no text of a receiver's making is kept."""
_SLACK_ERROR = re.compile(
    r"(?:\w+_)?(?:invalid|no|not|error|failed|failure|denied|disabled|disallowed|prohibited|archived"
    r"|missing|expired|revoked|unknown|unsupported|too|restricted|exceeded|limited)(?:_\w+)?"
)
"""A word that is not known, and says by its parts that something is wrong."""

_GITHUB_SECONDARY = re.compile(r"secondary[\s_-]+rate|abuse[\s_-]+(?:detection|rate)")
_GITHUB_LIMIT = re.compile(r"rate[\s_-]*limit|too many requests|try again later")

_TEAMS_FAILED = re.compile(
    r"delivery failed|failed with error|error contacting|endpoint returned|http error"
    r"|bad payload|too many requests|throttl"
)
_INNER_STATUS = re.compile(r"(?:http|error|status|code)[\W_]{0,5}([3-5]\d\d)(?!\d)")

_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body)\b")


def judge(
    kind: Kind, status: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> Judgement:
    """Read one answer. `headers` has lower-case names; `body` is its beginning."""
    general = judge_status(status, headers, now)
    if kind not in READS_BODY:
        return general
    text = body.decode("utf-8-sig", "replace").strip().strip('"').lower()
    if general.outcome is Outcome.DELIVERED and _PAGE.match(text):
        return Judgement(Outcome.RETRY, "answer-page", status)
    match kind:
        case "webhook" | "cloudevents":
            return general
        case "teams":
            return _teams(general, status, headers, text, now)
        case "slack":
            return _slack(general, status, headers, text, now)
        case "github":
            return _github(general, status, headers, text, now)
        case _:
            assert_never(kind)


def _slack(
    general: Judgement, status: int, headers: Mapping[str, str], text: str, now: datetime
) -> Judgement:
    if general.outcome is not Outcome.DELIVERED:
        return replace(general, reason=f"slack-{text}") if text in _SLACK_WORDS else general
    word = _slack_word(text)
    if word is None:
        return general
    reason = f"slack-{word}" if word in _SLACK_WORDS else "slack-refused"
    wait = parse_retry_after(headers.get("retry-after"), now)
    if word in _SLACK_LIMITS:
        return Judgement(Outcome.RETRY, "slack-rate-limited", status, wait)
    if word in _SLACK_TRANSIENT:
        return Judgement(Outcome.RETRY, reason, status, wait)
    if word in _SLACK_KEYS:
        return refused(reason, status, wait)
    return Judgement(Outcome.DEAD, reason, status)


def _slack_word(text: str) -> str | None:
    """What a 2xx says is wrong; None where it says nothing of the kind."""
    answer = _json_object(text)
    if answer is not None:
        failed = answer.get("ok") is False or answer.get("success") is False
        return str(answer.get("error", "")) if failed else None
    known = text in _SLACK_WORDS | _SLACK_LIMITS
    return text if known or _SLACK_ERROR.fullmatch(text) else None


def _github(
    general: Judgement, status: int, headers: Mapping[str, str], text: str, now: datetime
) -> Judgement:
    if status not in (403, 429):
        return general
    wait = parse_retry_after(headers.get("retry-after"), now)
    if wait is None and headers.get("x-ratelimit-remaining", "").strip() == "0":
        wait = _until(headers.get("x-ratelimit-reset", ""), now)
    if _GITHUB_SECONDARY.search(text):
        wait = max(wait or 0.0, SECONDARY_LIMIT_SECONDS)
    if wait is None and (status == 429 or _GITHUB_LIMIT.search(text)):
        wait = SECONDARY_LIMIT_SECONDS
    if wait is None:
        return general
    return Judgement(Outcome.RETRY, "github-rate-limited", status, wait)


def _until(epoch: str, now: datetime) -> float:
    try:
        return capped(float(epoch) - now.timestamp())
    except (ValueError, OverflowError):
        return SECONDARY_LIMIT_SECONDS


def _teams(
    general: Judgement, status: int, headers: Mapping[str, str], text: str, now: datetime
) -> Judgement:
    if general.outcome is not Outcome.DELIVERED:
        return general
    said = _teams_failure(text)
    if said is None:
        return general
    number = _INNER_STATUS.search(said)
    if number is None:
        wait = parse_retry_after(headers.get("retry-after"), now)
        return Judgement(Outcome.RETRY, "teams-failed", status, wait)
    inner = judge_status(int(number[1]), headers, now)
    return replace(inner, reason=f"teams-http-{number[1]}", status=status)


def _teams_failure(text: str) -> str | None:
    """The words in which a 2xx says that it was none. An answer in JSON may be anything that a
    workflow's author has made, our own card too: there only what names an error counts."""
    answer = _json_object(text)
    if answer is None:
        return text if text[:1] not in "{[" and _TEAMS_FAILED.search(text) else None
    inner = answer.get("statuscode", answer.get("status"))
    if answer.get("issuccessstatuscode") is False or (isinstance(inner, int) and inner >= 400):
        return f"status {inner}"
    if answer.get("error"):
        return json.dumps(answer["error"])
    message = str(answer.get("message", ""))
    return message if _TEAMS_FAILED.search(message) else None


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
