"""What each region has done, counted over rows of the ledger."""

from __future__ import annotations

from datetime import timedelta

import pytest

from acr_global.lags import percentile, regions_of
from acr_global.ledger import Row, Way, row_of
from acr_global.model import Evidence, EvidenceKind, VerdictType
from tests.notify.samples import BEGUN, NOW, arrival, verdict


def row(*ways: Way) -> Row:
    """One push with these regions' parts in it."""
    return row_of(verdict()).model_copy(update={"ways": ways})


def reported(region: str, lag: float) -> Way:
    """A region that has reported, by an event of its own id."""
    at = BEGUN + timedelta(seconds=lag)
    return Way(region=region, by="webhook", lag=lag, at=at, event=f"event-{region}")


def test_a_row_tells_how_each_region_was_accounted_for() -> None:
    """The alarm's evidence had not found it."""
    ways = row_of(verdict(VerdictType.OVERDUE)).ways
    assert (
        reported("westeurope", 2.4),
        reported("northeurope", 0.0),
        Way(region="eastus", by="missing"),
    ) == ways


def test_what_is_only_known_from_the_registry_is_told_apart() -> None:
    """A manifest that is there, and an event that was not delivered, which has a lag by the
    registry's clock."""
    found = Evidence(region="westeurope", kind=EvidenceKind.MANIFEST, found=True, detail="d")
    late = arrival("eastus", 600.0).model_copy(update={"caught_up": True, "timestamp": NOW})
    ways = row_of(
        verdict(arrivals=(arrival("northeurope", 0.0), late), evidence=(found,), missing=())
    ).ways
    assert (
        Way(region="westeurope", by="evidence"),
        reported("northeurope", 0.0),
        Way(region="eastus", by="caught-up", lag=600.0),
    ) == ways


def test_each_region_s_lags_are_counted_exactly() -> None:
    """Regions by name, also those that were expected only then, and those that are idle now."""
    rows = [
        row(
            Way(region="westeurope", by="webhook", lag=float(n), at=BEGUN + timedelta(seconds=n)),
            Way(region="eastus", by=("missing", "evidence", "caught-up")[n % 3], lag=None),
        )
        for n in range(1, 101)
    ]
    east, idle, west = regions_of(rows, ["westeurope", "northeurope"])
    assert ("eastus", 100, 0, 33, 34, 33) == tuple(east.model_dump().values())[:6]
    assert (None, None, None, None) == tuple(east.model_dump().values())[6:]
    assert ("northeurope", 0) == (idle.region, idle.pushes)
    assert ("westeurope", 100, 100, 50.0, 95.0, 100.0, BEGUN + timedelta(seconds=100)) == (
        west.region,
        west.pushes,
        west.reported,
        west.lag_p50,
        west.lag_p95,
        west.lag_max,
        west.last_seen,
    )


@pytest.mark.parametrize(
    ("expected", "values", "percent"),
    [
        (None, [], 50),
        (1.0, [1.0], 95),
        (1.0, [1.0, 2.0], 50),
        (2.0, [1.0, 2.0], 51),
        (3.0, [1.0, 2.0, 3.0], 100),
        (19.0, [float(n) for n in range(1, 21)], 95),
    ],
)
def test_a_percentile_is_one_of_the_values(
    expected: float | None, values: list[float], percent: int
) -> None:
    """By nearest rank."""
    assert expected == percentile(values, percent)
