"""What the entries of a webhook's event log mean."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acr_global.registry.firings import (
    NOTHING,
    Firing,
    concerns,
    host_and_path,
    judge,
    parse_firing,
)
from acr_global.registry.guard import Seen
from tests.registry.fakes import PUSH_ID, PUSHED_AT, SAMPLES, log_entry, question

OTHER_ID = "00000000-0000-0000-0000-00000000beef"


def fired(**changes: object) -> Firing:
    """The log entry of the push that the fakes ask about, parsed."""
    return parse_firing(log_entry(**changes))  # type: ignore[arg-type] # each of its own type


def test_the_schemas_example_is_read_in_full() -> None:
    """Every compared field is found in the published example."""
    sample = json.loads((SAMPLES / "11_arm_listEvents_spec_example.json").read_text())
    assert Firing(
        event_id="00000000-0000-0000-0000-000000000000",
        action="push",
        repository="hello-world",
        digest="sha256:fea8895f450959fa676bcc1df0611ea93823a735a01205fd8622846041d0c7cf",
        tag="latest",
        at=datetime(2017, 3, 1, 23, 14, 37, 70780, tzinfo=UTC),
        status=200,
        posted_to="myservice.com",
    ) == parse_firing(sample["value"][0])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
keys = st.sampled_from(
    (
        *("eventRequestMessage", "eventResponseMessage", "content", "target", "statusCode"),
        *("id", "action", "timestamp", "digest", "requestUri"),
    )
)


@given(
    st.recursive(
        st.dictionaries(keys, json_values, max_size=4),
        lambda inner: st.dictionaries(keys, inner | json_values, max_size=4),
        max_leaves=4,
    )
)
def test_no_entry_is_too_strange_to_read(entry: dict[str, object]) -> None:
    """Any entry can be read, and at worst says nothing."""
    assert isinstance(parse_firing(entry), Firing)


def test_ids_match_whatever_their_case_and_age() -> None:
    """An id belongs to one push, so neither case nor age nor content matters."""
    old = PUSHED_AT - timedelta(days=1)
    firing = fired(id=PUSH_ID.upper(), at=old, digest="sha256:" + "0" * 64)
    assert concerns(firing, question("eastus"))


def test_any_arrived_regions_id_matches() -> None:
    """Where regions send different ids, each of them belongs to the push."""
    asked = question("eastus", push_id="content-key", event_ids=frozenset({OTHER_ID, PUSH_ID}))
    assert concerns(fired(id=OTHER_ID, digest="sha256:" + "0" * 64), asked)


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        (True, {}),
        (True, {"tag": None}),
        (True, {"at": PUSHED_AT - timedelta(minutes=5)}),
        (False, {"tag": "v2"}),
        (False, {"digest": "sha256:" + "0" * 64}),
        (False, {"repository": "team/other"}),
        (False, {"action": "delete"}),
        (False, {"at": PUSHED_AT - timedelta(minutes=5, seconds=1)}),
    ],
)
def test_content_matches_only_the_same_recent_content(
    expected: bool, changes: dict[str, object]
) -> None:
    """An entry with another id must have the same repository, digest, action and tag, and a recent
    time."""
    assert expected is concerns(fired(id=OTHER_ID, **changes), question("eastus"))


def test_content_without_a_time_does_not_match() -> None:
    """Without its time an entry cannot be told from an earlier push of the same content."""
    assert not concerns(replace(fired(id=OTHER_ID), at=None), question("eastus"))


@pytest.mark.parametrize("field", ["repository", "digest"])
def test_absent_content_matches_nothing(field: str) -> None:
    """Two missing values are not equal."""
    firing = replace(fired(id=OTHER_ID), **{field: None})
    assert not concerns(firing, question("eastus", **{field: None}))


@pytest.mark.parametrize(
    ("expected", "statuses"),
    [
        (Seen(False, NOTHING), []),
        (Seen(True, "fired, answered 202"), ["202"]),
        (Seen(True, "fired, answered 200"), ["504", "200", "503"]),
        (Seen(False, "fired but refused with status 504"), ["504"]),
        (Seen(False, "fired but refused with status 302"), ["302"]),
        (Seen(False, "fired, no answer recorded"), [None]),
        (Seen(False, "fired, no answer recorded"), ["OK"]),
    ],
)
def test_only_an_accepted_event_counts(expected: Seen, statuses: list[str | None]) -> None:
    """One 2xx is enough; a refused event is shown and does not count."""
    assert expected == judge(fired(status=s) for s in statuses)


def test_the_newest_refusal_speaks() -> None:
    """Of several refusals, operators need the last."""
    later = fired(status="401", at=PUSHED_AT + timedelta(seconds=1))
    assert Seen(False, "fired but refused with status 401") == judge([later, fired(status="504")])


@given(st.lists(st.sampled_from(["200", "202", "400", "504", None])))
def test_found_means_some_entry_was_accepted(statuses: list[str | None]) -> None:
    """The order of the entries does not matter."""
    accepted = any(s in ("200", "202") for s in statuses)
    assert accepted is judge(fired(status=s) for s in statuses).found


@pytest.mark.parametrize(
    ("expected", "url"),
    [
        ("app.example/api/imagepush", "https://App.Example/api/ImagePush?code=secret#x"),
        ("app.example/api/imagepush", "https://user:secret@app.example:443/api/ImagePush/"),
        ("app.example:8443/a", "https://app.example:8443/a"),
        ("app.example/a", "https://APP.EXAMPLE.:443/a"),
        (None, "https://app.example:port/a"),
        (None, "not a url"),
        (None, None),
    ],
)
def test_urls_are_compared_by_host_and_path(expected: str | None, url: str | None) -> None:
    """The parts of a URL that may be secret are dropped before anything is kept."""
    assert expected == host_and_path(url)
