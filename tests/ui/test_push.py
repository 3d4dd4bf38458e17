"""One push is shown with all that is known of it."""

from __future__ import annotations

import pytest

from acr_global.api import PushState
from acr_global.model import Evidence, EvidenceKind, Outcome, RegionReport, VerdictType
from acr_global.ui.push import page, sentence
from tests.ui.samples import after, arrived, attempt, delivery, details, missing, said, waiting

THREE = (arrived("westeurope", 0), arrived("northeurope", 1.5), arrived("eastus", 4.2))
TWO = (*THREE[:2], missing("eastus"))
NONE = (missing("a"), missing("b"))


@pytest.mark.parametrize(
    ("expected", "state", "regions"),
    [
        ("In all 3 regions, the last report 4.2 s after the first.", "complete", THREE),
        ("In its one region, the last report 0 ms after the first.", "complete", THREE[:1]),
        ("The deadline has passed: eastus has not reported.", "overdue", TWO),
        ("The deadline has passed: a and b have not reported.", "overdue", NONE),
        ("Late, but in all 3 regions, the last report 4.2 s after the first.", "recovered", THREE),
        ("No longer waited for: eastus has not reported.", "incomplete", TWO),
        ("It was broken off, and goes on by itself in some minutes.", "interrupted", TWO),
        ("It was broken off again and again, and was given up.", "given-up", TWO),
        ("Somebody has ended it by hand; nothing more is said of it.", "terminated", TWO),
        ("Waiting for eastus.", "waiting", TWO),
        ("Waiting for its verdict.", "waiting", THREE),
    ],
)
def test_one_sentence_says_how_far_it_is(
    expected: str, state: str, regions: tuple[RegionReport, ...]
) -> None:
    """Of each state."""
    assert expected == sentence(details(PushState(state), *regions))


def test_one_that_somebody_has_suspended_says_so() -> None:
    """Beside how far it had come."""
    push = details(PushState.WAITING, *TWO).model_copy(update={"suspended": True})
    said = "Somebody has suspended it by hand: nothing is said of it until it is resumed."
    assert f"Waiting for eastus. {said}" == sentence(push)


def test_a_region_is_shown_with_what_was_seen_of_it() -> None:
    """Also that it has another digest."""
    seen = Evidence(region="b", kind=EvidenceKind.EVENT_LOG, found=False, detail="fired: 504")
    push = details(
        PushState.OVERDUE,
        arrived("a", 0, digest_differs=True),
        missing("b", seen),
        verdicts=(said(VerdictType.OVERDUE, 600),),
    )
    a, b = page(push).regions
    assert (after(0), "first", ("reported another digest than the first region",)) == (
        a.at,
        a.lag,
        a.notes,
    )
    assert ("missing", None, None, ("event-log: fired: 504",)) == (
        b.look.word,
        b.at,
        b.lag,
        b.notes,
    )


def test_while_it_waits_a_region_is_awaited_and_the_deadline_runs() -> None:
    """Nobody was told anything yet."""
    view = page(waiting(*TWO, elapsed=5))
    assert ["arrived", "arrived", "awaited"] == [region.look.word for region in view.regions]
    assert (True, after(600), ()) == (view.runs, view.deadline, view.verdicts)


def test_each_verdict_is_shown_with_every_attempt_in_the_order_of_time() -> None:
    """The first and those that followed, none of them twice; and what is left of it."""
    first = attempt("oncall", 5, Outcome.RETRY, reason="http-503", status=503)
    other, later = attempt("deploy", 4), attempt("oncall", 10, Outcome.DEAD, reason="gone")
    push = details(
        PushState.COMPLETE,
        *THREE,
        verdicts=(said(VerdictType.COMPLETE, 4.2, first, other),),
        deliveries=(delivery("dead", first, later, dead=("oncall",)),),
    )
    (verdict,) = page(push).verdicts
    assert [("deploy", "delivered"), ("oncall", "failed"), ("oncall", "refused")] == [
        (told.target, told.look.word) for told in verdict.attempts
    ]
    assert [("dead", "Not told: oncall")] == [
        (look.word, left) for look, left in verdict.deliveries
    ]


def test_a_delivery_stands_with_its_own_verdict() -> None:
    """Not with an earlier one."""
    push = details(
        PushState.RECOVERED,
        *THREE,
        verdicts=(said(VerdictType.OVERDUE, 600), said(VerdictType.RECOVERED, 700)),
        deliveries=(
            delivery("retrying", verdict=VerdictType.OVERDUE, owed=("a", "b"), dead=("c",)),
            delivery("delivered", verdict=VerdictType.RECOVERED),
        ),
    )
    assert [
        ["Still tried for a and b. Not told: c"],
        ["Nobody is left to be told"],
    ] == [[left for _, left in verdict.deliveries] for verdict in page(push).verdicts]


def test_whoever_hears_of_it_by_a_group_is_named() -> None:
    """With the group; of the others it has attempts."""
    alarm = said(VerdictType.OVERDUE, 600, group="g1", grouped=("ops", "mail"))
    (verdict,) = page(details(PushState.OVERDUE, *TWO, verdicts=(alarm,))).verdicts
    assert ("g1", "ops and mail", ()) == (verdict.group, verdict.grouped, verdict.attempts)
    (verdict,) = page(
        details(PushState.COMPLETE, *THREE, verdicts=(said(VerdictType.COMPLETE, 5),))
    ).verdicts
    assert None is verdict.grouped


def test_what_was_given_up_can_be_retried() -> None:
    """The page says beforehand what that does; where nothing was given up, it offers nothing."""
    lost = details(PushState.GIVEN_UP, *TWO, cause="again and again")
    assert "The push goes on with all that was known of it." == page(lost).retry
    dead = [delivery("dead", dead=("a", "b")), delivery("failed", dead=("b", "c"))]
    push = details(PushState.COMPLETE, *THREE, deliveries=dead)
    assert "The message is sent again to a, b and c; its id stays the same." == page(push).retry
    broken = details(PushState.COMPLETE, *THREE, deliveries=[delivery("failed")])
    assert "to those who did not get it" in (page(broken).retry or "")
    tried = details(PushState.COMPLETE, *THREE, deliveries=[delivery("retrying", owed=("a",))])
    assert None is page(tried).retry
    assert "/api/ui/pushes/p1/retry" == page(tried).retry_href


def test_a_push_leads_to_others_of_its_repository() -> None:
    """Where it has one."""
    assert "/api/ui?image=team%2Fapp" == page(details(PushState.COMPLETE, *THREE)).others
    assert None is page(details(PushState.COMPLETE, *THREE, repository=None)).others
