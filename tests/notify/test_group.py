"""A report on a group becomes a message that says the truth in one sentence."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from acr_global.grouping import GroupState, MemberState
from acr_global.model import Action, Outcome
from acr_global.notify import deliver
from acr_global.notify.group import LISTED_BYTES, trial_group
from acr_global.notify.message import delivery_id
from acr_global.notify.notice import Notice
from acr_global.notify.request import to_json
from acr_global.notify.sheet import Tone, sheet_of
from tests.notify.conftest import Listening
from tests.notify.samples import BEGUN, NOW, SECRETS, group, member, message, target

BEHIND, SILENT, OVER = GroupState


@pytest.mark.parametrize(
    ("state", "fields", "expected"),
    [
        (BEHIND, {}, "eastus is behind: 2 pushes wait, 1 has recovered, since 09:16 UTC"),
        (
            BEHIND,
            {"waiting": 37, "recovered": 0, "missing": ("eastus", "westus")},
            "eastus and westus are behind: 37 pushes wait, since 09:16 UTC",
        ),
        (
            BEHIND,
            {"waiting": 1, "recovered": 0, "at": NOW + timedelta(days=1)},
            "eastus is behind: 1 push waits, since 2026-03-14 09:16 UTC",
        ),
        (
            BEHIND,
            {"waiting": 3, "recovered": 2, "incomplete": 1},
            "eastus is behind: 3 pushes wait, 2 have recovered, 1 was never reported, "
            "since 09:16 UTC",
        ),
        (
            BEHIND,
            {"waiting": 0, "recovered": 2},
            "eastus is behind: 2 pushes have recovered, since 09:16 UTC",
        ),
        (
            SILENT,
            {"waiting": 4, "recovered": 0},
            "eastus has not reported for a day: 4 pushes wait, since 2026-03-14 09:16 UTC; "
            "look at the replica, its webhook and the key",
        ),
        (
            SILENT,
            {"waiting": 4, "recovered": 0, "missing": ("eastus", "westus")},
            "eastus and westus have not reported for a day: 4 pushes wait, "
            "since 2026-03-14 09:16 UTC; look at the replica, its webhook and the key",
        ),
        (
            OVER,
            {"recovered": 37, "incomplete": 0},
            "eastus is back: all 37 pushes have recovered, after 1h10m",
        ),
        (
            OVER,
            {"recovered": 1, "incomplete": 0, "missing": ("eastus", "westus")},
            "eastus and westus are back: its push has recovered, after 1h10m",
        ),
        (OVER, {}, "eastus is no longer behind: 1 push has recovered, 2 were never reported"),
        (
            OVER,
            {"recovered": 0, "incomplete": 3},
            "3 pushes were never reported from eastus, since 09:16 UTC",
        ),
        (
            OVER,
            {"recovered": 0, "incomplete": 1, "missing": ("eastus", "westus")},
            "1 push was never reported from eastus and westus, since 09:16 UTC",
        ),
    ],
)
def test_each_report_has_its_sentence(
    state: GroupState, fields: dict[str, Any], expected: str
) -> None:
    """The sentence alone tells which regions, how many pushes and since when."""
    assert expected == group(state, **fields).text


def test_a_group_without_pushes_says_so() -> None:
    """No such report is made, but none would be a wrong sentence."""
    assert "no push waits" in group(waiting=0, recovered=0, members=()).text


def test_a_silent_region_is_said_with_what_to_look_at() -> None:
    """Only then: before, there may be nothing wrong with it."""
    labels = {s: [label for label, _ in sheet_of(group(s), None).facts] for s in GroupState}
    assert ["Registry", "Region", "Since", "Group id"] == labels[BEHIND] == labels[OVER]
    assert "Look at" in labels[SILENT]


@pytest.mark.parametrize(
    ("state", "fields", "tone"),
    [
        (BEHIND, {}, Tone.BAD),
        (BEHIND, {"waiting": 0}, Tone.BAD),
        (SILENT, {}, Tone.BAD),
        (OVER, {}, Tone.BAD),
        (OVER, {"incomplete": 0}, Tone.WARNING),
        (OVER, {"incomplete": 0, "waiting": 2}, Tone.BAD),
    ],
)
def test_only_an_end_at_which_all_have_recovered_is_no_alarm(
    state: GroupState, fields: dict[str, Any], tone: Tone
) -> None:
    """It looks like a recovered push."""
    assert tone == sheet_of(group(state, **fields), None).tone


def test_each_push_is_a_row_with_what_became_of_it() -> None:
    """In the order of the report."""
    waiting = sheet_of(group(), None).rows
    assert [
        ("team/app:v2", "overdue since 2026-03-14 09:28:53 UTC", Tone.BAD),
        ("team/app:v1", "overdue since 2026-03-14 09:27:53 UTC", Tone.BAD),
        ("team/app:v0", "recovered, 32m past the deadline", Tone.GOOD),
    ] == [(row.name, row.text, row.tone) for row in waiting]
    ended = sheet_of(group(OVER), None).rows
    assert ("team/app:v2: never reported", Tone.BAD) == (ended[0].line, ended[0].tone)


def test_a_deletion_is_called_one() -> None:
    """Whoever reads that an image waits must not take it for a push."""
    deleted = member(1, action=Action.DELETE)
    (row,) = sheet_of(group(members=(deleted,)), None).rows
    assert "deletion of team/app:v1" == row.name
    (push,) = group(members=(deleted,)).pushes
    assert (Action.DELETE, "team/app:v1") == (push.action, push.image)


def test_every_name_is_one_line_of_visible_text() -> None:
    """No tag can dress up as another line, or as another push."""
    bad = "a\n\u202eb"
    sheet = sheet_of(
        group(registry=bad, missing=(bad,), group_id=bad, members=(member(1, reference=bad),)),
        None,
    )
    shown = [sheet.title, *(value for _, value in sheet.facts), sheet.rows[0].name]
    assert [] == [text for text in shown if "\n" in text or "\u202e" in text]
    assert ["a b", "a b"] == [dict(sheet.facts)["Registry"], sheet.rows[0].name]


def test_a_message_id_is_a_function_of_group_number_and_target() -> None:
    """A repeat after a crash has the same, whatever it counts by then."""
    assert group().id == group(waiting=5, at=NOW).id
    others: list[Notice] = [
        group(),
        group(number=3),
        group(OVER),
        group(group_id="_group.x"),
        message(),
    ]
    ids = {delivery_id(told, name) for told in others for name in ("ops", "ci")}
    assert 10 == len(ids | {delivery_id(group(), "ops")})


def test_the_list_of_pushes_is_bounded_and_the_others_are_counted() -> None:
    """A long name costs places in the list, and never a count."""
    pushes = tuple(member(n, reference="日" * 1024) for n in range(50))
    told = group(waiting=4_999, recovered=1, members=pushes)
    listed = to_json([p.model_dump(mode="json") for p in told.pushes])
    assert LISTED_BYTES - 4_096 < len(listed) <= LISTED_BYTES + 2
    assert 5_000 == len(told.pushes) + told.omitted
    assert pushes[0].push_id == told.pushes[0].id


def test_a_waiting_push_is_not_decided() -> None:
    """Only one that has recovered, or is waited for no longer, has such a time."""
    times = [push.decided_at for push in group().pushes]
    assert [None, None, BEGUN + timedelta(minutes=42)] == times


def test_half_a_character_costs_no_message() -> None:
    """JSON can carry it, UTF-8 cannot."""
    bad = "\ud83d"
    told = group(registry=bad, missing=(bad,), members=(member(1, reference=bad, push_id=bad),))
    assert told.model_dump_json().encode()
    assert None is group(registry=None).registry


@pytest.mark.parametrize("state", list(GroupState))
def test_a_trial_is_marked_and_whole(state: GroupState) -> None:
    """It speaks of the settings' region, or of any."""
    told = trial_group(state, NOW, ("eastus",))
    assert told.test
    assert told.text.startswith("[test] eastus ")
    assert (state, ("eastus",), 6, 0) == (told.state, told.missing, len(told.pushes), told.omitted)
    waits = {push.state is MemberState.WAITING for push in told.pushes}
    assert {state is not OVER} == waits
    assert ("westeurope",) == trial_group(state, NOW).missing


async def test_a_group_is_delivered_like_a_verdict(listen: Listening) -> None:
    """One attempt for each target, with its own id."""
    async with listen(b"HTTP/1.1 204 No Content\r\n\r\n") as receiver:
        targets = [
            target("webhook", name=name, url=receiver.url, insecure=True) for name in ("a", "b")
        ]
        made = await deliver.attempt_all(group(), targets, SECRETS, lambda: NOW)
    assert [("a", Outcome.DELIVERED), ("b", Outcome.DELIVERED)] == [
        (attempt.target, attempt.outcome) for attempt in made
    ]
    bodies = [json.loads(request.body) for request in receiver.requests]
    assert ["group", "group"] == [body["type"] for body in bodies]
    ids = {request.headers["webhook-id"] for request in receiver.requests}
    assert {delivery_id(group(), "a"), delivery_id(group(), "b")} == ids
