"""What came back → what is wrong with it. Pure.

The demo succeeds only where nothing is: every push has exactly the one right verdict, and the
flaky receiver took each message exactly once, after its refusals, under one message id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from acr_global_rig.registry import REGIONS
from demo.plan import Push
from demo.receivers import FLAKY, REFUSALS, STEADY, Receipt
from demo.webhooks import Answer


def find_problems(
    pushes: Sequence[Push], answers: Iterable[Answer], receipts: Sequence[Receipt]
) -> list[str]:
    """One sentence for everything that is not as it should be; empty if all is well."""
    problems = [
        f"{a.image}: the webhook from {a.region} was answered {a.status} ({a.word})"
        for a in answers
        if a.status not in (200, 202)
    ]
    for push in pushes:
        ours = [r for r in receipts if r.image == push.image]
        problems += [f"{push.image}: {text}" for text in _verdict_problems(push, ours)]
        problems += [f"{push.image}: {text}" for text in _flaky_problems(ours)]
    known = {push.image for push in pushes}
    strangers = {r.image for r in receipts} - known
    problems += [f"{image}: a verdict on what nobody pushed" for image in sorted(strangers)]
    return problems


def _verdict_problems(push: Push, receipts: Sequence[Receipt]) -> Iterator[str]:
    messages = [r.message for r in receipts if r.receiver == STEADY]
    if len(messages) != 1:
        came = ", ".join(m.type.value for m in messages)
        yield f"{len(messages)} verdicts came instead of one: {came}" if came else "no verdict came"
        return
    (message,) = messages
    if message.type is not push.verdict:
        yield f"the verdict is {message.type.value} instead of {push.verdict.value}"
    if message.missing != push.missing:
        yield f"missing is {_names(message.missing)} instead of {_names(push.missing)}"
    arrived = {r.region for r in message.regions if r.state == "arrived"}
    expected = set(REGIONS) - set(push.missing)
    if arrived != expected:
        yield f"arrived is {_names(sorted(arrived))} instead of {_names(sorted(expected))}"


def _flaky_problems(receipts: Sequence[Receipt]) -> Iterator[str]:
    attempts = [r for r in receipts if r.receiver == FLAKY]
    statuses = [r.status for r in attempts]
    if statuses != [503] * REFUSALS + [200]:
        yield f"the flaky receiver answered {statuses} instead of 503 {REFUSALS} times, then 200"
    if len({r.delivery_id for r in attempts}) > 1 or not all(r.delivery_id for r in attempts):
        yield "the attempts did not all carry the same message id"
    if len({r.message.id for r in receipts}) > 1:
        yield "the two receivers were told different things"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"
