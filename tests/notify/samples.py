"""Composed pushes and targets that the notify tests share."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from acr_global.grouping import GroupReport, GroupState, Member, MemberState
from acr_global.model import (
    Action,
    Arrival,
    Artifact,
    Evidence,
    EvidenceKind,
    Message,
    OutboundRequest,
    Verdict,
    VerdictType,
)
from acr_global.notify.channels import KINDS
from acr_global.notify.group import group_message
from acr_global.notify.message import message_of
from acr_global.notify.notice import GroupMessage, Notice
from acr_global.notify.outcomes import Judgement
from acr_global.notify.setting import parse_targets
from acr_global.notify.target import HttpTarget, Target

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
BEGUN = NOW - timedelta(minutes=10)
DEADLINE = NOW
DIGEST = "sha256:" + "4f" * 32
OTHER_DIGEST = "sha256:" + "e1" * 32
REGIONS = ("westeurope", "northeurope", "eastus")

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_" + "b2xkLXNlY3JldC1vZi10aGlydHktdHdvLWJ5dGVz"
SECRETS = {
    "HOOK_URL": "https://user:pw@receiver.test/very/hidden?sig=hush",
    "HOOK_SECRET": SECRET,
    "GH_TOKEN": "ghp_hush",
    "API_KEY": "key-hush",
    "API_URL": "https://api.receiver.test",
}

HUSHED = ("hush", SECRET, OLD_SECRET, SECRET[6:], OLD_SECRET[6:], "user:pw")


def case(kind: str) -> Any:
    """The kind's own test file: its SAMPLE, with every secret that must never be shown, and
    `check`, which judges a request by the receiver's own library."""
    return import_module(f"tests.notify.channels.test_{kind}")


def target(kind: str, **fields: Any) -> Target:
    """The sample target of a kind, with some fields replaced."""
    raw = {"name": f"my-{kind}", "kind": kind} | case(kind).SAMPLE | fields
    found, problems = parse_targets(json.dumps([raw]), SECRETS)
    assert () == problems
    return found[0]


def every_target() -> list[Target]:
    """One of each kind, in the order of the kinds."""
    return [target(kind) for kind in KINDS]


def artifact(**fields: Any) -> Artifact:
    """A pushed image."""
    plain: dict[str, Any] = {
        "registry": "myregistry.azurecr.io",
        "repository": "team/app",
        "tag": "v2",
        "digest": DIGEST,
        "media_type": "application/vnd.oci.image.manifest.v1+json",
    }
    return Artifact(**plain | fields)


def arrival(region: str, seconds: float, digest: str | None = DIGEST) -> Arrival:
    """A region's arrival, some seconds after the first."""
    return Arrival(
        region=region,
        event_id=f"event-{region}",
        received_at=BEGUN + timedelta(seconds=seconds),
        timestamp=BEGUN + timedelta(seconds=seconds - 1),
        digest=digest,
    )


def verdict(verdict_type: VerdictType = VerdictType.COMPLETE, **fields: Any) -> Verdict:
    """A verdict about the sample push."""
    first = [arrival("northeurope", 0.0), arrival("westeurope", 2.4)]
    last = {VerdictType.COMPLETE: 95.0, VerdictType.RECOVERED: 754.0}.get(verdict_type)
    lost = Evidence(
        region="eastus",
        kind=EvidenceKind.EVENT_LOG,
        found=False,
        detail="fired but refused with status 504",
        at=NOW,
    )
    plain: dict[str, Any] = {
        "type": verdict_type,
        "push_id": "cb8c3971-9adc-488b-bdd8-43cbb4974ff5",
        "action": Action.PUSH,
        "artifact": artifact(),
        "regions": REGIONS,
        "arrivals": (*first, arrival("eastus", last)) if last else tuple(first),
        "evidence": () if last else (lost,),
        "missing": () if last else ("eastus",),
        "begun_at": BEGUN,
        "deadline": DEADLINE,
        "decided_at": NOW,
    }
    return Verdict(**plain | fields)


def message(verdict_type: VerdictType = VerdictType.OVERDUE, **fields: Any) -> Message:
    """The sample push's message."""
    return message_of(verdict(verdict_type, **fields))


def large_verdict(region: str = "region-{}", repository: str = "r" * 256) -> Verdict:
    """Sixty regions, half of them missing, and the longest repository that a registry allows."""
    regions = tuple(region.format(n) for n in range(60))
    return verdict(
        VerdictType.OVERDUE,
        artifact=artifact(repository=repository, tag="t" * 128),
        regions=regions,
        arrivals=tuple(arrival(name, 1.0 * n, OTHER_DIGEST) for n, name in enumerate(regions[::2])),
        missing=regions[1::2],
        evidence=(),
    )


def member(number: int, state: MemberState = MemberState.WAITING, **fields: Any) -> Member:
    """A push of the sample group: the higher the number, the newer."""
    begun_at = BEGUN + timedelta(minutes=number)
    plain: dict[str, Any] = {
        "push_id": f"push-{number}",
        "reference": f"team/app:v{number}",
        "begun_at": begun_at,
        "overdue_at": begun_at + timedelta(minutes=10),
        "state": state,
        "at": begun_at + timedelta(minutes=10 if state is MemberState.WAITING else 42),
    }
    return Member(**plain | fields)


def report(state: GroupState = GroupState.BEHIND, **fields: Any) -> GroupReport:
    """A report on three pushes: one has recovered, and the others wait or, at the end, do so in
    vain."""
    over = state is GroupState.OVER
    other = MemberState.INCOMPLETE if over else MemberState.WAITING
    plain: dict[str, Any] = {
        "group_id": "_group.myregistry.azurecr.io.eastus.1",
        "number": 2,
        "state": state,
        "registry": "myregistry.azurecr.io",
        "missing": ("eastus",),
        "since": BEGUN,
        "at": NOW + timedelta(hours=24 if state is GroupState.SILENT else 1),
        "waiting": 0 if over else 2,
        "recovered": 1,
        "incomplete": 2 if over else 0,
        "members": (member(2, other), member(1, other), member(0, MemberState.RECOVERED)),
    }
    return GroupReport(**plain | fields)


def group(state: GroupState = GroupState.BEHIND, **fields: Any) -> GroupMessage:
    """The sample group's message."""
    return group_message(report(state, **fields))


def large_report(tail: str) -> GroupReport:
    """Sixty regions and five thousand pushes, each of an image with such a tail to its name."""
    return report(
        missing=tuple(f"region-{n}" for n in range(60)),
        waiting=4_000,
        recovered=1_000,
        members=tuple(member(n, reference=f"image-{n}/{tail}") for n in reversed(range(50))),
    )


def render(told: Notice, to: Target) -> OutboundRequest:
    """The request with the samples' secrets."""
    return to.render(told, SECRETS, NOW)


def judge(kind: str, status: int, headers: dict[str, str], body: bytes, now: datetime) -> Judgement:
    """What the sample target makes of an answer."""
    to = target(kind)
    assert isinstance(to, HttpTarget)
    return to.judge(status, headers, body, now)
