"""How a process notes what is open, from a thread of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from acr_global.functions.durable.journal import OPEN_SECONDS, Journal
from acr_global.functions.recovery import noting
from tests.posts import taking_posts


@contextmanager
def endpoint(answers: list[int]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """An engine that gives these answers in turn; yields its address, and the requests it got."""
    asked: list[tuple[str, str]] = []

    def take(path: str, _: Mapping[str, str], body: bytes) -> int:
        asked.append((path, json.loads(body)))
        return answers.pop(0)

    with taking_posts(take) as url:
        yield f"{url}/durabletask/", asked


@pytest.fixture
def journal() -> Journal:
    """The journal of a process in which one push has been open for long."""
    journal = Journal()
    journal.open._clock = lambda: 0.0
    journal.open.begun("p1")
    journal.open._clock = lambda: OPEN_SECONDS
    return journal


def test_a_note_that_fails_is_tried_again(journal: Journal) -> None:
    """It is written at the next try, and only once."""
    with endpoint([500, 202]) as (url, asked):
        journal.url = url
        for _ in range(3):
            noting.note_once(journal)
    assert 2 == len(asked)
    for path, body in asked:
        assert path.startswith("/durabletask/orchestrators/NoteOpen/_open.")
        assert ["p1"] == json.loads(body)["instances"]


def test_without_the_engines_address_a_note_waits(journal: Journal) -> None:
    """Nothing is lost meanwhile."""
    noting.note_once(journal)
    assert ("p1",) == journal.open.due()


def test_an_engine_that_is_gone_is_no_error(journal: Journal) -> None:
    """The thread goes on."""
    with endpoint([]) as (url, _):
        journal.url = url
    noting.note_once(journal)
    assert ("p1",) == journal.open.due()
