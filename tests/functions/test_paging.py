"""A list goes on with what it has given, and with nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.errors import RejectedError
from acr_global.functions import paging


@given(st.text(min_size=1))
def test_what_was_given_is_taken(token: str) -> None:
    """Any token of the engine's comes back from `next` as it was."""
    assert token == paging.take(paging.give(token))


def test_the_end_and_the_beginning_are_nothing() -> None:
    """No token leads to the first page, and none away from the last."""
    assert paging.give(None) is None
    assert paging.take(None) is None


def test_a_place_in_one_list_is_none_in_another() -> None:
    """Where there are several, each goes on with its own."""
    given = paging.give("token", "overdue")
    assert "token" == paging.take(given, "overdue")
    for other in ("complete", ""):
        with pytest.raises(RejectedError):
            paging.take(given, other)


GIVEN = str(paging.give("eyJhZnRlciI6ImEifQ=="))


@pytest.mark.parametrize(
    "after",
    [
        *("", " ", "zzz", "null", "0", "-1", ".", "a.b", "00000000.", "eyJhZnRlciI6ImEifQ=="),
        *(GIVEN[:-1], GIVEN + "=", GIVEN.upper(), f"{GIVEN},{GIVEN}", f" {GIVEN}", "1." + GIVEN),
        *("\x00", "\r\nX: y", "\ud800", "日本", "a" * 100_000),
    ],
)
def test_anything_else_is_refused(after: str) -> None:
    """With 400, whatever the engine would make of it."""
    with pytest.raises(RejectedError) as refused:
        paging.take(after)
    assert (400, "after-invalid") == (refused.value.status, refused.value.reason)
