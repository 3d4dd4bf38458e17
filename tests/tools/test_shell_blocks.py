"""The docs' shell commands can be pasted: shellcheck, variables and flags are right.

`make az` goes further: it runs the blocks that call `az`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.shell_blocks import Block, blocks, late, placeholders, unset, wrong_flags

BLOCKS = blocks()
SHELLCHECK = Path(sys.executable).with_name("shellcheck")


@pytest.fixture(params=BLOCKS, ids=str)
def block(request: pytest.FixtureRequest) -> Block:
    """Each shell block of the README and the docs."""
    found: Block = request.param
    return found


def test_there_are_blocks() -> None:
    """The pattern still finds them."""
    assert {"deploying.md", "security.md", "upgrading.md"} <= {b.document.name for b in BLOCKS}


def test_nothing_is_left_for_the_reader_to_replace_within_a_command(block: Block) -> None:
    """Readers set their own values in variables."""
    assert [] == placeholders(block)


def test_every_variable_is_set_in_the_block(block: Block) -> None:
    """A block can be pasted alone."""
    assert [] == unset(block)


def test_the_readers_values_stand_at_the_top(block: Block) -> None:
    """They are set before the first command runs."""
    assert [] == late(block)


def test_the_app_s_name_is_what_the_deployment_says(block: Block) -> None:
    """infra/ ends it with a token, so nobody can know it beforehand."""
    assert [] == re.findall(r"^app=(?!\$).*", block.script, re.MULTILINE)


def test_func_and_azd_know_the_flags(block: Block) -> None:
    """The list of flags has its sources; neither program runs here."""
    assert [] == wrong_flags(block)


def test_shellcheck_finds_nothing() -> None:
    """Each block is checked as bash; another test looks for variables that are not set."""
    for block in BLOCKS:
        ended = subprocess.run(
            [SHELLCHECK, "--shell=bash", "--exclude=SC2154", "-"],
            input=block.script,
            capture_output=True,
            text=True,
        )
        assert 0 == ended.returncode, f"{block}\n{ended.stdout}{ended.stderr}"


def made(script: str) -> Block:
    """A block with this script."""
    return Block(Path("x.md"), 1, script)


@pytest.mark.parametrize("script", ["az x --name <app>\n", "az x --name NAME\n"])
def test_a_placeholder_is_found(script: str) -> None:
    """The check can fail."""
    assert 1 == len(placeholders(made(script)))


def test_a_late_variable_is_found() -> None:
    """The check can fail."""
    assert ["b=2"] == late(made("a=1\naz x\nb=2\n"))
    assert ["c"] == unset(made('a=1\naz "$c"\n'))


@pytest.mark.parametrize("script", ["func azure functionapp publish x --pyhton\n", "azd fly\n"])
def test_an_unknown_flag_or_command_is_found(script: str) -> None:
    """The check can fail."""
    assert [script.strip()] == wrong_flags(made(script))
