"""Whatever stands in a scenario file, it is a scenario or its mistakes are named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from acr_global_rig.simulation.reading import ScenarioError, read_scenario
from acr_global_rig.simulation.state import record_of
from tests import strange

SCENARIOS = Path(__file__).parents[3] / "docs/scenarios"
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(SCENARIOS.glob("*.yaml"))]
DOCUMENTS = [yaml.safe_load(text) for text in TEXTS]

PIECES = (
    *("!!int ", "!!float ", "!!bool ", "!!timestamp ", "!!binary ", "!!set ", "!!omap ", "!ruby "),
    *("&a ", "*a", "<<: ", "<<: *a", "? ", "- ", ": ", "{", "}", "[", "]", "'", '"', "|", ">", "#"),
    *("---\n", "...\n", "%YAML 1.1\n", "\t", "\x00", "\ufeff", "\u2028", "\ud800", "[" * 3_000),
    *("0x_", "0b_", "1:99:99", ".inf", "-.inf", ".nan", "~", "yes", "=", "2026-13-45", "9" * 5_000),
)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A scenario of the docs with something put in, in place of something or between."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        at, length = draw(st.integers(0, len(text))), draw(st.sampled_from([0, 0, 1, 5, 40]))
        text = text[:at] + draw(st.sampled_from(PIECES) | strange.texts) + text[at + length :]
    return text


written = (
    st.sampled_from(DOCUMENTS)
    .flatmap(strange.changed)
    .map(lambda document: str(yaml.safe_dump(document, allow_unicode=True)))
)


@pytest.mark.fuzz
@strange.few(2)
@given(spoilt() | written)
def test_a_file_is_a_scenario_or_has_mistakes(text: str) -> None:
    """A scenario can then be played, as far as that needs no app."""
    try:
        read = read_scenario(text)
        if sum(pushes.count for pushes in read.pushes) < 100:
            record_of(read, 7, "run")
    except ScenarioError as error:
        problems = error.problems
    else:
        return
    assert problems
    for problem in problems:
        assert re.match(r"(line \d+: |is ).*\S", problem, re.DOTALL), problem
        assert 10_000 > len(problem)
