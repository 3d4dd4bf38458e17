"""One push is drawn to scale."""

from __future__ import annotations

from acr_global.api import PushState
from acr_global.model import Evidence, EvidenceKind, RegionReport, VerdictType
from acr_global.ui.timeline import Timeline, draw
from tests.ui.samples import after, arrived, details, missing, said, waiting


def marks(line: Timeline) -> list[tuple[str, str]]:
    """Text and place of each."""
    return [(mark.text, mark.x) for mark in line.marks]


def found(region: str, at: float | None) -> RegionReport:
    """A region that has the image, by evidence."""
    kind, moment = EvidenceKind.MANIFEST, None if at is None else after(at)
    evidence = Evidence(region=region, kind=kind, found=True, detail="readable there", at=moment)
    return RegionReport(region=region, state="evidence", evidence=(evidence,))


def test_each_region_stands_where_it_reported() -> None:
    """The first at the beginning; the scale ends behind the last."""
    push = details(
        PushState.COMPLETE,
        arrived("westeurope", 0),
        arrived("eastus", 4),
        verdicts=(said(VerdictType.COMPLETE, 4.5),),
    )
    line = draw(push)
    assert [("westeurope", "first", "0.00%"), ("eastus", "4.0 s", "80.00%")] == [
        (bar.region, bar.said, bar.x) for bar in line.bars
    ]
    assert [("complete", "90.00%")] == marks(line)
    assert "westeurope: first; eastus: 4.0 s" == line.told
    assert not line.runs


def test_verdicts_and_the_deadline_stand_in_the_order_of_time() -> None:
    """Each with a line of its own for its text, above the regions."""
    push = details(
        PushState.RECOVERED,
        arrived("westeurope", 0),
        arrived("eastus", 900),
        verdicts=(said(VerdictType.OVERDUE, 601), said(VerdictType.RECOVERED, 900)),
    )
    line = draw(push)
    assert ["deadline", "overdue", "recovered"] == [text for text, _ in marks(line)]
    assert sorted({mark.y for mark in line.marks}) == [mark.y for mark in line.marks]
    assert all(mark.y < line.top for mark in line.marks)
    assert line.top < line.bars[0].y < line.bars[1].y < line.bottom < line.height


def test_a_deadline_far_away_does_not_press_the_regions_together() -> None:
    """Of a push that is complete after seconds it is left out."""
    push = details(PushState.COMPLETE, arrived("westeurope", 0), arrived("eastus", 3))
    assert [] == marks(draw(push))
    unknown = details(PushState.COMPLETE, arrived("westeurope", 0), deadline=None)
    assert [] == marks(draw(unknown))


def test_while_a_push_waits_the_line_ends_behind_the_present() -> None:
    """The drawing stays the same for a while, so that nothing is sent anew each second."""
    regions = (arrived("westeurope", 0), missing("eastus"))
    one, next_one = (draw(waiting(*regions, elapsed=seconds)) for seconds in (41, 47))
    assert one == next_one
    assert (True, after(0), after(60)) == (one.runs, one.begins_at, one.ends_at)
    assert [("awaited", None, "open")] == [(b.said, b.x, b.shape) for b in one.bars[1:]]


def test_the_deadline_is_seen_coming() -> None:
    """From the middle of the time on."""
    regions = (arrived("westeurope", 0), missing("eastus"))
    assert [] == marks(draw(waiting(*regions, elapsed=299)))
    assert [("deadline", "100.00%")] == marks(draw(waiting(*regions, elapsed=301)))


def test_a_push_that_has_not_begun_has_no_present() -> None:
    """Its deadline is not known yet."""
    push = details(PushState.WAITING, arrived("westeurope", 0), missing("eastus"), deadline=None)
    assert not draw(push).runs


def test_how_a_region_is_known_to_have_it_is_told_by_a_shape() -> None:
    """Not by a colour alone."""
    log = Evidence(region="b", kind=EvidenceKind.CAUGHT_UP, found=True, detail="in the log")
    push = details(
        PushState.OVERDUE,
        arrived("a", 0),
        arrived("b", 1, evidence=(log,)),
        arrived("c", 2, digest_differs=True),
        found("d", 4),
        found("e", None),
        missing("f"),
        verdicts=(said(VerdictType.OVERDUE, 5),),
    )
    assert [
        ("dot", "0.00%", "first"),
        ("ring", "20.00%", "1.0 s, from the registry's log"),
        ("dot", "40.00%", "2.0 s, another digest"),
        ("diamond", "80.00%", "by evidence"),
        ("diamond", "100.00%", "by evidence"),
        ("open", None, "missing"),
    ] == [(bar.shape, bar.x, bar.said) for bar in draw(push).bars]


def test_a_region_of_a_push_that_was_given_up_is_not_awaited() -> None:
    """Nobody waits for it."""
    push = details(PushState.GIVEN_UP, arrived("a", 0), missing("b"))
    assert ["first", "missing"] == [bar.said for bar in draw(push).bars]
