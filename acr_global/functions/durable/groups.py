"""Model ↔ versioned JSON, of groups. What wire.py says of its models holds for these."""

from typing import Any, Literal

from acr_global.functions.durable import notifications, statuses, wire
from acr_global.functions.durable.engine import Snapshot
from acr_global.gathering import Group, News
from acr_global.grouping import MemberState
from acr_global.model import Attempt, Frozen, Moment
from acr_global.reporting import Telling


class GroupInput(Frozen):
    """Input of `GatherAlarms`."""

    v: Literal[1] = 1
    group: Group
    said: tuple[News, ...] = ()
    """The alarm that it begins with."""
    lives: int | None = None
    """How often it was broken off, if it was."""
    owed: tuple[notifications.DeliveryInput, ...] | None = None
    """Of the newest report: deliveries that may not have been handed over when it was broken
    off."""


class GroupStatus(Frozen):
    """Custom status of `GatherAlarms`."""

    state: str
    """Whether it takes alarms: `counting` and `open` do, `full` and `over` do not."""
    number: int = 0
    """Of the newest report that was told, or is being told."""
    telling: Moment | None = None
    """When the newest report was made. None: there is none, or an older release made it."""
    newest: dict[str, int] | None = None
    """By target: the number of the newest report to it. Left out where they are too long."""
    marks: str
    """What was decided of each push."""
    registry: str | None = None
    missing: tuple[str, ...] = ()


class TellInput(Frozen):
    """Input of `TellGroup`."""

    v: Literal[1] = 1
    tellings: tuple[Telling, ...]


class TellOutput(Frozen):
    """Result of `TellGroup`."""

    tellings: tuple[Telling, ...]
    """What was to be told: a history shows results, not inputs."""
    attempts: tuple[Attempt, ...] = ()
    owed: tuple[notifications.DeliveryInput, ...] = ()
    """Deliveries that could not be handed over; the orchestrator does that later."""


class AskInput(Frozen):
    """Input of `AskMembers`."""

    v: Literal[1] = 1
    push_ids: tuple[str, ...]


class AskOutput(Frozen):
    """Result of `AskMembers`."""

    states: dict[str, MemberState]


def status_of(group: Snapshot) -> GroupStatus | None:
    """What a group shows; None before its first turn, and where one broke off."""
    try:
        return wire.load(GroupStatus, group.custom_status)
    except ValueError:
        return None


def as_custom_status(status: GroupStatus) -> dict[str, Any]:
    """A group's status as the engine takes it: where it is too long, first without the numbers."""
    return statuses.bounded(wire.dump(status), dispensable="newest")
