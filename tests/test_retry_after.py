"""How long a receiver asks us to wait, in all the ways that it is written."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.retry import MAX_RETRY_AFTER
from acr_global.retry_after import join_headers, parse_retry_after
from tests.notify.samples import NOW


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("86400", 3600.0),
        ("9" * 400, 3600.0),
        ("9" * 4000, 3600.0),
        ("1e400", 3600.0),
        ("120.5", 121.0),
        ("0.2", 1.0),
        ("120.", 120.0),
        (".5", 1.0),
        ("+120", 120.0),
        ("1e3", 1000.0),
        ("1E+2", 100.0),
        ('"120"', 120.0),
        ("'120'", 120.0),
        ("\t120 ", 120.0),
        ("120s", 120.0),
        ("120 Seconds", 120.0),
        ("2m", 120.0),
        ("9 min", 540.0),
        ("1500ms", 2.0),
        (str(int(NOW.timestamp()) + 300), 300.0),
        (f"{NOW.timestamp() - 300:.0f}", 0.0),
        ("120, 60", 120.0),
        ("60,120", 120.0),
        ("120; comment", 120.0),
        ("soon, 60", 60.0),
        ("-5", None),
        ("-5, 60", 60.0),
        ("soon", None),
        ("120 parsecs", None),
        ("nan", None),
        ("inf", None),
        ("1_0", None),
        ("0x10", None),
        ("²", None),
        ("٣", None),
        (",;,", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        (format_datetime(NOW + timedelta(days=400), usegmt=True), 3600.0),
        ("Sat, 14 Mar 2026 09:27:53 -0000", 60.0),
        ("Saturday, 14-Mar-26 09:27:53 GMT", 60.0),
        ("Sat Mar 14 09:27:53 2026", 60.0),
        ("Mon, 14 Mar 2026 09:27:53 GMT", 60.0),
        ("14 Mar 2026 09:27:53 GMT", 60.0),
        ("Sat, 14-Mar-2026 09:27:53 GMT", 60.0),
        ("sat, 14 mar 2026 09:27:53 gmt", 60.0),
        ("Sat, 14 Mar 2026 10:27:53 +0100", 60.0),
        ("2026-03-14 09:27:53", 60.0),
        ("2026-03-14T09:27:53Z", 60.0),
        ("Sat, 14 Mar 2026 09:27:53 GMT, Sat, 14 Mar 2026 09:28:53 GMT", 120.0),
        ("30, Sat, 14 Mar 2026 09:27:53 GMT", 60.0),
        ("Sat, 99 Mar 2026 09:27:53 GMT", None),
        ("Sat, 14 Mar 9999 23:59:59 -2359", 3600.0),
        ("0000-00-00T00:00:00", None),
        ("0001-01-01T00:00:00+14:00", 0.0),
    ],
)
def test_retry_after_is_read_in_each_form(value: str | None, expected: float | None) -> None:
    """It is rounded up, never negative, and at most the cap; nonsense counts as absent."""
    assert expected == parse_retry_after(value, NOW)


@given(st.text() | st.text(alphabet="0123456789 ,;:+-.eGMTSatMar\"'"))
def test_any_text_is_a_wait_or_none(value: str) -> None:
    """No text raises an error."""
    found = parse_retry_after(value, NOW)
    assert found is None or 0.0 <= found <= MAX_RETRY_AFTER.total_seconds()


def test_the_clock_s_fraction_does_not_shorten_a_wait() -> None:
    """A date names a whole second, and the answer came within one."""
    at = format_datetime(NOW + timedelta(seconds=10), usegmt=True)
    assert 10.0 == parse_retry_after(at, NOW + timedelta(milliseconds=300))


def test_several_lines_are_one_list() -> None:
    """The case of their names does not matter; other headers stay unchanged."""
    lines = [("Retry-After", "60"), ("X", "a"), ("retry-after", "120")]
    joined = join_headers(lines)
    assert {"retry-after": "60, 120", "x": "a"} == joined
    assert 120.0 == parse_retry_after(joined["retry-after"], NOW)
