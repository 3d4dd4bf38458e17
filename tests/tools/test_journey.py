"""Counting one webhook's way through the app."""

from __future__ import annotations

from devhost import run_virtual
from tools.journey import by_file, count, lengths, travel


def test_the_way_goes_from_the_webhook_to_the_slack_message() -> None:
    """It passes the orchestrator and the activity, each in the file of its name."""
    files = [file for file, _ in by_file(run_virtual(travel).read())]
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


def test_files_and_functions_are_measured_in_lines() -> None:
    """They are counted from the first line to the last."""
    files, functions = lengths()
    assert 18 > files["functions/clock.py"] > 5
    assert 3 == functions["functions/clock.py: utcnow"]
