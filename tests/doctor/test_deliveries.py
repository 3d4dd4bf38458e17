"""What the event logs say of the last posts and their ids."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from acr_global.doctor.deliveries import check_deliveries, compare_ids, correlation
from acr_global.doctor.facts import Hook, Unknown
from acr_global.doctor.finding import Finding, State
from acr_global.registration.model import WebhookEvent
from tests.doctor.samples import EXPECTED, FACTS, event, hook

Events = dict[str, list[WebhookEvent]]


def last(*events: WebhookEvent) -> Finding:
    """The finding of a region with this log."""
    one = replace(hook("westeurope"), events=events)
    return next(check_deliveries(replace(FACTS, hooks=(one,)), EXPECTED))


def test_posts_that_were_taken_are_fine() -> None:
    """The newest counts by its time, whatever the order of the log."""
    found = last(event(minutes=1), event(minutes=5, status=200), event(minutes=3))
    said = "westeurope: the last 3 posts taken, the newest at 2026-05-04 10:05:00Z"
    assert (State.OK, said) == (found.state, found.said)


@pytest.mark.parametrize(
    ("status", "said", "mend"),
    [
        (504, "no answer within 5 s, as at a cold start", "keep one instance ready"),
        (401, "the key was not taken", "`webhooks apply`"),
        (403, "access restrictions", "let the registry's region in"),
        (404, "the function was not there", "publish again"),
        (503, "with 503", "the app's log says why"),
    ],
)
def test_refused_posts_are_a_finding_with_their_cause(status: int, said: str, mend: str) -> None:
    """Only the last twenty entries count."""
    old = [event(minutes=m, status=500) for m in range(10)]
    new = [event(minutes=20 + m) for m in range(18)]
    found = last(*old, *new, event(minutes=50, status=status), event(minutes=49, status=status))
    assert State.WRONG is found.state
    assert f"westeurope: 2 of the last 20 posts refused, with {status}" in found.said
    assert said in found.said
    assert found.mend.startswith(mend)


@pytest.mark.parametrize(
    ("state", "status"),
    [(State.OK, 401), (State.OK, 404), (State.WRONG, 504), (State.WRONG, 503), (State.WRONG, 500)],
)
def test_a_repaired_cause_is_over_and_an_intermittent_one_is_not(state: State, status: int) -> None:
    """After a newer accepted post, a wrong key is over and a cold start is not."""
    assert state is last(event(status=status), event(minutes=1)).state


def test_a_refused_ping_is_over_once_a_newer_post_is_taken() -> None:
    """As with the first ping of a set-up, which meets a cold start: nothing was lost with it."""
    ping = replace(event(status=504), request_body={"id": "p", "action": "ping"})
    assert State.OK is last(ping, event(minutes=1)).state
    assert State.WRONG is last(ping, event(minutes=1), event(minutes=2, status=504)).state
    assert State.WRONG is last(ping).state


@pytest.mark.parametrize("events", [(), (event(status=None),)])
def test_a_log_without_an_answer_says_nothing(events: tuple[WebhookEvent, ...]) -> None:
    """A ping would give it an entry."""
    found = last(*events)
    assert (State.UNKNOWN, "westeurope: nothing was posted yet") == (found.state, found.said)
    assert "webhooks ping" in found.mend


def test_an_entry_without_a_time_is_the_oldest() -> None:
    """It counts all the same."""
    found = last(replace(event(status=504), at=None))
    assert "the last post refused" in found.said
    assert last(replace(event(), at=None)).said.endswith("the last post taken")


def test_a_log_that_may_not_be_read_says_so() -> None:
    """Each region has its line."""
    one: Hook = replace(hook("eastus"), events=Unknown("the right Z"))
    found = [*check_deliveries(replace(FACTS, hooks=(one,)), EXPECTED)]
    assert [State.UNKNOWN, State.UNKNOWN] == [finding.state for finding in found]
    assert "eastus: the right Z" == found[0].said


SHARED: Events = {"a": [event("1")], "b": [event("1", minutes=2)]}
OWN: Events = {"a": [event("1")], "b": [event("2", minutes=2)]}


@pytest.mark.parametrize(
    ("shared", "compared", "events"),
    [
        (1, 1, SHARED),
        (0, 1, OWN),
        (1, 1, {"a": [event("X")], "b": [event("x")]}),
        (0, 0, {}),
        (0, 0, {"a": [event("1")]}),
        (0, 0, {"a": [event("1"), event("2")]}),
        (0, 0, {"a": [event("1")], "b": [event("2", minutes=61)]}),
        (0, 0, {"a": [event("1")], "b": [event("2", tag="v2")]}),
        (0, 0, {"a": [event("1", digest="")], "b": [event("1", digest="")]}),
        (0, 0, {"a": [replace(event("1"), at=None)], "b": [event("1")]}),
        (0, 0, {"a": [replace(event(), request_body={"id": "p", "action": "ping"})],
                "b": [replace(event(), request_body={"id": "p", "action": "ping"})]}),
        (1, 1, {"a": [event("1"), event("2", minutes=5)], "b": [event("2", minutes=6)]}),
        (1, 2, {**SHARED, "c": [event("7", tag="v2")], "d": [event("8", tag="v2")]}),
        (0, 1, {"a": [event("1", minutes=-300)], "b": [event("1", minutes=-300), event("2")],
                "c": [event("3")]}),
    ],
)  # fmt: skip
def test_regions_share_an_id_or_have_their_own(shared: int, compared: int, events: Events) -> None:
    """This is decided by events of one content within an hour, the newest such hour."""
    assert (shared, compared) == compare_ids(events)


@pytest.mark.parametrize(
    ("state", "said", "setting", "events"),
    [
        (State.OK, "share an id, and `id` is set", "id", SHARED),
        (State.OK, "share an id, and `content` is set; `id` would do", "content", SHARED),
        (State.OK, "have ids of their own, and `content` is set", "content", OWN),
        (State.WRONG, "have ids of their own: each push ends overdue", "id", OWN),
        (State.UNKNOWN, "no push is in the logs of two regions yet", "id", {}),
    ],
)
def test_the_correlation_that_is_set_is_held_against_what_is_needed(
    state: State, said: str, setting: Literal["id", "content"], events: Events
) -> None:
    """The finding says what to set."""
    found = correlation(events, EXPECTED.model_copy(update={"correlation": setting}))
    assert (state, True) == (found.state, found.said.endswith(said))
    assert (state is State.WRONG) == ("ACR_GLOBAL_CORRELATION=content" in found.mend)


@pytest.mark.parametrize(("fits", "events"), [("`id`", SHARED), ("`content`", OWN)])
def test_without_the_apps_answer_the_right_correlation_is_named(fits: str, events: Events) -> None:
    """The setting itself is not known then."""
    found = correlation(events, Unknown("no key was given"))
    assert State.UNKNOWN is found.state
    assert f"{fits} fits; no key was given" in found.said
