"""What one push's orchestrator waits for, looks for, decides and has sent: the parts of which
orchestrators/wait_for_all_regions.py makes its steps.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from acr_global import correlation, verdict
from acr_global.functions.durable import external_events, names, sdk, statuses, wire
from acr_global.functions.verdicts.notifying import PAUSES, Notifying, Steps, pause
from acr_global.model import Arrival, Verdict, VerdictType

if TYPE_CHECKING:
    import azure.durable_functions as df

LINGER = timedelta(seconds=10)
"""A starter gives up 4.2 s after its first look (keeping.BUDGET_SECONDS); the rest is for its last
request to get through a busy host."""


class Waiting:
    """One push's phases. Every wait it ever made is kept: events go to the newest wait of a
    region, but one that comes between two phases completes the older."""

    def __init__(self, context: df.DurableOrchestrationContext, push: wire.PushInput) -> None:
        self._context, self._push = context, push
        self._notifying = Notifying(context, push)
        self._waits: list[tuple[str, Any]] = []
        self._begun_at = context.current_utc_datetime
        begun_at = push.known.begun_at if push.known else push.begun_at or self._begun_at
        self.watch = verdict.with_arrivals(wire.watch(push, begun_at), [push.arrival])
        self.deadline = verdict.waits_until(self.watch.deadline, push.begun_at, self._begun_at)
        """When waiting ends."""
        self._said = push.known.said[-1] if push.known and push.known.said else None
        if push.known:
            self.hear(push.known.arrivals)
            self.watch = verdict.with_evidence(self.watch, push.known.evidence)

    def hear(self, arrivals: Iterable[Arrival]) -> None:
        """Take in arrivals that did not come as events."""
        self.watch = verdict.with_arrivals(self.watch, arrivals)

    def until(self, end: datetime, check_every: timedelta = timedelta(0)) -> Steps:
        """Go through phases with a check after each, until all are accounted for or time is up."""
        while self.watch.missing():
            pause_at = end
            if check_every and self._push.evidence:
                pause_at = min(end, self._context.current_utc_datetime + check_every)
            yield from self._phase(pause_at)
            if self.watch.missing():
                yield from self._check()
            if pause_at == end:
                break

    def _phase(self, until: datetime) -> Steps:
        self._status(statuses.WAITING, until)
        yield from self._race(until)

    def _race(self, until: datetime) -> Steps:
        """One race of all silent regions against a timer. It has new waits and a new timer each
        time: the SDK leaves a task that was yielded before out of the next race, which would
        hang."""
        waits = [self._wait(region) for region in self.watch.missing()]
        timer = self._context.create_timer(verdict.timer_for(until))
        yield self._context.task_any([self._context.task_all(waits), timer])
        if not sdk.is_completed(timer):
            timer.cancel()
        self._collect()

    def _wait(self, region: str) -> Any:
        earlier = [wait for of, wait in self._waits if of == region]
        wait = sdk.wait_for(self._context, correlation.event_name(region), earlier)
        self._waits.append((region, wait))
        return wait

    def _collect(self) -> None:
        """Take in every arrival so far, whichever phase's wait it completed."""
        now = self._context.current_utc_datetime
        arrivals = [
            external_events.arrival_of(
                region, wait.result, self.watch.push_id, self.watch.begun_at, now
            )
            for region, wait in self._waits
            if sdk.is_completed(wait)
        ]
        self.watch = verdict.with_arrivals(self.watch, arrivals)

    def _check(self) -> Steps:
        """Gather evidence about the regions still missing. A check that fails holds up nothing."""
        data = wire.EvidenceInput(
            push_id=self._push.push_id,
            event_ids=tuple(a.event_id for a in self.watch.arrivals),
            action=self._push.action,
            artifact=self._push.artifact,
            missing=self.watch.missing(),
            begun_at=self.watch.begun_at,
            evidence=self._push.evidence,
            first_at=self._push.arrival.received_at,
        )
        failed = verdict.failed_checks(self.watch, self._push.evidence)
        found = (yield from self._gather(data)) or wire.EvidenceOutput(evidence=failed)
        self._collect()
        self.hear(found.arrivals)
        self.watch = verdict.with_evidence(self.watch, found.evidence)

    def _gather(self, data: wire.EvidenceInput) -> Steps:
        """What is found; None where it fails twice. It is called again where it breaks down,
        as when Python dies, or is answered by what another activity results in (wire.py)."""
        for again in (True, False):
            try:
                result = yield self._context.call_activity(names.GATHER_EVIDENCE, wire.dump(data))
            except Exception:  # an activity's failure comes as a bare exception
                if not (again and self._push.checks_again):
                    break
                yield pause(self._context, PAUSES[0])
                continue
            with contextlib.suppress(ValueError):
                return wire.load(wire.EvidenceOutput, result)
        return None

    def decide(self, *, alarmed: bool) -> Verdict:
        """The verdict, now that all are accounted for or the time is over."""
        self.watch = verdict.with_earlier(self.watch, self._push.earlier, self._push.late_window)
        if self._push.known:
            broken_off = verdict.interrupted(self.watch, self._push.known.interrupted_at)
            self.watch = verdict.with_evidence(self.watch, broken_off)
        now = self._context.current_utc_datetime
        decided = verdict.verdict_on(self.watch, now, alarmed=alarmed)
        self.show(decided.type)
        return decided

    def show(self, said: VerdictType) -> None:
        """Show the newest verdict in the instance's status. In the late window after an alarm the
        push is not over: late arrivals still count."""
        listens = said is VerdictType.OVERDUE and self._push.late_window and self.watch.missing()
        self._status(said.value, self.watch.deadline, decided=not listens)

    def linger(self, *, listed: bool) -> Steps:
        """Outlast requests under way. A repeat that found no instance may be about to start one; a
        start on a finished id replaces the instance, but is refused while it runs; and what was
        said can be recalled only where it is `listed`. Where regions are missing to the end,
        one's arrival may just have been raised: it is recorded for the next generation. A life that
        began with its last verdict said has had no phase, and waits for them only here."""
        now = self._context.current_utc_datetime
        until = now if listed else self._begun_at + LINGER
        missing = self.watch.missing()
        if missing:
            until = max(until, now + LINGER)
        if missing and not self._waits:
            yield from self._race(until)
        elif now < until:
            yield self._context.create_timer(verdict.timer_for(until))
            self._collect()

    def notify(self, decided: Verdict, before: Sequence[wire.VerdictRecord] = ()) -> Steps:
        """Send one verdict, and take in what has come since. `before`: those that were said
        already."""
        group = before[-1].group if before else None
        record, instead = yield from self._notifying.send(decided, group)
        self._collect()
        if record.type is decided.type:
            self._said = record
        else:
            self._ended_before(record.type, instead)
        return record

    def _ended_before(self, verdict_type: VerdictType, instead: wire.EvidenceOutput | None) -> None:
        """Leave the verdict with which the push had ended before this instance of it began."""
        if instead:
            self.hear(instead.arrivals)
            self.watch = verdict.with_evidence(self.watch, instead.evidence)
        self.show(verdict_type)

    def _status(self, state: str, until: datetime, *, decided: bool = False) -> None:
        said = self._said
        status = wire.PushStatus(
            state=state,
            decided=decided,
            until=until,
            missing=self.watch.missing(),
            reports={a.region: (a.event_id, a.received_at) for a in self.watch.arrivals},
            said=said and wire.VerdictRecord(type=said.type, at=said.at),
        )
        self._context.set_custom_status(as_custom_status(status))

    def output(self, records: list[wire.VerdictRecord]) -> wire.PushOutput:
        """The output of the instance."""
        return wire.PushOutput(
            verdicts=tuple(records),
            arrivals=self.watch.arrivals,
            evidence=self.watch.evidence,
            missing=self.watch.missing(),
            earlier=self._push.earlier,
        )


def as_custom_status(status: wire.PushStatus) -> dict[str, Any]:
    """A push's status as the engine takes it: where it is too long, first without the arrivals."""
    return statuses.bounded(wire.dump(status), dispensable="reports")
