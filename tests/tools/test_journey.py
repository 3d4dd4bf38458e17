"""Counting one webhook's way through the app."""

from __future__ import annotations

import pytest

from devhost import run_virtual
from tools.journey import Called, Step, by_file, count, lengths, read, travel


def test_the_way_goes_from_the_webhook_to_the_slack_message() -> None:
    """It passes the orchestrator and the activity, each in the file of its name."""
    files = [file for file, _ in by_file(read(run_virtual(travel).called))]
    assert "functions/http/image_push.py" == files[0]
    orchestrator = files.index("functions/orchestrators/wait_for_all_regions.py")
    activity = files.index("functions/activities/fire_push_notification.py")
    (slack,) = {files.index(file) for file in files if file.endswith("slack.py")}
    assert orchestrator < activity < slack


def test_a_way_back_into_a_file_is_a_switch() -> None:
    """Two functions of one file in a row are no switch."""
    way = [("a.py", "f"), ("a.py", "g"), ("b.py", "h"), ("a.py", "f")]
    assert [("a.py", ["f", "g"]), ("b.py", ["h"]), ("a.py", ["f"])] == by_file(way)
    assert "2 files, 2 switches between them" == count(way)


A, B, C, D = (("a.py", "a"), ("b.py", "b"), ("c.py", "c"), ("d.py", "d"))
HELPER = ("d.py", "helper")
CALLS, CALLS_BACK = True, False


def test_functions_are_read_in_the_order_of_the_calls() -> None:
    """Each is read once, whoever calls it again; one that calls nothing is not read."""
    called: Called = {
        None: {A: CALLS_BACK, C: CALLS_BACK},
        A: {B: CALLS, C: CALLS},
        B: {C: CALLS, D: CALLS},
        C: {D: CALLS},
    }
    assert [A, B, C] == read(called)


@pytest.mark.parametrize(
    ("expected", "check"),
    [([A, B], {}), ([A, B], {HELPER: CALLS}), ([A, B, D, C], {C: CALLS})],
    ids=["calls-nothing", "stays-in-its-file", "leads-on"],
)
def test_what_a_library_calls_is_read_where_it_leads_on(
    expected: list[Step], check: dict[Step, bool]
) -> None:
    """It may be a check of a field, to which no call in the code leads."""
    called: Called = {
        None: {A: CALLS_BACK},
        A: {B: CALLS},
        B: {HELPER: CALLS, D: CALLS_BACK},
        C: {HELPER: CALLS},
        D: check,
        HELPER: {("d.py", "part"): CALLS},
    }
    assert expected == [step for step in read(called) if step != HELPER]


def test_files_and_functions_are_measured_in_lines() -> None:
    """They are counted from the first line to the last."""
    files, functions = lengths()
    assert 30 > files["functions/clock.py"] > 5
    assert 3 == functions["functions/clock.py: utcnow"]
