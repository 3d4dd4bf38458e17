"""What each answer means, row by row."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.model import Outcome
from acr_global.notify.outcomes import Kind, judge, parse_retry_after
from acr_global.retry import RETRY_AFTER_CAP
from acr_global.targets import KINDS
from tests.notify.samples import NOW

EVERY: tuple[Kind, ...] = get_args(Kind)
D, R, X = Outcome.DELIVERED, Outcome.RETRY, Outcome.DEAD


def test_every_kind_that_answers_in_http_has_its_table() -> None:
    """Only apprise answers in another way."""
    assert {*EVERY, "apprise"} == set(KINDS)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (200, D, "delivered"),
        (202, D, "delivered"),
        (204, D, "delivered"),
        (299, D, "delivered"),
        (101, X, "http-101"),
        (301, X, "http-301"),
        (302, X, "http-302"),
        (308, X, "http-308"),
        (400, X, "http-400"),
        (401, X, "http-401"),
        (403, X, "http-403"),
        (404, X, "http-404"),
        (413, X, "http-413"),
        (410, X, "gone"),
        (408, R, "http-408"),
        (425, R, "http-425"),
        (500, R, "http-500"),
        (502, R, "http-502"),
        (503, R, "http-503"),
        (504, R, "http-504"),
        (599, R, "http-599"),
    ],
)
def test_the_general_table(kind: Kind, status: int, outcome: Outcome, reason: str) -> None:
    """It holds for every kind whose answer says no more than its status."""
    found = judge(kind, status, {}, b"", NOW)
    assert (outcome, reason, status, None) == (
        found.outcome,
        found.reason,
        found.status,
        found.retry_after,
    )


@given(
    st.sampled_from(EVERY),
    st.integers(min_value=100, max_value=999),
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"]), st.text()
    ),
    st.binary(),
)
def test_any_answer_has_an_outcome(
    kind: Kind, status: int, headers: dict[str, str], body: bytes
) -> None:
    """Nothing that a receiver says raises, is kept, or makes us wait longer than the cap."""
    found = judge(kind, status, headers, body, NOW)
    assert 0.0 <= (found.retry_after or 0.0) <= RETRY_AFTER_CAP.total_seconds()
    assert status == found.status
    assert found.retry_after is None or found.outcome is R


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("86400", 3600.0),
        ("9" * 400, 3600.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("²", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        (format_datetime(NOW + timedelta(days=400), usegmt=True), 3600.0),
        ("Sat, 14 Mar 2026 09:27:53 -0000", 60.0),
        ("Sat, 99 Mar 2026 09:27:53 GMT", None),
    ],
)
def test_retry_after(value: str | None, expected: float | None) -> None:
    """Seconds or a date, never before now, never beyond the cap; nonsense is no wish."""
    assert expected == parse_retry_after(value, NOW)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_may_ask_us_to_wait(kind: Kind, status: int) -> None:
    """Beside any retry."""
    found = judge(kind, status, {"retry-after": "30"}, b"", NOW)
    assert (R, 30.0) == (found.outcome, found.retry_after)


def test_a_wait_beside_a_final_answer_means_nothing() -> None:
    """A 301 may carry Retry-After; there is no retry for it to be after."""
    assert judge("webhook", 301, {"retry-after": "30"}, b"", NOW).retry_after is None


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason"),
    [
        (200, b"ok", D, "delivered"),
        (200, b"", D, "delivered"),
        (200, b'{"ok":true}', D, "delivered"),
        (200, b"[" * 4096, D, "delivered"),
        (200, b"[]", D, "delivered"),
        (200, b'{"ok":false,"error":"invalid_auth"}', X, "slack-refused"),
        (200, b'{"ok":false,"error":"ratelimited"}', R, "slack-rate-limited"),
        (400, b"invalid_payload", X, "slack-invalid_payload"),
        (403, b"action_prohibited", X, "slack-action_prohibited"),
        (404, b"no_service\n", X, "slack-no_service"),
        (404, b"<html>secret</html>", X, "http-404"),
        (410, b"channel_is_archived", X, "slack-channel_is_archived"),
        (410, b"", X, "gone"),
        (429, b"", R, "http-429"),
        (500, b"rollup_error", R, "slack-rollup_error"),
    ],
)
def test_slack(status: int, body: bytes, outcome: Outcome, reason: str) -> None:
    """Slack says why in a word; only words that we know are kept."""
    found = judge("slack", status, {}, body, NOW)
    assert (outcome, reason) == (found.outcome, found.reason)


@pytest.mark.parametrize(
    ("status", "headers", "body", "outcome", "wait"),
    [
        (204, {}, b"", D, None),
        (403, {}, b'{"message":"Resource not accessible by integration"}', X, None),
        (403, {"x-ratelimit-remaining": "12"}, b"", X, None),
        (403, {"retry-after": "7"}, b"", R, 7.0),
        (403, {"x-ratelimit-remaining": "0"}, b"", R, 60.0),
        (
            403,
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 300)},
            b"",
            R,
            300.0,
        ),
        (403, {}, b"You have exceeded a Secondary rate limit", R, 60.0),
        (429, {}, b"", R, 60.0),
        (404, {}, b"", X, None),
        (422, {}, b"", X, None),
        (500, {}, b"", R, None),
    ],
)
def test_github(
    status: int, headers: dict[str, str], body: bytes, outcome: Outcome, wait: float | None
) -> None:
    """403 is a permission that is missing, or a limit that will pass."""
    found = judge("github", status, headers, body, NOW)
    assert (outcome, wait) == (found.outcome, found.retry_after)
