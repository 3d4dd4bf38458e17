"""What rounds came to is counted, and stands in the docs where it is to stand."""

from __future__ import annotations

import pytest

from acr_global.cli.exits import UsageError
from benchmarks.chaos import cli
from benchmarks.chaos.invariants import Violation
from benchmarks.chaos.report import Outcome, markdown, outcome_of, rows
from benchmarks.chaos.schedule import Fault, Schedule
from benchmarks.page import written
from tests.chaos.test_invariants import COMPLETE, HALF, OVERDUE, posted, record

ROUND = Schedule(1, 0, (Fault(1.0, "kill"), Fault(2.0, "kill")))


def test_a_round_is_counted() -> None:
    """Repeats apart from messages, and webhooks by their answers."""
    posts = (
        *HALF,
        posted("west", 1, status=None),
        posted("west", 2),
        posted("west", 3, status=200),
    )
    shown = dict(rows(outcome_of(ROUND, record(COMPLETE, COMPLETE, posts=posts))))
    assert "2 kept, 1 decided, 1 refused, 1 unanswered" == shown["their answers"]
    assert "1 in 2" == shown["messages, in so many requests"]
    assert "1 complete, 0 overdue, 0 recovered, 0 incomplete" == shown["verdicts"]
    assert "2 kill" == shown["faults"]
    assert "2.0, 2.0, 2.0" == shown["last webhook to verdict, s: p50, p99, worst"]
    assert "0" == shown["violations"]


def test_rounds_are_added_up() -> None:
    """What is wrong in one is wrong in all."""
    one = outcome_of(ROUND, record(COMPLETE))
    other = outcome_of(ROUND, record(OVERDUE, posts=HALF))
    shown = dict(rows(one + other))
    assert "2" == shown["rounds"]
    assert "4 kill" == shown["faults"]
    assert "1" == shown["violations"]
    assert (Violation("nothing-lost", "p1", "has no final verdict; what was said: overdue"),) == (
        (one + other).violations
    )


def test_a_push_with_which_something_is_wrong_has_its_story() -> None:
    """In the order of time."""
    assert (
        "p1 00:00:00.000000 east answered 202 at 00:00:00.000000",
        "p1 00:00:00.000000 west answered 503 at 00:00:00.000000",
        "p1 00:10:01.000000 every told overdue, lacks ('west',)",
    ) == outcome_of(ROUND, record(OVERDUE, posts=HALF)).stories
    assert () == outcome_of(ROUND, record(COMPLETE)).stories


def test_a_round_without_a_verdict_has_no_delays() -> None:
    """A round in which nothing happened has none either."""
    assert [] == [what for what, _ in rows(Outcome()) if what.startswith("last webhook")]


def test_a_table_stands_between_its_marks() -> None:
    """What was there before is replaced."""
    page = "a\n<!-- chaos engine -->\nold\n<!-- end of chaos engine -->\nb\n"
    block = markdown(["head"], [("rounds", "1")])
    assert "a\n<!-- chaos engine -->\nhead\n\n| | |\n|---|---|\n| rounds | 1 |\n" in (
        written(page, "chaos engine", block)
    )
    assert written(page, "chaos engine", "new").endswith("new\n<!-- end of chaos engine -->\nb\n")
    with pytest.raises(ValueError, match="no block <!-- chaos devhost -->"):
        written(page, "chaos devhost", block)


@pytest.mark.parametrize("ground", cli.PLANS)
def test_the_docs_have_a_place_for_each_table(ground: str) -> None:
    """`--write` puts it there."""
    assert "new" in written(cli.PAGE.read_text(), f"chaos {ground}", "new")


def test_steps_are_those_of_one_round() -> None:
    """So they need its number."""
    with pytest.raises(UsageError, match="--only needs --round"):
        cli.main(["--only", "1"])
