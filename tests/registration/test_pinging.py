"""What a ping was answered."""

from __future__ import annotations

from typing import Any

import pytest

from acr_global.registration.model import Registry, Webhook, WebhookEvent
from acr_global.registration.pinging import Ponged, answer_to, ping_all
from acr_global.registration.refusal import ArmError


def event(entry_id: str, posted_id: object, status: int | None) -> WebhookEvent:
    """An entry of the log."""
    return WebhookEvent(entry_id, None, "", {"id": posted_id}, status)


@pytest.mark.parametrize(
    ("expected", "events"),
    [
        (200, [event("e1", "P1", 200)]),
        (200, [event("p1", None, 200)]),
        (401, [event("e2", "p2", 200), event("e1", "p1", 401)]),
        (None, [event("e1", "p1", None)]),
        (None, [event("e2", "p2", 200), event("", "", 200)]),
        (None, []),
    ],
)
def test_the_answer_is_that_of_the_entry_with_its_id(
    expected: int | None, events: list[WebhookEvent]
) -> None:
    """Of the entry or of what was posted: which of them the service means is not documented."""
    assert expected == answer_to("p1", events)


def test_a_ping_without_an_id_has_no_answer() -> None:
    """An entry without one is not its."""
    assert answer_to("", [event("", "", 200)]) is None


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        ("answered", 202),
        ("the key is wrong or missing: run apply", 401),
        ("the app refuses it", 400),
        ("not known by then: its event log has no answer yet", None),
    ],
)
def test_a_status_says_what_it_means(expected: str, status: int | None) -> None:
    """The sentence also says what to do."""
    assert expected == Ponged("eastus", "x", status).meaning


class Slow:
    """A resource manager whose log has an answer from the nth look on."""

    def __init__(self, nth: int):
        self.left = nth

    def ping(self, *_: object) -> str:
        """Sent."""
        return "p1"

    def events(self, *_: object) -> list[WebhookEvent]:
        """What there is."""
        self.left -= 1
        return [] if self.left else [event("e", "p1", 200)]


@pytest.mark.parametrize(("expected", "nth"), [(200, 1), (200, 4), (None, 9)])
def test_the_log_is_looked_at_until_the_time_is_over(expected: int | None, nth: int) -> None:
    """On a clock of our own."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    arm: Any = Slow(nth)
    registry = Registry("", "contoso", "", "eastus", "Basic")
    hook = Webhook("x", "eastus", (), "")
    (ponged,) = ping_all(arm, registry, [hook], 10, clock=lambda: now[0], sleep=sleep)
    assert expected == ponged.status
    assert 10 >= now[0]


def test_what_was_refused_is_no_answer_that_may_still_come() -> None:
    """It is said, and not waited for."""
    refused = Ponged("eastus", "x", error=ArmError("cannot ping"))
    assert (False, False, "cannot ping") == (refused.is_fine, refused.is_open, refused.meaning)
