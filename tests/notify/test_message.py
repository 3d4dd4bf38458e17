"""A verdict becomes a message that says the truth in one sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from acr_global.model import Action, Arrival, Evidence, EvidenceKind, Message, VerdictType
from acr_global.notify import message as messages
from tests.notify.samples import (
    BEGUN,
    DEADLINE,
    NOW,
    OTHER_DIGEST,
    arrival,
    artifact,
    message,
    verdict,
)


@pytest.mark.parametrize(
    ("verdict_type", "expected"),
    [
        (VerdictType.COMPLETE, "team/app:v2 is in all 3 regions"),
        (VerdictType.OVERDUE, "team/app:v2 is overdue in eastus (2 of 3 regions have it)"),
        (
            VerdictType.RECOVERED,
            "team/app:v2 is in all 3 regions after all, 2m34s past the deadline",
        ),
        (
            VerdictType.INCOMPLETE,
            "team/app:v2 was never reported from eastus (2 of 3 regions have it)",
        ),
    ],
)
def test_each_verdict_has_its_sentence(verdict_type: VerdictType, expected: str) -> None:
    """The sentence alone tells what happened, and where it did not."""
    assert expected == message(verdict_type).text


@pytest.mark.parametrize(
    ("action", "complete", "overdue"),
    [
        (
            Action.DELETE,
            "deletion of team/app:v2 is done in all 3 regions",
            "deletion of team/app:v2 is overdue in eastus (2 of 3 regions have done it)",
        ),
        (
            Action.CHART_DELETE,
            "deletion of team/app:v2 is done in all 3 regions",
            "deletion of team/app:v2 is overdue in eastus (2 of 3 regions have done it)",
        ),
        (
            Action.QUARANTINE,
            "quarantine of team/app:v2 is in force in all 3 regions",
            "quarantine of team/app:v2 is overdue in eastus (2 of 3 regions have done it)",
        ),
        (
            Action.CHART_PUSH,
            "team/app:v2 is in all 3 regions",
            "team/app:v2 is overdue in eastus (2 of 3 regions have it)",
        ),
    ],
)
def test_other_actions_are_named(action: Action, complete: str, overdue: str) -> None:
    """A deletion does not read like a push."""
    assert complete == message(VerdictType.COMPLETE, action=action).text
    assert overdue == message(VerdictType.OVERDUE, action=action).text


def test_one_region_is_named() -> None:
    """A single region is not written as `all 1 regions`, nor as `1 of 2 regions have`."""
    one = message(
        VerdictType.COMPLETE, regions=("westeurope",), arrivals=(arrival("westeurope", 0),)
    )
    assert "team/app:v2 is in westeurope" == one.text
    half = message(
        VerdictType.OVERDUE,
        regions=("westeurope", "eastus"),
        arrivals=(arrival("westeurope", 0),),
    )
    assert "team/app:v2 is overdue in eastus (1 of 2 regions has it)" == half.text


def test_many_missing_regions_are_counted() -> None:
    """The sentence names five and counts the rest."""
    names = tuple(f"region{n}" for n in range(9))
    text = message(VerdictType.OVERDUE, regions=names, arrivals=(), missing=names).text
    assert "region0, region1, region2, region3, region4 and 4 more" in text


def test_regions_stand_in_the_order_of_the_setting() -> None:
    """The order of the arrivals does not matter; each region's lag is counted by the app's
    clock."""
    found = message(VerdictType.COMPLETE).regions
    assert [("westeurope", 2.4), ("northeurope", 0.0), ("eastus", 95.0)] == [
        (r.region, r.lag_seconds) for r in found
    ]
    assert {"arrived"} == {r.state for r in found}


def test_only_the_first_arrival_of_a_region_counts() -> None:
    """A repeated webhook changes nothing."""
    twice = (arrival("westeurope", 0), arrival("westeurope", 50))
    found = message(VerdictType.OVERDUE, arrivals=twice).regions[0]
    assert found.received_at == BEGUN


def test_a_region_known_by_evidence_is_not_missing() -> None:
    """Its state differs from an arrival's, and the evidence is listed."""
    seen = Evidence(region="eastus", kind=EvidenceKind.MANIFEST, found=True, detail="readable")
    regions = message(VerdictType.OVERDUE, missing=(), evidence=(seen,)).regions
    assert ["arrived", "arrived", "evidence"] == [r.state for r in regions]
    assert (seen,) == regions[2].evidence


def test_another_digest_is_named() -> None:
    """The text names regions that reported another digest for the same tag."""
    arrivals = (arrival("northeurope", 0), arrival("westeurope", 1, OTHER_DIGEST))
    told = message(VerdictType.OVERDUE, arrivals=arrivals)
    assert told.text.endswith("; another digest was reported from westeurope")
    assert [True, False, False] == [r.digest_differs for r in told.regions]


def test_an_unknown_digest_differs_from_none() -> None:
    """An arrival without a digest is not taken for a different one."""
    arrivals = (arrival("northeurope", 0), arrival("westeurope", 1, None))
    assert not any(r.digest_differs for r in message(arrivals=arrivals).regions)


def test_a_verdict_without_any_arrival_has_a_message() -> None:
    """A verdict on evidence alone has no first arrival and no time of push."""
    told = message(VerdictType.OVERDUE, arrivals=(), missing=("westeurope", "eastus"))
    assert ["missing", "evidence", "missing"] == [r.state for r in told.regions]
    assert told.push.pushed_at is None


def test_pushed_at_is_the_earliest_event_time() -> None:
    """The registry's timestamps count, not the order of the arrivals."""
    assert BEGUN - timedelta(seconds=1) == message().push.pushed_at


def test_late_seconds_by_arrival_and_by_evidence() -> None:
    """Only `recovered` has them; where evidence settled it, they count to the decision."""
    assert message(VerdictType.COMPLETE).late_seconds is None
    assert 154.0 == message(VerdictType.RECOVERED).late_seconds
    decided = verdict(
        VerdictType.RECOVERED,
        arrivals=(arrival("westeurope", 0),),
        decided_at=DEADLINE + timedelta(seconds=40),
    )
    assert 40.0 == messages.message_of(decided).late_seconds


def test_ids_depend_on_push_verdict_and_target() -> None:
    """An id is the same on each repeat, and another for another push, verdict or target."""
    ids = {messages.message_id(p, v) for p in ("a", "b") for v in VerdictType}
    assert 2 * len(VerdictType) == len(ids)
    one = message()
    assert one.id == messages.message_id(one.push.id, one.type)
    assert one.id != messages.message_id(one.push.id, one.type, "another birth")
    assert messages.delivery_id(one, "x") == messages.delivery_id(message(), "x")
    assert messages.delivery_id(one, "x") != messages.delivery_id(one, "y")


def test_text_that_is_not_unicode_is_mended() -> None:
    """Half a surrogate pair, which JSON can carry and UTF-8 cannot, does not stop a
    notification."""
    broken = "half \ud83d pair"
    told = message(
        VerdictType.OVERDUE,
        artifact=artifact(repository=broken, tag=None, media_type=broken),
        evidence=(
            Evidence(region="eastus", kind=EvidenceKind.EVENT_LOG, found=False, detail=broken),
        ),
    )
    assert "half \ufffd pair" == told.push.repository
    assert told == Message.model_validate_json(told.model_dump_json())


@pytest.mark.parametrize("verdict_type", list(VerdictType))
def test_a_trial_is_marked(verdict_type: VerdictType) -> None:
    """A reader or a program can tell that nothing was pushed."""
    told = messages.trial_message(verdict_type, NOW)
    assert told.test
    assert told.text.startswith("[test] trial/app:v1 ")
    assert verdict_type is told.type
    lacking = verdict_type in (VerdictType.OVERDUE, VerdictType.INCOMPLETE)
    assert (("eastus",) if lacking else ()) == told.missing


def test_two_trials_are_two_messages() -> None:
    """A receiver that drops repeats accepts the second trial, too."""
    later = NOW + timedelta(seconds=1)
    first = messages.trial_message(VerdictType.COMPLETE, NOW, ("a", "b"))
    assert first.id != messages.trial_message(VerdictType.COMPLETE, later).id
    assert ["a", "b"] == [r.region for r in first.regions]


def caught_up(region: str, seconds: float, told_after: float = 1_500) -> Arrival:
    """An arrival of that time, which was taken in later."""
    made = arrival(region, seconds)
    later = made.received_at + timedelta(seconds=told_after)
    return made.model_copy(
        update={"timestamp": made.received_at, "received_at": later, "caught_up": True}
    )


def test_what_was_caught_up_counts_from_its_own_time() -> None:
    """Its lag is the region's, not ours; that it was caught up is said as evidence."""
    found = message(
        VerdictType.COMPLETE,
        arrivals=(caught_up("westeurope", 30), arrival("northeurope", 0), arrival("eastus", 60)),
    ).regions
    assert [30.0, 0.0, 60.0] == [r.lag_seconds for r in found]
    assert [["caught-up"], [], []] == [[e.kind.value for e in r.evidence] for r in found]


@pytest.mark.parametrize(
    ("kind", "minutes", "expected"),
    [
        (VerdictType.COMPLETE, 25, "is in all 3 regions; told 25m late, for webhooks were not"),
        (VerdictType.COMPLETE, 0.5, "is in all 3 regions"),
        (VerdictType.OVERDUE, 25, "(3 of 3 regions have it); told 15m late, for webhooks"),
        (VerdictType.RECOVERED, 25, "past the deadline"),
    ],
)
def test_a_verdict_that_could_be_told_only_late_says_so(
    kind: VerdictType, minutes: float, expected: str
) -> None:
    """The delay counts from the last arrival or the deadline; less than a minute is not
    mentioned."""
    at = BEGUN + timedelta(minutes=minutes)
    regions = ("westeurope", "northeurope", "eastus")
    arrivals = tuple(caught_up(region, 0) for region in regions)
    text = message(kind, arrivals=arrivals, decided_at=at, missing=()).text
    assert expected in text
    assert ("late, for" in expected) == ("late, for" in text)
