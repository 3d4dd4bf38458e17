"""A verdict → the message that every channel renders. Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import assert_never

from acr_global.model import (
    Action,
    Arrival,
    Artifact,
    Evidence,
    EvidenceKind,
    Message,
    PushInfo,
    RegionReport,
    Verdict,
    VerdictType,
)
from acr_global.notify.notice import Notice
from acr_global.notify.words import (
    TEST_MARK,
    duration,
    join_names,
    plain,
    subject,
    well_formed,
)

LATE_SECONDS = 60.0
"""Seconds from which on the text says that a verdict is late."""

_TRIAL_REGIONS = ("westeurope", "northeurope", "eastus")


def message_id(push_id: str, verdict_type: VerdictType, birth: str | None = None) -> str:
    """The id of the message about one verdict of one push; always the same."""
    return id_of(push_id, verdict_type.value, *([birth] if birth else []))


def delivery_id(message: Notice, target: str) -> str:
    """The id under which one target gets a message, so that it can drop repeats.

    The same on each retry, replay and repeat after a crash.
    """
    return id_of(message.id, target)


def id_of(*parts: str) -> str:
    """A message id that is a function of these parts."""
    text = "\n".join(parts).encode("utf-8", "replace")
    return f"msg_{hashlib.sha256(text).hexdigest()[:32]}"


def message_of(verdict: Verdict) -> Message:
    """Everything a receiver may want to know, and one sentence that says it all."""
    regions = region_reports(verdict)
    push, late = _push(verdict), _late_seconds(verdict)
    return Message(
        type=verdict.type,
        id=message_id(verdict.push_id, verdict.type, verdict.birth),
        text=_sentence(verdict, regions, late),
        push=push,
        regions=regions,
        missing=tuple(well_formed(region) for region in verdict.missing),
        deadline=verdict.deadline,
        decided_at=verdict.decided_at,
        late_seconds=late,
    )


def trial_message(
    verdict_type: VerdictType, now: datetime, regions: tuple[str, ...] = ()
) -> Message:
    """What an operator sends to try a target: every part filled in, and marked as a test.

    Each trial has an id of its own, or receivers would drop all but the first as repeats.
    """
    regions = regions or _TRIAL_REGIONS
    lacking = verdict_type in (VerdictType.OVERDUE, VerdictType.INCOMPLETE)
    late = timedelta(minutes=2) if verdict_type is VerdictType.RECOVERED else timedelta(0)
    begun_at = now - timedelta(minutes=10) - late
    digest = f"sha256:{'0' * 64}"
    arrivals = tuple(
        Arrival(region=region, event_id="trial", received_at=begun_at, digest=digest)
        for region in regions[:-1]
    )
    last = Arrival(region=regions[-1], event_id="trial", received_at=now, digest=digest)
    message = message_of(
        Verdict(
            type=verdict_type,
            push_id=f"trial-{int(now.timestamp())}",
            action=Action.PUSH,
            artifact=Artifact(
                registry="example.azurecr.io", repository="trial/app", tag="v1", digest=digest
            ),
            regions=regions,
            arrivals=arrivals if lacking else (*arrivals, last),
            missing=regions[-1:] if lacking else (),
            begun_at=begun_at,
            deadline=now - late,
            decided_at=now,
        )
    )
    return message.model_copy(update={"test": True, "text": TEST_MARK + message.text})


def _push(verdict: Verdict) -> PushInfo:
    artifact = verdict.artifact
    times = [a.timestamp for a in verdict.arrivals if a.timestamp]
    return PushInfo(
        id=well_formed(verdict.push_id),
        registry=_clean(artifact.registry),
        repository=_clean(artifact.repository),
        tag=_clean(artifact.tag),
        digest=_clean(artifact.digest),
        action=verdict.action,
        media_type=_clean(artifact.media_type),
        pushed_at=min(times, default=None),
    )


def _clean(text: str | None) -> str | None:
    return None if text is None else well_formed(text)


def region_reports(verdict: Verdict) -> tuple[RegionReport, ...]:
    """Each expected region, in the order of the setting, with what is known of it."""
    arrivals = {a.region: a for a in reversed(verdict.arrivals)}
    first = min(verdict.arrivals, key=lambda a: a.reported_at, default=None)
    return tuple(
        _region(verdict, region, arrivals.get(region), first) for region in verdict.regions
    )


def new_lags(verdict: Verdict) -> dict[str, float]:
    """Seconds from the first region's arrival to that of each region that this verdict is the first
    to count. An alarm counts what was received by the deadline, the verdict after it the rest: so
    no arrival is counted twice, though one that comes while the alarm is being decided waits for
    the next verdict, and is not counted where there is none."""
    in_time = {a.region for a in verdict.arrivals if a.received_at <= verdict.deadline}
    lags = {r.region: r.lag_seconds for r in region_reports(verdict)}
    counts = {
        region
        for region in lags
        if verdict.type is VerdictType.COMPLETE
        or (region in in_time) is (verdict.type is VerdictType.OVERDUE)
    }
    return {region: s for region, s in lags.items() if s is not None and region in counts}


def _region(
    verdict: Verdict, region: str, arrival: Arrival | None, first: Arrival | None
) -> RegionReport:
    evidence = tuple(_clean_evidence(e) for e in verdict.evidence if e.region == region)
    name = well_formed(region)
    if arrival is None or first is None:
        missing = region in verdict.missing
        return RegionReport(
            region=name, state="missing" if missing else "evidence", evidence=evidence
        )
    return RegionReport(
        region=name,
        state="arrived",
        received_at=arrival.received_at,
        lag_seconds=(arrival.reported_at - first.reported_at).total_seconds(),
        event_id=well_formed(arrival.event_id),
        digest=_clean(arrival.digest),
        digest_differs=bool(arrival.digest and first.digest and arrival.digest != first.digest),
        evidence=evidence + _caught_up(arrival, name),
    )


def _caught_up(arrival: Arrival, region: str) -> tuple[Evidence, ...]:
    if not arrival.caught_up:
        return ()
    said = Evidence(
        region=region,
        kind=EvidenceKind.CAUGHT_UP,
        found=True,
        detail="its webhook was not delivered; caught up from the registry's event log",
        at=arrival.received_at,
    )
    return (said,)


def _clean_evidence(evidence: Evidence) -> Evidence:
    return evidence.model_copy(
        update={"region": well_formed(evidence.region), "detail": well_formed(evidence.detail)}
    )


def _late_seconds(verdict: Verdict) -> float | None:
    """Seconds past the deadline; counted to the decision where evidence, not an arrival, was
    last."""
    if verdict.type is not VerdictType.RECOVERED:
        return None
    last = max((a.received_at for a in verdict.arrivals), default=verdict.decided_at)
    if last <= verdict.deadline:
        last = verdict.decided_at
    return (last - verdict.deadline).total_seconds()


def _sentence(
    verdict: Verdict, regions: tuple[RegionReport, ...], late_seconds: float | None
) -> str:
    subject, present, done = _subject(verdict)
    count, missing = len(regions), join_names(verdict.missing)
    everywhere = f"all {count} regions" if count > 1 else join_names(verdict.regions)
    having = count - len(verdict.missing)
    share = f"({having} of {count} regions {'has' if having == 1 else 'have'} {done})"
    match verdict.type:
        case VerdictType.COMPLETE:
            text = f"{subject} {present} {everywhere}"
        case VerdictType.RECOVERED:
            late = duration(late_seconds or 0.0)
            text = f"{subject} {present} {everywhere} after all, {late} past the deadline"
        case VerdictType.OVERDUE:
            text = f"{subject} is overdue in {missing} {share}"
        case VerdictType.INCOMPLETE:
            text = f"{subject} was never reported from {missing} {share}"
        case _:
            assert_never(verdict.type)
    others = [r.region for r in regions if r.digest_differs]
    if others:
        text += f"; another digest was reported from {join_names(others)}"
    return text + _told_late(verdict)


def _told_late(verdict: Verdict) -> str:
    """A phrase on how late a verdict is because webhooks were not delivered."""
    if not any(a.caught_up for a in verdict.arrivals):
        return ""
    match verdict.type:
        case VerdictType.COMPLETE:
            due = max(a.reported_at for a in verdict.arrivals)
        case VerdictType.OVERDUE:
            due = verdict.deadline
        case _:  # the sentence says how late it is, or it is the end
            return ""
    late = (verdict.decided_at - due).total_seconds()
    said = f"; told {duration(late)} late, for webhooks were not delivered"
    return said if late >= LATE_SECONDS else ""


def _subject(verdict: Verdict) -> tuple[str, str, str]:
    """What is spoken of, what it is in a region that has it, and what such a region has."""
    name = subject(verdict.action, plain(verdict.artifact.reference))
    match verdict.action:
        case Action.PUSH | Action.CHART_PUSH:
            return name, "is in", "it"
        case Action.DELETE | Action.CHART_DELETE:
            return name, "is done in", "done it"
        case Action.QUARANTINE:
            return name, "is in force in", "done it"
        case _:
            assert_never(verdict.action)
