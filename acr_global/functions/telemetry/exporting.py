"""Exports what is measured by OTLP over HTTP, where the OTEL_* variables name an endpoint.

Who sets none has no exporter, and nothing of it is imported. The variables are the standard ones,
read by OpenTelemetry itself: opentelemetry.io/docs/specs/otel/protocol/exporter. What is to be
exported waits in memory, within bounds, and is sent by threads: a collector that is slow or down
costs what it does not take, and no webhook anything.
"""

from __future__ import annotations

import importlib.util
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from acr_global import proxies
from acr_global.errors import Problem
from acr_global.surroundings import unresolved
from acr_global.urls import check_url
from acr_global.version import VERSION

if TYPE_CHECKING:
    import requests

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
PACKAGE = "opentelemetry.exporter.otlp.proto.http"

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=[ !#-+\-.-:<-\[\]-~]*")
"""A name and a value: w3.org/TR/baggage/#baggage-http-header-format, and blanks in the value, which
the library takes, too."""


def set_up(environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Set up what is asked for; returns what cannot be."""
    signals = {"METRICS": _metrics, "TRACES": _traces}
    wanted = {name: of for name, of in signals.items() if _is_asked_for(environ, name)}
    if wanted and not _is_there():
        return (_problem("needs the package opentelemetry-exporter-otlp-proto-http"),)
    unusable = {name: tuple(_unusable(environ, name)) for name in wanted}
    sound = {name: export for name, export in wanted.items() if not unusable[name]}
    taken = [name.lower() for name, export in sound.items() if not export(environ)]
    here = (_problem(f"is not used for {name}: another exporter was there") for name in taken)
    said = dict.fromkeys(problem for name in wanted for problem in unusable[name])
    return (*said, *_of_grpc(environ, [name for name in sound if name.lower() not in taken]), *here)


def _unusable(environ: Mapping[str, str], signal: str) -> Iterator[Problem]:
    """A problem for each of a signal's variables that cannot be used, as it never shows a value:
    the library logs a header that it cannot read, with the key that is in it."""
    name, endpoint = _of(environ, signal, "ENDPOINT")
    if said := _said_of(endpoint.lstrip()):
        yield _problem(f"{said}; nothing is exported", name)
    name, headers = _of(environ, signal, "HEADERS")
    said = unresolved(headers)
    if not all(map(_is_header, filter(None, map(str.strip, headers.split(","))))):
        said = said or "is not a list such as api-key=value,other=value, percent-encoded"
    if said:
        yield _problem(f"{said}; nothing is exported", name)


def _is_header(text: str) -> bool:
    """Whether the library reads and sends it. With a line end in its value, once that is decoded,
    it cannot be sent, and the error that is logged shows it."""
    _, _, value = text.partition("=")
    return bool(_HEADER.fullmatch(text)) and not {"\r", "\n"} & {*unquote(value).strip()}


def _said_of(endpoint: str) -> str | None:
    """What to say of an endpoint that cannot be used."""
    try:
        has_user = check_url(endpoint).userinfo is not None
    except ValueError as error:
        return str(error)
    return f"holds a user, which is not sent: it belongs into {HEADERS}" if has_user else None


def _of(environ: Mapping[str, str], signal: str, what: str) -> tuple[str, str]:
    """Name and value of a signal's own variable, or else of the one for all signals; with all that
    stands around the value, for the library reads it so, and takes away less than `bare` does."""
    own, every = f"OTEL_EXPORTER_OTLP_{signal}_{what}", f"OTEL_EXPORTER_OTLP_{what}"
    name = own if environ.get(own) else every
    return name, environ.get(name, "")


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
    _, endpoint = _of(environ, signal, "ENDPOINT")
    by = environ.get(f"OTEL_{signal}_EXPORTER") or "otlp"
    is_off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return (
        bool(endpoint.strip()) and not is_off and "otlp" in [name.strip() for name in by.split(",")]
    )


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
