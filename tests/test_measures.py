"""Events → measurements: the right instrument, value and labels."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import get_args, get_type_hints

import pytest

from acr_global import measures
from acr_global.instruments import INSTRUMENTS, KIND, LABELS, LAG, SECONDS, Instrument
from acr_global.measures import Measurement
from acr_global.model import Action, Arrival, Artifact, Attempt, Outcome, PushEvent, Verdict
from acr_global.model import VerdictType as Said

AT = datetime(2026, 5, 4, 10, tzinfo=UTC)
EVENT = PushEvent(
    id="p1",
    region="eastus",
    action=Action.PUSH,
    artifact=Artifact(registry="contoso.azurecr.io", repository="team/app", tag="v2"),
)
VERDICT = Verdict(
    type=Said.RECOVERED,
    push_id="p1",
    action=Action.PUSH,
    artifact=EVENT.artifact,
    regions=("westeurope", "eastus", "westus"),
    arrivals=(
        Arrival(region="westeurope", event_id="p1", received_at=AT),
        Arrival(region="eastus", event_id="p1", received_at=AT + timedelta(seconds=700)),
    ),
    begun_at=AT,
    deadline=AT + timedelta(minutes=10),
    decided_at=AT + timedelta(minutes=12),
)


def plain(found: Measurement) -> tuple[str, float, dict[str, str]]:
    """A measurement without the prefix of its names."""
    labels = {k.removeprefix("acr_global."): v for k, v in found.labels.items()}
    return found.instrument.name.removeprefix("acr_global."), found.value, labels


@pytest.mark.parametrize(
    ("status", "reason", "answer"),
    [
        (202, None, "accepted"),
        (200, "already-decided", "ignored"),
        (400, "region-unknown", "rejected"),
        (413, "body-too-large", "rejected"),
        (503, "engine-unavailable", "refused"),
    ],
)
def test_a_webhook_counts_under_its_answer(status: int, reason: str | None, answer: str) -> None:
    """With its region and registry, and the reason if there is one."""
    labels = {"answer": answer, "region": "eastus", "registry": "contoso.azurecr.io"}
    expected = labels | {"source": "webhook"} | ({"error.type": reason} if reason else {})
    found = measures.of_webhook(status, reason, EVENT, caught_up=False)
    assert ("webhooks", 1, expected) == plain(found)


def test_what_cannot_be_named_is_left_out() -> None:
    """Anybody's text would be a label, and each makes a series."""
    found = measures.of_webhook(400, "body-not-json", None, caught_up=True)
    expected = {"answer": "rejected", "error.type": "body-not-json", "source": "event-log"}
    assert ("webhooks", 1, expected) == plain(found)


def test_a_verdict_measures_how_long_it_took() -> None:
    """It measures the lag of each region as well, by registry."""
    of, registry = {"verdict": "recovered"}, {"registry": "contoso.azurecr.io"}
    assert [
        ("verdicts", 1, of | registry),
        ("decision.duration", 720.0, of | registry),
        ("region.lag", 700.0, {"region": "eastus"} | registry),
    ] == [plain(m) for m in measures.of_verdict(VERDICT)]


@pytest.mark.parametrize(
    ("said", "lags"),
    [
        (Said.COMPLETE, [0.0, 700.0]),
        (Said.OVERDUE, [0.0]),
        (Said.RECOVERED, [700.0]),
        (Said.INCOMPLETE, [700.0]),
    ],
)
def test_an_arrival_counts_with_one_verdict(said: Said, lags: list[float]) -> None:
    """With the alarm if it was received by the deadline, else with the verdict after it."""
    found = measures.of_verdict(VERDICT.model_copy(update={"type": said}))
    assert lags == [m.value for m in found if m.instrument is LAG]


TOLD = VERDICT.type.value, VERDICT.decided_at


def attempt(outcome: Outcome, reason: str, seconds: float) -> Attempt:
    """An attempt that ended so long after the verdict."""
    at = VERDICT.decided_at + timedelta(seconds=seconds)
    return Attempt(target="ops", at=at, outcome=outcome, reason=reason)


def test_an_attempt_that_delivers_has_a_duration() -> None:
    """From the verdict to the answer."""
    to = {"channel": "slack", "target": "ops", "verdict": "recovered"}
    found = measures.of_attempt(*TOLD, attempt(Outcome.DELIVERED, "delivered", 3.5), "slack")
    assert [
        ("attempts", 1, {"outcome": "delivered"} | to),
        ("delivery.duration", 3.5, to),
    ] == [plain(m) for m in found]


def test_an_attempt_that_fails_has_a_reason() -> None:
    """It has no duration."""
    to = {"channel": "slack", "target": "ops", "verdict": "recovered"}
    found = measures.of_attempt(*TOLD, attempt(Outcome.RETRY, "http-503", 1), "slack")
    expected = ("attempts", 1, {"outcome": "retry", "error.type": "http-503"} | to)
    assert [expected] == [plain(m) for m in found]


def test_a_duration_is_never_negative() -> None:
    """The clock of the machine that delivers may be behind that of the one that decided."""
    found = measures.of_attempt(*TOLD, attempt(Outcome.DELIVERED, "delivered", -2), "slack")
    assert [1, 0.0] == [m.value for m in found]


def test_a_dead_letter_is_a_message_or_a_push() -> None:
    """A message counts for each target that lacks it."""
    to = {"channel": "slack", "target": "ops"}
    lost = measures.of_dead_letter("ops", "slack")
    assert ("dead_letters", 1, {"kind": "message"} | to) == plain(lost)
    assert ("dead_letters", 1, {"kind": "push"}) == plain(measures.of_given_up_push())


def test_a_revival_counts_by_what_broke_off() -> None:
    """Pushes, couriers, deliveries and groups, as the page says."""
    assert ("revived", 1, {"kind": "courier"}) == plain(measures.of_revival("courier"))
    kinds = get_args(get_type_hints(measures.of_revival)["kind"])
    said, _, _ = LABELS[KIND].partition(", was given up")
    assert set(kinds) == {*re.findall("`([a-z]+)`", said)}


def test_what_was_removed_counts_by_kind() -> None:
    """So many of each."""
    assert [("removed", 3, {"kind": "push"}), ("removed", 2, {"kind": "row"})] == [
        plain(m) for m in measures.of_removal({"push": 3, "row": 2})
    ]


def test_open_pushes_are_counted_with_the_age_of_the_oldest() -> None:
    """That there is none is told, too: a gauge that is silent says nothing."""
    minute = timedelta(minutes=1)
    assert [
        [("pushes.open", 2, {}), ("pushes.oldest_age", 300.0, {})],
        [("pushes.open", 0, {}), ("pushes.oldest_age", 0.0, {})],
    ] == [
        [plain(m) for m in measures.of_open(begun, AT)]
        for begun in ([AT - 2 * minute, AT - 5 * minute], [])
    ]


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda i: str(i.name))
def test_names_follow_the_conventions(instrument: Instrument) -> None:
    """A namespace, lower case, no unit in the name; times in seconds, counts of a named thing."""
    assert instrument.name.startswith("acr_global.")
    assert instrument.name == instrument.name.lower()
    assert not instrument.name.endswith(("_seconds", "_total", ".count"))
    assert instrument.unit == "s" or instrument.unit.strip("{}").replace("_", "").isalpha()
    assert set(instrument.labels) <= set(LABELS)


def test_every_label_belongs_to_an_instrument() -> None:
    """A label that none has would be described in the docs all the same."""
    assert set(LABELS) == {label for i in INSTRUMENTS for label in i.labels}


def test_buckets_rise_from_less_than_a_second_to_a_day() -> None:
    """The first is for a delivery at once, the last for what took days."""
    assert list(SECONDS) == sorted(set(SECONDS))
    assert (0.5, 86_400) == (SECONDS[0], SECONDS[-1])
