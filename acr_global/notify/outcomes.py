"""What a receiver's answer means for what comes next. Pure.

| answer                          | outcome   | source                                          |
|---------------------------------|-----------|-------------------------------------------------|
| 2xx                             | delivered | Standard Webhooks, `Operational considerations` |
| 410                             | dead      | Standard Webhooks: the receiver wants no more   |
| 408, 425, 429                   | retry     | RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4       |
| 421                             | retry     | RFC 9110 15.5.20: over another connection       |
| 5xx                             | retry     | RFC 9110 15.6                                   |
| 404                             | retry     | RFC 9110 15.5.5: it may be for now only         |
| 401, 403                        | once more | ours: the key may be about to be changed        |
| 3xx                             | dead      | Standard Webhooks: redirects are not followed   |
| other 4xx, 1xx                  | dead      | RFC 9110 15.5: the request itself is wrong      |
| no answer: connection, timeout  | retry     | Standard Webhooks                               |

A Retry-After beside a retry is kept, up to retry.MAX_RETRY_AFTER. Answers that
say more in words are read in the channel's file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acr_global.model import Outcome
from acr_global.retry_after import parse_retry_after

KEY_CHANGE_SECONDS = 300.0
"""Before a request that was refused for its key is tried once more; a value of our own. A job that
changes the key on both sides has ended by then."""

_TRANSIENT = frozenset({404, 408, 421, 425, 429})
"""404: who routes to receivers answers so while one is away, as in a deployment. 421: since release
2.4.64 Apache answers so to a proxy before it that names another host in TLS, some also at random.
Sources: hestiacp/hestiacp#5058, haproxy/haproxy#3133."""
_UNAUTHORIZED = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a receiver whose body matters."""

    status: int
    headers: Mapping[str, str]
    """By lower-case names."""
    text: str
    """The beginning of its body: in lower case, without blanks or quotes around it."""
    at: datetime

    @property
    def retry_after(self) -> float | None:
        """Seconds of Retry-After, capped; None without a usable one."""
        return parse_retry_after(self.headers.get("retry-after"), self.at)

    @property
    def json_object(self) -> dict[str, Any] | None:
        """The body, where it is a JSON object."""
        try:
            answer = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        return answer if isinstance(answer, dict) else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one answer, or the lack of one, means."""

    outcome: Outcome
    reason: str
    """A stable slug."""
    status: int | None = None
    retry_after: float | None = None
    """Seconds, capped."""
    once_more: bool = False
    """Refused, but tried once more, because keys get changed."""
    location: str | None = None
    """Where a redirect pointed, masked."""


def judge_status(status: int, headers: Mapping[str, str], now: datetime) -> Judgement:
    """Read what the status alone says. `headers` has lower-case names."""
    if 200 <= status < 300:
        return Judgement(Outcome.DELIVERED, "delivered", status)
    wait = parse_retry_after(headers.get("retry-after"), now)
    if status in _UNAUTHORIZED:
        return refused(f"http-{status}", status, wait)
    if status in _TRANSIENT or status >= 500:
        return Judgement(Outcome.RETRY, f"http-{status}", status, wait)
    return Judgement(Outcome.DEAD, "gone" if status == 410 else f"http-{status}", status)


def refused(reason: str, status: int, wait: float | None = None) -> Judgement:
    """The judgement of a refused key, which may be about to be changed: one more try, later."""
    wait = max(wait or 0.0, KEY_CHANGE_SECONDS)
    return Judgement(Outcome.RETRY, reason, status, wait, once_more=True)
