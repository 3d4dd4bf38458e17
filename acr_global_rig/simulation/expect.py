"""What must be said of each push: plan and the app's settings → expected verdicts. Pure.

This is the rule in a few lines, written independently of the app's code, which it judges:

    complete                every region has reported before the deadline
    overdue                 some have not, then, where there is a late window,
    overdue, recovered      all have before it is over
    overdue, incomplete     some never did

What the app counts as one push is known by the notification's id or, where it is set to
`content`, by the digest: where each region has its own ids, each arrival is a push of its own to
an app that goes by the id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from acr_global.model import Message, VerdictType
from acr_global.patterns import matches
from acr_global_rig.simulation.plan import Plan, Push, Webhook
from acr_global_rig.simulation.reading import ScenarioError
from acr_global_rig.simulation.scenario import App

SLACK = 5.0
"""Seconds on both sides of a deadline in which an arrival may count as in time or as late: a
webhook, the engine's whole seconds and its polling take that long."""

Ending = tuple[VerdictType, ...]
"""The verdicts on one push, in order."""


class Standing(Enum):
    """How a region's first arrival relates to the deadline and the end of the late window."""

    IN_TIME = "in time"
    CLOSE = "close to the deadline"
    LATE = "late"
    CLOSE_TO_END = "close to the end of the late window"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Expected:
    """One push, as the app sees it, and the verdicts that it must get."""

    key: str
    push: Push
    standing: Mapping[str, Standing]
    """By region."""
    endings: frozenset[Ending]
    """Each is right; there is more than one only where an arrival is close to a limit."""
    known_by: float
    """Seconds after the start, by which all verdicts are decided; delivering them takes longer."""

    def regions(self, *standings: Standing) -> frozenset[str]:
        """The regions with one of these standings."""
        return frozenset(r for r, standing in self.standing.items() if standing in standings)


def is_watched(push: Push, app: App) -> bool:
    """Whether the app's filters let a push through."""
    return not matches(app.exclude, push.repository, push.tag)


def key_of(webhook: Webhook, push: Push, app: App) -> str:
    """Which push of the app's a webhook belongs to."""
    return webhook.event_id if app.correlation == "id" else push.digest


def key_told(message: Message, app: App) -> str:
    """Which push of the app's a message is about."""
    return message.push.id if app.correlation == "id" else message.push.digest or ""


def expect(
    plan: Plan, app: App, heard: Collection[VerdictType] = tuple(VerdictType)
) -> tuple[Expected, ...]:
    """What must be said of each push that is watched and reported at all, in order.

    Args:
        heard: The verdicts that any receiver asks for: only for `incomplete` must the end of a
            late window be awaited.

    Raises ScenarioError where an arrival would begin a second push of the same content.
    """
    arrivals: dict[str, dict[str, float]] = {}
    pushes: dict[str, Push] = {}
    for webhook in plan.webhooks:
        push = plan.pushes[webhook.push]
        if is_watched(push, app):
            key = key_of(webhook, push, app)
            pushes.setdefault(key, push)
            arrivals.setdefault(key, {}).setdefault(webhook.region, webhook.at)
    found = [
        _expected(key, pushes[key], plan.regions, its, app, heard) for key, its in arrivals.items()
    ]
    return tuple(sorted(found, key=lambda expected: expected.push.number))


def _expected(
    key: str,
    push: Push,
    regions: tuple[str, ...],
    arrivals: Mapping[str, float],
    app: App,
    heard: Collection[VerdictType],
) -> Expected:
    deadline = min(arrivals.values()) + app.timeout
    end = deadline + app.late_window
    standing = {region: _standing(arrivals.get(region), deadline, end) for region in regions}
    if app.correlation == "content":
        _refuse_second_push(push, standing, arrivals, app)
    endings = _endings(standing.values(), app)
    known_by = max(arrivals.values())
    if endings != {(VerdictType.COMPLETE,)}:
        known_by = max(known_by, deadline)
    if VerdictType.INCOMPLETE in heard and any(VerdictType.INCOMPLETE in e for e in endings):
        known_by = end
    return Expected(key, push, standing, endings, known_by)


def _standing(at: float | None, deadline: float, end: float) -> Standing:
    if at is None or at > end + SLACK:
        return Standing.NEVER
    if at < deadline - SLACK:
        return Standing.IN_TIME
    if at <= deadline + SLACK:
        return Standing.CLOSE
    return Standing.LATE if at < end - SLACK else Standing.CLOSE_TO_END


def _endings(standings: Iterable[Standing], app: App) -> frozenset[Ending]:
    there = set(standings)
    found = set[Ending]()
    if there <= {Standing.IN_TIME, Standing.CLOSE}:
        found.add((VerdictType.COMPLETE,))
    if there == {Standing.IN_TIME}:
        return frozenset(found)
    if not app.late_window:
        if there <= {
            Standing.IN_TIME,
            Standing.CLOSE,
        }:  # it was on its way then
            found.add((VerdictType.OVERDUE, VerdictType.RECOVERED))
        return frozenset(found | {(VerdictType.OVERDUE,)})
    if Standing.NEVER not in there:
        found.add((VerdictType.OVERDUE, VerdictType.RECOVERED))
    if there & {Standing.NEVER, Standing.CLOSE_TO_END}:
        found.add((VerdictType.OVERDUE, VerdictType.INCOMPLETE))
    return frozenset(found)


def _refuse_second_push(
    push: Push, standing: Mapping[str, Standing], arrivals: Mapping[str, float], app: App
) -> None:
    outside = {Standing.NEVER, Standing.CLOSE_TO_END}
    if app.late_window <= SLACK:
        outside.add(Standing.CLOSE)
    for region in arrivals:
        if standing[region] in outside:
            raise ScenarioError(
                [
                    f"{push.name}: the webhook of {region} would come when the app listens no "
                    "more; by content it would begin a second push: make app.late_window longer"
                ]
            )
