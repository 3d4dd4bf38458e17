"""A push as the engine has it → as it is shown. Pure.

What a push has learnt stands in its input and its history, up to the last event; its custom status
is of the last phase's beginning. The reader that begins a broken-off push anew (reviving.py) reads
it here as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from acr_global import api, verdict
from acr_global.functions.durable import wire
from acr_global.functions.durable.engine import Phase, Snapshot
from acr_global.functions.recovery import reviving
from acr_global.ledger import Row
from acr_global.model import VerdictType
from acr_global.notify.message import region_reports

_ARTIFACT = {"registry", "repository", "tag", "digest"}


@dataclass(frozen=True, slots=True)
class View:
    """One push, read."""

    push: wire.PushInput
    watch: verdict.Watch
    said: tuple[wire.VerdictRecord, ...]
    state: api.PushState
    begun: bool
    over: bool
    """Nothing more will be said of it, unless somebody sees to it."""
    suspended: bool
    """By hand: nothing happens until somebody resumes it."""


def view(snapshot: Snapshot) -> View:
    """Read a push (with input and history). Raises ValueError where it is none."""
    push = wire.load(wire.PushInput, snapshot.input)
    life, status = reviving.next_life(snapshot), _status(snapshot)
    watch, said = _by_history(push, life)
    if status and status.said:
        said = said or (status.said,)
    if snapshot.phase is Phase.FINISHED:
        ended = wire.load(wire.PushOutput, snapshot.output)
        # Those that counted: a history may hold a repeat that was received before.
        watch = verdict.with_arrivals(watch, ended.arrivals)
        watch, said = verdict.with_evidence(watch, ended.evidence), ended.verdicts
    # Of two that are the same the first counts, and a status holds the least of them.
    arrivals = [push.arrival, *life.more, *(life.known.arrivals if life.known else ())]
    arrivals += (status and status.arrivals()) or ()
    ended_by_hand = _is_ended_by_hand(snapshot)
    return View(
        push=push,
        watch=verdict.with_arrivals(watch, arrivals),
        said=said,
        state=api.PushState.TERMINATED if ended_by_hand else _state(snapshot, status, said),
        begun=bool(snapshot.history) or status is not None,
        over=ended_by_hand or snapshot.phase is Phase.FINISHED,
        suspended=snapshot.suspended,
    )


def _by_history(
    push: wire.PushInput, life: wire.PushTerms
) -> tuple[verdict.Watch, tuple[wire.VerdictRecord, ...]]:
    """The push without its arrivals, and the verdicts that its history holds."""
    known = life.known
    if known is None:
        return wire.watch(push, push.begun_at or push.arrival.received_at), ()
    watch = wire.watch(push, known.begun_at)
    watch = replace(watch, first_at=known.first_at or watch.first_at)
    return verdict.with_evidence(watch, known.evidence), known.said


def _is_ended_by_hand(snapshot: Snapshot) -> bool:
    return snapshot.phase is Phase.TERMINATED and not reviving.is_being_begun_anew(snapshot)


def _status(snapshot: Snapshot) -> wire.PushStatus | None:
    try:
        return wire.load(wire.PushStatus, snapshot.custom_status)
    except ValueError:  # not there before the first turn, nor after one that broke off
        return None


def _state(
    snapshot: Snapshot, status: wire.PushStatus | None, said: tuple[wire.VerdictRecord, ...]
) -> api.PushState:
    """The newest verdict, or what else there is to say."""
    if snapshot.phase is Phase.FAILED:
        return api.PushState.INTERRUPTED
    if said:
        return api.PushState(said[-1].type)
    return api.PushState(status.state) if status else api.PushState.WAITING


def listed(seen: View) -> api.Push:
    """A push of which nothing was said yet, as the list shows it."""
    return api.Push(
        **_about(seen),
        state=seen.state,
        deadline=seen.watch.deadline if seen.begun else None,
        missing=seen.watch.missing(),
    )


def row(found: Row) -> api.Push:
    """One of which something was said, by its row in the ledger."""
    fields = found.model_dump(exclude={"state", "artifact"})
    artifact = found.artifact.model_dump(include=_ARTIFACT)
    return api.Push(**fields, **artifact, state=api.PushState(found.state))


def details(seen: View, deliveries: tuple[api.PushDelivery, ...], now: datetime) -> api.PushDetails:
    """A push as it is shown alone."""
    watch, state = seen.watch, seen.state
    newest = seen.said[-1] if seen.said else None
    behind = [d for d in deliveries if newest and d.verdict == newest.type]
    left = max(watch.deadline - now, timedelta(0)).total_seconds()
    listens = state is api.PushState.OVERDUE and not seen.over and seen.push.late_window
    return api.PushDetails(
        **listed(seen).model_dump(exclude={"decided_at", "undelivered"}),
        decided_at=newest.at if newest else None,
        undelivered=tuple(dict.fromkeys(t for d in behind for t in (*d.owed, *d.dead))),
        regions=region_reports(verdict.verdict_on(watch, now, alarmed=False)),
        verdicts=tuple(_verdict(watch, record) for record in seen.said),
        deliveries=deliveries,
        seconds_left=left if seen.begun and state is api.PushState.WAITING else None,
        listens_until=watch.deadline + seen.push.late_window if listens else None,
        suspended=seen.suspended,
    )


def _verdict(watch: verdict.Watch, record: wire.VerdictRecord) -> api.PushVerdict:
    return api.PushVerdict(
        type=record.type,
        at=record.at,
        missing=_missing_then(watch, record),
        attempts=record.attempts,
        group=record.group.group if record.group else None,
        grouped=record.group.targets if record.group else (),
        error=record.error,
    )


def _missing_then(watch: verdict.Watch, record: wire.VerdictRecord) -> tuple[str, ...]:
    """The regions that a verdict named. Records that were read in a history of an earlier release
    lack them: they are those without an arrival or evidence by then."""
    if record.missing or record.type not in (VerdictType.OVERDUE, VerdictType.INCOMPLETE):
        return record.missing
    return replace(
        watch,
        arrivals=tuple(a for a in watch.arrivals if a.received_at <= record.at),
        evidence=tuple(e for e in watch.evidence if e.at is None or e.at <= record.at),
    ).missing()


def _about(seen: View) -> dict[str, Any]:
    watch = seen.watch
    artifact = watch.artifact.model_dump(include=_ARTIFACT)
    own = {"id": watch.push_id, "action": watch.action, "first_at": watch.first_at}
    return own | artifact
