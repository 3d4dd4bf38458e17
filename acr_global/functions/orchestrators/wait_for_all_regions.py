"""`WaitForAllRegions`, an orchestrator: one instance per push.

1. Phases up to the deadline: a race of all missing regions' events against a timer. One phase,
   or several with a check after each (`check_every`).
2. At the deadline: one check for what the events do not tell (activity `GatherEvidence`), such as
   a courier still on its way. Arrivals that come meanwhile count.
3. The verdict, complete or overdue (activity `FirePushNotification`), again and again until it
   has been sent or handed over; after a day it is given up, as a dead letter.
4. After overdue, while the late window is open: one more phase and check. Recovered, or incomplete.
5. Stay for some seconds where the verdict could not be listed, or regions are missing: requests
   under way could still reach it. Where that was the alarm, what comes so recovers the push.

Where an earlier life of the push was broken off (reviving.py), it begins with what that one knew;
where it has taken the place of one that had ended (recall_push.py), with what was said of that. A
verdict that was reached but perhaps not sent is sent first; none that was sent is sent again.

It reads no clock, no environment and no secret: all it needs is frozen in its input. It does not
repeat failed deliveries: `DeliverNotification` does, as an instance of its own. A change to what it
yields breaks instances in flight: tests/replay holds it to the histories of earlier releases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acr_global.functions.durable import external_events, names, sdk, turns, wire
from acr_global.functions.durable.sdk import App
from acr_global.functions.records import bookkeeping
from acr_global.functions.setup import Setup
from acr_global.functions.verdicts.notifying import Steps
from acr_global.functions.verdicts.waiting import Waiting
from acr_global.model import VerdictType

if TYPE_CHECKING:
    import azure.durable_functions as df


def register(app: App, setup: Setup) -> None:
    """Add the function."""
    turns.register(app, names.WAIT_FOR_ALL_REGIONS, wait_for_all_regions, setup.journal)


def wait_for_all_regions(context: df.DurableOrchestrationContext) -> Steps:
    """Decide one push; returns a `PushOutput`."""
    external_events.make_readable(sdk.history_of(context))
    push = wire.load(wire.PushInput, context.get_input())
    if push.first and sdk.took_a_place(context):
        push = yield from _recalled(context, push)
    waiting = Waiting(context, push)
    records = list(push.known.said) if push.known else []
    if records:
        waiting.show(records[-1].type)
    if push.known and push.known.due:
        records.append((yield from waiting.notify(waiting.decide(alarmed=bool(records)), records)))
    waiting.hear(push.more)
    if not records:
        yield from waiting.until(waiting.deadline, check_every=push.check_every)
        records.append((yield from waiting.notify(waiting.decide(alarmed=False))))
    if [r.type for r in records] == [VerdictType.OVERDUE] and push.late_window:
        yield from waiting.until(waiting.deadline + push.late_window)
        records.append((yield from waiting.notify(waiting.decide(alarmed=True), records)))
    yield from waiting.linger(listed=bool(records[-1].listed))
    if records[-1].type is VerdictType.OVERDUE and not waiting.watch.missing():
        records.append((yield from waiting.notify(waiting.decide(alarmed=True), records)))
    return wire.dump(waiting.output(records))


def _recalled(context: df.DurableOrchestrationContext, push: wire.PushInput) -> Steps:
    """A push that has taken the place of one that had ended, with what was said of that one."""
    first_at = push.arrival.received_at
    since = min(push.begun_at or first_at, first_at) - bookkeeping.BEGUN_AGAIN_WITHIN
    data = wire.RecallInput(
        push_id=push.push_id, artifact=push.artifact, timeout=push.timeout, since=since
    )
    try:
        result = yield context.call_activity(names.RECALL_PUSH, wire.dump(data))
        known = wire.load(wire.RecallOutput, result).known
    except Exception:  # an activity's failure comes as a bare exception
        known = None
    return push.model_copy(update={"known": known}) if known else push
