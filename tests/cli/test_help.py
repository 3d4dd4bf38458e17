"""The help: documented, quick, the same as the model's words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from acr_global.cli import grammar, reference
from acr_global.cli.parser import PROG
from acr_global.model import VerdictType
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
PARSERS = grammar.build_parsers()
LEAVES = [prog for prog in PARSERS if len(prog.removeprefix(PROG).split()) == 2]


def test_the_documentation_is_the_help() -> None:
    """docs/commands.md is what `python -m acr_global.cli.reference` prints."""
    assert (ROOT / "docs/commands.md").read_text(encoding="utf-8") == reference.reference()


@pytest.mark.parametrize("prog", PARSERS)
def test_every_command_prints_its_documented_help(run: Run, prog: str) -> None:
    """`--help` prints the block that the documentation shows, and ends with 0."""
    ran = run(*prog.removeprefix(PROG).split(), "--help")
    assert (0, "") == (ran.code, ran.err)
    assert f"```text\n{ran.out}```" in reference.reference()


@pytest.mark.parametrize("columns", ["20", "300"])
def test_help_does_not_depend_on_the_terminal(run: Run, columns: str) -> None:
    """The help has the same width in every terminal."""
    ran = run("targets", "test", "--help", COLUMNS=columns)
    assert PARSERS[f"{PROG} targets test"].format_help() == ran.out


def test_no_line_of_help_is_too_wide() -> None:
    """Every line fits into 88 columns."""
    lines = [line for parser in PARSERS.values() for line in parser.format_help().splitlines()]
    assert [] == [line for line in lines if len(line) > 88]


def test_every_command_of_the_lists_exists() -> None:
    """What a group lists is what can be typed."""
    assert [f"{PROG} {name}" for name in grammar._COMMANDS] == LEAVES


@pytest.mark.parametrize("prog", LEAVES)
def test_no_command_takes_a_key_on_the_command_line(prog: str) -> None:
    """There is no option for the key itself, whatever the command."""
    assert "--key " not in PARSERS[prog].format_help()


def test_verdicts_are_those_of_the_model() -> None:
    """`--verdict` knows each verdict there is."""
    assert tuple(v.value for v in VerdictType) == grammar.VERDICTS


@pytest.mark.parametrize("argv", [["--help"], ["deadletters", "list", "--help"], ["nonsense"]])
def test_help_loads_no_library(argv: list[str]) -> None:
    """Neither help nor a word typed wrongly loads aiohttp, pydantic or anything of Azure's."""
    program = (
        "import sys; from acr_global.cli.grammar import parse\n"
        "from acr_global.errors import AcrGlobalError\n"
        "import acr_global.cli\n"
        f"try: parse({argv!r})\n"
        "except (SystemExit, AcrGlobalError): pass\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(names & {'aiohttp', 'asyncio', 'azure', 'pydantic'}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "[]" == done.stderr.strip()


def test_no_command_loads_azure() -> None:
    """The commands run where the Functions libraries are not installed."""
    program = (
        "import sys\n"
        "from acr_global.cli import deadletters, settings, targets\n"
        "print(sorted(n for n in sys.modules if n.startswith('azure.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "[]" == done.stdout.strip()


def test_the_module_runs_as_a_program() -> None:
    """`python -m acr_global` ends with the command's exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "acr_global", "settings"], cwd=ROOT, capture_output=True, text=True
    )
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("error: ")
    assert 1 == len(done.stderr.splitlines())
