"""What must hold of groups of alarms. Pure, as invariants.py, which lists them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

from acr_global.grouping import GroupState, MemberState
from acr_global.model import VerdictType
from acr_global.notify.message import delivery_id, id_of
from benchmarks.chaos.record import Record, Reported, push_of

OVERDUE = VerdictType.OVERDUE


def adds_up(record: Record) -> Iterator[tuple[str, str]]:
    """What one report says agrees with itself, and with what was sent."""
    for report in record.reports:
        message, group = report.message, report.message.group
        states = [push.state for push in message.pushes]
        counts = {
            MemberState.WAITING: message.waiting,
            MemberState.RECOVERED: message.recovered,
            MemberState.INCOMPLETE: message.incomplete,
        }
        if message.omitted or any(states.count(state) != n for state, n in counts.items()):
            yield group, f"{message.text}: it lists other pushes than it counts"
        if len({push.id for push in message.pushes}) < len(states):
            yield group, "a push is counted twice"
        if message.state is GroupState.OVER and message.waiting:
            yield group, f"it is over, and {message.waiting} pushes wait"
        if message.id != id_of("group", f"{group}\n{message.number}\n{message.state.value}"):
            yield group, "its message id is not made of group, number and state"
        if report.delivery_id != delivery_id(message, report.target):
            yield group, f"{report.target} was told under an id that is not made of it"
        for push in message.pushes:
            own = {h.message.missing for h in record.heard_of(push.id) if h.message.type is OVERDUE}
            if own - {message.missing}:
                yield push_of(push.image), f"it is in a group of {', '.join(message.missing)}"


def ends(record: Record) -> Iterator[tuple[str, str]]:
    """Of each group and target: no push is left out again, and the end is told, and is the end."""
    for (target, group), reports in _by_group(record).items():
        for before, after in pairwise(reports):
            lost = before.verdicts().keys() - after.verdicts().keys()
            if lost:
                yield group, f"{target} is told no more of {', '.join(sorted(lost))}"
            if before.message.state is GroupState.OVER and before.message != after.message:
                yield group, f"{target} was told more after its end"
        if not any(r.message.state is GroupState.OVER and r.status == 200 for r in reports):
            yield group, f"{target} was not told that it is over"


def told_once(record: Record) -> Iterator[tuple[str, str]]:
    """Where nothing is troubled: who is not told of an alarm alone is not told of its end alone."""
    alone = {(h.target, h.message.push.id, h.message.type) for h in record.heard}
    counted = {(r.target, instance) for r in record.reports for instance in r.verdicts()}
    for heard in record.heard:
        told, message = (heard.target, heard.message.push.id), heard.message
        if message.type is OVERDUE or told not in counted or (*told, OVERDUE) in alone:
            continue
        if not any(t.begins <= heard.at and t.ends >= message.deadline for t in record.troubles):
            yield heard.push, f"{heard.target} was told alone that it is {message.type.value}"


def _by_group(record: Record) -> dict[tuple[str, str], list[Reported]]:
    """By target and group, in the order of their numbers."""
    found: dict[tuple[str, str], list[Reported]] = defaultdict(list)
    for report in sorted(record.reports, key=lambda r: (r.message.number, r.at)):
        found[report.target, report.message.group].append(report)
    return found


INVARIANTS: dict[str, Callable[[Record], Iterator[tuple[str, str]]]] = {
    "group-adds-up": adds_up,
    "group-ends": ends,
    "told-once": told_once,
}
