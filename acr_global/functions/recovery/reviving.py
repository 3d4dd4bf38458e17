"""How a push whose instance was broken off begins anew, with all that it knew. Pure.

A turn of an orchestrator that dies with the Python process fails its instance for good: the
engine sends it nothing more. But its input and its history are still there, and a new start under
the same id takes its place. So the history is read as far as it goes (`next_life`) into the
input of that start: what had been heard and seen, which verdicts had been said, the old deadline.

An event that was accepted while the failing turn ran is in no history. Whoever starts the next life
adds the arrivals that it has itself (from a webhook, or the journal of this machine), and where
regions are missing in the end, the notification says that the record was interrupted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from acr_global import correlation, lives, verdict
from acr_global.functions import clock
from acr_global.functions.durable import external_events, names, notifications, statuses, wire
from acr_global.functions.durable.engine import Phase, Snapshot
from acr_global.model import Arrival, Evidence, VerdictType

_EVENT = correlation.event_name("")

DID_NOT_BEGIN = "acr-global: did not begin, is begun anew"
"""The reason with which a courier terminates an instance that it is about to start again."""

STANDS_STILL_AFTER = timedelta(minutes=10)
"""Since its time was up; what a crash holds back comes within one."""

SENDS_WITHIN = timedelta(hours=12)
"""From one turn to the next while a verdict is sent: pauses are ten hours at most."""

CHECKS_WITHIN = timedelta(minutes=30)
"""A turn that is late begins the check before an alarm, which takes half a minute; but thousands
may be due at once, after an outage."""


def is_being_begun_anew(snapshot: Snapshot) -> bool:
    """Whether an instance was terminated for that, and not by an operator. (What was terminated
    because it stood still is Phase.FAILED already.)"""
    return snapshot.phase is Phase.TERMINATED and DID_NOT_BEGIN in str(snapshot.output)


def has_another_life(snapshot: Snapshot) -> bool:
    """Whether a push has another life before it, unless that is given up."""
    return snapshot.phase is Phase.FAILED or is_being_begun_anew(snapshot)


def stands_still_from(snapshot: Snapshot) -> datetime | None:
    """From when on a push stands still, if it can: what it waits for must have come by then. The
    engine may lose a timer's message, or an activity's result, where a partition changes hands
    (Azure/azure-functions-durable-extension#460), or not read a partition for days
    (Azure/durabletask#1389). Only a turn tells the two apart.
    """
    try:
        status = wire.load(wire.PushStatus, snapshot.custom_status)
    except ValueError:  # started by hand, or about to end
        return None
    if snapshot.phase is not Phase.BEGUN or snapshot.suspended:
        return None
    if status.state == statuses.WAITING:
        return status.until + STANDS_STILL_AFTER
    return (snapshot.updated or status.until) + SENDS_WITHIN


def woken_in_vain(history: Iterable[Mapping[str, Any]]) -> datetime | None:
    """When a push was woken after all else that its history shows, if it was."""
    woken_at: datetime | None = None
    for event in history:
        name = event.get("FunctionName") or event.get("Name")
        if (event.get("EventType"), name) != ("EventRaised", names.WAKE_EVENT):
            woken_at = None
        elif woken_at is None:
            woken_at = clock.moment(event.get("Timestamp"))
    return woken_at


class _Story:
    """A history, read event by event."""

    def __init__(self, push: wire.PushInput, begun_at: datetime, deadline: datetime) -> None:
        known = push.known
        self.begun_at, self._deadline = begun_at, deadline
        self.arrivals = [push.arrival, *(known.arrivals if known else ())]
        self.evidence: list[Evidence] = list(known.evidence if known else ())
        self.said: list[wire.VerdictRecord] = list(known.said if known else ())
        self.due = bool(known and known.due)
        self.after: list[Arrival] = []
        """Those that came after the verdict that is due."""
        self.first_at = (known and known.first_at) or push.arrival.received_at
        self._push = push
        if self.due:
            self.after += push.more
        else:
            self.arrivals += push.more

    def take(self, event: Mapping[str, Any]) -> None:
        """Take in one event of the history, as the endpoint shows it."""
        function = event.get("FunctionName") or event.get("Name")
        match event.get("EventType"), function:
            case "EventRaised", str(name) if name.lower().startswith(_EVENT):
                (self.after if self.due else self.arrivals).append(_arrival(self._push, event))
            case "TaskCompleted", names.GATHER_EVIDENCE:
                if seen := wire.result(wire.EvidenceOutput, event):
                    self.arrivals += seen.arrivals
                    self.evidence += seen.evidence
            case (("TaskScheduled" | "TaskFailed"), names.FIRE_PUSH_NOTIFICATION):
                self._reached(event)
            case "TaskCompleted", names.FIRE_PUSH_NOTIFICATION:
                self._sent(wire.result(notifications.NotifyOutput, event), event)
            case "TaskCompleted", names.RECALL_PUSH:
                self._recalled(wire.result(wire.RecallOutput, event))

    def _recalled(self, recalled: wire.RecallOutput | None) -> None:
        """Take in what had been said before this instance took another one's place."""
        if recalled and recalled.known:
            self.arrivals += recalled.known.arrivals
            self.evidence += recalled.known.evidence
            self.said += recalled.known.said
            self.first_at = recalled.known.first_at or self.first_at
            self.begun_at = recalled.known.begun_at
            self._deadline = self.begun_at + self._push.timeout

    def _reached(self, event: Mapping[str, Any]) -> None:
        """Note that a verdict was reached, in which later arrivals had no part."""
        if self.due:
            return
        self.due = True
        at = clock.moment(event.get("ScheduledTime"))
        # A finished call stands at its end in the history, not where it was made. The clocks of who
        # received an arrival and who decided may differ; a verdict that came before its time was up
        # had all of them, and so had one after an alarm that was to be the last word.
        end = self._deadline + (self._push.late_window if self.said else timedelta(0))
        listens = self._push.late_window or not self.said
        if at and at >= end and listens:
            self.after = [a for a in self.arrivals if a.received_at > at]
            self.arrivals = [a for a in self.arrivals if a.received_at <= at]

    def _sent(self, sent: notifications.NotifyOutput | None, event: Mapping[str, Any]) -> None:
        """Note that a verdict was sent; unless that is not known, or failed attempts could not be
        handed over, for then it is still due, and sent again."""
        at = clock.moment(event.get("Timestamp"))
        if sent is None or sent.owed or at is None:
            self._reached(event)
            return
        record = wire.VerdictRecord(
            type=sent.verdict,
            at=sent.at or at,
            missing=sent.missing or (),
            attempts=sent.attempts,
            delivery=sent.delivery,
            group=sent.group,
            listed=sent.listed,
        )
        self.said.append(record)
        self.due = False
        if sent.instead:
            self.arrivals += sent.instead.arrivals
            self.evidence += sent.instead.evidence
        self.arrivals += self.after
        self.after = []


def next_life(snapshot: Snapshot, arrivals: Iterable[Arrival] = ()) -> wire.PushTerms:
    """The terms of a push's next life, made of its last one (with input and history) and of
    further arrivals.

    Raises ValueError where the input is not ours.
    """
    push = wire.load(wire.PushInput, snapshot.input)
    if not snapshot.history:  # it never began
        return _terms(push, more=(*push.more, *arrivals))
    first_turn = _first_turn(push, snapshot.history)
    begun_at = push.known.begun_at if push.known else push.begun_at or first_turn
    deadline = verdict.waits_until(begun_at + push.timeout, push.begun_at, first_turn)
    story = _Story(push, begun_at, deadline)
    for event in snapshot.history:
        story.take(event)
    known = wire.Known(
        lives=(push.known.lives if push.known else 0) + 1,
        begun_at=story.begun_at,
        interrupted_at=snapshot.updated or story.begun_at,
        arrivals=_once(story.arrivals),
        evidence=_seen(push, story),
        said=tuple(story.said),
        due=story.due,
        first_at=story.first_at,
    )
    return _terms(push, known=known, more=_once([*story.after, *arrivals]))


def heard_if_over(broken: Snapshot, *, given_up: bool) -> tuple[Arrival, ...] | None:
    """What a push had heard that was broken off, and what those of the same content before it had,
    where it waits for nothing more: it was given up, or its last verdict is certain. None where it
    waits on in its next life.

    Raises ValueError where the input is not ours.
    """
    life, push = next_life(broken), wire.load(wire.PushInput, broken.input)
    if not given_up and not (life.known and _is_certain(push, life.known, life.more)):
        return None
    arrivals = life.known.arrivals if life.known else (life.arrival,)
    return wire.newest_arrivals(life.earlier, (*arrivals, *life.more))


def _is_certain(push: wire.PushInput, known: wire.Known, more: Iterable[Arrival]) -> bool:
    """Whether the last verdict that a push ever gets was reached, or is in the first turn of its
    next life, which has all regions."""
    watch = verdict.with_evidence(wire.watch(push, known.begun_at), known.evidence)
    watch = verdict.with_arrivals(watch, (*known.arrivals, *more))
    newest = known.said[-1].type if known.said else None
    if known.due:
        watch = verdict.with_earlier(watch, push.earlier, push.late_window)
        newest = verdict.verdict_on(watch, known.interrupted_at, alarmed=bool(known.said)).type
    if not watch.missing():
        return True
    return bool(newest) and not (newest is VerdictType.OVERDUE and push.late_window)


def _seen(push: wire.PushInput, story: _Story) -> tuple[Evidence, ...]:
    """The evidence on a push. Where a verdict was said, arrivals of earlier pushes have counted."""
    watch = verdict.with_evidence(wire.watch(push, story.begun_at), story.evidence)
    if story.said:
        heard = verdict.with_arrivals(watch, story.arrivals)
        watch = verdict.with_earlier(heard, push.earlier, push.late_window)
    return watch.evidence


def _terms(push: wire.PushInput, **changes: object) -> wire.PushTerms:
    return wire.PushTerms.model_validate(dict(push) | changes)


def is_spent(life: wire.PushTerms) -> bool:
    """Whether a push has had all the lives that it is given."""
    return bool(life.known and lives.is_spent(life.known.lives))


def may_begin_at(life: wire.PushTerms) -> datetime | None:
    """When a next life may begin; None: at once."""
    known = life.known
    return lives.may_begin_at(known.lives, known.interrupted_at) if known else None


def pardoned(life: wire.PushTerms) -> wire.PushTerms:
    """A push that was given up, as if this were its first break."""
    if life.known is None:
        return life
    return life.model_copy(update={"known": life.known.model_copy(update={"lives": 1})})


def _arrival(push: wire.PushInput, event: Mapping[str, Any]) -> Arrival:
    region = str(event["Name"]).lower()[len(_EVENT) :]
    begun_at = push.arrival.received_at
    at = clock.moment(event.get("Timestamp")) or begun_at
    return external_events.arrival_of(region, event.get("Input"), push.push_id, begun_at, at)


def _first_turn(push: wire.PushInput, history: Iterable[Mapping[str, Any]]) -> datetime:
    """The time of the first turn, from its timer, because the endpoint shows no turns."""
    kinds = ("TimerCreated", "TimerFired")
    times = [clock.moment(e.get("Timestamp")) for e in history if e.get("EventType") in kinds]
    return min((t for t in times if t), default=push.arrival.received_at)


def _once(arrivals: Iterable[Arrival]) -> tuple[Arrival, ...]:
    return tuple(dict.fromkeys(arrivals))
