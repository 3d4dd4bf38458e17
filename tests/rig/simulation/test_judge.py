"""The judgement of a run: nothing but the one right verdict passes."""

from __future__ import annotations

import dataclasses

import pytest

from acr_global.model import VerdictType
from acr_global_rig.simulation.judge import Judgement, judge
from acr_global_rig.simulation.state import Answer, Receipt, Record
from tests.rig.simulation.samples import answer_all, message, record, tell

BOTH = "receivers: [{name: steady}, {name: flaky, refusals: 2}]"
WEB = 'image: "shop/web:1", lag: 0'
DECIDED = "ignored: already-decided"
MAIL = 'image: "shop/mail:2", lag: 0, lose: [eastus]'


def run_of(*pushes: str, more: str = "", app: str = "{timeout: 10s, late_window: 0}") -> Record:
    """A run in which every webhook has been accepted."""
    run = record(*pushes, more=more, app=app)
    answer_all(run)
    return run


def test_right_verdicts_leave_no_problem() -> None:
    """A complete and an overdue push are right, if both receivers were told so."""
    run = run_of(WEB, MAIL, more=BOTH)
    for expected in run.expected:
        tell(run, message(expected))
    assert Judgement((), ()) == judge(run)


def test_no_verdict_is_not_known() -> None:
    """A push without a message is named; the message may still come."""
    told = judge(run_of(WEB, more=BOTH))
    assert ((), ("shop/web:1, steady: no verdict came", "shop/web:1, flaky: no verdict came")) == (
        told.wrong,
        told.unknown,
    )


def test_a_message_that_is_only_refused_so_far_is_not_known() -> None:
    """Its retries may still come."""
    run = run_of(WEB, more="receivers: [{name: flaky, refusals: 2}]")
    run.heard(Receipt("flaky", "msg", 503, message(run.expected[0])))
    assert Judgement((), ("shop/web:1: refused 1 times, and not taken",)) == judge(run)


def test_a_push_with_half_of_its_messages_is_not_known() -> None:
    """After an alarm, the message that ends it is still to come."""
    app = "{timeout: 10s, late_window: 1m}"
    run = run_of('image: "shop/web:1", lag: 0, late: [eastus]', app=app)
    tell(run, message(run.expected[0]))
    assert Judgement((), ("shop/web:1: overdue came, and not yet recovered",)) == judge(run)


def test_a_wrong_verdict_is_a_problem() -> None:
    """An alarm about a push that is everywhere has a wrong verdict and a wrong region."""
    run = run_of(WEB)
    tell(run, message(run.expected[0], VerdictType.OVERDUE, ("eastus",)))
    assert (
        "shop/web:1: told overdue instead of complete",
        "shop/web:1: missing is eastus instead of nothing",
    ) == judge(run).wrong


def test_complete_is_wrong_where_a_region_was_silent() -> None:
    """The region is named."""
    run = run_of(MAIL)
    tell(run, message(run.expected[0], VerdictType.COMPLETE, ()))
    assert ("shop/mail:2: told complete instead of overdue",) == judge(run).wrong


def test_wrong_missing_regions_are_a_problem() -> None:
    """The verdict itself is right."""
    run = run_of(MAIL)
    tell(run, message(run.expected[0], missing=("westeurope",)))
    assert ("shop/mail:2: missing is westeurope instead of eastus",) == judge(run).wrong


def test_a_region_that_neither_arrived_nor_is_missing_is_a_problem() -> None:
    """Every region must be accounted for."""
    run = run_of(WEB)
    told = message(run.expected[0])
    tell(run, told.model_copy(update={"regions": told.regions[1:]}))
    assert (
        "shop/web:1: arrived is eastus, northeurope instead of westeurope, northeurope, eastus",
    ) == judge(run).wrong


def test_an_alarm_that_names_nobody() -> None:
    """An alarm without its missing region is wrong."""
    run = run_of(MAIL)
    tell(run, message(run.expected[0], VerdictType.OVERDUE, ()))
    assert "shop/mail:2: missing is nothing instead of eastus" in judge(run).wrong


def test_a_region_that_has_arrived_and_is_missing() -> None:
    """One of the two is untrue."""
    run = run_of(MAIL)
    told = message(run.expected[0])
    regions = [r.model_copy(update={"state": "arrived"}) for r in told.regions]
    tell(run, told.model_copy(update={"regions": tuple(regions)}))
    said = "eastus, northeurope, westeurope instead of westeurope, northeurope"
    assert (f"shop/mail:2: arrived is {said}",) == judge(run).wrong


def test_a_second_verdict_is_a_problem() -> None:
    """It is wrong even where the first was right."""
    run = run_of(WEB)
    tell(run, message(run.expected[0]))
    tell(run, message(run.expected[0], VerdictType.OVERDUE, ("eastus",)))
    assert "shop/web:1: told complete, then overdue instead of complete" in judge(run).wrong


def test_a_repeat_of_the_right_verdict_is_a_problem() -> None:
    """A receiver must get the same message only once."""
    run = run_of(WEB)
    tell(run, message(run.expected[0]))
    tell(run, message(run.expected[0]))
    assert "shop/web:1: told complete, then complete instead of complete" in judge(run).wrong


def test_an_attempt_after_the_delivery_is_a_problem() -> None:
    """The receiver has accepted the message already."""
    run = run_of(WEB, more="receivers: [{name: flaky, refusals: 2}]")
    tell(run, message(run.expected[0]))
    run.heard(Receipt("flaky", "msg_flaky", 200, message(run.expected[0])))
    assert (
        "shop/web:1: answered [503, 503, 200, 200] instead of [503, 503, 200]" in judge(run).wrong
    )


@pytest.mark.parametrize("other", ["msg_other", ""])
def test_attempts_with_different_ids_are_a_problem(other: str) -> None:
    """A retry under another id, or none, looks like a second message."""
    run = run_of(WEB, more="receivers: [{name: flaky, refusals: 2}]")
    tell(run, message(run.expected[0]))
    (receipts,) = run.receipts.values()
    receipts[0] = dataclasses.replace(receipts[0], delivery_id=other)
    assert ("shop/web:1: the attempts did not all carry the same message id",) == judge(run).wrong


def test_different_messages_to_two_receivers_are_a_problem() -> None:
    """One verdict is one message, whoever gets it."""
    run = run_of(WEB, more="receivers: [{name: one}, {name: two}]")
    told = message(run.expected[0])
    run.heard(Receipt("one", "msg_one", 200, told))
    run.heard(Receipt("two", "msg_two", 200, told.model_copy(update={"id": "msg_other"})))
    assert ("shop/web:1: the receivers were told different things",) == judge(run).wrong


def test_an_alarm_may_be_overtaken_while_it_is_refused() -> None:
    """The app drops it where the next verdict has come first."""
    app = "{timeout: 10s, late_window: 1m}"
    late = 'image: "shop/web:1", lag: 0, late: [eastus]'
    run = run_of(late, app=app, more="receivers: [{name: flaky, refusals: 2}]")
    run.heard(Receipt("flaky", "msg_1", 503, message(run.expected[0])))
    tell(run, message(run.expected[0], VerdictType.RECOVERED, ()))
    assert Judgement((), ()) == judge(run)


def test_a_verdict_that_a_receiver_does_not_ask_for_is_a_problem() -> None:
    """A receiver that asks for alarms only is not told of a complete push."""
    run = run_of(WEB, more="receivers: [{name: oncall, verdicts: [overdue]}]")
    assert Judgement((), ()) == judge(run)
    tell(run, message(run.expected[0]))
    assert ("shop/web:1: told complete instead of nothing",) == judge(run).wrong


@pytest.mark.parametrize(
    ("status", "word"), [(503, "error: engine-unavailable"), (200, "ignored: filtered"), (0, "-")]
)
def test_a_webhook_that_is_not_accepted_is_a_problem(status: int, word: str) -> None:
    """The registry would drop the event, so the region is named."""
    run = record(WEB)
    for webhook in run.plan.webhooks:
        fine = webhook.region != "eastus"
        run.answered(Answer(webhook, *((202, "accepted") if fine else (status, word)), 0.0))
    tell(run, message(run.expected[0]))
    assert (f"shop/web:1: the webhook from eastus was answered {status} ({word})",) == judge(
        run
    ).wrong


def test_one_of_two_equal_webhooks_may_be_answered_as_decided() -> None:
    """Either of the two may be; the only one of a region may not."""
    run = run_of(f"{WEB}, repeat: [eastus]")
    tell(run, message(run.expected[0]))
    (answers,) = run.answers.values()
    for number, answer in enumerate(answers):
        if answer.webhook.region == "eastus" and not answer.webhook.repeated:
            answers[number] = dataclasses.replace(answer, status=200, word=DECIDED)
    assert Judgement((), ()) == judge(run)
    answers[0] = dataclasses.replace(answers[0], status=200, word=DECIDED)
    assert (f"shop/web:1: the webhook from westeurope was answered 200 ({DECIDED})",) == judge(
        run
    ).wrong


def test_a_push_that_the_app_filters_must_be_ignored() -> None:
    """There must be no message on it."""
    run = record('image: "shop/web:1", platforms: 1, lag: 0', app="{timeout: 10s, exclude: '*:'}")
    for webhook in run.plan.webhooks:
        child = webhook.push == 0
        words = (200, "ignored: filtered") if child else (202, "accepted")
        run.answered(Answer(webhook, *words, 0.0))
    tell(run, message(run.expected[0]))
    assert ["shop/web:1"] == [expected.push.name for expected in run.expected]
    assert Judgement((), ()) == judge(run)
    answer_all(run)
    assert 3 == len(judge(run).wrong)


def test_a_verdict_on_an_unknown_push_of_this_registry_is_a_problem() -> None:
    """A message about another registry is none."""
    run, other = run_of(WEB), record(MAIL)
    tell(run, message(run.expected[0]))
    stranger = dataclasses.replace(other.expected[0], key="p-other")
    tell(run, message(stranger, registry="other.azurecr.io"))
    assert Judgement((), ()) == judge(run)
    run.receipts.clear()
    tell(run, message(run.expected[0]))
    tell(run, message(stranger))
    assert ("shop/mail:2: a verdict on what nobody pushed, or nobody watches",) == judge(run).wrong


def test_a_webhook_that_was_posted_too_late_is_a_problem() -> None:
    """The verdict then says nothing about the app."""
    run = run_of(WEB)
    tell(run, message(run.expected[0]))
    run.answers[0][0] = dataclasses.replace(run.answers[0][0], behind=9.0)
    assert (
        "shop/web:1: the webhook from westeurope was posted 9 s late: this machine is too slow "
        "for it",
    ) == judge(run).wrong
