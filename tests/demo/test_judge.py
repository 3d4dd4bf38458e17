"""The demo's judgement: nothing but the one right verdict passes."""

from __future__ import annotations

import dataclasses

from acr_global.model import VerdictType
from acr_global_rig.registry import REGIONS
from demo.judge import find_problems
from demo.plan import PUSHES, Push, Report
from demo.receivers import FLAKY, Receipt
from demo.webhooks import Answer
from tests.demo.samples import message, told

EVERYWHERE = Push("shop/web", "1", "in order", 0.0, tuple(Report(r) for r in REGIONS))
SILENT = Push("shop/mail", "2", "one silent", 0.0, (Report("westeurope"), Report("northeurope")))


def test_right_verdicts_leave_no_problem() -> None:
    """A complete and an overdue push, told as they should be, are fine."""
    answers = [Answer("shop/web:1", "eastus", 202, "accepted")]
    receipts = [*told(EVERYWHERE), *told(SILENT)]

    assert [] == find_problems([EVERYWHERE, SILENT], answers, receipts)


def test_no_verdict() -> None:
    """A push that nobody was told of is named."""
    assert [
        "shop/web:1: no verdict came",
        "shop/web:1: the flaky receiver answered [] instead of 503 2 times, then 200",
    ] == find_problems([EVERYWHERE], [], [])


def test_wrong_verdict() -> None:
    """An alarm about a push that is everywhere is a problem of three parts."""
    alarm = message(EVERYWHERE, VerdictType.OVERDUE, ("eastus",))

    assert [
        "shop/web:1: the verdict is overdue instead of complete",
        "shop/web:1: missing is eastus instead of nothing",
        "shop/web:1: arrived is northeurope, westeurope instead of eastus, northeurope, westeurope",
    ] == find_problems([EVERYWHERE], [], told(EVERYWHERE, alarm))


def test_claimed_region() -> None:
    """Complete is wrong where a region was silent."""
    claim = message(SILENT, VerdictType.COMPLETE, ())

    assert "shop/mail:2: the verdict is complete instead of overdue" in find_problems(
        [SILENT], [], told(SILENT, claim)
    )


def test_second_verdict() -> None:
    """A second verdict is wrong even where the first was right."""
    alarm = message(EVERYWHERE, VerdictType.OVERDUE, ("eastus",))
    second = told(EVERYWHERE, alarm)[:1]

    assert "shop/web:1: 2 verdicts came instead of one: complete, overdue" in find_problems(
        [EVERYWHERE], [], told(EVERYWHERE) + second
    )


def test_repeat_of_the_right_verdict() -> None:
    """The same message twice to the steady receiver is one too many."""
    receipts = told(EVERYWHERE)

    assert ["shop/web:1: 2 verdicts came instead of one: complete, complete"] == find_problems(
        [EVERYWHERE], [], [receipts[0], *receipts]
    )


def test_flaky_receiver_takes_a_message_twice() -> None:
    """An attempt after the delivery is a problem."""
    again = Receipt(FLAKY, "msg_flaky", 200, message(EVERYWHERE))

    assert [
        "shop/web:1: the flaky receiver answered [503, 503, 200, 200] instead of 503 2 times, "
        "then 200"
    ] == find_problems([EVERYWHERE], [], [*told(EVERYWHERE), again])


def test_attempts_with_different_ids() -> None:
    """A retry under another id could not be told from a second message."""
    receipts = told(EVERYWHERE)
    receipts[-1] = dataclasses.replace(receipts[-1], delivery_id="msg_other")

    assert ["shop/web:1: the attempts did not all carry the same message id"] == find_problems(
        [EVERYWHERE], [], receipts
    )


def test_webhook_not_accepted() -> None:
    """An answer that makes the registry drop the webhook is named, with its region."""
    answers = [Answer("shop/web:1", "eastus", 503, "error: engine-unavailable")]

    assert [
        "shop/web:1: the webhook from eastus was answered 503 (error: engine-unavailable)"
    ] == find_problems([EVERYWHERE], answers, told(EVERYWHERE))


def test_verdict_on_what_nobody_pushed() -> None:
    """A message about another image is a problem."""
    assert ["shop/mail:2: a verdict on what nobody pushed"] == find_problems(
        [EVERYWHERE], [], told(EVERYWHERE) + told(SILENT)
    )


def test_the_silent_push_begins_last() -> None:
    """All other deadlines have passed when its verdict comes, so no second verdict is missed."""
    assert [PUSHES[-1]] == [push for push in PUSHES if push.missing]
    assert PUSHES[-1] == max(PUSHES, key=lambda push: push.begins)


def test_pushes_are_told_apart_by_their_image() -> None:
    """No two pushes of the demo share image or id."""
    assert len(PUSHES) == len({push.image for push in PUSHES})
    assert len(PUSHES) == len({push.id for push in PUSHES})
