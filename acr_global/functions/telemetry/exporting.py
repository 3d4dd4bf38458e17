"""Exports what is measured by OTLP over HTTP, where the OTEL_* variables name an endpoint.

Who sets none has no exporter, and nothing of it is imported. The variables are the standard ones,
read by OpenTelemetry itself: opentelemetry.io/docs/specs/otel/protocol/exporter. What is to be
exported waits in memory, within bounds, and is sent by threads: a collector that is slow or down
costs what it does not take, and no webhook anything.
"""

from __future__ import annotations

import importlib.util
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from acr_global import proxies
from acr_global.errors import Problem
from acr_global.version import VERSION

if TYPE_CHECKING:
    import requests

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
PACKAGE = "opentelemetry.exporter.otlp.proto.http"


def set_up(environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Set up what is asked for; returns what cannot be."""
    signals = {"METRICS": _metrics, "TRACES": _traces}
    wanted = {name: of for name, of in signals.items() if _is_asked_for(environ, name)}
    if wanted and not _is_there():
        return (_problem("needs the package opentelemetry-exporter-otlp-proto-http"),)
    taken = [name.lower() for name, export in wanted.items() if not export(environ)]
    here = (_problem(f"is not used for {name}: another exporter was there") for name in taken)
    return (*_of_grpc(environ, [name for name in wanted if name.lower() not in taken]), *here)


def _of_grpc(environ: Mapping[str, str], signals: Iterable[str]) -> Iterator[Problem]:
    """A problem for each variable by which a signal would go by gRPC, as platforms set it for their
    own collectors. Source: Flagsmith/flagsmith#7812."""
    names = (
        next(filter(environ.get, (f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", PROTOCOL)), "")
        for signal in signals
    )
    message = "is grpc, and the app speaks http/protobuf alone: nothing gets in at a port for gRPC"
    for name in dict.fromkeys(names):
        if environ.get(name, "").strip().lower() == "grpc":
            yield _problem(message, name)


def _problem(message: str, name: str = ENDPOINT) -> Problem:
    return Problem(name, f"{message}; nothing but telemetry is affected", "warning")


def _is_there() -> bool:
    try:
        return importlib.util.find_spec(PACKAGE) is not None
    except ModuleNotFoundError:  # of a package above it
        return False


def _is_asked_for(environ: Mapping[str, str], signal: str) -> bool:
    """Whether an endpoint is named for a signal, and neither it nor everything is switched off."""
    endpoint = environ.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") or environ.get(ENDPOINT)
    by = environ.get(f"OTEL_{signal}_EXPORTER") or "otlp"
    is_off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return bool(endpoint) and not is_off and "otlp" in [name.strip() for name in by.split(",")]


def _metrics(environ: Mapping[str, str]) -> bool:
    """Export metrics; False where somebody else does."""
    from opentelemetry import metrics
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    if isinstance(metrics.get_meter_provider(), MeterProvider):
        return False
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(session=_session()))
    metrics.set_meter_provider(MeterProvider([reader], _resource(environ)))
    return True


def _traces(environ: Mapping[str, str]) -> bool:
    """Export spans; False where somebody else does."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return False
    provider = TracerProvider(resource=_resource(environ))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(session=_session())))
    trace.set_tracer_provider(provider)
    return True


def _session() -> requests.Session:
    """A session that adds no credentials, and goes through a proxy as all that we send does."""
    import requests

    class Session(requests.Session):
        """The library's own, with our proxy for each URL: its way asks one for this machine."""

        def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            """Send one request. Raises ProxyError, and the library's errors."""
            way = proxies.as_option(request.url or "", os.environ)
            return super().send(request, **{**options, "proxies": way})

    session = Session()
    session.auth = lambda request: request  # with one of its own, the library reads no .netrc
    return session


def _resource(environ: Mapping[str, str]) -> Any:
    """What exports: a name, unless the variables give one; this release; this process."""
    from opentelemetry.sdk.resources import Resource

    own = {"service.version": VERSION, "service.instance.id": _INSTANCE}
    named = environ.get("OTEL_SERVICE_NAME"), environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if not named[0] and "service.name=" not in named[1]:
        own["service.name"] = environ.get("WEBSITE_SITE_NAME") or "acr-global"
    return Resource.create(own)


_INSTANCE = str(uuid.uuid4())
