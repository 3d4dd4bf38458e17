"""Who hears of which verdict."""

from __future__ import annotations

import pytest

from acr_global.audience import hear_of, wanted, wants
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
        (["Team/*"], "team/app", "v1", False),
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
    """By its type, and by what it is about; in the order that the push was begun with."""
    alarm = verdict(VerdictType.OVERDUE)
    assert ("all",) == wanted(TARGETS, ALL, alarm)
    assert ("good", "all") == wanted(TARGETS, ("good", "all"), verdict(VerdictType.COMPLETE))


def test_a_target_that_has_left_the_settings_stays_owed() -> None:
    """The loss of it is seen; a target that was added since is not told."""
    assert ("gone",) == wanted(TARGETS, ("gone",), verdict(VerdictType.COMPLETE))


def test_an_overtaken_alarm_is_spared_those_who_hear_of_what_overtook_it() -> None:
    """Of those who hear of the later verdict only those who are owed the alarm are counted."""
    alarm = verdict(VerdictType.OVERDUE)
    assert {"all", "good"} == hear_of(TARGETS, (*ALL, "gone"), VerdictType.RECOVERED, alarm)
    assert {"all"} == hear_of(TARGETS, ALL, VerdictType.INCOMPLETE, alarm)
    assert {"good"} == hear_of(TARGETS, ("good",), VerdictType.RECOVERED, alarm)
