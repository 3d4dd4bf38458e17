"""The spans that the app has made in this process, read from memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import cache

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult


class Kept(SpanExporter):
    """The newest spans: there is one provider for all tests of a process, and most make some."""

    def __init__(self) -> None:
        self.spans: deque[ReadableSpan] = deque(maxlen=1_000)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Keep some."""
        self.spans.extend(spans)
        return SpanExportResult.SUCCESS


@cache
def _kept() -> Kept:
    exporter, provider = Kept(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


def made() -> list[ReadableSpan]:
    """What was made since the last call."""
    spans = list(_kept().spans)
    _kept().spans.clear()
    return spans
