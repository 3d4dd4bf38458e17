"""Who hears of which verdict, and of which group of pushes, by what the targets choose. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from acr_global.grouping import GroupState
from acr_global.model import Artifact, Verdict, VerdictType
from acr_global.notify.target import Target
from acr_global.patterns import matches


def wanted(targets: Iterable[Target], names: Iterable[str], verdict: Verdict) -> tuple[str, ...]:
    """Of the targets that a push began with, those that choose this verdict. One that the settings
    no longer know is kept: its delivery fails visibly until it is back, or becomes a dead
    letter."""
    known = {t.name: t for t in targets}
    return tuple(
        name
        for name in names
        if name not in known or wants(known[name], verdict.type, verdict.artifact)
    )


def wants(target: Target, verdict_type: VerdictType, artifact: Artifact) -> bool:
    """Whether this target is to hear of this verdict about this artifact."""
    return verdict_type in target.on and matches(target.match, artifact.repository, artifact.tag)


def hear_of(
    targets: Iterable[Target], names: Iterable[str], later: VerdictType, alarm: Verdict
) -> frozenset[str]:
    """Of the targets that still lack an alarm, those that hear of the verdict that has overtaken
    it: they no longer need the alarm."""
    hearing = {t.name for t in targets if wants(t, later, alarm.artifact)}
    return frozenset(hearing.intersection(names))


def held(targets: Iterable[Target], names: Iterable[str], alarm: Verdict) -> frozenset[str]:
    """Of the targets of a push that a group holds, those that leave it to the group from its alarm
    on. The others are told of it by itself, as ever: they ask for that, or hear of no alarms."""
    leaving = {t.name for t in targets if t.group and wants(t, alarm.type, alarm.artifact)}
    return frozenset(leaving.intersection(names))


_HEARD_BY = {
    GroupState.BEHIND: {VerdictType.OVERDUE},
    GroupState.SILENT: {VerdictType.OVERDUE},
    GroupState.OVER: {VerdictType.RECOVERED, VerdictType.INCOMPLETE},
}


def wanted_of_group(
    targets: Iterable[Target], names: Iterable[str], state: GroupState
) -> tuple[str, ...]:
    """Of the targets that have left pushes to a group, those that are told this of it; and those
    that the settings no longer know, as of a verdict."""
    known = {t.name: t for t in targets}
    return tuple(n for n in names if n not in known or hears_of_group(known[n], state))


def hears_of_group(target: Target, state: GroupState) -> bool:
    """Whether a target that has left pushes to a group is told this of it: the end, if it chooses
    either of the verdicts that a push can get after its alarm. That it leaves no more to groups
    changes nothing: of those that it has left, nothing else tells it."""
    return not _HEARD_BY[state].isdisjoint(target.on)
