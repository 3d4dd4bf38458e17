"""The badge: what it says of a push, and a picture that no name breaks."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from acr_global.badge import NEVER, UNKNOWN, Badge, badge_of, svg
from acr_global.ledger import row_of
from acr_global.model import Action, VerdictType
from tests.notify.samples import REGIONS, arrival, verdict

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("in all 3 regions", VerdictType.COMPLETE),
        ("in all 3 regions", VerdictType.RECOVERED),
        ("late in 1 of 3 regions", VerdictType.OVERDUE),
        ("missing in 1 of 3 regions", VerdictType.INCOMPLETE),
    ],
)
def test_a_badge_counts_regions(said: str, kind: VerdictType) -> None:
    """It names none."""
    found = badge_of([row_of(verdict(kind))])
    assert said == found.said
    assert [] == [region for region in REGIONS if region in svg(found, "r.io/a")]


def test_each_outcome_has_a_colour_of_its_own() -> None:
    """What is not known is neither good nor bad."""
    colours = {badge_of([row_of(verdict(kind))]).colour for kind in VerdictType}
    assert 3 == len(colours)
    assert {NEVER.colour} == {UNKNOWN.colour} == {NEVER.colour} - colours


def test_a_badge_is_of_the_newest_push() -> None:
    """Deletions are passed over."""
    rows = [
        row_of(verdict(VerdictType.OVERDUE, action=Action.DELETE)),
        row_of(verdict(VerdictType.COMPLETE, action=Action.CHART_PUSH)),
        row_of(verdict(VerdictType.OVERDUE)),
    ]
    assert "in all 3 regions" == badge_of(rows).said
    assert NEVER == badge_of(rows[:1]) == badge_of([])


def test_one_region_is_no_plural() -> None:
    """Of a row that an earlier release wrote, too, which has no regions."""
    one = verdict(regions=("eastus",), arrivals=(arrival("eastus", 0.0),))
    assert "in its region" == badge_of([row_of(one)]).said
    earlier = row_of(verdict(VerdictType.OVERDUE)).model_copy(update={"ways": ()})
    assert "late in 1 of 1 regions" == badge_of([earlier]).said


def test_a_name_is_text_in_the_picture() -> None:
    """It is read out, and seen when pointed at; it can neither end an attribute nor begin a tag."""
    hostile = """r.io/"><script>alert(1)</script>&'"""
    picture = ElementTree.fromstring(svg(Badge("<b>", "#000000"), hostile))
    title = picture.find(f"{SVG}title")
    assert title is not None
    assert f"{hostile}: replicated <b>" == title.text == picture.attrib["aria-label"]
    assert ["replicated", "<b>"] == [text.text for text in picture.iter(f"{SVG}text")]
    assert {"svg", "title", "rect", "path", "g", "text"} == {
        part.tag.removeprefix(SVG) for part in picture.iter()
    }
    assert "20" == picture.attrib["height"]
