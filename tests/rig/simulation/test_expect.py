"""The right verdicts on a push, by the times of its arrivals."""

from __future__ import annotations

import pytest

from acr_global.model import VerdictType
from acr_global_rig.simulation.expect import Expected, Standing
from acr_global_rig.simulation.reading import ScenarioError
from tests.rig.simulation.samples import record

C, O, R, I = VerdictType  # noqa: E741 - as the table needs them
NO_WINDOW, WINDOW = "{timeout: 20s, late_window: 0}", "{timeout: 20s, late_window: 60s}"


def expected(push: str, app: str = NO_WINDOW, more: str = "") -> tuple[Expected, ...]:
    """The expectations for one push."""
    return record(f'image: "shop/web:1", lag: 0, {push}', app=app, more=more).expected


@pytest.mark.parametrize(
    ("endings", "app", "push"),
    [
        ({(C,)}, NO_WINDOW, "lag: 3"),
        ({(C,)}, NO_WINDOW, "region_lags: {eastus: 14}"),
        ({(C,), (O,), (O, R)}, NO_WINDOW, "region_lags: {eastus: 16}"),
        ({(C,), (O,), (O, R)}, NO_WINDOW, "region_lags: {eastus: 24}"),
        ({(O,)}, NO_WINDOW, "region_lags: {eastus: 26}"),
        ({(O,)}, NO_WINDOW, "lose: [eastus]"),
        ({(C,)}, NO_WINDOW, "region_lags: {westeurope: 30, northeurope: 30, eastus: 40}"),
        ({(C,), (O, R)}, WINDOW, "region_lags: {eastus: 20}"),
        ({(O, R)}, WINDOW, "region_lags: {eastus: 30}"),
        ({(O, R), (O, I)}, WINDOW, "region_lags: {eastus: 76}"),
        ({(O, R), (O, I)}, WINDOW, "region_lags: {eastus: 84}"),
        ({(O, I)}, WINDOW, "region_lags: {eastus: 90}"),
        ({(O, I)}, WINDOW, "lose: [eastus]"),
        ({(O, I)}, WINDOW, "lose: [eastus], late: [northeurope]"),
    ],
)
def test_the_verdicts_follow_from_the_times_of_the_arrivals(
    endings: set[tuple[VerdictType, ...]], app: str, push: str
) -> None:
    """The deadline is counted from the first arrival; close to a limit either ending is right."""
    push = push if push.startswith("lag:") else f"lag: 0, {push}"
    (one,) = record(f'image: "shop/web:1", {push}', app=app).expected
    assert endings == one.endings


def test_a_push_without_an_arrival_has_no_verdict() -> None:
    """All webhooks are lost, so the app knows of no push."""
    assert () == expected("lose: 1")


def test_a_late_arrival_differs_from_one_that_never_comes() -> None:
    """The alarm names both regions, and the last message only one."""
    (one,) = expected("lose: [eastus], late: [northeurope]", WINDOW)
    assert {
        "westeurope": Standing.IN_TIME,
        "northeurope": Standing.LATE,
        "eastus": Standing.NEVER,
    } == one.standing


def test_ids_of_their_own_make_a_push_of_each_arrival() -> None:
    """An app that goes by the id finds each overdue in all other regions."""
    found = expected("ids: own")
    assert [{(O,)}] * 3 == [one.endings for one in found]
    assert 3 == len({one.key for one in found})


def test_by_content_arrivals_with_their_own_ids_are_one_push() -> None:
    """The push is known by its digest."""
    (one,) = expected("ids: own", "{timeout: 20s, late_window: 60s, correlation: content}")
    assert {(C,)} == one.endings
    assert one.push.digest == one.key


def test_children_are_pushes_of_their_own() -> None:
    """An app that excludes untagged manifests ignores them."""
    assert 3 == len(expected("platforms: 2"))
    (one,) = expected("platforms: 2", "{timeout: 20s, exclude: ['*:']}")
    assert "shop/web:1" == one.push.name


@pytest.mark.parametrize(
    "push", ["late: [eastus]", "region_lags: {eastus: 21}", "region_lags: {eastus: 90}"]
)
def test_an_arrival_that_would_begin_a_second_push_is_refused(push: str) -> None:
    """By content, an arrival that comes after the app has stopped listening belongs to a new
    push."""
    with pytest.raises(ScenarioError, match="it would begin a second push"):
        expected(push, "{timeout: 20s, late_window: 0, correlation: content}")


@pytest.mark.parametrize(
    ("known_by", "push", "heard"),
    [
        (3.0, "region_lags: {eastus: 3}", "[complete]"),
        (20.0, "lose: [eastus]", "[overdue]"),
        (80.0, "lose: [eastus]", "[overdue, incomplete]"),
        (30.0, "late: [eastus]", "[overdue, recovered]"),
    ],
)
def test_the_time_when_all_can_be_known_is_computed(known_by: float, push: str, heard: str) -> None:
    """The end of a late window is awaited only where a receiver is told of it."""
    more = f"receivers: [{{name: ops, verdicts: {heard}}}]"
    (one,) = expected(push, WINDOW, more)
    assert known_by == one.known_by
