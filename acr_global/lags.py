"""Rows of the ledger → what each region has done of these pushes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from acr_global.api import Region
from acr_global.ledger import Row, Way


def regions_of(rows: Iterable[Row], expected: Iterable[str]) -> tuple[Region, ...]:
    """Each region that stands in a row or is expected, by name."""
    ways: dict[str, list[Way]] = {region: [] for region in expected}
    for row in rows:
        for way in row.ways:
            ways.setdefault(way.region, []).append(way)
    return tuple(_region(region, ways[region]) for region in sorted(ways))


def _region(region: str, ways: Sequence[Way]) -> Region:
    by = Counter(way.by for way in ways)
    lags = sorted(way.lag for way in ways if way.lag is not None)
    return Region(
        region=region,
        pushes=len(ways),
        reported=by["webhook"],
        caught_up=by["caught-up"],
        evidence=by["evidence"],
        missing=by["missing"],
        lag_p50=percentile(lags, 50),
        lag_p95=percentile(lags, 95),
        lag_max=percentile(lags, 100),
        last_seen=max((way.at for way in ways if way.at), default=None),
    )


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """The value that so many percent of them do not exceed (nearest rank); None where there is
    none."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None


def unreported(region: Region) -> Iterator[str]:
    """What became of the pushes that a region did not report itself, in words."""
    if region.caught_up:
        yield f"{region.caught_up} caught up"
    if region.evidence:
        yield f"{region.evidence} by evidence"
    if region.missing:
        yield f"{region.missing} missing"
