"""Who hears of which verdict, by what the targets choose. Pure."""

from __future__ import annotations

from collections.abc import Iterable

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
