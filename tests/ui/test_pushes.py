"""The list is shown as it was asked for."""

from __future__ import annotations

from acr_global.api import Pushes, PushState
from acr_global.model import Action
from acr_global.ui.pushes import Option, PushList, name, page, query_of, row
from tests.ui.samples import AT, DIGEST, after, push

REGIONS = ("westeurope", "eastus")


def shown(pushes: Pushes = Pushes(pushes=()), **asked: str) -> PushList:  # noqa: B008 - it is frozen
    """The page of a query."""
    return page(pushes, asked, query_of(asked, AT), REGIONS)


def chosen(options: tuple[Option, ...]) -> list[str]:
    """What is chosen of a filter."""
    return [option.value for option in options if option.chosen]


def test_a_span_of_time_becomes_a_moment() -> None:
    """A full minute: so the page stays the same for so long. A moment that is named goes before."""
    assert {"since": "2026-05-03T10:00:00.000Z"} == query_of({"within": "24h"}, after(59))
    assert {"since": "2026-01-01"} == query_of({"within": "1h", "since": "2026-01-01"}, AT)
    assert {} == query_of({"within": "ever", "odd": "x", "state": ""}, AT)


def test_the_form_stays_filled() -> None:
    """Also with what it does not offer, such as a region that the settings no longer name."""
    view = shown(state="overdue", image=" team/app ", missing="brazilsouth", within="7d")
    assert (["overdue"], ["brazilsouth"], ["7d"]) == (
        chosen(view.states),
        chosen(view.regions),
        chosen(view.spans),
    )
    assert "team/app" == view.image
    assert [*REGIONS, "brazilsouth"] == [option.value for option in view.regions]
    assert view.filtered
    assert not shown(image="  ").filtered


def test_what_can_never_be_listed_is_not_offered() -> None:
    """A push that was given up stands among the dead letters."""
    assert set(PushState) - {"given-up", "terminated"} == {o.value for o in shown().states}


def test_older_pushes_are_asked_for_with_the_same_filters() -> None:
    """The moment stays the same, too, for the list's token is of that."""
    pushes = Pushes(pushes=(push(),), next="1.t")
    view = shown(pushes, image="team/app", within="1h")
    since = "since=2026-05-04T09%3A00%3A00.000Z"
    assert f"/api/ui?image=team%2Fapp&within=1h&after=1.t&{since}" == view.older
    assert "/api/ui?after=1.t" == shown(pushes).older
    assert None is shown().older


def test_from_a_later_page_a_way_leads_back() -> None:
    """The filters stay."""
    assert "/api/ui?state=overdue" == shown(state="overdue", after="1.t").newest
    assert None is shown(state="overdue").newest


def test_one_sentence_counts_what_is_listed() -> None:
    """It says where more may be open than was looked at."""
    waiting = push(PushState.WAITING)
    assert "0 pushes, 0 waiting" == shown().said
    assert "2 pushes, 1 waiting" == shown(Pushes(pushes=(push(), waiting))).said
    many = Pushes(pushes=(waiting,), open_more=3)
    assert "1 push, 1 waiting; 3 more may be waiting" == shown(many).said


def test_a_push_is_named_by_its_tag_or_else_by_its_digest() -> None:
    """The digest's beginning is enough."""
    assert "team/app:v2" == name(push())
    assert "team/app@sha256:0123456789ab…" == name(push(tag=None))
    assert "(unknown repository)" == name(push(repository=None, tag=None, digest=None))


def test_a_digest_stands_under_a_tag_and_not_twice() -> None:
    """Where there is no tag, it is the name."""
    assert ("sha256:0123456789ab…", None, None) == (
        row(push()).digest,
        row(push(tag=None)).digest,
        row(push(digest=None)).digest,
    )
    assert DIGEST.startswith("sha256:0123456789ab")


def test_a_push_that_waits_has_a_deadline_and_one_that_is_decided_a_duration() -> None:
    """Clocks of two machines may differ a little: no duration is less than nothing."""
    waits, decided = row(push(PushState.WAITING)), row(push(decided_at=after(4.2)))
    assert (after(600), None) == (waits.until, waits.took)
    assert (None, "4.2 s") == (decided.until, decided.took)
    assert "0 ms" == row(push(decided_at=after(-1))).took


def test_what_was_no_push_is_named() -> None:
    """Where another action is watched."""
    assert (None, "chart push") == (row(push()).action, row(push(action=Action.CHART_PUSH)).action)
