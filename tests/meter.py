"""What the app has measured in this process, read from memory.

OpenTelemetry takes one provider for a process, so all tests share it; each reads what came since
the last reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from opentelemetry import metrics
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    HistogramDataPoint,
    InMemoryMetricReader,
    MetricsData,
)

DELTA = AggregationTemporality.DELTA
Series = tuple[str, frozenset[tuple[str, str]]]
"""A name, and labels without `acr_global.` before their names."""


@dataclass(frozen=True)
class Measured:
    """What was measured: counts and gauges by value, histograms by number and sum."""

    values: Mapping[Series, float]
    sums: Mapping[Series, float]
    units: Mapping[str, str]
    bounds: Mapping[str, tuple[float, ...]]

    def total(self, name: str, **labels: str) -> float:
        """The sum over all series of a name (without `acr_global.`) that have these labels."""
        wanted = set(labels.items())
        return sum(v for (n, have), v in self.values.items() if n == name and wanted <= have)

    def by(self, name: str, label: str) -> dict[str, float]:
        """The totals of a name, by one label's values; those without it under an empty text."""
        found: dict[str, float] = {}
        for (n, have), value in self.values.items():
            if n == name:
                key = dict(have).get(label, "")
                found[key] = found.get(key, 0) + value
        return found


@cache
def _reader() -> InMemoryMetricReader:
    reader = InMemoryMetricReader(preferred_temporality={Counter: DELTA, Histogram: DELTA})
    metrics.set_meter_provider(MeterProvider([reader]))
    return reader


def measured() -> Measured:
    """What was measured since the last call."""
    return read(_reader().get_metrics_data())


def read(data: MetricsData | None) -> Measured:
    """What an export says."""
    values: dict[Series, float] = {}
    sums: dict[Series, float] = {}
    units: dict[str, str] = {}
    bounds: dict[str, tuple[float, ...]] = {}
    scopes = (s for r in (data.resource_metrics if data else ()) for s in r.scope_metrics)
    for metric in (m for s in scopes if s.scope.name == "acr_global" for m in s.metrics):
        name = short(metric.name)
        units[metric.name] = metric.unit or ""
        for point in metric.data.data_points:
            series = (
                name,
                frozenset((short(k), str(v)) for k, v in (point.attributes or {}).items()),
            )
            if isinstance(point, HistogramDataPoint):
                values[series], sums[series] = point.count, point.sum
                bounds[metric.name] = tuple(point.explicit_bounds)
            else:
                assert not hasattr(point, "count")
                values[series] = point.value
    return Measured(values, sums, units, bounds)


def short(name: str) -> str:
    """A name without `acr_global.`."""
    return name.removeprefix("acr_global.")
