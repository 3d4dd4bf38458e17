"""What each answer means, row by row."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.model import Outcome
from acr_global.notify.outcomes import Kind
from acr_global.notify.said import judge
from acr_global.notify.target import KINDS
from acr_global.retry import RETRY_AFTER_CAP
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
        (402, X, "http-402"),
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


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_may_ask_us_to_wait(kind: Kind, status: int) -> None:
    """Beside any retry."""
    found = judge(kind, status, {"retry-after": "30"}, b"", NOW)
    assert (R, 30.0) == (found.outcome, found.retry_after)


def test_a_wait_beside_a_final_answer_means_nothing() -> None:
    """A 301 may carry Retry-After; there is no retry for it to be after."""
    assert judge("webhook", 301, {"retry-after": "30"}, b"", NOW).retry_after is None


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(("asked", "wait"), [(None, 300.0), ("7", 300.0), ("900", 900.0)])
def test_a_refused_key_is_tried_once_more_after_five_minutes(
    kind: Kind, status: int, asked: str | None, wait: float
) -> None:
    """For keys are changed. (GitHub's 403 with Retry-After is a limit.)"""
    if kind == "github" and asked:
        return
    headers = {"retry-after": asked} if asked else {}
    found = judge(kind, status, headers, b"", NOW)
    assert (R, True, f"http-{status}", wait) == (
        found.outcome,
        found.once_more,
        found.reason,
        found.retry_after,
    )


@pytest.mark.parametrize("status", [200, 301, 404, 429, 500])
def test_no_other_answer_is_tried_only_once_more(status: int) -> None:
    """A limit or a failure goes through the whole schedule."""
    assert not judge("webhook", status, {}, b"", NOW).once_more


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason"),
    [
        (200, b"ok", D, "delivered"),
        (200, b"OK\n", D, "delivered"),
        (200, b"", D, "delivered"),
        (200, b"thanks", D, "delivered"),
        (200, b'{"ok":true}', D, "delivered"),
        (200, b'{"success":true,"error":null}', D, "delivered"),
        (200, b"[" * 4096, D, "delivered"),
        (200, b"[]", D, "delivered"),
        (200, b'{"ok":false,"error":"channel_not_found"}', X, "slack-channel_not_found"),
        (200, b'{"ok":false,"error":"<b>hush"}', X, "slack-refused"),
        (200, b'{"ok":false}', X, "slack-refused"),
        (200, b'{"success":false,"error":"hush"}', X, "slack-refused"),
        (200, b'{"ok":false,"error":"ratelimited"}', R, "slack-rate-limited"),
        (200, b'{"ok":false,"error":"invalid_auth"}', R, "slack-invalid_auth"),
        (200, b'{"ok":false,"error":"internal_error"}', R, "slack-internal_error"),
        (200, b"no_service", X, "slack-no_service"),
        (200, b'"invalid_payload"\n', X, "slack-invalid_payload"),
        (200, b"No_Active_Hooks", X, "slack-no_active_hooks"),
        (200, b"some_thing_disabled", X, "slack-refused"),
        (200, b"invalid_token", R, "slack-invalid_token"),
        (200, b"rollup_error", R, "slack-rollup_error"),
        (202, b"rate_limited", R, "slack-rate-limited"),
        (200, b"<!DOCTYPE html><html>sign in</html>", R, "answer-page"),
        (400, b"invalid_payload", X, "slack-invalid_payload"),
        (403, b"action_prohibited", R, "slack-action_prohibited"),
        (404, b"no_service\n", X, "slack-no_service"),
        (404, b"<html>secret</html>", X, "http-404"),
        (410, b"channel_is_archived", X, "slack-channel_is_archived"),
        (410, b"", X, "gone"),
        (429, b"", R, "http-429"),
        (500, b"rollup_error", R, "slack-rollup_error"),
    ],
)
def test_slack(status: int, body: bytes, outcome: Outcome, reason: str) -> None:
    """Slack says why in a word, beside 200 too; only words that we know are kept."""
    found = judge("slack", status, {}, body, NOW)
    assert (outcome, reason) == (found.outcome, found.reason)


def test_slack_s_own_limit_keeps_its_wait() -> None:
    """Also where the status is 200."""
    found = judge("slack", 200, {"retry-after": "30"}, b"ratelimited", NOW)
    assert (R, 30.0) == (found.outcome, found.retry_after)


CONNECTOR = "Webhook message delivery failed with error: Microsoft Teams endpoint returned "


@pytest.mark.parametrize(
    ("status", "body", "outcome", "reason"),
    [
        (200, "1", D, "delivered"),
        (200, "", D, "delivered"),
        (202, "", D, "delivered"),
        (200, "ok", D, "delivered"),
        (202, '{"id": "08585", "status": "accepted"}', D, "delivered"),
        (200, '{"version":"1.1","statusCode":200,"isSuccessStatusCode":true}', D, "delivered"),
        (200, '{"type":"message","text":"delivery failed: HTTP error 429"}', D, "delivered"),
        (200, '[{"text":"delivery failed"}]', D, "delivered"),
        (200, '{"text":"delivery failed', D, "delivered"),
        (200, CONNECTOR + "HTTP error 429 with ContextId tcid=0,server=x", R, "teams-http-429"),
        (200, CONNECTOR + "HTTP error 503 with ContextId 01=2..", R, "teams-http-503"),
        (202, CONNECTOR.upper() + "http Error: 500", R, "teams-http-500"),
        (200, f'"{CONNECTOR}HTTP error 504"', R, "teams-http-504"),
        (200, "Microsoft Teams endpoint returned HTTP error 404", X, "teams-http-404"),
        (200, CONNECTOR + "HTTP error 413 with ContextId", X, "teams-http-413"),
        (200, CONNECTOR + "HTTP error 400 with ContextId tcid=3851", X, "teams-http-400"),
        (200, CONNECTOR + "HTTP error 410", X, "teams-http-410"),
        (200, CONNECTOR + "HTTP error 403", R, "teams-http-403"),
        (
            200,
            "Webhook message delivery failed with error: Error contacting Microsoft Teams endpoint",
            R,
            "teams-failed",
        ),
        (200, "Bad payload received by generic incoming webhook.", R, "teams-failed"),
        (200, "Request was throttled", R, "teams-failed"),
        (200, '{"error":{"code":"429","message":"hush"}}', R, "teams-http-429"),
        (200, '{"error":{"code":"WorkflowTriggerIsNotEnabled"}}', R, "teams-failed"),
        (200, '{"status": 400, "body": "Invalid type"}', X, "teams-http-400"),
        (200, f'{{"message": "{CONNECTOR}HTTP error 429"}}', R, "teams-http-429"),
        (200, '{"message": "posted", "status": "ok"}', D, "delivered"),
        (200, "\ufeff" + CONNECTOR + "HTTP error 502", R, "teams-http-502"),
        (200, CONNECTOR + "HTTP error TooManyRequests", R, "teams-failed"),
        (200, '{"statusCode":502,"isSuccessStatusCode":false}', R, "teams-http-502"),
        (200, "<html><body>Sign in</body></html>", R, "answer-page"),
        (429, CONNECTOR + "HTTP error 404", R, "http-429"),
    ],
)
def test_teams(status: int, body: str, outcome: Outcome, reason: str) -> None:
    """A success that says in its body that it was none; what echoes our card is a success."""
    found = judge("teams", status, {}, body.encode(), NOW)
    assert (outcome, reason, status) == (found.outcome, found.reason, found.status)


def test_a_refused_key_inside_of_a_success_is_tried_once_more() -> None:
    """As beside a status of its own; and a wait beside it is kept."""
    assert judge("teams", 200, {}, f"{CONNECTOR}HTTP error 401".encode(), NOW).once_more
    limited = judge("teams", 200, {"retry-after": "9"}, f"{CONNECTOR}HTTP error 429".encode(), NOW)
    assert 9.0 == limited.retry_after


def in_seconds(seconds: float) -> str:
    """A time as x-ratelimit-reset says it."""
    return f"{NOW.timestamp() + seconds:g}" if seconds % 1 else str(int(NOW.timestamp() + seconds))


ABUSE = "You have triggered an abuse detection mechanism. Please retry your request again later."


@pytest.mark.parametrize(
    ("status", "headers", "body", "outcome", "wait"),
    [
        (204, {}, "", D, None),
        (200, {}, "<!doctype html>", R, None),
        (403, {"retry-after": "7"}, "", R, 7.0),
        (403, {"x-ratelimit-remaining": "0"}, "", R, 60.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": in_seconds(300)}, "", R, 300.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": in_seconds(9e5)}, "", R, 3600.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": in_seconds(-9)}, "", R, 0.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, "", R, 60.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "nan"}, "", R, 60.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "inf"}, "", R, 3600.0),
        (403, {}, "You have exceeded a Secondary rate limit", R, 60.0),
        (403, {}, ABUSE, R, 60.0),
        (403, {"retry-after": "7"}, ABUSE, R, 60.0),
        (403, {"retry-after": "120"}, ABUSE, R, 120.0),
        (
            403,
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": in_seconds(5)},
            ABUSE,
            R,
            60.0,
        ),
        (
            403,
            {"x-ratelimit-remaining": "4987"},
            '{"message":"x","documentation_url":"https://developer.github.com/v3/#abuse-rate-limits"}',
            R,
            60.0,
        ),
        (
            403,
            {},
            '{"documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-'
            'api#about-secondary-rate-limits"}',
            R,
            60.0,
        ),
        (403, {}, '{"message":"API rate limit exceeded for user ID 1."}', R, 60.0),
        (429, {}, "", R, 60.0),
        (429, {"retry-after": "30"}, "", R, 30.0),
        (429, {"retry-after": "30"}, ABUSE, R, 60.0),
        (404, {}, "", X, None),
        (422, {}, "", X, None),
        (500, {}, "", R, None),
    ],
)
def test_github(
    status: int, headers: dict[str, str], body: str, outcome: Outcome, wait: float | None
) -> None:
    """403 may be a limit that will pass: a secondary one, by whatever name, after a minute."""
    found = judge("github", status, headers, body.encode(), NOW)
    assert (outcome, wait, False) == (found.outcome, found.retry_after, found.once_more)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, '{"message":"Resource not accessible by integration"}'),
        ({"x-ratelimit-remaining": "12"}, ""),
        ({"x-ratelimit-remaining": "12"}, '{"message":"Repository access blocked"}'),
    ],
)
def test_github_s_other_403_is_a_right_that_is_missing(headers: dict[str, str], body: str) -> None:
    """Tried once more, for tokens are changed."""
    found = judge("github", 403, headers, body.encode(), NOW)
    assert (R, True, "http-403") == (found.outcome, found.once_more, found.reason)
