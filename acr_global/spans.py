"""One trace per push: events → spans. Pure.

The trace's id is a function of the push's id, so whoever works for a push, in whatever process and
however much later, finds it, and nothing has to be carried in inputs, which are frozen and
replayed. All spans have one parent, which is derived in the same way and is itself never sent: no
moment of a push is known beforehand to be its first, or its last. It is marked as sampled; a
sampler that goes by the trace's id keeps or drops whole pushes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from acr_global import api
from acr_global.instruments import (
    CHANNEL,
    OUTCOME,
    REASON,
    REGION,
    REGISTRY,
    TARGET,
    VERDICT,
)
from acr_global.model import Artifact, Attempt, Outcome, PushEvent, Verdict
from acr_global.notify.words import well_formed

PUSH = "acr_global.push.id"
GROUP = "acr_global.group.id"
KEPT = "acr_global.regions.reported"
MISSING = "acr_global.regions.missing"
IMAGE = "container.image.name"
TAG = "container.image.tags"
DIGEST = "oci.manifest.digest"
STATUS = "http.response.status_code"

ATTRIBUTES: Mapping[str, str] = {
    PUSH: "the push's id",
    GROUP: "the group's id, where an attempt tells of a group of pushes; it has a trace of its own",
    IMAGE: "the repository",
    TAG: "the tag, if there is one",
    DIGEST: "the digest, if the event names it",
    REGISTRY: "its login server",
    REGION: "the region that reported",
    KEPT: "regions that have reported",
    MISSING: "regions that are missing",
    VERDICT: "what was said; `group` of a group",
    TARGET: "the target's name",
    CHANNEL: "the target's kind",
    OUTCOME: "`delivered`, `retry` or `dead`",
    REASON: "the reason's slug, where it was not delivered; the span's status is then an error",
    STATUS: "the status of the target's answer, if it gave one",
}
"""Every attribute of the spans, and its values."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of span."""

    name: str
    kind: Literal["internal", "client"]
    about: str
    attributes: tuple[str, ...]
    made_in: str


_ARTIFACT = (REGISTRY, IMAGE, TAG, DIGEST)

ARRIVAL = Kind(
    "arrival",
    "internal",
    "A webhook that was accepted, from its receipt to its answer.",
    (PUSH, REGION, *_ARTIFACT),
    "`ImagePush`, `CatchUp`",
)
WAIT = Kind(
    "wait",
    "internal",
    "From the begin of the push to a verdict; each arrival is an event `arrival` in it.",
    (PUSH, VERDICT, KEPT, MISSING, *_ARTIFACT),
    "`FirePushNotification`",
)
ATTEMPT = Kind(
    "attempt",
    "client",
    "One attempt to tell one target.",
    (PUSH, GROUP, VERDICT, TARGET, CHANNEL, OUTCOME, REASON, STATUS),
    "`FirePushNotification`, `AttemptDelivery`, `TellGroup`",
)
LOOK = Kind(
    "look",
    "internal",
    "A look for what the missing regions have: at couriers, and at the registry where it may be "
    "asked.",
    (PUSH, KEPT, MISSING, *_ARTIFACT),
    "`GatherEvidence`",
)
KINDS = (ARRIVAL, WAIT, ATTEMPT, LOOK)

Value = str | int | Sequence[str]


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took some time, for one push or group."""

    kind: Kind
    of: str
    """The push's or the group's id."""
    start: datetime
    end: datetime
    attributes: Mapping[str, Value]
    failed: str | None = None
    """The reason, where it failed."""
    arrivals: Mapping[str, datetime] = field(default_factory=dict)
    """Events in it: by region."""


def trace_of(push_id: str) -> tuple[int, int]:
    """The ids of a push's trace, and of the parent of its spans; neither is ever 0."""
    digest = hashlib.sha256(f"acr-global push {push_id}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:16], "big") | 1, int.from_bytes(digest[16:24], "big") | 1


def of_arrival(accepted: api.Accepted, event: PushEvent, start: datetime, end: datetime) -> Span:
    """A webhook that was accepted."""
    return _span(ARRIVAL, accepted.push, start, end, event.artifact, {REGION: accepted.region})


def of_wait(verdict: Verdict) -> Span:
    """The time from the begin of a push to a verdict."""
    arrivals = {a.region: a.reported_at for a in verdict.arrivals}
    attributes = {
        VERDICT: verdict.type.value,
        KEPT: tuple(arrivals),
        MISSING: verdict.missing,
    }
    times = verdict.begun_at, verdict.decided_at
    return _span(WAIT, verdict.push_id, *times, verdict.artifact, attributes, arrivals=arrivals)


def of_attempt(
    said: str,
    attempt: Attempt,
    channel: str,
    start: datetime,
    *,
    push: str | None = None,
    group: str | None = None,
) -> Span:
    """An attempt that began then, to tell of a push or of a group, which has a trace of its own."""
    failed = None if attempt.outcome is Outcome.DELIVERED else attempt.reason
    attributes: dict[str, Value | None] = {
        PUSH: push and well_formed(push),
        GROUP: group and well_formed(group),
        VERDICT: said,
        TARGET: attempt.target,
        CHANNEL: channel,
        OUTCOME: attempt.outcome.value,
        REASON: failed,
        STATUS: attempt.status,
    }
    return _span(ATTEMPT, push or group or "", start, attempt.at, None, attributes, failed=failed)


def of_look(
    push_id: str,
    artifact: Artifact,
    missing: tuple[str, ...],
    found: tuple[str, ...],
    start: datetime,
    end: datetime,
) -> Span:
    """A look for the missing regions, which found these."""
    still = tuple(region for region in missing if region not in found)
    return _span(LOOK, push_id, start, end, artifact, {KEPT: found, MISSING: still})


def _span(
    kind: Kind,
    of: str,
    start: datetime,
    end: datetime,
    artifact: Artifact | None,
    attributes: Mapping[str, Value | None],
    *,
    failed: str | None = None,
    arrivals: Mapping[str, datetime] | None = None,
) -> Span:
    named: dict[str, Value | None] = dict(attributes)
    if artifact:
        named |= {
            PUSH: well_formed(of),
            REGISTRY: artifact.registry,
            IMAGE: artifact.repository and well_formed(artifact.repository),
            TAG: (well_formed(artifact.tag),) if artifact.tag else None,
            DIGEST: artifact.digest and well_formed(artifact.digest),
        }
    kept = {name: value for name, value in named.items() if value is not None}
    return Span(kind, of, start, max(start, end), kept, failed, arrivals or {})
