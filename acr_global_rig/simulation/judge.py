"""Expected and actual messages → what is wrong, and what is not known yet. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from acr_global.model import Message, VerdictType
from acr_global_rig.simulation.expect import (
    SLACK,
    Ending,
    Expected,
    Standing,
    is_watched,
    key_of,
)
from acr_global_rig.simulation.scenario import Listener
from acr_global_rig.simulation.state import Receipt, Record, endings_for, names, verdicts


@dataclass(frozen=True, slots=True)
class Judgement:
    """One sentence for each thing that is not as it must be."""

    wrong: tuple[str, ...]
    unknown: tuple[str, ...]
    """What has not come, and still may."""


def judge(record: Record) -> Judgement:
    """Judge one run; both parts are empty where all is well."""
    wrong, unknown = [*_answers(record)], list[str]()
    for expected in record.expected:
        its = record.receipts.get(expected.key, [])
        for listener in record.listeners:
            own = [r for r in its if r.receiver == listener.name]
            label = _label(record, expected, listener)
            if record.lacks(expected, listener):
                unknown.append(f"{label}: {_lacking(expected, listener, own)}")
            else:
                wrong += [f"{label}: {text}" for text in _told(expected, listener, own)]
            wrong += [f"{label}: {text}" for text in _attempts(listener, own)]
        by_type = {(r.message.type, r.message.id) for r in its}
        if len(by_type) > len({verdict for verdict, _ in by_type}):
            wrong.append(f"{expected.push.name}: the receivers were told different things")
    return Judgement((*wrong, *_strangers(record), *_groups(record)), tuple(unknown))


def _label(record: Record, expected: Expected, listener: Listener) -> str:
    several = len(record.listeners) > 1
    return f"{expected.push.name}, {listener.name}" if several else expected.push.name


def _answers(record: Record) -> Iterator[str]:
    by_key = {expected.key: expected for expected in record.expected}
    twice = {(w.push, w.region) for w in record.plan.webhooks if w.repeated}
    for answer in (a for its in record.answers.values() for a in its):
        webhook = answer.webhook
        push = record.plan.pushes[webhook.push]
        where = f"{push.name}: the webhook from {webhook.region}"
        if answer.behind > SLACK:
            yield f"{where} was posted {answer.behind:.0f} s late: this machine is too slow for it"
        fitting = {"ignored: filtered"}
        if is_watched(push, record.app):
            expected = by_key[key_of(webhook, push, record.app)]
            fitting = {"accepted"}
            in_time = expected.standing[webhook.region] is Standing.IN_TIME
            if not in_time or (webhook.push, webhook.region) in twice:  # which may be the first in
                fitting.add("ignored: already-decided")
        if answer.status not in (200, 202) or answer.word not in fitting:
            yield f"{where} was answered {answer.status} ({answer.word})"


def _lacking(expected: Expected, listener: Listener, receipts: Sequence[Receipt]) -> str:
    told = verdicts(receipts)
    right = sorted(endings_for(listener, expected), key=len)
    if told:
        rest = " or ".join(ending[len(told)].value for ending in right if len(ending) > len(told))
        return f"{told[-1].value} came, and not yet {rest}"
    if receipts:
        return f"refused {len(receipts)} times, and not taken"
    return "no verdict came"


def _told(expected: Expected, listener: Listener, receipts: Sequence[Receipt]) -> Iterator[str]:
    taken = [r.message for r in receipts if r.status == 200]
    told, right = verdicts(receipts), endings_for(listener, expected)
    if told not in right:
        yield f"told {_sequence(told)} instead of {_either(right)}"
    for message in taken:
        yield from _contents(expected, message)


def _contents(expected: Expected, message: Message) -> Iterator[str]:
    if strange := {r.region for r in message.regions} - expected.standing.keys():
        said = names(sorted(strange))
        yield f"the app waits for {said}, which `regions` of the scenario does not name"
        return
    never = expected.regions(Standing.NEVER)
    late = never | expected.regions(Standing.LATE, Standing.CLOSE_TO_END)
    must, may = {
        VerdictType.COMPLETE: (frozenset(), frozenset()),
        VerdictType.RECOVERED: (frozenset(), frozenset()),
        VerdictType.OVERDUE: (late, late | expected.regions(Standing.CLOSE)),
        VerdictType.INCOMPLETE: (never, never | expected.regions(Standing.CLOSE_TO_END)),
    }[message.type]
    missing = set(message.missing)
    if not must <= missing <= may:
        right = [region for region in expected.standing if region in must]
        yield f"missing is {names(message.missing)} instead of {names(right)}"
    arrived = {r.region for r in message.regions if r.state == "arrived"}
    if arrived | missing != expected.standing.keys() or arrived & missing:
        right = [region for region in expected.standing if region not in missing]
        yield f"arrived is {names(sorted(arrived))} instead of {names(right)}"


def _attempts(listener: Listener, receipts: Sequence[Receipt]) -> Iterator[str]:
    """A receiver that refuses must then accept each message, with the id of the first attempt."""
    for message_id in dict.fromkeys(r.message.id for r in receipts):
        attempts = [r for r in receipts if r.message.id == message_id]
        statuses = [r.status for r in attempts]
        right = [503] * listener.refusals + [200]
        if statuses[: len(right)] != right[: len(statuses)] or len(statuses) > len(right):
            yield f"answered {statuses} instead of {right}"
        if len({r.delivery_id for r in attempts}) > 1 or not attempts[0].delivery_id:
            yield "the attempts did not all carry the same message id"


def _strangers(record: Record) -> Iterator[str]:
    """Messages on other pushes of this registry; those on other registries do not matter."""
    known = {expected.key for expected in record.expected}
    for key, receipts in record.receipts.items():
        about = receipts[0].message.push
        if key not in known and about.registry == record.plan.registry:
            yield f"{receipts[0].image}: a verdict on what nobody pushed, or nobody watches"


def _groups(record: Record) -> Iterator[str]:
    """Of each receiver that was told of pushes as one, which hides what was decided of each."""
    registry = record.plan.registry
    for name in dict.fromkeys(g.receiver for g in record.groups if g.message.registry == registry):
        yield f'{name}: was told of several pushes as one; its target needs "group": false'


def _sequence(told: Ending) -> str:
    return ", then ".join(verdict.value for verdict in told) or "nothing"


def _either(endings: set[Ending]) -> str:
    return " or ".join(sorted(_sequence(ending) for ending in endings))
