"""Tables, and texts that cannot steer a terminal."""

from __future__ import annotations

import sys

import pytest

from acr_global.cli.output import LINE_CHARS, cell, facts, line, note, table


def test_a_table_is_as_wide_as_its_widest_cells() -> None:
    """Columns are aligned, without blanks at the ends of lines."""
    assert "A    LONG\nabc  1\n-    12345" == table(("A", "LONG"), [("abc", 1), (None, 12345)])


def test_facts_stand_below_each_other() -> None:
    """Their values begin in one column."""
    assert "id     x\nstate  -" == facts([("id", "x"), ("state", None)])


@pytest.mark.parametrize(
    ("shown", "value"),
    [("-", None), ("-", ""), ("-", []), ("0", 0), ("a, b", ["a", "b"]), ("a", ("a",))],
)
def test_a_cell_shows_a_value_of_any_kind(shown: str, value: object) -> None:
    """Nothing is a dash, and a list is comma-separated."""
    assert shown == cell(value)


def test_text_from_elsewhere_cannot_steer_the_terminal() -> None:
    """Escape sequences, line breaks and direction marks are removed."""
    assert " [31mred  next" == line("\x1b[31mred\r\nnext\u202e")


def test_a_sentence_is_bounded() -> None:
    """A whole page in an answer does not fill the screen."""
    assert LINE_CHARS == len(line("x" * 10_000))


@pytest.mark.parametrize(("expected", "terminal"), [("working\n", True), ("", False)])
def test_what_goes_on_is_told_at_a_terminal_only(
    expected: str,
    terminal: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In a pipe stderr is for errors."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    note("working")
    assert ("", expected) == capsys.readouterr()
