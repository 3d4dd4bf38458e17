"""The help is documented and quick, and has an example for each command."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from acr_global.cli import commands, reference
from acr_global.cli.commands import PROG, WIDTH, build
from acr_global.cli.exits import MEANINGS, Exit
from acr_global.cli.main import program
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
HELPS = dict(reference.helps(build(rich=False)))
NOWHERE = {
    "FUNCTION_APP_URL": "http://127.0.0.1:9",
    "ACR_GLOBAL_ARM_ENDPOINT": "https://127.0.0.1:9",
    "AZURE_SUBSCRIPTION_ID": "none",
    "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential",
    "PATH": "",
}
"""Where neither app nor Azure is, and nobody is signed in to it."""
LEAVES = [prog for prog in HELPS if not any(other.startswith(f"{prog} ") for other in HELPS)]


def test_the_documentation_is_the_help() -> None:
    """docs/commands.md is what `python -m acr_global.cli.reference` prints."""
    assert (ROOT / "docs/commands.md").read_text(encoding="utf-8") == reference.reference()


@pytest.mark.parametrize("prog", HELPS)
def test_every_command_prints_its_documented_help(run: Run, prog: str) -> None:
    """`--help` prints the block that the documentation shows, and ends with 0."""
    ran = run(*prog.removeprefix(PROG).split(), "--help")
    assert (0, "") == (ran.code, ran.err)
    assert f"```text\n{ran.out}```" in reference.reference()


@pytest.mark.parametrize("columns", ["20", "300"])
def test_help_does_not_depend_on_the_terminal(run: Run, columns: str) -> None:
    """In a pipe its width is the same, whatever COLUMNS says."""
    ran = run("targets", "test", "--help", COLUMNS=columns)
    assert HELPS[f"{PROG} targets test"] + "\n" == ran.out


def test_no_line_of_help_is_too_wide() -> None:
    """Every line fits into 80 columns."""
    lines = [line for text in HELPS.values() for line in text.splitlines()]
    assert 80 == WIDTH
    assert [] == [line for line in lines if len(line) > WIDTH]


def test_every_group_has_commands() -> None:
    """Whatever a group lists can be typed."""
    words = [prog.removeprefix(PROG).split() for prog in LEAVES]
    named = {group.info.name for group in commands.GROUPS if isinstance(group.info.name, str)}
    assert named == {groups[0] for *groups, _ in words if groups}


@pytest.mark.parametrize("prog", HELPS)
def test_each_help_has_an_example_that_can_be_typed(run: Run, prog: str, tmp_path: Path) -> None:
    """It begins with the command itself, and is valid until the app or the settings are needed."""
    _, _, example = " ".join(HELPS[prog].split()).partition("Example: `")
    typed = shlex.split(example.removesuffix("`"))
    assert prog.split() == typed[: len(prog.split())]
    (tmp_path / "scenario.yaml").write_text("{regions: [eastus], pushes: [{image: 'a:1'}]}")
    ran = run(*typed[len(PROG.split()) :], **NOWHERE)
    assert Exit.USAGE != ran.code


@pytest.mark.parametrize("prog", LEAVES)
def test_no_command_takes_a_key_on_the_command_line(prog: str) -> None:
    """There is no option for the key itself, whatever the command."""
    assert "--key " not in HELPS[prog]


def test_every_command_prints_json_for_scripts() -> None:
    """The schema of the settings is JSON without being asked for it."""
    without = {prog for prog in LEAVES if "--json" not in HELPS[prog].partition("Example:")[0]}
    assert {f"{PROG} settings schema"} == without


def test_each_exit_code_is_explained() -> None:
    """The help does it, and so the documentation."""
    assert list(Exit) == list(MEANINGS)
    shown = " ".join(HELPS[PROG].split())
    assert [] == [code for code in Exit if f"{code:d} {MEANINGS[code]}" not in shown]


@pytest.mark.parametrize("argv", [["--help"], ["deadletters", "list", "--help"], ["nonsense"]])
def test_help_loads_no_library(argv: list[str]) -> None:
    """Neither help nor a usage error loads aiohttp, rich or an Azure package."""
    program = (
        f"import sys; from acr_global.cli.main import main; main({argv!r})\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(names & {'aiohttp', 'asyncio', 'azure', 'rich'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "[]" == done.stdout.splitlines()[-1]


def test_no_command_loads_azure() -> None:
    """The commands run where the Functions libraries are not installed."""
    program = (
        "import sys\n"
        "from acr_global.cli import catch_up, client, deadletters, doctor\n"
        "from acr_global.cli import settings, targets, webhooks\n"
        "from acr_global.notify import preview, trial\n"
        "from acr_global.notify.channels import apprise\n"
        "print(sorted(n for n in sys.modules if n.startswith('azure.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "[]" == done.stdout.strip()


def test_the_program_has_one_name() -> None:
    """Help and docs call it by its installed name, whatever runs it."""
    pages = [
        ROOT / "README.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "acr_global").rglob("*.py"),
    ]
    assert [] == [p for p in pages if re.search(r"python -m acr_global [a-z-]", p.read_text())]


def test_the_module_runs_as_a_program() -> None:
    """`python -m acr_global` ends with the command's exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "acr_global", "settings"], cwd=ROOT, capture_output=True, text=True
    )
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("error: ")
    assert 1 == len(done.stderr.splitlines())


def test_the_script_is_the_same_program() -> None:
    """The installed `acr-global` is what the module runs."""
    script = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert program is EntryPoint("acr-global", script["acr-global"], "console_scripts").load()


def test_the_version_is_printed(run: Run) -> None:
    """It is one line, and nothing else is done."""
    ran = run("--version")
    assert (0, "", 1) == (ran.code, ran.err, len(ran.out.splitlines()))
    assert ran.out.startswith("acr-global")


def test_without_the_extra_one_line_says_how_to_install_it() -> None:
    """The library that reads the command line is missing then."""
    program = (
        "import sys; sys.modules['typer'] = None\n"
        "from acr_global.cli.main import program; sys.exit(program())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert (2, "", 1) == (done.returncode, done.stdout, len(done.stderr.splitlines()))
    assert "python -m pip install -e '.[cli]'" in done.stderr


@pytest.mark.parametrize(
    ("said", "argv"),
    [
        (
            "which command? (choose from webhooks, pushes, wait, regions, deadletters, targets, "
            "settings, doctor, catch-up, simulate)",
            [],
        ),
        ("which command? (choose from list, test, preview)", ["targets"]),
        ("this command is not known (choose from check, show, schema)", ["settings", "hush"]),
        ("unknown option --hash", ["targets", "list", "--hash=hush"]),
        ("unknown option", ["-x"]),
        ("one word too many", ["targets", "list", "hush"]),
        ("NAME is missing", ["targets", "test"]),
        ("Option '--url' requires an argument", ["deadletters", "list", "--url"]),
        ("Option '--json' does not take a value", ["deadletters", "list", "--json=hush"]),
        ("--verdict is not known (choose from complete, overdue, recovered, incomplete)",
         ["targets", "preview", "a", "--verdict", "hush"]),
        ("--timeout must be a number of seconds", ["deadletters", "list", "--timeout", "nan"]),
    ],
)  # fmt: skip
def test_a_usage_error_says_what_is_possible(run: Run, said: str, argv: list[str]) -> None:
    """The sentence is ours."""
    ran = run(*argv)
    assert ran.err.startswith(f"error: {said}")
    assert (2, "", 1) == (ran.code, ran.out, len(ran.err.splitlines()))
