"""A run as rows."""

from __future__ import annotations

from acr_global.model import VerdictType
from acr_global_rig.simulation.state import Answer, Record
from acr_global_rig.simulation.table import deliveries, fitting, headings, rows
from tests.rig.simulation.samples import message, record, tell

WEB, MAIL = 'image: "shop/web:1", lag: 0', 'image: "shop/mail:2", lag: 0, lose: [eastus]'


def shown(run: Record) -> list[list[str]]:
    """All rows of a run."""
    return rows(run, run.plan.pushes)


def test_each_push_has_one_row() -> None:
    """It has the verdict, the missing regions and the lag of each region."""
    run = record(f"{WEB}, note: in order", MAIL)
    for expected in run.expected:
        tell(run, message(expected))
    assert ["PUSH", "NOTE", "VERDICT", "MISSING", "westeurope", "northeurope", "eastus"] == (
        headings(run)
    )
    assert [
        ["shop/web:1", "in order", "complete", "-", "0.0 s", "1.0 s", "2.0 s"],
        ["shop/mail:2", "-", "overdue", "eastus", "0.0 s", "1.0 s", "lost"],
    ] == shown(run)


def test_a_row_without_a_verdict_shows_the_webhooks() -> None:
    """Each is not posted yet, answered, or lost."""
    run = record(MAIL)
    assert [["shop/mail:2", "-", "-", "-", "-", "lost"]] == shown(run)
    first, second = run.plan.webhooks
    run.answered(Answer(first, 202, "accepted", 0.0))
    run.answered(Answer(second, 0, "no answer within 5 s", 0.0))
    assert [["shop/mail:2", "-", "-", "202", "no answer", "lost"]] == shown(run)


def test_a_row_shows_both_of_two_verdicts() -> None:
    """They are in the order of the messages."""
    run = record(WEB)
    tell(run, message(run.expected[0]))
    tell(run, message(run.expected[0], VerdictType.OVERDUE, ("eastus",)))
    assert "complete + overdue" == shown(run)[0][1]


def test_the_row_of_a_filtered_push_says_so() -> None:
    """The app ignores it."""
    run = record('image: "a:1", platforms: 1', app="{exclude: '*:'}")
    assert ["not watched", "-"] == [row[1] for row in shown(run)]


def test_one_row_shows_several_pushes_of_the_app() -> None:
    """Equal verdicts stand there once, with the missing regions of each."""
    run = record('image: "a:1", lag: 0, ids: own')
    for expected in run.expected:
        tell(run, message(expected))
    assert ["overdue", "northeurope, eastus; westeurope, eastus; westeurope, northeurope"] == (
        shown(run)[0][1:3]
    )


def test_a_table_that_is_too_wide_says_less() -> None:
    """How many regions have reported, and the slowest; on a line of any length, all of them."""
    run = record(f"{WEB}, note: in order", MAIL, 'image: "a:3", lag: 0')
    for expected in run.expected[:2]:
        tell(run, message(expected))
    run.answered(Answer(run.plan.webhooks[-1], 202, "accepted", 0.0))
    assert [headings(run), *shown(run)] == fitting(run, run.plan.pushes, None)
    assert fitting(run, run.plan.pushes, None) == fitting(run, run.plan.pushes, 80)
    assert [
        ["PUSH", "NOTE", "VERDICT", "MISSING", "REPORTED", "SLOWEST"],
        ["shop/web:1", "in order", "complete", "-", "3 of 3", "eastus, 2.0 s"],
        ["shop/mail:2", "-", "overdue", "eastus", "2 of 3", "northeurope, 1.0 s"],
        ["a:3", "-", "-", "-", "1 of 3", "-"],
    ] == fitting(run, run.plan.pushes, 70)


def test_a_receiver_that_refuses_has_a_line() -> None:
    """It says how many messages there were, and how many attempts they took."""
    run = record(WEB, MAIL, more="receivers: [{name: steady}, {name: flaky, refusals: 2}]")
    assert [
        "flaky, which refuses each message 2 times: 0 of 0 messages taken, after 0 attempts"
    ] == [*deliveries(run)]
    for expected in run.expected:
        tell(run, message(expected))
    assert [
        "flaky, which refuses each message 2 times: 2 of 2 messages taken, after 6 attempts"
    ] == [*deliveries(run)]
