"""The orchestrator `WaitForAllRegions`: one instance per push.

1. Phases up to the deadline: a race of all missing regions' events against a timer. One phase,
   or several with a look at the registry after each (`check_every`).
2. At the deadline: one look for what the events do not say (activity `GatherEvidence`), such as
   a courier still on its way. Arrivals that come while it looks count.
3. The verdict, complete or overdue (activity `FirePushNotification`).
4. After overdue, while the late window is open: one more phase and look. Recovered, or incomplete.
5. Stay for some seconds, where something that was under way could still reach it.

It reads no clock, no environment and no secret: all it needs is frozen in its input. It does
not deliver again what failed to be delivered: `DeliverNotification` does, as an instance of its
own. A change to what it yields breaks instances in flight: tests/replay holds it to the
histories of earlier releases.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from azure.durable_functions import DurableOrchestrationContext, RetryOptions

from acr_global import correlation, verdict
from acr_global.functions import names, wire
from acr_global.model import Arrival, Verdict, VerdictType

Steps = Generator[Any, Any, Any]

ACTIVITY_RETRY = RetryOptions(first_retry_interval_in_milliseconds=5_000, max_number_of_attempts=10)
"""For an activity that itself fails (the engine's storage, a bug), not for a failing receiver."""

HAND_OVER_RETRY = RetryOptions(
    first_retry_interval_in_milliseconds=15_000, max_number_of_attempts=12
)
"""For starting a delivery when the engine did not answer: 3 minutes. The push waits for it."""

LINGER = timedelta(seconds=10)
"""A starter gives up 3 s after its first look (keeping.BUDGET_SECONDS); the rest is for its last
request to get through a busy host."""

EARLIER_REPORT_SLACK = timedelta(days=1)
"""How much longer than a push can be open a report of it counts for the next one: the regions'
reports of that one can lie apart, too."""


def wait_for_all_regions(context: DurableOrchestrationContext) -> Steps:
    """Decide one push; returns a `PushOutput`."""
    push = wire.load(wire.PushInput, context.get_input())
    waiting = Waiting(context, push)
    yield from waiting.until(waiting.watch.deadline, look_every=push.check_every)
    first = waiting.decide(alarmed=False)
    records = [(yield from waiting.notify(first))]
    if first.type is VerdictType.OVERDUE and push.late_window:
        yield from waiting.until(waiting.watch.deadline + push.late_window)
        records.append((yield from waiting.notify(waiting.decide(alarmed=True))))
    yield from waiting.linger()
    return wire.dump(waiting.output(records))


class Waiting:
    """One push's phases. Every wait it ever made is kept: events go to the newest wait of a
    region, but one that comes between two phases completes the older."""

    def __init__(self, context: DurableOrchestrationContext, push: wire.PushInput) -> None:
        self._context, self._push = context, push
        self._waits: list[tuple[str, Any]] = []
        begun_at = context.current_utc_datetime
        watch = verdict.Watch(
            push_id=push.push_id,
            action=push.action,
            artifact=push.artifact,
            regions=push.regions,
            begun_at=begun_at,
            deadline=begun_at + push.timeout,
            birth=push.birth,
        )
        self.watch = verdict.with_arrivals(watch, [push.arrival])

    def until(self, end: datetime, look_every: timedelta = timedelta(0)) -> Steps:
        """Phases with a look after each, until all are accounted for or time is up."""
        while self.watch.missing():
            pause_at = end
            if look_every and self._push.evidence:
                pause_at = min(end, self._context.current_utc_datetime + look_every)
            yield from self._phase(pause_at)
            if self.watch.missing():
                yield from self._look()
            if pause_at == end:
                break

    def _phase(self, until: datetime) -> Steps:
        """One race: everyone still silent, against a timer. New waits and a new timer each time:
        the SDK leaves a task that was yielded before out of the next race, and it would hang."""
        self._status("waiting", until)
        waits = [self._wait(region) for region in self.watch.missing()]
        timer = self._context.create_timer(verdict.timer_for(until))
        yield self._context.task_any([self._context.task_all(waits), timer])
        if not timer.is_completed:
            timer.cancel()
        self._collect()

    def _wait(self, region: str) -> Any:
        wait = self._context.wait_for_external_event(correlation.event_name(region))
        self._waits.append((region, wait))
        return wait

    def _collect(self) -> None:
        """Take in every arrival so far, whichever phase's wait it completed."""
        arrivals = [self._arrival(region, w) for region, w in self._waits if w.is_completed]
        self.watch = verdict.with_arrivals(self.watch, arrivals)

    def _arrival(self, region: str, wait: Any) -> Arrival:
        """What the starter raised; an event raised by hand still says that the region reported."""
        try:
            return wire.load(Arrival, wait.result).model_copy(update={"region": region})
        except ValueError:
            now = self._context.current_utc_datetime
            return Arrival(region=region, event_id=self._push.push_id, received_at=now)

    def _look(self) -> Steps:
        """Ask what is known of the regions still missing. A look that fails holds up nothing."""
        data = wire.LookInput(
            push_id=self._push.push_id,
            event_ids=tuple(a.event_id for a in self.watch.arrivals),
            action=self._push.action,
            artifact=self._push.artifact,
            missing=self.watch.missing(),
            begun_at=self.watch.begun_at,
            evidence=self._push.evidence,
            first_at=self._push.arrival.received_at,
        )
        try:
            result = yield self._context.call_activity(names.GATHER_EVIDENCE, wire.dump(data))
            seen = wire.load(wire.LookOutput, result)
        except Exception:  # an activity's failure comes as a bare exception
            seen = wire.LookOutput(evidence=verdict.failed_looks(self.watch, self._push.evidence))
        self._collect()
        self.watch = verdict.with_arrivals(self.watch, seen.arrivals)
        self.watch = verdict.with_evidence(self.watch, seen.evidence)

    def decide(self, *, alarmed: bool) -> Verdict:
        """The verdict, now that all are accounted for or the time is over."""
        span = self._push.timeout + self._push.late_window + EARLIER_REPORT_SLACK
        earlier = verdict.earlier_reports(self.watch, self._push.earlier, span)
        self.watch = verdict.with_evidence(self.watch, earlier)
        now = self._context.current_utc_datetime
        decided = verdict.verdict_on(self.watch, now, alarmed=alarmed)
        # With regions missing it is not over: late reports are still taken in.
        self._status(decided.type.value, self.watch.deadline, decided=not decided.missing)
        return decided

    def linger(self) -> Steps:
        """Outlast what is under way. A repeat that found no instance may still be about to start
        one, and a start on an id that has finished replaces it; while this one runs, it is
        refused. And where regions are missing to the end, one's report may just have been raised:
        it is taken in, for the next generation to know of."""
        until = self.watch.begun_at + LINGER
        if self.watch.missing():
            until = max(until, self._context.current_utc_datetime + LINGER)
        if self._context.current_utc_datetime < until:
            yield self._context.create_timer(verdict.timer_for(until))
            self._collect()

    def notify(self, decided: Verdict) -> Steps:
        """Send one verdict; what fails goes on in an instance of its own, or is recorded."""
        data = wire.NotifyInput(verdict=decided, targets=self._push.targets)
        record = wire.VerdictRecord(
            type=decided.type, at=decided.decided_at, missing=decided.missing
        )
        try:
            result = yield self._context.call_activity_with_retry(
                names.FIRE_PUSH_NOTIFICATION, ACTIVITY_RETRY, wire.dump(data)
            )
            sent = wire.load(wire.NotifyOutput, result)
            record = record.model_copy(
                update={"attempts": sent.attempts, "delivery": sent.delivery}
            )
            if sent.owed:
                record = yield from self._hand_over(record, sent.owed)
        except Exception as error:  # an activity's failure comes as a bare exception
            record = record.model_copy(update={"error": f"not sent: {error}"[:200]})
        self._collect()
        return record

    def _hand_over(self, record: wire.VerdictRecord, owed: wire.DeliveryInput) -> Steps:
        """Start the delivery that the sending activity could not start."""
        try:
            delivery = yield self._context.call_activity_with_retry(
                names.HAND_OVER_DELIVERY, HAND_OVER_RETRY, wire.dump(owed)
            )
            return record.model_copy(update={"delivery": delivery})
        except Exception as error:  # an activity's failure comes as a bare exception
            return record.model_copy(update={"error": f"not handed over: {error}"[:200]})

    def _status(self, state: str, until: datetime, *, decided: bool = False) -> None:
        status = wire.PushStatus(
            state=state,
            decided=decided,
            until=until,
            missing=self.watch.missing(),
            reports={a.region: (a.event_id, a.received_at) for a in self.watch.arrivals},
        )
        self._context.set_custom_status(wire.status_object(status))

    def output(self, records: list[wire.VerdictRecord]) -> wire.PushOutput:
        """What the instance leaves behind."""
        return wire.PushOutput(
            verdicts=tuple(records),
            arrivals=self.watch.arrivals,
            evidence=self.watch.evidence,
            missing=self.watch.missing(),
            earlier=self._push.earlier,
        )
