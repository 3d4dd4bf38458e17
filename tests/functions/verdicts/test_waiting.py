"""What a push shows of itself while it is waited for."""

from __future__ import annotations

import json

import pytest

from acr_global.functions.durable import statuses, wire
from acr_global.functions.verdicts.waiting import as_custom_status
from tests.functions.examples import status


@pytest.mark.parametrize(
    ("regions", "event_id", "kept"),
    [(3, "e" * 36, True), (70, "e" * 36, True), (70, "e" * 100, False)],
)
def test_a_status_fits_the_engine(regions: int, event_id: str, kept: bool) -> None:
    """More than 16 KB in UTF-16 would fail the orchestration, so the arrivals are then left out."""
    whole = as_custom_status(status(regions, event_id))
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
    cut = as_custom_status(missing_status((name,) * 500))
    assert 500 == len(cut["missing"]) + cut["missing_more"]
    assert ("overdue", False, whole["until"]) == (cut["state"], cut["decided"], cut["until"])
    assert statuses.MAX_STATUS_CHARS >= len(json.dumps(cut, separators=(",", ":")))
    one_more = cut | {"missing": whole["missing"][: len(cut["missing"]) + 1]}
    assert statuses.MAX_STATUS_CHARS < len(json.dumps(one_more, separators=(",", ":")))
    assert None is wire.load(wire.PushStatus, cut).arrivals()
