"""Which events belong together."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acr_global.correlation import (
    base_and_number,
    bounded_id,
    courier_id,
    delivery_id,
    event_name,
    generation_id,
    generation_of,
    generation_prefix,
    is_courier,
    is_delivery,
    is_push,
    is_record,
    numbered,
    push_key,
    record_id,
)
from acr_global.model import Action, Artifact, PushEvent, VerdictType

ARTIFACT = Artifact(registry="r.azurecr.io", repository="team/app", tag="v1", digest="sha256:00")


def event(**changes: object) -> PushEvent:
    """An event in which a test changes fields."""
    base = {"id": "AB-1", "region": "eastus", "action": Action.PUSH, "artifact": ARTIFACT}
    return PushEvent.model_validate(base | changes)


def test_by_id_the_lower_case_notification_id_is_the_key() -> None:
    """The engine compares ids partly without regard to case."""
    assert "ab-1" == push_key(event(), "id")


def test_by_content_regions_with_ids_of_their_own_agree() -> None:
    """The key contains no id, region or time."""
    other = event(id="zz", region="westeurope", timestamp="2026-01-01T00:00:00Z")
    assert push_key(event(), "content") == push_key(other, "content")


@pytest.mark.parametrize("field", ["registry", "repository", "tag", "digest", "name", "version"])
def test_by_content_every_part_of_the_content_counts(field: str) -> None:
    """Two different contents never share a key."""
    other = event(artifact=ARTIFACT.model_copy(update={field: "other"}))
    assert push_key(event(), "content") != push_key(other, "content")
    assert push_key(event(), "content") != push_key(event(action=Action.DELETE), "content")


def test_event_names_are_those_of_the_original_sample() -> None:
    """People search for them."""
    assert "pushevent-westeurope" == event_name("westeurope")


@example("a" * 100, 999)
@given(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,99}", fullmatch=True), st.integers(0, 999))
def test_every_id_fits_the_engine_and_its_paths(push_id: str, number: int) -> None:
    """The SDK puts ids unquoted into request paths, and the engine accepts 100 characters."""
    ids = [
        courier_id(push_id, "r" * 50),
        f"{bounded_id('_delivery', 'incomplete', push_id)}.r{number}",
        generation_id(push_key(event(id=push_id), "content"), number),
        f"{delivery_id(push_id, VerdictType.INCOMPLETE, 'b' * 32)}.r{number}",
    ]
    for instance_id in ids:
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,100}", instance_id)


@given(st.lists(st.integers(0, 99_999_999), min_size=2, unique=True))
def test_the_newest_generation_is_the_first_in_the_order_of_ids(numbers: list[int]) -> None:
    """The engine lists instances in that order only, and its pages go forward only."""
    ids = sorted(generation_id("content-0", number) for number in numbers)
    assert sorted(numbers, reverse=True) == [generation_of(i) for i in ids]
    assert all(i.startswith(generation_prefix("content-0")) for i in ids)


@pytest.mark.parametrize("instance_id", ["content-0.7", "content-0.-9999999", "p1", "x.١٢٣٤٥٦٧٨"])
def test_an_id_of_another_kind_is_no_generation(instance_id: str) -> None:
    """An id that somebody chose by hand is not mistaken for one."""
    with pytest.raises(ValueError, match="no generation"):
        generation_of(instance_id)


def test_deliveries_of_two_pushes_with_one_id_have_two_ids() -> None:
    """By content an id comes again; neither id is hashed, so that people can read them."""
    push_id = generation_id(push_key(event(), "content"), 0)
    ids = {delivery_id(push_id, v, birth) for v in VerdictType for birth in ("a" * 32, "b" * 32)}
    assert 2 * len(VerdictType) == len(ids)
    assert all(push_id in i for i in ids)


@given(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,99}", fullmatch=True))
def test_no_push_has_the_id_of_a_courier_or_delivery(push_id: str) -> None:
    """Those begin with an underscore, which no notification id may."""
    assert not courier_id(push_id, "eastus").startswith(push_id)


@given(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,99}", fullmatch=True))
def test_an_id_tells_its_kind(push_id: str) -> None:
    """Push, courier, delivery and record are told apart, however long the push's id is."""
    delivery = delivery_id(push_id, VerdictType.OVERDUE)
    ids = [push_id, courier_id(push_id), delivery, record_id(push_id)]
    assert [True, False, False, False] == [is_push(i) for i in ids]
    assert [False, True, False, False] == [is_courier(i) for i in ids]
    assert [False, False, True, True] == [is_delivery(i) for i in ids]
    assert [False, False, False, True] == [is_record(i) for i in ids]


def test_what_is_hashed_is_no_other_pushs_id() -> None:
    """Otherwise a push that somebody has given that id would be taken for this one."""
    push_id = "a" * 100
    for own in (courier_id(push_id), record_id(push_id)):
        assert not is_push(own.split(".", 2)[2])


def test_the_courier_of_a_whole_push_is_none_of_a_regions() -> None:
    """Its id holds a character that no region's name has."""
    assert courier_id("p1") not in {courier_id("p1", r) for r in ("eastus", "a", "0")}


@given(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,99}", fullmatch=True), st.integers(0, 999))
def test_a_delivery_tells_its_message_and_its_number(push_id: str, number: int) -> None:
    """Both are read back from the id, and a numbered id is still a delivery's."""
    base = delivery_id(push_id, VerdictType.OVERDUE)
    assert (base, number) == base_and_number(numbered(base, number))
    assert is_delivery(numbered(base, number))


@pytest.mark.parametrize(
    "instance_id",
    ["", "p1", "_delivery", "_delivery.x", "_delivery.x.P", "_delivery.x.p/..", "_open.1"],
)
def test_other_ids_named_by_a_caller_are_no_deliveries(instance_id: str) -> None:
    """The id becomes part of a request to the engine, so it is checked first."""
    assert not is_delivery(instance_id)
