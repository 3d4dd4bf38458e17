"""What is to be noted as open, and when."""

from __future__ import annotations

import pytest

from acr_global.functions import openlist
from acr_global.functions.openlist import MAX_IDS, OPEN_SECONDS, OpenList


class Clock:
    """Stands still until it is told."""

    now = 0.0

    def __call__(self) -> float:
        """The present moment."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at 0."""
    return Clock()


@pytest.fixture
def known(clock: Clock) -> OpenList:
    """A list that knows nothing yet."""
    return OpenList(clock)


def test_what_is_over_soon_is_never_noted(known: OpenList, clock: Clock) -> None:
    """A usual push ends before it would be noted, and costs nothing."""
    known.begun("p1")
    clock.now = OPEN_SECONDS - 1
    assert () == known.due()
    known.ended("p1")
    clock.now = 1_000
    assert () == known.due()


def test_what_stays_open_is_noted_once(known: OpenList, clock: Clock) -> None:
    """Counted from its first turn; further turns, and notes that fail, change nothing."""
    known.begun("p1")
    clock.now = OPEN_SECONDS
    known.begun("p1")
    known.begun("p2")
    assert ("p1",) == known.due() == known.due()
    known.noted(("p1",))
    known.begun("p1")
    clock.now += OPEN_SECONDS
    assert ("p2",) == known.due()


def test_a_new_instance_of_an_id_is_noted_anew(known: OpenList, clock: Clock) -> None:
    """The one before it has ended."""
    for _ in range(2):
        known.begun("p1")
        clock.now += OPEN_SECONDS
        assert ("p1",) == known.due()
        known.noted(("p1",))
        known.ended("p1")


def test_an_end_while_the_note_is_written_is_not_forgotten(known: OpenList, clock: Clock) -> None:
    """What has ended meanwhile is not kept among what has been noted."""
    known.begun("p1")
    clock.now = OPEN_SECONDS
    ids = known.due()
    known.ended("p1")
    known.noted(ids)
    known.begun("p1")
    clock.now += OPEN_SECONDS
    assert ("p1",) == known.due()


def test_a_note_holds_so_many_and_the_rest_is_in_the_next(known: OpenList, clock: Clock) -> None:
    """The oldest first."""
    ids = [f"p{n}" for n in range(MAX_IDS + 1)]
    for instance_id in ids:
        known.begun(instance_id)
    clock.now = OPEN_SECONDS
    assert ids[:-1] == list(known.due())
    known.noted(known.due())
    assert ids[-1:] == list(known.due())


def test_what_is_found_open_elsewhere_is_noted_at_once(known: OpenList) -> None:
    """It is noted only once, though it is found again."""
    known.found("p1")
    assert ("p1",) == known.due()
    known.noted(("p1",))
    known.found("p1")
    assert () == known.due()


def test_a_push_is_asked_after_only_where_it_may_be_open_elsewhere(known: OpenList) -> None:
    """Where all regions have reported here, or its turns are had here, nobody is asked."""
    for push in ("complete", "here", "elsewhere"):
        known.started(push, ("b", "c"))
    for push, region in (("complete", "b"), ("complete", "c"), ("elsewhere", "b"), ("other", "b")):
        known.heard(push, region)
    known.begun("here")
    silent = {push: set(known.silent(push)) for push in ("complete", "here", "elsewhere", "other")}
    assert {"complete": set(), "here": set(), "elsewhere": {"c"}, "other": set()} == silent
    assert not known.silent("elsewhere")


def test_memory_is_bounded(known: OpenList, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is let go of: another process's turns may never end here."""
    monkeypatch.setattr(openlist, "MAX_KNOWN", 2)
    for push in ("p1", "p2", "p3"):
        known.begun(push)
        known.started(f"{push}s", ("b",))
    clock.now = OPEN_SECONDS
    assert ("p2", "p3") == known.due()
    assert [False, True, True] == [bool(known.silent(f"p{n}s")) for n in (1, 2, 3)]


def test_all_that_may_be_open_is_known(known: OpenList) -> None:
    """What had a turn here and what was started here, newest last, until the last turn."""
    known.begun("p1")
    known.noted(("p1",))
    known.begun("p2")
    known.started("p3", ["eastus"])
    assert ("p1", "p2", "p3") == known.known()
    for push in ("p1", "p2"):
        known.ended(push)
    assert ("p3",) == known.known()
