"""Scenario → every push and every webhook of it, with its time. Pure: the seed decides."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from acr_global_rig.registry import event
from acr_global_rig.simulation.scenario import Pushes, Scenario

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SIZE = 524
"""Bytes of every manifest, as events state it; nothing depends on it."""


def image_name(repository: str, tag: str | None, digest: str) -> str:
    """`repository:tag`, or for a child manifest `repository@sha256:` and a few digits."""
    return f"{repository}:{tag}" if tag else f"{repository}@{digest[: len('sha256:') + 6]}"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook of one region about one push."""

    push: int
    """Its number in the plan."""
    region: str
    at: float
    """Seconds after the start."""
    event_id: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """One manifest, pushed once."""

    number: int
    repository: str
    tag: str | None
    """None: a child manifest of a multi-arch image."""
    digest: str
    """Made up; no two pushes of any run share one."""
    media_type: str
    begins: float
    """Seconds after the start."""
    note: str
    lost: tuple[str, ...]
    """Regions whose webhook never comes."""

    @property
    def name(self) -> str:
        """What was pushed."""
        return image_name(self.repository, self.tag, self.digest)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is going to happen in a run."""

    registry: str
    regions: tuple[str, ...]
    pushes: tuple[Push, ...]
    webhooks: tuple[Webhook, ...]
    """In the order of their times."""


def plan_of(scenario: Scenario, seed: int, run: str) -> Plan:
    """What happens in one run.

    Args:
        seed: Decides every lag, loss and repeat; a group of pushes keeps its own when others
            are changed.
        run: Any text that no other run has, because the app must not know its ids and digests yet.
    """
    pushes, webhooks = list[Push](), list[Webhook]()
    for number, group in enumerate(scenario.pushes):
        random = Random(f"{seed} {number}")  # noqa: S311 - repeatable on purpose
        for begins, tag, media_type in _manifests(group):
            push, its = _pushed(scenario, group, random, run, len(pushes), begins, tag, media_type)
            pushes.append(push)
            webhooks += its
    webhooks.sort(key=lambda webhook: (webhook.at, webhook.push))
    return Plan(scenario.registry, scenario.regions, tuple(pushes), tuple(webhooks))


def _manifests(group: Pushes) -> Iterator[tuple[float, str | None, str]]:
    """When each manifest is pushed, its tag and media type; an image's children come first."""
    tag = group.image.partition(":")[2]
    for number in range(group.count):
        begins = group.begins + number / group.rate
        yield from ((begins, None, MANIFEST) for _ in range(group.platforms))
        own = f"{tag}-{number + 1}" if group.count > 1 else tag
        yield begins, own, INDEX if group.platforms else MANIFEST


def _pushed(
    scenario: Scenario,
    group: Pushes,
    random: Random,
    run: str,
    number: int,
    begins: float,
    tag: str | None,
    media_type: str,
) -> tuple[Push, list[Webhook]]:
    regions = scenario.regions
    lags = [group.region_lags.get(region, group.lag).draw(random) for region in regions]
    if group.order:
        regions, lags = group.order, sorted(lags)
    lost = _choose(group.lose, regions, random)
    late = _choose(group.late, regions, random)
    again = _choose(group.repeat, regions, random)
    name = f"{run} {number}"
    webhooks = list[Webhook]()
    for region, lag in zip(regions, lags, strict=True):
        late_by, repeat_lag = group.late_by.draw(random), group.repeat_lag.draw(random)
        at = begins + (scenario.app.timeout + late_by if region in late else lag)
        own = f"{name} {region}" if group.ids == "own" else name
        event_id = str(uuid.uuid5(uuid.NAMESPACE_OID, own))
        if region not in lost:
            webhooks.append(Webhook(number, region, at, event_id))
            if region in again:
                webhooks.append(Webhook(number, region, at + repeat_lag, event_id, repeated=True))
    push = Push(
        number=number,
        repository=group.image.partition(":")[0],
        tag=tag,
        digest=f"sha256:{hashlib.sha256(name.encode()).hexdigest()}",
        media_type=media_type,
        begins=begins,
        note=group.note,
        lost=tuple(region for region in scenario.regions if region in lost),
    )
    return push, webhooks


def _choose(which: float | tuple[str, ...], regions: tuple[str, ...], random: Random) -> set[str]:
    """Regions to which something happens; the chance does not change how many numbers are drawn."""
    drawn = {region: random.random() for region in sorted(regions)}
    if isinstance(which, float):
        return {region for region, number in drawn.items() if number < which}
    return set(which)


def body_of(plan: Plan, webhook: Webhook, at: str) -> Mapping[str, Any]:
    """The event as the region's webhook carries it; `at` is the registry's timestamp."""
    push = plan.pushes[webhook.push]
    made = event(
        webhook.event_id,
        at=at,
        host=plan.registry,
        request=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{push.digest} {webhook.region}")),
        mediaType=push.media_type,
        size=SIZE,
        length=SIZE,
        digest=push.digest,
        repository=push.repository,
        tag=push.tag,
    )
    if push.tag is None:
        del made["target"]["tag"]
    return made
