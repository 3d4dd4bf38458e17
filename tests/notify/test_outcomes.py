"""What each answer means, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.model import Outcome
from acr_global.notify.channels import KINDS, channel
from acr_global.notify.target import HttpTarget
from acr_global.retry import MAX_RETRY_AFTER
from tests.notify.samples import NOW, judge

EVERY = [kind for kind in KINDS if issubclass(channel(kind), HttpTarget)]
D, R, X = Outcome.DELIVERED, Outcome.RETRY, Outcome.DEAD


def test_every_kind_that_answers_in_http_has_its_table() -> None:
    """Only apprise does not answer by HTTP."""
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
        (413, X, "http-413"),
        (410, X, "gone"),
        (408, R, "http-408"),
        (421, R, "http-421"),
        (425, R, "http-425"),
        (500, R, "http-500"),
        (502, R, "http-502"),
        (503, R, "http-503"),
        (504, R, "http-504"),
        (599, R, "http-599"),
    ],
)
def test_the_general_table(kind: str, status: int, outcome: Outcome, reason: str) -> None:
    """The table holds for every kind whose answers say no more than their status."""
    found = judge(kind, status, {}, b"", NOW)
    assert (outcome, reason, status, None) == (
        found.outcome,
        found.reason,
        found.status,
        found.retry_after,
    )


@pytest.mark.parametrize("kind", ["webhook", "cloudevents", "slack", "teams"])
def test_who_is_not_found_is_tried_again(kind: str) -> None:
    """A router answers 404 for a receiver that is away. (GitHub's own means no right to see it.)"""
    found = judge(kind, 404, {}, b"404 page not found", NOW)
    assert (Outcome.RETRY, "http-404") == (found.outcome, found.reason)


@given(
    st.sampled_from(EVERY),
    st.integers(min_value=100, max_value=999),
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"]), st.text()
    ),
    st.binary(),
)
def test_any_answer_has_an_outcome(
    kind: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    """No answer raises an error, is kept, or makes the app wait longer than the cap."""
    found = judge(kind, status, headers, body, NOW)
    assert 0.0 <= (found.retry_after or 0.0) <= MAX_RETRY_AFTER.total_seconds()
    assert status == found.status
    assert found.retry_after is None or found.outcome is R


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_may_ask_us_to_wait(kind: str, status: int) -> None:
    """Retry-After counts beside any status that is tried again."""
    found = judge(kind, status, {"retry-after": "30"}, b"", NOW)
    assert (R, 30.0) == (found.outcome, found.retry_after)


def test_a_wait_beside_a_final_answer_means_nothing() -> None:
    """A 301 may carry Retry-After, but is not tried again."""
    assert judge("webhook", 301, {"retry-after": "30"}, b"", NOW).retry_after is None


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(("asked", "wait"), [(None, 300.0), ("7", 300.0), ("900", 900.0)])
def test_a_refused_key_is_tried_once_more_after_five_minutes(
    kind: str, status: int, asked: str | None, wait: float
) -> None:
    """An operator may have changed the key meanwhile. (GitHub's 403 with Retry-After is a rate
    limit.)"""
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
    """A rate limit or a server's failure is tried for the whole schedule."""
    assert not judge("webhook", status, {}, b"", NOW).once_more
