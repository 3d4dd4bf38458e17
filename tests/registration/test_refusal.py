"""The resource manager's refusals, in our words."""

from __future__ import annotations

import json

import pytest

from acr_global.registration.refusal import ArmError, refused

RIGHT = "Microsoft.ContainerRegistry/registries/webhooks/write"
OTHER = "Microsoft.ContainerRegistry/registries/webhooks/operationStatuses/read"


def answer(status: int, code: object = None, message: object = "") -> ArmError:
    """The error that an answer of the service becomes."""
    body = json.dumps({"error": {"code": code, "message": message}})
    return refused("make the webhook x", RIGHT, status, {"X-Ms-Request-Id": "1-2"}, body)


def test_a_missing_right_is_named() -> None:
    """It is the one that the service names, which may differ from the expected one."""
    said = f"The client 'anna@contoso' does not have authorization to perform action '{OTHER}' over"
    error = answer(403, "AuthorizationFailed", said)
    assert OTHER == error.right
    assert (
        f"cannot make the webhook x: the right {OTHER} is missing"
        " (status 403, AuthorizationFailed, request id 1-2)"
    ) == error.message


def test_where_it_names_none_the_questions_own_right_is_named() -> None:
    """The 403 of a gateway has no body of the service."""
    assert RIGHT == refused("x", RIGHT, 403, {}, "<html>").right
    assert RIGHT == answer(403, "AuthorizationFailed", "no").right


def test_another_403_is_no_missing_right() -> None:
    """A policy or a lock may forbid the request."""
    error = answer(403, "RequestDisallowedByPolicy", "no")
    assert error.right is None
    assert "the resource manager refuses (status 403, RequestDisallowedByPolicy" in error.message


@pytest.mark.parametrize("body", ["", "[]", "{", '{"error": 1}', '{"error": {"code": "a b"}}'])
def test_a_body_that_says_nothing_leaves_the_status(body: str) -> None:
    """Nothing of the body is repeated."""
    expected = "cannot x: there is no such thing (status 404)"
    assert expected == refused("x", RIGHT, 404, {}, body).message


def test_nothing_of_the_message_is_repeated() -> None:
    """The message may contain the request; a request id may be malformed, too."""
    body = json.dumps({"error": {"code": "Bad", "message": "header x-functions-key: KEY"}})
    error = refused("x", RIGHT, 400, {"x-ms-request-id": "KEY KEY"}, body)
    assert "KEY" not in error.message
    assert error.request_id is None


@pytest.mark.parametrize(
    ("expected", "status"),
    [(True, 200), (False, 400), (False, 403), (True, 408), (True, 409), (True, 429), (True, 503)],
)
def test_a_passing_error_may_be_tried_again(expected: bool, status: int) -> None:
    """A 200 is an operation that was begun and has failed."""
    assert expected is answer(status).passing


def test_a_request_without_an_answer_may_be_tried_again() -> None:
    """Nothing was refused."""
    assert ArmError("no answer").passing
