"""Dead letters are shown with what a retry would do."""

from __future__ import annotations

from acr_global.api import DeadLetter, DeadLetterDetails, DeadLetters
from acr_global.model import Outcome
from acr_global.ui.letters import details, letter, page
from tests.ui.samples import attempt

DEAD = DeadLetter(
    id="_delivery.complete.p1",
    state="dead",
    push="p1",
    verdict="complete",
    reference="team/app:v2",
    dead=("oncall", "mail"),
    dead_more=1,
    attempts=8,
)


def test_a_letter_names_its_message_and_who_did_not_get_it() -> None:
    """It leads to its push and to its attempts."""
    one = letter(DEAD)
    assert ("team/app:v2", ("oncall", "mail"), 1, 8) == (
        one.name,
        one.dead,
        one.dead_more,
        one.attempts,
    )
    assert ("/api/ui/pushes/p1", "/api/ui/deadletters/_delivery.complete.p1") == (
        one.push_href,
        one.href,
    )
    assert "that it is complete" == one.said
    assert "The message is sent again to oncall and mail; its id stays the same." == one.retry


def test_a_delivery_that_broke_off_is_shown_although_little_is_known() -> None:
    """Whom it was for, for example, is not."""
    one = letter(DeadLetter(id="_delivery.complete.p2"))
    assert ("broken off", "(not known)", None, None, 0) == (
        one.look.word,
        one.name,
        one.push_href,
        one.said,
        one.dead_more,
    )
    assert "to those who did not get it" in one.retry


def test_a_message_about_a_group_names_the_group() -> None:
    """It is of no single push."""
    one = letter(DeadLetter(id="_delivery.group.g1", state="dead", group="g1", report="behind"))
    assert ("group g1", "that these pushes are behind", None) == (one.name, one.said, one.push)


def test_a_push_that_was_given_up_is_to_go_on() -> None:
    """It says why it was given up."""
    lost = DeadLetter(id="_delivery.unsaid.p1", state="given-up", cause="again and again")
    assert ("The push goes on with all that was known of it.", "again and again") == (
        letter(lost).retry,
        letter(lost).cause,
    )


def test_the_list_leads_on_and_back() -> None:
    """As far as there is something."""
    first = page(DeadLetters(deadletters=(DEAD,), next="1.t"), None)
    assert ("/api/ui/deadletters?after=1.t", None) == (first.more, first.newest)
    last = page(DeadLetters(deadletters=()), "1.t")
    assert (None, "/api/ui/deadletters", ()) == (last.more, last.newest, last.letters)


def test_one_letter_is_shown_with_its_attempts() -> None:
    """Nothing is to be retried of one that is delivered after all, or tried still."""
    tried = (attempt("oncall", 1, Outcome.DEAD, reason="gone", status=410),)
    dead = details(DeadLetterDetails(id=DEAD.id, state="dead", attempts=tried))
    assert ([("oncall", "gone")], False, 1) == (
        [(told.target, told.reason) for told in dead.attempts],
        dead.settled,
        dead.letter.attempts,
    )
    for state in ("delivered", "retrying", "superseded"):
        assert details(DeadLetterDetails(id=DEAD.id, state=state, attempts=())).settled
