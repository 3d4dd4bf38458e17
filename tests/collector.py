"""An OpenTelemetry collector on loopback: it keeps what it is sent by OTLP over HTTP."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from acr_global_rig.loopback import serving
from tests.meter import Measured, Series, short

FAST = {
    "OTEL_METRIC_EXPORT_INTERVAL": "500",
    "OTEL_BSP_SCHEDULE_DELAY": "200",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "5",
}
"""How an app exports soon: milliseconds, and for the last seconds."""


@dataclass
class Collector:
    """What came; metrics are cumulative, so the newest value of a process's series counts."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    resources: dict[str, dict[str, str]] = field(default_factory=dict)
    """The exporting processes, by their ids."""
    headers: list[dict[str, str]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _newest: dict[tuple[str, Series], float] = field(default_factory=dict)
    _units: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which an app exports here."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, **FAST}

    @property
    def measured(self) -> Measured:
        """All that was measured so far, over all processes."""
        values: dict[Series, float] = {}
        for (_, series), value in self._newest.items():
            values[series] = values.get(series, 0) + value
        return Measured(values, {}, self._units, {})

    async def until(self, what: Callable[[], Any], seconds: float = 30) -> None:
        """Wait for exports until `what` is true. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(seconds):
            while not what():
                self.changed.clear()
                await self.changed.wait()

    async def metrics(self, request: web.Request) -> web.Response:
        """Keep an export of metrics."""
        for resource in ExportMetricsServiceRequest.FromString(
            await self._body(request)
        ).resource_metrics:
            process = self._process(resource.resource.attributes)
            for metric in (m for scope in resource.scope_metrics for m in scope.metrics):
                self._units[metric.name] = metric.unit
                for point in metric.histogram.data_points:
                    self._newest[process, _series(metric.name, point.attributes)] = point.count
                for number in (*metric.sum.data_points, *metric.gauge.data_points):
                    value = number.as_int or number.as_double
                    self._newest[process, _series(metric.name, number.attributes)] = value
        self.changed.set()
        return web.Response()

    async def traces(self, request: web.Request) -> web.Response:
        """Keep an export of spans."""
        for resource in ExportTraceServiceRequest.FromString(
            await self._body(request)
        ).resource_spans:
            self._process(resource.resource.attributes)
            self.spans += (s for scope in resource.scope_spans for s in scope.spans)
        self.changed.set()
        return web.Response()

    async def _body(self, request: web.Request) -> bytes:
        self.headers.append(dict(request.headers))
        body = await request.read()
        return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body

    def _process(self, attributes: Iterable[KeyValue]) -> str:
        named = plain(attributes)
        self.resources[named["service.instance.id"]] = named
        return str(named["service.instance.id"])


def plain(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    """Attributes by name, lists as lists."""
    return {
        a.key: [v.string_value for v in a.value.array_value.values]
        if a.value.HasField("array_value")
        else a.value.string_value or a.value.int_value
        for a in attributes
    }


def _series(name: str, attributes: Iterable[KeyValue]) -> Series:
    return short(name), frozenset((short(k), str(v)) for k, v in plain(attributes).items())


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """A collector on a free port."""
    collector = Collector()
    app = web.Application(client_max_size=16 * 1024**2)
    app.router.add_post("/v1/metrics", collector.metrics)
    app.router.add_post("/v1/traces", collector.traces)
    async with serving(app) as url:
        collector.url = url
        yield collector
