"""What a benchmark measures stands in the docs where it is to stand, below what it depends on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from acr_global.cli.exits import UsageError
from benchmarks import bursts, cli, hub, memory, page
from benchmarks.peers import __main__ as peers
from benchmarks.table import Table, markdown

BLOCKS = [
    *cli.BENCHMARKS,
    "requests",
    "cpu",
    *(f"memory {where}" for where in memory.WHERE),
    *(f"bursts {name}" for name in bursts.MEASURES),
    *(f"hub {name}" for name in hub.MEASURES),
    *(f"peers {name}" for name in peers.MEASURES),
]
TABLE = Table("starter: ms", ["", "app", "textbook"], [["first", "1.0", ""]], ["Once."])


def test_a_table_becomes_markdown() -> None:
    """Figures to the right, and notes below."""
    assert [
        "**starter: ms**",
        "",
        "| | app | textbook |",
        "|---|--:|--:|",
        "| first | 1.0 | |",
        "",
        "- Once.",
    ] == markdown(TABLE).splitlines()


def test_what_is_written_takes_the_place_of_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names its command, the day, the machine and the versions."""
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    before = "a\n<!-- bench x -->\nold\n<!-- end of bench x -->\nb\n"
    page.PAGE.write_text(before)
    page.put("x", [TABLE], command="python -m benchmarks x", write=False)
    assert before == page.PAGE.read_text()
    page.put("x", [TABLE], command="python -m benchmarks x", write=True)
    after = page.PAGE.read_text()
    assert after.startswith("a\n<!-- bench x -->\n`python -m benchmarks x`, 20")
    assert after.endswith("- Once.\n<!-- end of bench x -->\nb\n")
    assert "CPUs, azure-functions-durable 1." in after
    assert "old" not in after


@pytest.mark.parametrize("name", BLOCKS)
def test_the_docs_have_a_place_for_each(name: str) -> None:
    """`--write` puts it there."""
    assert "new" in page.written(page.PAGE.read_text(), f"bench {name}", "new")


def test_rough_figures_are_not_for_the_docs() -> None:
    """They are refused before anything is measured."""
    with pytest.raises(UsageError, match="goes without --write"):
        cli.main(["cost", "--quick", "--write"])


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("requests all", "'all' is not known; there are: no words"),
        ("cpu few", "'few' is not known; there are: numbers"),
        ("bursts cold", "'cold' is not known; there are: fresh, warm, logged, one, two"),
        ("memory 5 host", "'host' is not known; there are: engine, devhost, numbers"),
        ("peers 3", "'3' is not known; there are: burst, lag, kill"),
        ("kills hosts", "'hosts' is not known; there are: host, python, together, alarm, deadline"),
        ("polling all", "'all' is not known; there are: no words"),
        ("pushlist 3", "'3' is not known; there are: no words"),
        ("upkeep --write", "unrecognized arguments: --write"),
        ("requests --wrote", "unrecognized arguments: --wrote"),
    ],
)
def test_a_wrong_word_is_told_before_anything_is_measured(command: str, said: str) -> None:
    """With those that are known."""
    name, *words = command.split()
    ended = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *words], capture_output=True, text=True
    )
    assert (2, "") == (ended.returncode, ended.stdout)
    assert ended.stderr.startswith(f"error: {said}")
    assert 1 == ended.stderr.count("\n")
