"""Texts for people: safe, short, and the missing regions first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.model import VerdictType
from acr_global.notify import words
from acr_global.notify.channels.slack import escape
from acr_global.notify.message import trial_message
from tests.notify.samples import DIGEST, NOW, OTHER_DIGEST, arrival, artifact, message


def test_plain_text_has_no_hidden_characters() -> None:
    """Line breaks, changes of the writing direction and half characters are replaced."""
    assert "a b c\ufffd" == words.plain("a\nb\u202e\u2028c\ud800")


def test_shorten_marks_the_cut() -> None:
    """A text that fits is left unchanged."""
    assert "abc" == words.shorten("abc", 3)
    assert "ab…" == words.shorten("abcd", 3)


@given(st.text(), st.integers(min_value=10, max_value=60))
def test_fit_never_cuts_an_escape(text: str, limit: int) -> None:
    """The result is the escaped form of a beginning of the text."""
    fitted = words.fit(text, limit, escape)
    assert limit >= len(fitted)
    back = fitted.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert text == back or text.startswith(back.removesuffix("…"))


@given(st.lists(st.text(min_size=1, max_size=8)), st.integers(min_value=20, max_value=60))
def test_fit_lines_counts_what_it_leaves_out(lines: list[str], limit: int) -> None:
    """Every line is shown or counted."""
    text = words.fit_lines(lines, limit)
    assert limit >= len(text)
    if text != "\n".join(lines):
        *shown, last = text.rsplit("\n", 1)
        count = int(last.removeprefix("and ").removesuffix(" more"))
        assert "\n".join(lines[: len(lines) - count]) == "\n".join(shown)


def test_fit_lines_counts_what_lies_beyond() -> None:
    """Lines that were left out before count too."""
    assert "a\nb\nand 7 more" == words.fit_lines(["a", "b"], 60, 7)
    assert "and 9 more" == words.fit_lines(["a" * 60, "b"], 60, 7)


def test_a_time_of_day_has_its_date_where_that_is_another() -> None:
    """A reader takes a bare time for one of the same day."""
    assert "09:26 UTC" == words.clock(NOW, NOW + timedelta(hours=14))
    assert "2026-03-14 09:26 UTC" == words.clock(NOW, NOW + timedelta(hours=15))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcdefg"), "a, b, c, d, e and 2 more"),
    ],
)
def test_names_are_joined_as_people_do(names: list[str], expected: str) -> None:
    """Five names are written out, and the others counted."""
    assert expected == words.join_names(names)


def test_a_reference_needs_no_tag() -> None:
    """A push by digest and an event that names nothing have one, too."""
    by_digest = message(artifact=artifact(tag=None))
    assert f"team/app@{DIGEST}" == words.reference(by_digest)
    nothing = message(artifact=artifact(repository=None, tag=None, digest=None, registry=None))
    assert "(unknown repository)" == words.reference(nothing)


def test_a_template_knows_all_its_names() -> None:
    """Every name that docs/channels.md lists is filled in."""
    template = "$verdict|$repository|$tag|$digest|$registry|$reference|$missing|$regions|$push|$$"
    expected = (
        f"overdue|team/app|v2|{DIGEST}|myregistry.azurecr.io|team/app:v2|eastus"
        "|westeurope, northeurope, eastus|cb8c3971-9adc-488b-bdd8-43cbb4974ff5|$"
    )
    assert expected == words.headline(message(), template)


def test_a_template_fills_in_what_is_not_known_as_nothing() -> None:
    """Unknown values become empty; a trial's headline is marked."""
    nothing = message(artifact=artifact(repository=None, tag=None, digest=None, registry=None))
    assert "[]" == words.headline(nothing, "[$repository$tag$digest$registry]")
    trial = trial_message(VerdictType.COMPLETE, NOW)
    assert "[test] v1" == words.headline(trial, "$tag")


def test_a_headline_is_never_empty() -> None:
    """Slack, for example, refuses an empty header."""
    untagged = message(artifact=artifact(tag=None))
    assert untagged.text == words.headline(untagged, " $tag ")


def test_facts_leave_out_what_is_not_known() -> None:
    """No label stands without a value; an action other than a push is named."""
    nothing = message(artifact=artifact(digest=None, registry=None), arrivals=(), action="delete")
    assert ["Image", "Event", "Deadline", "Push id"] == [label for label, _ in words.facts(nothing)]
    assert ("Pushed", "2026-03-14 09:16:52 UTC") in words.facts(message())


def test_regions_are_described() -> None:
    """The missing regions come first, each with what is known about it."""
    told = message(
        VerdictType.OVERDUE,
        regions=("a", "b", "c", "d", "eastus"),
        arrivals=(
            arrival("a", 0).model_copy(update={"caught_up": True}),
            arrival("b", 200.4, OTHER_DIGEST),
        ),
        missing=("d", "eastus"),
    )
    assert [
        "d: missing",
        "eastus: missing (fired but refused with status 504)",
        "c: has it, without a report",
        "a: reported first; caught up",
        "b: reported 3m21s after the first; another digest",
    ] == [f"{r.region}: {words.describe(r)}" for r in words.missing_first(told.regions)]
    seen = told.regions[4].model_copy(update={"state": "evidence"})
    expected = "has it, without a report (fired but refused with status 504)"
    assert expected == words.describe(seen)
