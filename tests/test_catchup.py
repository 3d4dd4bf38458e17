"""Which entries of event logs are taken in, and what is marked as settled."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.catchup import (
    OVERLAP,
    REACH,
    SETTLES,
    Backwards,
    Logged,
    Mark,
    logged,
    merged,
    plan,
    with_settled,
)
from acr_global_rig.registry import event

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OURS = "ours.example/api/imagepush"
URI = "https://ours.example/api/ImagePush?region=eastus&registry=r.io&code=hush"


def entry(
    push: str = "p1",
    *,
    ago: timedelta | None = HOUR,
    status: int | None = 503,
    webhook: str = "r/east",
    body: Any = "event",
    uri: str | None = URI,
    posted_to: str | None = OURS,
    **about: Any,
) -> Logged:
    """An entry of a log, as old as that."""
    at = None if ago is None else NOW - ago
    shown = event(push, **about) if body == "event" else body
    return logged(webhook, "eastus", uri, shown, at, status, posted_to)


def due(*entries: Logged, mark: Mark | None = None) -> list[str]:
    """The ids of those that are to be taken in, in their order."""
    planned = plan(entries, mark or Mark(), now=NOW, since=NOW - REACH)
    return [str(e.body["id"]) for e in planned.due if e.body]


@pytest.mark.parametrize(
    ("why", "about"),
    [
        ({}, {"status": 202}),
        ({}, {"status": 200}),
        ({"not-ours": 1}, {"uri": "https://theirs.example/api/ImagePush"}),
        ({"not-ours": 1}, {"uri": None}),
        ({"not-ours": 1}, {"uri": "http://[broken"}),
        ({"unreadable": 1}, {"body": None}),
        ({"unreadable": 1}, {"body": '{"id": "cut", "act'}),
        ({"unreadable": 1}, {"body": {"id": "no action"}}),
        ({"ping": 1}, {"body": {"id": "p", "action": "ping"}}),
        ({"undated": 1}, {"ago": None}),
        ({"too-old": 1}, {"ago": REACH + timedelta(seconds=1)}),
        ({"settling": 1}, {"ago": SETTLES - timedelta(seconds=1)}),
    ],
)
def test_what_is_left_alone_is_counted(why: dict[str, int], about: dict[str, Any]) -> None:
    """Entries are counted by reason; delivered ones are not mentioned."""
    planned = plan([entry(**about)], Mark(), now=NOW, since=NOW - REACH)
    assert ((), why) == (planned.due, planned.left)


@pytest.mark.parametrize("status", [None, 301, 400, 401, 503, 504])
def test_what_was_not_answered_2xx_is_due(status: int | None) -> None:
    """This includes every other status, and none."""
    assert ["p1"] == due(entry(status=status))


@pytest.mark.parametrize("ago", [REACH, SETTLES])
def test_the_bounds_are_inclusive(ago: timedelta) -> None:
    """They count to the second."""
    assert ["p1"] == due(entry(ago=ago))


def test_of_a_webhooks_url_only_region_and_registry_are_kept() -> None:
    """It may hold a key."""
    assert {"region": "eastus", "registry": "r.io"} == entry().query
    assert {"region": "eastus"} == entry(uri="https://ours.example/", posted_to=None).query
    assert {"region": "eastus"} == entry(uri="http://[broken", posted_to=None).query
    assert "hush" not in repr(entry())


def test_events_of_one_push_stand_together() -> None:
    """The oldest push first; what they have in common is their content, whatever their ids are."""
    first = entry("a-east", ago=3 * HOUR, tag="v1"), entry("a-west", ago=HOUR, tag="v1")
    other = entry("b", ago=2 * HOUR, tag="v2")
    assert ["a-east", "a-west", "b"] == due(other, first[1], first[0])
    chart = entry("c", body={"id": "c", "action": "chart_push", "target": None})
    assert ["c"] == due(chart)


def test_what_is_settled_is_not_due_again() -> None:
    """Neither by the same mark nor by one that was read back."""
    old, new = entry("old", ago=5 * HOUR), entry("new")
    mark = with_settled(Mark(), [old, new], [])
    assert [] == due(old, new, mark=mark)
    assert [] == due(old, new, mark=Mark.model_validate(json.loads(mark.model_dump_json())))
    assert ["late"] == due(entry("late", ago=HOUR + OVERLAP / 2), mark=mark)
    assert ["p1"] == due(entry("p1", webhook="r/west"), mark=mark)


def test_a_mark_stays_small() -> None:
    """What is older than the newest by the overlap is settled as a whole."""
    entries = [entry(f"p{n}", ago=timedelta(minutes=10 * n)) for n in range(1, 400)]
    mark = with_settled(Mark(), entries, [])
    assert 6 == len(mark.webhooks["r/east"].events)
    assert [] == due(*entries, mark=mark)


def test_what_is_still_open_holds_the_mark_back() -> None:
    """It does not matter how much later the others are."""
    late = entry("open", ago=40 * HOUR)
    done = [entry(f"p{n}", ago=n * HOUR) for n in range(1, 50)]
    mark = with_settled(Mark(), done, [late])
    assert ["open"] == due(late, *done, mark=mark)
    assert [] == due(late, *done, mark=with_settled(mark, [late], []))


def test_an_entry_without_a_time_is_marked_by_nothing() -> None:
    """It is never due either."""
    assert Mark() == with_settled(Mark(), [entry(ago=None)], [])
    assert not Mark().covers(entry(ago=None))


def test_two_marks_both_count() -> None:
    """They are of runs that did not know of each other."""
    one, two = entry("one"), entry("two")
    marks = with_settled(Mark(), [one], []), with_settled(Mark(), [two], [])
    assert [] == due(one, two, mark=merged(marks))
    assert Mark() == merged([])


@given(st.lists(st.tuples(st.integers(2, 4_000), st.booleans()), max_size=30, unique=True))
def test_nothing_open_is_ever_covered(events: list[tuple[int, bool]]) -> None:
    """Everything settled is, in whatever order it came."""
    entries = [(entry(f"p{m}-{o}", ago=timedelta(minutes=m)), o) for m, o in events]
    mark, still = Mark(), [e for e, is_open in entries if is_open]
    for done, is_open in entries:
        if not is_open:
            mark = with_settled(mark, [done], still)
    assert [False] * len(still) == [mark.covers(e) for e in still]
    assert all(mark.covers(e) for e, is_open in entries if not is_open)


def read(times: list[int | None], since: int) -> int:
    """How many entries are read of a log that tells these times, in minutes."""
    back = Backwards(NOW + timedelta(minutes=since))
    for count, minutes in enumerate(times, 1):
        if back.ends_at(None if minutes is None else NOW + timedelta(minutes=minutes)):
            return count
    return len(times)


@pytest.mark.parametrize(
    ("expected", "times"),
    [
        (3, [50, 40, 9, 8, 7]),
        (2, [9, 8, 7]),
        (4, [50, None, 40, 9, 8]),
        (5, [7, 8, 9, 40, 50]),
        (5, [9, 50, 40, 8, 7]),
        (3, [9, 9, 9]),
    ],
)
def test_a_log_is_read_back_as_far_as_its_order_tells(
    expected: int, times: list[int | None]
) -> None:
    """Newest first it ends at what is known; in another order it is read to its end."""
    assert expected == read(times, since=10)
