"""What pages write is short, and means one thing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from acr_global.ui import texts


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0 ms", 0.0),
        ("40 ms", 0.04),
        ("1.0 s", 0.9996),
        ("12.3 s", 12.34),
        ("1 min", 59.96),
        ("2 min 5 s", 125.2),
        ("1 h", 3_600.0),
        ("1 h 3 min", 3_785.0),
        ("2 d 4 h", 187_300.0),
    ],
)
def test_a_duration_has_at_most_two_units(said: str, seconds: float) -> None:
    """What is smaller than the second one is left out."""
    assert said == texts.seconds(seconds)


def test_the_first_region_has_no_lag() -> None:
    """It is what the others are measured by."""
    assert ("first", "1.5 s") == (texts.lag(0.0), texts.lag(1.5))


def test_a_moment_is_told_in_utc_whatever_its_zone() -> None:
    """For machines to the millisecond, for people to the second."""
    moment = datetime(2026, 5, 4, 12, 0, 1, 23_456, timezone(timedelta(hours=2)))
    assert "2026-05-04T10:00:01.023Z" == texts.iso(moment)
    assert "2026-05-04 10:00:01 UTC" == texts.utc(moment)


@pytest.mark.parametrize(
    ("short", "digest"),
    [
        ("sha256:0123456789ab…", "sha256:0123456789abcdef"),
        ("sha256:0123456789ab", "sha256:0123456789ab"),
        ("no digest at all, and long", "no digest at all, and long"),
    ],
)
def test_a_digest_is_known_by_its_beginning(short: str, digest: str) -> None:
    """What is none, or short, stands as it is."""
    assert short == texts.short_digest(digest)


def test_a_name_stays_one_part_of_an_address() -> None:
    """Whatever stands in it; and what is not asked for does not stand in the query."""
    assert "/api/ui" == texts.path()
    assert "/api/ui/pushes/a%2F..%3Fx?done=retry" == texts.path("pushes", "a/..?x", done="retry")
    assert "/api/ui?image=a%26b%3Dc" == texts.path(image="a&b=c", state="")
    assert "/api/ui/pushes/%3F" == texts.path("pushes", "\ud800")


def test_numbers_and_names_are_told_as_people_say_them() -> None:
    """One of a thing has no plural."""
    assert ("1 push", "2 pushes", "0 regions") == (
        texts.count(1, "push"),
        texts.count(2, "push"),
        texts.count(0, "region"),
    )
    assert ("", "a", "a and b", "a, b and c") == tuple(
        texts.names(tuple(some)) for some in ("", "a", "ab", "abc")
    )


def test_of_many_names_a_few_are_told() -> None:
    """A sentence stays one that is read."""
    assert "a, b, c, d, e and f" == texts.names(tuple("abcdef"))
    assert "a, b, c, d, e and 2 more" == texts.names(tuple("abcdefg"))
