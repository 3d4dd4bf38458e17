"""The times that the engine writes, as they are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acr_global.functions.clock import moment


@pytest.mark.parametrize("text", [None, 5, "", "soon"])
def test_what_is_no_time_is_none(text: object) -> None:
    """It costs what depends on it, and not the whole answer."""
    assert moment(text) is None


@pytest.mark.parametrize(
    "text", ["2026-05-04T10:00:00Z", "2026-05-04T10:00:00", "2026-05-04T12:00:00+02:00"]
)
def test_each_time_can_be_compared_with_any_other(text: str) -> None:
    """One without a zone is in UTC."""
    assert timedelta(0) == datetime(2026, 5, 4, 10, tzinfo=UTC) - (moment(text) or datetime.max)


def test_the_beginning_of_time_is_one() -> None:
    """So .NET writes a time that nobody has set."""
    assert datetime(1, 1, 1, tzinfo=UTC) == moment("0001-01-01T00:00:00")
