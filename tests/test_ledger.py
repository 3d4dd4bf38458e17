"""The ledger's rows: what stands in one, under which keys, and where they are looked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from acr_global import ledger
from acr_global.ledger import Wanted, keys, row_of, span, told, written
from acr_global.model import VerdictType
from tests.notify.samples import BEGUN, artifact, large_verdict, verdict

ALARM = verdict(VerdictType.OVERDUE)
FOUR = ["t", "r", "g", "d"]


def in_span(wanted: Wanted, which: int) -> bool:
    """Whether a row's nth key is in the range."""
    found = span(wanted)
    return found.low <= keys(row_of(ALARM))[which] < found.high


def test_a_row_comes_back_as_it_was() -> None:
    """The storage may add columns to it."""
    row = row_of(ALARM, ["ops", "mail"])
    assert row == ledger.read({**written(row), "PartitionKey": "x", "RowKey": "y"})
    assert (("eastus",), ("ops", "mail")) == (row.missing, row.undelivered)


def test_an_event_is_named_where_its_id_is_not_the_pushs() -> None:
    """By content they differ from region to region."""
    own, other = ALARM.arrivals[0], ALARM.arrivals[0].model_copy(update={"event_id": "another"})
    same = own.model_copy(update={"event_id": ALARM.push_id.upper()})
    for arrival, named in ((same, None), (other, "another")):
        row = row_of(ALARM.model_copy(update={"arrivals": (arrival,)}))
        assert [named] == [way.event for way in row.ways if way.region == arrival.region]


def test_nothing_is_stored_that_a_table_does_not_take() -> None:
    """Texts and truth values, few enough, under names without hyphens; no lone surrogate."""
    row = row_of(large_verdict("region-{}"), [f"t{n}" for n in range(500)])
    broken = row.model_copy(update={"artifact": artifact(repository="a\ud800")})
    stored = written(broken)
    assert {str, bool} == set(map(type, stored.values()))
    assert all(name.isidentifier() for name in stored)
    assert 252 > len(stored)
    assert "a\ufffd" == stored["repository"]
    assert ledger.MAX_NAMES == len(ledger.read(stored).undelivered)


def test_a_push_keeps_its_keys_at_each_verdict() -> None:
    """The row of the newest verdict takes the place of the one before."""
    assert keys(row_of(ALARM)) == keys(row_of(verdict(VerdictType.RECOVERED)))


def test_a_push_that_says_little_has_fewer_keys() -> None:
    """It has no tag, digest, repository or arrival, and stands only among all pushes."""
    assert FOUR == [key[0] for key in keys(row_of(ALARM))]
    untagged = verdict(artifact=artifact(tag=None))
    assert ["t", "r", "d"] == [key[0] for key in keys(row_of(untagged))]
    nothing = verdict(
        artifact=artifact(tag=None, digest=None, repository=None), arrivals=(), missing=()
    )
    assert ["t"] == [key[0] for key in keys(row_of(nothing))]
    assert BEGUN == row_of(nothing).first_at


def test_a_time_before_all_others_is_in_their_order() -> None:
    """A time behind them all is so, too: keys count milliseconds from 1970 to 2286."""
    assert in_span(Wanted(since=datetime(1, 1, 1, tzinfo=UTC)), 0)
    assert not in_span(Wanted(since=datetime(9999, 12, 31, tzinfo=UTC)), 0)


def test_keys_are_letters_that_a_table_takes() -> None:
    """Source: the same page as of MAX_NAMES, `Characters disallowed in key fields`."""
    odd = verdict(artifact=artifact(repository="a/b\\c#d?\n\ud800", tag="ü"))
    for key in keys(row_of(odd)):
        assert key.isascii()
        assert key.isprintable()
        assert set("/\\#?").isdisjoint(key)


def test_the_newest_comes_first() -> None:
    """This is the order of the keys."""
    later = row_of(ALARM).model_copy(update={"first_at": BEGUN + timedelta(seconds=1)})
    assert keys(later)[0] < keys(row_of(ALARM))[0]


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        (Wanted(), "t"),
        (Wanted(state="overdue", registry="r.io", missing="eastus"), "t"),
        (Wanted(repository="team/app"), "r"),
        (Wanted(repository="team/app", tag="v2"), "g"),
        (Wanted(repository="team/app", tag="v2", digest=artifact().digest), "d"),
        (Wanted(digest=artifact().digest), "d"),
    ],
)
def test_each_question_is_one_range_of_keys(wanted: Wanted, kind: str) -> None:
    """The order that narrows it down the most is used."""
    assert [k == kind for k in FOUR] == [in_span(wanted, n) for n in range(4)]


def test_a_range_ends_at_a_time() -> None:
    """The rows since then, newest first, so the beginning of the range."""
    assert in_span(Wanted(since=row_of(ALARM).first_at), 0)
    assert not in_span(Wanted(since=row_of(ALARM).first_at + timedelta(seconds=1)), 0)


def test_the_rest_of_a_question_is_held_against_what_is_stored() -> None:
    """State, registry and a missing region too."""
    plain = artifact()
    asked = Wanted(state="overdue", registry=plain.registry, missing="eastus", tag="v2")
    assert span(asked).equal.items() <= written(row_of(ALARM)).items()
    for other in (Wanted(state="complete"), Wanted(missing="westeurope"), Wanted(tag="v1")):
        assert not span(other).equal.items() <= written(row_of(ALARM)).items()


def test_who_is_told_later_is_not_undelivered_any_more() -> None:
    """This concerns that verdict only."""
    stored = written(row_of(ALARM, ["ops", "mail"]))
    assert ("mail",) == ledger.read(stored | told("overdue", ["ops"])).undelivered
    assert ("ops", "mail") == ledger.read(stored | told("recovered", ["ops"])).undelivered


def test_the_row_of_one_push_is_found_by_its_image() -> None:
    """Where it began after that moment, and by whatever the image is known."""
    for about in (
        artifact(),
        artifact(digest=None),
        artifact(tag=None, digest=None, repository=None),
    ):
        row = row_of(verdict(artifact=about))
        found = ledger.of_push(row.id, about, row.first_at - timedelta(seconds=1))
        assert any(found.low <= key < found.high for key in keys(row))
        assert {"id": row.id} == found.equal
        later = ledger.of_push(row.id, about, row.first_at + timedelta(seconds=1))
        assert not any(later.low <= key < later.high for key in keys(row))


def test_old_rows_are_the_end_of_the_range_of_all() -> None:
    """What began at that very moment is not older."""
    row = row_of(ALARM)
    for seconds, is_there in ((-1, False), (0, True), (1, True)):
        older = ledger.older(row.first_at + timedelta(seconds=seconds))
        assert is_there == (older.low <= keys(row)[0] < older.high)
        assert not older.low <= keys(row)[1] < older.high


def test_a_broken_row_hides_no_other() -> None:
    """Somebody has written it by hand."""
    good = written(row_of(ALARM))
    assert [row_of(ALARM)] == list(ledger.readable([{"id": "x"}, good, {"missing": "["}]))


def test_a_name_with_half_a_character_has_one_key() -> None:
    """JSON can carry it, a table cannot: the key is that of what is stored, so it is found."""
    row = row_of(ALARM)
    odd = row.model_copy(update={"artifact": row.artifact.model_copy(update={"tag": "v\ud800"})})
    assert keys(odd) == keys(ledger.read(written(odd)))
