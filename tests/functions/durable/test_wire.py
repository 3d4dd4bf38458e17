"""What orchestration inputs and statuses hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from acr_global.functions.durable import wire
from acr_global.model import Arrival
from tests.functions.examples import NOW, status


def test_arrivals_are_read_back_from_a_status() -> None:
    """The next generation needs their region, event id and time."""
    expected = (Arrival(region="southeastasia0", event_id="e", received_at=NOW),)
    assert expected == wire.load(wire.PushStatus, wire.dump(status(1, "e"))).arrivals()


@pytest.mark.parametrize("value", [None, "text", {}, {"decided": "yes"}, {"decided": False}])
def test_only_a_push_that_says_so_is_decided(value: object) -> None:
    """Any other custom status means that it is not decided."""
    assert not wire.is_decided(value)
    assert wire.is_decided(wire.dump(status(1)))


@pytest.mark.parametrize(
    ("state", "custom_status", "verdicts"),
    [
        ("overdue", {"state": "overdue"}, None),
        ("recovered", {"state": "recovered"}, ["overdue"]),
        ("incomplete", None, ["overdue", "incomplete"]),
        (None, None, []),
        (None, None, None),
    ],
)
def test_a_push_without_a_status_has_come_to_what_its_output_says(
    state: str | None, custom_status: object, verdicts: list[str] | None
) -> None:
    """The engine mends a row without the status, where a host has died over the last turn."""
    said = [{"type": v, "at": NOW} for v in verdicts or ()]
    output = None if verdicts is None else {"verdicts": said}
    assert state == wire.newest_state(custom_status, output)


@pytest.mark.parametrize("times", [0, 1, 2])
def test_json_inside_json_is_read(times: int) -> None:
    """The SDK hands some inputs back as texts that hold JSON."""
    value: Any = wire.dump(status(1))
    for _ in range(times):
        value = json.dumps(value)
    assert status(1) == wire.load(wire.PushStatus, value)


@pytest.mark.parametrize("value", ["", "{", "[]", 7, None, {"decided": True}, b"\xff"])
def test_what_is_not_ours_is_a_value_error(value: object) -> None:
    """Anything that somebody may have raised or started by hand raises only that."""
    with pytest.raises(ValueError, match=r"."):
        wire.load(wire.PushStatus, value)


def test_fields_of_a_later_release_are_passed_over() -> None:
    """An instance may outlive an upgrade or a downgrade."""
    value = wire.dump(status(1)) | {"later": "field"}
    assert status(1) == wire.load(wire.PushStatus, value)


@pytest.mark.parametrize("folder", ["0.1.0", "0.2.0"])
def test_only_what_0_1_0_has_begun_takes_no_look_again(folder: str) -> None:
    """Its histories may go on after a look that broke down."""
    pushes = Path(__file__).parents[2] / "replay" / folder / "engine"
    (given,) = (
        event["Input"]
        for event in json.loads((pushes / "complete.json").read_text())["sent"]["history"]
        if event.get("EventType") == 0
    )
    assert (folder != "0.1.0") is wire.load(wire.PushInput, given).checks_again
