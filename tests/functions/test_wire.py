"""What orchestration inputs and statuses hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from acr_global.functions import wire
from acr_global.model import Arrival

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def status(regions: int, event_id: str = "e" * 36) -> wire.PushStatus:
    """A status with arrivals of so many regions."""
    return wire.PushStatus(
        state="complete",
        decided=True,
        until=NOW,
        missing=(),
        reports={f"southeastasia{n}": (event_id, NOW) for n in range(regions)},
    )


@pytest.mark.parametrize(
    ("regions", "event_id", "kept"),
    [(3, "e" * 36, True), (70, "e" * 36, True), (70, "e" * 100, False)],
)
def test_a_status_fits_the_engine(regions: int, event_id: str, kept: bool) -> None:
    """More than 16 KB in UTF-16 would fail the orchestration, so the arrivals are then left out."""
    whole = wire.status_object(status(regions, event_id))
    assert 16 * 1024 >= len(json.dumps(whole).encode("utf-16-le"))
    assert kept is ("reports" in whole)
    assert kept is (wire.load(wire.PushStatus, whole).arrivals() is not None)


def missing_status(names: tuple[str, ...]) -> wire.PushStatus:
    """An alarm in which these regions are missing, and nothing else is long."""
    return status(3).model_copy(update={"state": "overdue", "decided": False, "missing": names})


@pytest.mark.parametrize(
    "name", ["r" * 50, "\u00fc" * 50, "\U0001f600" * 50, '"' * 50, "\u2028" * 50]
)
def test_missing_regions_are_cut_with_a_count(name: str) -> None:
    """As many names as fit are kept, whatever their characters."""
    whole = wire.dump(missing_status((name,) * 500))
    cut = wire.status_object(missing_status((name,) * 500))
    assert 500 == len(cut["missing"]) + cut["missing_more"]
    assert ("overdue", False, whole["until"]) == (cut["state"], cut["decided"], cut["until"])
    assert wire.MAX_STATUS_CHARS >= len(json.dumps(cut, separators=(",", ":")))
    one_more = cut | {"missing": whole["missing"][: len(cut["missing"]) + 1]}
    assert wire.MAX_STATUS_CHARS < len(json.dumps(one_more, separators=(",", ":")))
    assert None is wire.load(wire.PushStatus, cut).arrivals()


def test_a_status_of_exactly_the_longest_length_is_whole() -> None:
    """With one character more, one name is left out and counted."""
    names = ("r" * 50,) * 140
    spare = wire.MAX_STATUS_CHARS - len(json.dumps({"a": names, "b": ""}, separators=(",", ":")))
    fits = {"a": list(names), "b": "x" * spare}
    assert fits == wire.bounded(fits)
    cut = wire.bounded(fits | {"b": "x" * (spare + 1)})
    assert (139, 1) == (len(cut["a"]), cut["a_more"])


def test_arrivals_are_read_back_from_a_status() -> None:
    """The next generation needs their region, event id and time."""
    expected = (Arrival(region="southeastasia0", event_id="e", received_at=NOW),)
    assert expected == wire.load(wire.PushStatus, wire.dump(status(1, "e"))).arrivals()


@pytest.mark.parametrize("value", [None, "text", {}, {"decided": "yes"}, {"decided": False}])
def test_only_a_push_that_says_so_is_decided(value: object) -> None:
    """Any other custom status means that it is not decided."""
    assert not wire.is_decided(value)
    assert wire.is_decided(wire.status_object(status(1)))


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
