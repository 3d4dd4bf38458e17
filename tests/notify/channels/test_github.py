"""The channel `github`: its limits, its tokens, and what answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from acr_global.errors import RenderError
from acr_global.grouping import MemberState
from acr_global.model import Action, OutboundRequest, Outcome
from acr_global.notify.channels import github
from tests.notify.samples import NOW, SECRETS, judge, message, render, target

D, R, X = Outcome.DELIVERED, Outcome.RETRY, Outcome.DEAD


SAMPLE: dict[str, Any] = {"repo": "team/deploy", "token": {"$secret": "GH_TOKEN"}}


def check(request: OutboundRequest) -> None:
    """The request keeps GitHub's limits and accounts for every expected region, or push."""
    body = json.loads(request.body)
    assert {"event_type", "client_payload"} == set(body)
    assert 0 < len(body["event_type"]) <= 100
    payload = body["client_payload"]
    assert github.PAYLOAD_PROPERTIES >= len(payload)
    assert github.PAYLOAD_BYTES >= len(request.body)
    if payload["type"] == "group":
        pushes = payload["pushes"]
        listed = sum(len(pushes[state]) for state in MemberState)
        assert sum(pushes["counts"].values()) == listed + pushes["omitted"]
        return
    regions = payload["regions"]
    named = sum(len(regions[state]) for state in ("missing", "evidence", "arrived"))
    assert regions["expected"] == named + regions["omitted"]


def test_github_enterprise_has_its_own_base() -> None:
    """The path follows the base URL, with or without its final slash."""
    for base in ("https://ghe.test/api/v3", "https://ghe.test/api/v3/"):
        url = render(message(), target("github", url=base)).url
        assert "https://ghe.test/api/v3/repos/team/deploy/dispatches" == url


def test_a_user_in_a_url_beside_a_token_says_why() -> None:
    """The secret may have got a user after the start."""
    to = target("github", url={"$secret": "API_URL"})
    secrets = SECRETS | {"API_URL": "https://user:pw@api.test"}
    with pytest.raises(RenderError, match="keep one") as caught:
        to.render(message(), secrets, NOW)
    assert "url-invalid" == caught.value.reason


def test_a_dispatch_is_about_one_push_unless_the_target_says_otherwise() -> None:
    """A workflow that deploys an image must hear of that image."""
    assert not target("github").group
    assert target("github", group=True).group


@pytest.mark.parametrize(
    ("action", "event_type"),
    [
        (Action.PUSH, "image-replicated"),
        (Action.CHART_PUSH, "image-replicated"),
        (Action.DELETE, "image-replicated-delete"),
        (Action.QUARANTINE, "image-replicated-quarantine"),
    ],
)
def test_a_deletion_starts_no_workflow_that_waits_for_pushes(
    action: Action, event_type: str
) -> None:
    """It is an event of another type, so that nothing deploys what was deleted."""
    said = message()
    told = said.model_copy(update={"push": said.push.model_copy(update={"action": action})})
    assert event_type == json.loads(render(told, target("github")).body)["event_type"]


def test_the_longest_type_makes_room_for_an_action() -> None:
    """GitHub allows 100 characters, and the action counts."""
    longest = target("github", event_type="x" * 100)
    said = message()
    push = said.push.model_copy(update={"action": Action.CHART_DELETE})
    body = render(said.model_copy(update={"push": push}), longest).body
    event_type = json.loads(body)["event_type"]
    assert (100, True) == (len(event_type), event_type.endswith("x-chart_delete"))


def in_seconds(seconds: float) -> str:
    """A time as x-ratelimit-reset writes it."""
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
def test_github_s_answers_are_judged(
    status: int, headers: dict[str, str], body: str, outcome: Outcome, wait: float | None
) -> None:
    """A 403 may be a rate limit: a secondary one, however it is worded, is waited for a minute."""
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
    """It is tried once more, because tokens get changed."""
    found = judge("github", 403, headers, body.encode(), NOW)
    assert (R, True, "http-403") == (found.outcome, found.once_more, found.reason)
