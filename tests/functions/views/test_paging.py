"""A list goes on with the tokens that it has given, and with no others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.errors import RejectedError
from acr_global.functions.views import paging


@given(st.text(min_size=1))
def test_a_token_that_was_given_is_taken(token: str) -> None:
    """Any token of the engine comes back from `next` unchanged."""
    assert token == paging.take(paging.give(token))


def test_the_first_page_and_the_last_have_no_token() -> None:
    """No token asks for the first page, and none follows the last."""
    assert paging.give(None) is None
    assert paging.take(None) is None


def test_a_place_in_one_list_is_none_in_another() -> None:
    """Where there are several lists, each has tokens of its own."""
    given = paging.give("token", "overdue")
    assert "token" == paging.take(given, "overdue")
    for other in ("complete", ""):
        with pytest.raises(RejectedError):
            paging.take(given, other)


GIVEN = str(paging.give("eyJhZnRlciI6ImEifQ=="))


@pytest.mark.parametrize("after", [None, "", " "])
def test_what_is_empty_is_not_said(after: str | None) -> None:
    """As with every other parameter: the list begins at its beginning."""
    assert paging.take(after) is None


@pytest.mark.parametrize(
    "after",
    [
        *("zzz", "null", "0", "-1", ".", "a.b", "00000000.", "eyJhZnRlciI6ImEifQ=="),
        *(GIVEN[:-1], GIVEN + "=", GIVEN.upper(), f"{GIVEN},{GIVEN}", f" {GIVEN}", "1." + GIVEN),
        *("\x00", "\r\nX: y", "\ud800", "日本", "a" * 100_000),
    ],
)
def test_any_other_token_is_refused(after: str) -> None:
    """The answer is 400, whatever the engine would make of it."""
    with pytest.raises(RejectedError) as refused:
        paging.take(after)
    assert (400, "after-invalid") == (refused.value.status, refused.value.reason)
