"""Who hears of which verdict."""

from __future__ import annotations

import pytest

from acr_global.audience import hear_of, hears_of_group, held, wanted, wants
from acr_global.grouping import GroupState
from acr_global.model import Artifact, VerdictType
from tests.notify.samples import target, verdict

ALL = ("all", "good", "elsewhere")
TARGETS = (
    target("webhook", name="all", on=["complete", "overdue", "recovered", "incomplete"]),
    target("webhook", name="good", on=["complete", "recovered"]),
    target("webhook", name="elsewhere", match=["other/*"]),
)


@pytest.mark.parametrize(
    ("match", "repository", "tag", "expected"),
    [
        (["*"], "team/app", "v1", True),
        (["*"], None, None, True),
        (["team/*"], "team/app", "v1", True),
        (["team/*"], "other/app", "v1", False),
        (["team/*", "other/*"], "other/app", None, True),
        (["team/*:v*"], "team/app", "v1", True),
        (["team/*:v*"], "team/app", "latest", False),
        (["team/app:*"], "team/app", None, True),
        (["[Tt]eam/*"], "team/app", "v1", True),
    ],
)
def test_a_target_chooses_repositories(
    match: list[str], repository: str | None, tag: str | None, expected: bool
) -> None:
    """A pattern with a colon looks at the tag too."""
    artifact = Artifact(repository=repository, tag=tag)
    assert expected is wants(target("webhook", match=match), VerdictType.COMPLETE, artifact)


@pytest.mark.parametrize("verdict_type", list(VerdictType))
def test_a_target_chooses_verdicts(verdict_type: VerdictType) -> None:
    """`incomplete` comes only to those that ask: they have been told `overdue` already."""
    usual = verdict_type is not VerdictType.INCOMPLETE
    assert usual is wants(target("webhook"), verdict_type, Artifact())
    assert wants(target("webhook", on=[verdict_type]), verdict_type, Artifact())


def test_a_verdict_goes_to_those_who_choose_it() -> None:
    """A target chooses by the verdict's type and by the artifact; the order is that of the push's
    input."""
    alarm = verdict(VerdictType.OVERDUE)
    assert ("all",) == wanted(TARGETS, ALL, alarm)
    assert ("good", "all") == wanted(TARGETS, ("good", "all"), verdict(VerdictType.COMPLETE))


def test_a_target_that_has_left_the_settings_still_counts() -> None:
    """Its loss becomes a failed attempt; a target that was added since is not told."""
    assert ("gone",) == wanted(TARGETS, ("gone",), verdict(VerdictType.COMPLETE))


def test_an_overtaken_alarm_spares_those_who_hear_the_later_verdict() -> None:
    """Of the targets that were to get the alarm, these are the ones that choose the later
    verdict."""
    alarm = verdict(VerdictType.OVERDUE)
    assert {"all", "good"} == hear_of(TARGETS, (*ALL, "gone"), VerdictType.RECOVERED, alarm)
    assert {"all"} == hear_of(TARGETS, ALL, VerdictType.INCOMPLETE, alarm)
    assert {"good"} == hear_of(TARGETS, ("good",), VerdictType.RECOVERED, alarm)


def test_a_held_push_is_left_to_its_group_by_those_who_hear_of_alarms() -> None:
    """A target that asks for each push, hears of no alarms or not of this image is told what comes
    of the push by itself."""
    each = target("webhook", name="each", group=False)
    order = target("github", name="order")
    names = (*ALL, "each", "order", "gone")
    assert {"all"} == held((*TARGETS, each, order), names, verdict(VerdictType.OVERDUE))
    assert not held(TARGETS, ("good",), verdict(VerdictType.OVERDUE))


@pytest.mark.parametrize(
    ("on", "states"),
    [
        (["complete", "overdue", "recovered"], list(GroupState)),
        (["overdue", "incomplete"], list(GroupState)),
        (["overdue"], [GroupState.BEHIND, GroupState.SILENT]),
        (["complete"], []),
    ],
)
def test_a_group_is_told_to_those_who_choose_its_verdicts(
    on: list[str], states: list[GroupState]
) -> None:
    """An alarm by `overdue`, the end by either of the verdicts that end one; also where it has
    asked for each push since."""
    for group in (True, False):
        to = target("webhook", on=on, group=group)
        assert states == [state for state in GroupState if hears_of_group(to, state)]
