"""Hands what happens to OpenTelemetry: as measurements, and as spans of the push's trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Observation, get_meter
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    get_current_span,
    get_tracer,
    set_span_in_context,
)

from acr_global import api, measures, spans
from acr_global.functions import clock
from acr_global.functions.answers import Answer
from acr_global.functions.telemetry.observing import Subject
from acr_global.instruments import INSTRUMENTS, REGION, SECONDS, Instrument
from acr_global.measures import Measurement
from acr_global.model import Artifact, Attempt, PushEvent, Verdict
from acr_global.settings import Settings
from acr_global.version import VERSION

FRESH = timedelta(minutes=5)
"""How long a gauge is told: a little longer than the timer's interval. The next run may be in
another process, and this one must not go on telling what was."""


class Observer:
    """The one place that speaks to OpenTelemetry. Its instruments are made at their first use, and
    do nothing until an exporter is there."""

    def __init__(self) -> None:
        self._open: tuple[datetime, list[Measurement]] | None = None

    def answered(
        self, answer: Answer, event: PushEvent | None, since: datetime, *, caught_up: bool
    ) -> None:
        """A webhook was answered. `event`: None where nothing of it may be named. `since`: when it
        came."""
        reason = getattr(answer.body, "reason", None)
        _record([measures.of_webhook(answer.status, reason, event, caught_up=caught_up)])
        if event and isinstance(answer.body, api.Accepted):
            _trace(spans.of_arrival(answer.body, event, since, clock.utcnow()))

    def said(self, verdict: Verdict) -> None:
        """A verdict was sent, or handed over."""
        _record(measures.of_verdict(verdict))
        _trace(spans.of_wait(verdict))

    def attempted(
        self, settings: Settings, subject: Subject, attempts: Iterable[Attempt], begun: datetime
    ) -> None:
        """Attempts were made, side by side, from this time on."""
        for attempt in attempts:
            channel = _channel(settings, attempt.target)
            _record(measures.of_attempt(subject.word, subject.since, attempt, channel))
            push, group = subject.push, subject.group
            _trace(spans.of_attempt(subject.word, attempt, channel, begun, push=push, group=group))

    def checked(
        self,
        push_id: str,
        artifact: Artifact,
        missing: tuple[str, ...],
        found: tuple[str, ...],
        since: datetime,
    ) -> None:
        """The missing regions were checked."""
        _trace(spans.of_look(push_id, artifact, missing, found, since, clock.utcnow()))

    def lost(self, settings: Settings, targets: Iterable[str]) -> None:
        """Targets did not get a message in the end."""
        for target in targets:
            channel = _channel(settings, target)
            _record([measures.of_dead_letter(target, channel)])

    def given_up(self) -> None:
        """A push was given up."""
        _record([measures.of_given_up_push()])

    def revived(self, kind: Literal["push", "courier", "delivery", "group"]) -> None:
        """An instance was begun anew."""
        _record([measures.of_revival(kind)])

    def removed(self, removed: Mapping[str, int]) -> None:
        """So many of each kind were removed from storage."""
        _record(measures.of_removal(removed))

    def found_open(self, begun: Sequence[datetime]) -> None:
        """The timer has looked at all open pushes, which began at these moments."""
        now = clock.utcnow()
        self._open = now, list(measures.of_open(begun, now))
        _gauges(self)

    def open_now(self, instrument: Instrument) -> list[Observation]:
        """What a gauge shows, as long as it is fresh."""
        if self._open is None or clock.utcnow() - self._open[0] > FRESH:
            return []
        measured = (m for m in self._open[1] if m.instrument is instrument)
        return [Observation(m.value, dict(m.labels)) for m in measured]


OBSERVER = Observer()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _channel(settings: Settings, target: str) -> str:
    return next((t.kind for t in settings.targets if t.name == target), "unknown")


def _record(measurements: Iterable[Measurement]) -> None:
    for measured in measurements:
        labels = dict(measured.labels)
        match _instrument(measured.instrument.name):
            case Counter() as counter:
                counter.add(measured.value, labels)
            case Histogram() as histogram:
                histogram.record(measured.value, labels)


@cache
def _instrument(name: str) -> Counter | Histogram:
    instrument = next(i for i in INSTRUMENTS if i.name == name)
    meter, about = get_meter("acr_global", VERSION), instrument.about
    if instrument.kind == "counter":
        return meter.create_counter(name, instrument.unit, about)
    return meter.create_histogram(
        name, instrument.unit, about, explicit_bucket_boundaries_advisory=SECONDS
    )


def _trace(span: spans.Span) -> None:
    """Make a span of what is over. Where the host has a span for this invocation, ours links to
    it."""
    trace_id, parent_id = spans.trace_of(span.of)
    parent = SpanContext(trace_id, parent_id, is_remote=True, trace_flags=TraceFlags(1))
    here = get_current_span().get_span_context()
    made = get_tracer("acr_global", VERSION).start_span(
        span.kind.name,
        set_span_in_context(NonRecordingSpan(parent), Context()),
        SpanKind[span.kind.kind.upper()],
        dict(span.attributes),
        [Link(here)] if here.is_valid else None,
        start_time=_nanoseconds(span.start),
    )
    for region, at in span.arrivals.items():
        made.add_event("arrival", {REGION: region}, timestamp=_nanoseconds(at))
    if span.failed:
        made.set_status(Status(StatusCode.ERROR, span.failed))
    made.end(_nanoseconds(span.end))


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000


@cache
def _gauges(observer: Observer) -> None:
    """Make the gauges, once there is something to show."""
    meter = get_meter("acr_global", VERSION)
    for instrument in (i for i in INSTRUMENTS if i.kind == "gauge"):

        def observe(_: CallbackOptions, gauge: Instrument = instrument) -> list[Observation]:
            return observer.open_now(gauge)

        meter.create_observable_gauge(instrument.name, [observe], instrument.unit, instrument.about)
