"""What a receiver's answer means for what comes next. Pure.

| answer                          | outcome   | source                                          |
|---------------------------------|-----------|-------------------------------------------------|
| 2xx                             | delivered | Standard Webhooks, `Operational considerations` |
| 410                             | dead      | Standard Webhooks: the receiver wants no more   |
| 408, 425, 429                   | retry     | RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4       |
| 5xx                             | retry     | RFC 9110 15.6                                   |
| 3xx                             | dead      | Standard Webhooks: redirects are not followed   |
| other 4xx, 1xx                  | dead      | RFC 9110 15.5: the request itself is wrong      |
| no answer: connection, timeout  | retry     | Standard Webhooks                               |

A Retry-After beside a retry is kept, as seconds or as a date (RFC 9110 10.2.3), up to
retry.RETRY_AFTER_CAP.

Slack (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, `Handling errors`)
follows the table and says why in a word, which becomes the reason; it answers 200 `ok`. A 200
whose body is `{"ok": false}` is what its Web API says to a wrong call: dead, but for the
error `ratelimited` or `rate_limited`.

GitHub (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api): 403 is a rate
limit where Retry-After is set, where x-ratelimit-remaining is 0 (then until
x-ratelimit-reset, epoch seconds), or where the text speaks of a secondary rate limit (then a
minute at least). Other 403s are a missing permission: dead.

Teams: 202 says that the workflow has accepted the card, not that it has posted it; its run
history shows that. Apprise answers false for whatever went wrong: retry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, assert_never

from acr_global.model import Outcome
from acr_global.retry import RETRY_AFTER_CAP

Kind = Literal["webhook", "cloudevents", "teams", "slack", "github"]

READS_BODY: frozenset[Kind] = frozenset({"slack", "github"})
"""Kinds whose answer says more than its status."""

SECONDARY_LIMIT_SECONDS = 60.0
"""GitHub: `wait for at least one minute` where no header says how long."""

_TRANSIENT = frozenset({408, 425, 429})
_SLACK_WORDS = frozenset(
    {
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "invalid_blocks",
        "invalid_payload",
        "invalid_token",
        "no_service",
        "no_service_id",
        "no_team",
        "no_text",
        "posting_to_general_channel_denied",
        "rollup_error",
        "team_disabled",
        "too_many_attachments",
        "user_not_found",
    }
)
"""Known words only, so that no text of a receiver's making is kept."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one answer, or the lack of one, means."""

    outcome: Outcome
    reason: str
    """A stable slug."""
    status: int | None = None
    retry_after: float | None = None
    """Seconds, capped."""


def judge(
    kind: Kind, status: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> Judgement:
    """Read one answer. `headers` has lower-case names; `body` is its beginning."""
    general = _by_status(status, headers, now)
    match kind:
        case "webhook" | "cloudevents" | "teams":
            return general
        case "slack":
            return _slack(general, status, body)
        case "github":
            return _github(general, status, headers, body, now)
        case _:
            assert_never(kind)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from now, from 0 to the cap; None where it is absent or makes no sense."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return _capped(float(text[:12]))
    try:
        at = parsedate_to_datetime(text)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return _capped((at - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def _capped(seconds: float) -> float:
    return min(max(seconds, 0.0), RETRY_AFTER_CAP.total_seconds())


def _by_status(status: int, headers: Mapping[str, str], now: datetime) -> Judgement:
    if 200 <= status < 300:
        return Judgement(Outcome.DELIVERED, "delivered", status)
    if status in _TRANSIENT or status >= 500:
        wait = parse_retry_after(headers.get("retry-after"), now)
        return Judgement(Outcome.RETRY, f"http-{status}", status, wait)
    return Judgement(Outcome.DEAD, "gone" if status == 410 else f"http-{status}", status)


def _slack(general: Judgement, status: int, body: bytes) -> Judgement:
    if general.outcome is Outcome.DELIVERED:
        return _slack_web_api(general, status, body)
    word = body.decode("utf-8", "replace").strip()
    if word not in _SLACK_WORDS:
        return general
    return Judgement(general.outcome, f"slack-{word}", status, general.retry_after)


def _slack_web_api(general: Judgement, status: int, body: bytes) -> Judgement:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return general
    if not isinstance(answer, dict) or answer.get("ok") is not False:
        return general
    if answer.get("error") in ("ratelimited", "rate_limited"):
        return Judgement(Outcome.RETRY, "slack-rate-limited", status)
    return Judgement(Outcome.DEAD, "slack-refused", status)


def _github(
    general: Judgement, status: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> Judgement:
    if status not in (403, 429):
        return general
    wait = parse_retry_after(headers.get("retry-after"), now)
    if wait is None and headers.get("x-ratelimit-remaining", "").strip() == "0":
        wait = _until(headers.get("x-ratelimit-reset", ""), now)
    if wait is None and (status == 429 or b"secondary rate limit" in body.lower()):
        wait = SECONDARY_LIMIT_SECONDS
    if wait is None:
        return general
    return Judgement(Outcome.RETRY, "github-rate-limited", status, wait)


def _until(epoch: str, now: datetime) -> float:
    text = epoch.strip()
    if not (text.isascii() and text.isdigit()):
        return SECONDARY_LIMIT_SECONDS
    return _capped(float(text[:12]) - now.timestamp())
