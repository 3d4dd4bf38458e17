"""A group of pushes → what is to be told of it, to whom, and when. Pure.

The first report comes as soon as an alarm is held back. Updates follow at growing intervals, while
something has changed; between them a report goes only to those who have not been told of the group
at all, for alarms are held back of them too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from acr_global.gathering import Asked, Counted, Counts, Group, Told
from acr_global.grouping import MAX_LISTED, GroupReport, GroupState, Member, MemberState
from acr_global.model import Frozen

FIRST_PAUSE, LAST_PAUSE = timedelta(minutes=5), timedelta(hours=4)
"""Between two updates; each pause is twice as long as the one before."""

SETTLING = timedelta(minutes=2)
"""From a change to the update that tells of it: one change seldom comes alone."""

FIRST_QUESTION, LAST_QUESTION = timedelta(minutes=1), timedelta(hours=1)
"""Between two questions what has become of those that wait; each pause is twice as long as the one
before. What they say may be lost where a host dies (joining.py), and a group that waits for nobody
is to be over all the same, not a day later."""

SILENT_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is to be done before."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the engine what has become of these pushes."""

    push_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell this now."""

    state: GroupState


@dataclass(frozen=True, slots=True)
class End:
    """All is said."""


Step = Wait | Ask | Tell | End


def next_step(group: Group, now: datetime) -> Step:
    """What comes next."""
    newest = max((m.overdue_at for m in group.members), default=now - group.setting.within)
    quiet_at = newest + group.setting.within
    if group.over or not group.opened:
        return End() if group.over or quiet_at <= now else Wait(quiet_at)
    waiting = [m for m in group.members if m.state is MemberState.WAITING]
    ask_at = _ask_at(group) if waiting else quiet_at
    if waiting and ask_at <= now:
        return Ask(tuple(m.push_id for m in waiting))
    if not waiting and quiet_at <= now:
        return Tell(GroupState.OVER)
    silent_at = _silent_at(group) if waiting else None
    if silent_at and silent_at <= now:
        return Tell(GroupState.SILENT)
    update_at = _update_at(group, now)
    if update_at and update_at <= now:
        return Tell(GroupState.BEHIND)
    return Wait(min(filter(None, (ask_at, silent_at, update_at))))


def _ask_at(group: Group) -> datetime:
    """When those that wait are asked after."""
    asked = group.asked or Asked(at=max(m.at for m in group.members))
    return asked.at + _doubled(FIRST_QUESTION, asked.times, LAST_QUESTION)


def _silent_at(group: Group) -> datetime | None:
    """A day after the last region's answer; None where that has been told."""
    if group.told and group.told.silent:
        return None
    answers = [m.at for m in group.members if m.state is MemberState.RECOVERED]
    return max([_since(group.members), *answers]) + SILENT_AFTER


def _update_at(group: Group, now: datetime) -> datetime | None:
    """When the next report is due; None where nobody would hear anything new from it."""
    counts, before = _counts(group), group.told
    if before is None or counts.keys() - before.counts.keys():
        return now  # alarms are held back of somebody who has not been told of the group yet
    if before.silent or counts == before.counts or _only_ends(before, counts):
        return None
    changed_at = min((m.at for m in group.members if m.at > before.at), default=before.at)
    return max(_pause_ends_at(before), changed_at + SETTLING)


def _only_ends(before: Told, counts: Mapping[str, Counts]) -> bool:
    """Whether nobody waits any more, and all that is new is good: that it is over will say it."""
    return all(
        waiting == 0 and incomplete <= before.counts[target][2]
        for target, (waiting, _, incomplete) in counts.items()
    )


def _pause_ends_at(before: Told) -> datetime:
    return before.at + _doubled(FIRST_PAUSE, before.updates, LAST_PAUSE)


def _doubled(first: timedelta, times: int, last: timedelta) -> timedelta:
    """A pause that has been doubled so often, and is not longer than the last one."""
    doublings = min(times, 10)  # 2**38 days and more are no timedelta
    pause: timedelta = min(first * 2**doublings, last)
    return pause


class Telling(Frozen):
    """One report, and who is to hear it."""

    targets: tuple[str, ...]
    report: GroupReport
    part: int = 0
    """Which of the reports that are made at one time."""


def tellings(group: Group, state: GroupState, now: datetime) -> tuple[Telling, ...]:
    """The reports to make now: one for all targets that hear of the same pushes."""
    return _tellings(group, state, now, _hearing(group, state, now))


def untold(group: Group, now: datetime) -> tuple[Telling, ...]:
    """What would have been told in the end of a group that is given up: the reports for those for
    whom something has changed since theirs, or who had none."""
    before = group.told.counts if group.told else {}
    missed = [target for target, its in _counts(group).items() if its != before.get(target)]
    return _tellings(group, GroupState.OVER if group.over else GroupState.BEHIND, now, missed)


def _tellings(
    group: Group, state: GroupState, now: datetime, hearing: Iterable[str]
) -> tuple[Telling, ...]:
    number = group.told.number + 1 if group.told else 1
    alike: dict[tuple[int, ...], list[str]] = {}
    for target in hearing:
        its = tuple(i for i, m in enumerate(group.members) if target in m.targets)
        alike.setdefault(its, []).append(target)
    return tuple(
        Telling(
            targets=tuple(targets),
            report=_report(group, [group.members[i] for i in its], state, number, now),
            part=part,
        )
        for part, (its, targets) in enumerate(alike.items())
    )


def _hearing(group: Group, state: GroupState, now: datetime) -> list[str]:
    """Everybody; an update is for those only for whom something has changed, and between two
    updates for those who have not been told of the group at all."""
    counts, before = _counts(group), group.told
    if state is not GroupState.BEHIND or before is None:
        return list(counts)
    if before.silent or now < _pause_ends_at(before):
        return [target for target in counts if target not in before.counts]
    return [target for target in counts if counts[target] != before.counts.get(target)]


def told(group: Group, made: Sequence[Telling], now: datetime) -> Group:
    """The group after reports were told, or handed over. Those to somebody new make nobody else's
    pause longer."""
    before = group.told or _nothing(now)
    counts, update, silent = dict(before.counts), not before.counts, before.silent
    for telling in made:
        report = telling.report
        update |= not before.counts.keys().isdisjoint(telling.targets)
        said = report.waiting, report.recovered, report.incomplete
        silent |= report.state is GroupState.SILENT and _counts(group)[telling.targets[0]] == said
        counts |= dict.fromkeys(telling.targets, said)
    number = made[0].report.number
    numbers = dict.fromkeys((t for m in made for t in m.targets), number)
    after = Told(
        number=number,
        at=now if update else before.at,
        updates=before.updates + update,
        counts=counts,
        numbers=before.numbers | numbers,
        silent=silent,
    )
    over = group.over or any(t.report.state is GroupState.OVER for t in made)
    made_at = made[0].report.at
    return group.model_copy(update={"told": after, "made_at": made_at, "over": over})


def perhaps_told(group: Group, now: datetime) -> Group:
    """The group after a report of which nobody knows what it said, and who has it: the next one
    says all of it under another number, so that no receiver takes it for a repeat."""
    before = group.told or _nothing(now)
    after = before.model_copy(update={"number": before.number + 1})
    return group.model_copy(update={"told": after})


def _nothing(now: datetime) -> Told:
    return Told(number=0, at=now, updates=-1, counts={}, numbers={})


def _counts(group: Group) -> dict[str, Counts]:
    """By target of which alarms were held back: the pushes that it would have heard of."""
    held = {t for m in group.members if not m.singly for t in m.targets}
    found: dict[str, Counter[MemberState]] = {target: Counter() for target in sorted(held)}
    for member in group.members:
        for target in held.intersection(member.targets):
            found[target][member.state] += 1
    return {t: _as_counts(counter) for t, counter in found.items()}


def _as_counts(counter: Mapping[MemberState, int]) -> Counts:
    waiting, recovered, incomplete = (counter[state] for state in MemberState)
    return waiting, recovered, incomplete


def _report(
    group: Group, members: list[Counted], state: GroupState, number: int, now: datetime
) -> GroupReport:
    waiting, recovered, incomplete = _as_counts(Counter(m.state for m in members))
    listed = sorted(members, key=lambda m: m.overdue_at, reverse=True)
    listed.sort(key=lambda m: m.state is MemberState.RECOVERED)
    return GroupReport(
        group_id=group.group_id,
        number=number,
        state=state,
        registry=group.registry,
        missing=group.missing,
        since=_since(members),
        at=now,
        waiting=waiting,
        recovered=recovered,
        incomplete=incomplete,
        members=tuple(Member.model_validate(dict(m)) for m in listed[:MAX_LISTED]),
    )


def _since(members: Iterable[Counted]) -> datetime:
    return min(m.begun_at for m in members)
