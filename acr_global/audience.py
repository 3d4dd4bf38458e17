"""Who hears of which verdict, by what the targets choose. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from acr_global.model import Verdict, VerdictType
from acr_global.notify.target import Target, wants


def wanted(targets: Iterable[Target], names: Iterable[str], verdict: Verdict) -> tuple[str, ...]:
    """Of the targets that a push began with, those that choose this verdict. One that the settings
    no longer know stays owed: its delivery fails visibly until it is back, or becomes a dead
    letter."""
    known = {t.name: t for t in targets}
    return tuple(
        name
        for name in names
        if name not in known or wants(known[name], verdict.type, verdict.artifact)
    )


def hear_of(
    targets: Iterable[Target], names: Iterable[str], later: VerdictType, alarm: Verdict
) -> frozenset[str]:
    """Of the targets that are owed an alarm, those that hear of the verdict that has overtaken
    it: they need not have the alarm any more."""
    hearing = {t.name for t in targets if wants(t, later, alarm.artifact)}
    return frozenset(hearing.intersection(names))
