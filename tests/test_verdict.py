"""Expected regions, arrivals, evidence and time → a verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.model import Action, Arrival, Artifact, Evidence, EvidenceKind, VerdictType
from acr_global.verdict import (
    Watch,
    earlier_arrivals,
    failed_checks,
    is_of_same_push,
    overtaking,
    timer_for,
    verdict_on,
    with_arrivals,
    with_evidence,
)

BEGIN = datetime(2026, 6, 1, 12, tzinfo=UTC)
REGIONS = ("westeurope", "northeurope", "eastus")
WATCH = Watch(
    push_id="p",
    action=Action.PUSH,
    artifact=Artifact(repository="team/app", tag="v1"),
    regions=REGIONS,
    begun_at=BEGIN,
    deadline=BEGIN + timedelta(minutes=10),
)


def arrival(region: str, second: float = 0, event_id: str = "e") -> Arrival:
    """An arrival, so many seconds after the beginning."""
    return Arrival(region=region, event_id=event_id, received_at=BEGIN + timedelta(seconds=second))


def evidence(region: str, found: bool, detail: str = "d", kind: str = "manifest") -> Evidence:
    """What one check said about one region."""
    return Evidence(region=region, kind=EvidenceKind(kind), found=found, detail=detail)


regions = st.sampled_from((*REGIONS, "elsewhere"))
arrivals = st.lists(st.builds(arrival, regions, st.floats(0, 100), st.sampled_from("abc")))
looks = st.lists(
    st.builds(
        evidence, regions, st.booleans(), st.text(), st.sampled_from(["manifest", "event-log"])
    )
)


@pytest.mark.parametrize(
    ("in_", "alarmed", "expected"),
    [
        (REGIONS, False, VerdictType.COMPLETE),
        (REGIONS[:2], False, VerdictType.OVERDUE),
        (REGIONS, True, VerdictType.RECOVERED),
        (REGIONS[:2], True, VerdictType.INCOMPLETE),
    ],
)
def test_each_verdict_follows_from_the_missing_and_the_alarm(
    in_: tuple[str, ...], alarmed: bool, expected: VerdictType
) -> None:
    """All regions in or not, before an alarm or after one: these are all the cases."""
    watch = with_arrivals(WATCH, [arrival(r) for r in in_])
    assert expected is verdict_on(watch, BEGIN, alarmed=alarmed).type


@given(arrivals, looks, st.booleans())
def test_a_verdict_claims_and_names_only_what_is_true(
    came: list[Arrival], seen: list[Evidence], alarmed: bool
) -> None:
    """A region is claimed only with an arrival or evidence, and missing only without either."""
    watch = with_evidence(with_arrivals(WATCH, came), seen)
    decided = verdict_on(watch, BEGIN, alarmed=alarmed)
    accounted = {a.region for a in came} | {e.region for e in seen if e.found}
    assert tuple(r for r in REGIONS if r not in accounted) == decided.missing
    good = decided.type in (VerdictType.COMPLETE, VerdictType.RECOVERED)
    assert good is not bool(decided.missing)


@given(arrivals, st.randoms())
def test_the_order_of_events_does_not_matter(came: list[Arrival], random: object) -> None:
    """The arrival that was received first counts, in whatever order the engine hands them over."""
    came = list({(a.region, a.received_at): a for a in came}.values())
    shuffled = list(came)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis types it as object
    assert with_arrivals(WATCH, came) == with_arrivals(WATCH, shuffled)


@given(arrivals, arrivals)
def test_a_region_that_has_reported_stays_reported(
    first: list[Arrival], later: list[Arrival]
) -> None:
    """Later events only add regions."""
    once = with_arrivals(WATCH, first)
    twice = with_arrivals(once, later)
    assert set(twice.missing()) <= set(once.missing())
    assert set(once.arrivals) <= set(twice.arrivals)


def test_what_was_found_is_not_unfound_by_a_later_look() -> None:
    """A second look that fails takes nothing back; one that finds more replaces what was seen."""
    watch = with_evidence(WATCH, [evidence("eastus", True), evidence("westeurope", False, "404")])
    watch = with_evidence(watch, [evidence("eastus", False), evidence("westeurope", True)])
    assert ("northeurope",) == watch.missing()


def test_earlier_arrivals_speak_only_for_regions_still_missing() -> None:
    """They are not needed for a region that has reported this time."""
    watch = with_arrivals(WATCH, [arrival("eastus")])
    earlier = [arrival("eastus"), arrival("westeurope"), arrival("elsewhere")]
    assert ["westeurope"] == [e.region for e in earlier_arrivals(watch, earlier, timedelta(0))]


def test_earlier_arrivals_are_outweighed_by_a_check() -> None:
    """A check outweighs them if it says that the image is not there, but not if it failed."""
    earlier = [arrival("eastus"), arrival("westeurope")]
    gone = evidence("eastus", False).model_copy(update={"absent": True})
    watch = with_evidence(WATCH, [gone, evidence("westeurope", False)])
    assert ["westeurope"] == [e.region for e in earlier_arrivals(watch, earlier, timedelta(0))]


def test_earlier_arrivals_grow_old() -> None:
    """They count only as long as the earlier push could have been open."""
    old = [arrival("eastus", -61), arrival("westeurope", -60)]
    found = earlier_arrivals(WATCH, old, timedelta(minutes=1))
    assert ["westeurope"] == [e.region for e in found]


def test_earlier_arrivals_say_nothing_of_a_deletion() -> None:
    """What was deleted before may have come back since."""
    watch = replace(WATCH, action=Action.DELETE)
    assert () == earlier_arrivals(watch, [arrival("eastus")], timedelta(0))


def test_a_failed_look_is_recorded_for_each_missing_region() -> None:
    """The alarm says that the check failed, not that nothing was seen."""
    watch = with_arrivals(WATCH, [arrival("eastus")])
    seen = failed_checks(watch, ["manifest"])
    assert [("westeurope", False), ("northeurope", False)] == [(e.region, e.found) for e in seen]
    assert "check failed" in seen[0].detail


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_a_timer_never_fires_before_its_moment(moment: datetime) -> None:
    """The engine cuts a delay to whole seconds, so the timer is set up to two seconds later than
    asked."""
    for ago in (timedelta(0), timedelta(seconds=3.7)):
        now = moment - ago
        delay = int((timer_for(moment) - now).total_seconds())
        assert moment <= now + timedelta(seconds=delay)


@pytest.mark.parametrize("state", [*VerdictType, "waiting", None, 7, ["recovered"]])
def test_only_what_ends_a_push_overtakes_its_alarm(state: object) -> None:
    """Any other text in place of a push's state overtakes nothing."""
    ends = {v.value: v for v in VerdictType if v is not VerdictType.OVERDUE}
    expected = ends.get(str(getattr(state, "value", state)))
    assert expected == overtaking(getattr(state, "value", state))


@pytest.mark.parametrize(("second", "same"), [(-1, False), (0, True), (60, True)])
def test_a_verdict_from_before_the_first_arrival_is_of_another_push(
    second: float, same: bool
) -> None:
    """Where an id comes again, an earlier decision says nothing of this push."""
    watch = with_arrivals(WATCH, [arrival(REGIONS[0]), arrival(REGIONS[1], 30)])
    now = verdict_on(watch, BEGIN + timedelta(minutes=10), alarmed=False)
    earlier = now.model_copy(update={"decided_at": BEGIN + timedelta(seconds=second)})
    assert same is is_of_same_push(now, earlier)
