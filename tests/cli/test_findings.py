"""The doctor's findings as they are read: at a terminal, in a pipe, by eye.

`UPDATE_GOLDEN=1 python -m pytest tests/cli/test_findings.py` writes the golden file anew.
"""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest

from acr_global.cli import findings as shown
from acr_global.doctor.examine import examine
from acr_global.doctor.facts import Answer, Facts, Unknown
from acr_global.doctor.finding import Finding, State
from acr_global.registration.model import Function, Replica
from tests.doctor.samples import DIAGNOSIS, REPLICAS, event, expecting, hook, with_app

GOLDEN = Path(__file__).with_name("golden") / "doctor.txt"
WIDTH = 80

OURS = ("Courier", "Health", "ImagePush")
"""The functions of this release; later ones may have more."""
WELL = with_app(
    functions=tuple(map(Function, OURS)),
    diagnosis=DIAGNOSIS.model_copy(update={"functions": OURS}),
)
SICK = with_app(
    ping=Answer(401),
    functions=(Function("Courier", enabled=False), *map(Function, OURS[1:])),
    diagnosis=expecting(regions=("westeurope", "eastus", "westus"), targets=()).model_copy(
        update={"functions": OURS}
    ),
)
MISSING = "the right Microsoft.ContainerRegistry/registries/webhooks/listEvents/action is missing"


def sick() -> Facts:
    """A bit of everything."""
    late = hook("westeurope", event("1"), event("2", minutes=3, status=504))
    bare = hook("eastus", enabled=False, uri="https://elsewhere.example/api/ImagePush")
    unread = replace(bare, events=Unknown(f"cannot read its event log: {MISSING}", "`az login`"))
    replicas = (REPLICAS[0], Replica("eastus", "Syncing", "Succeeded", endpoint_enabled=False))
    return replace(SICK, hooks=(late, unread), replicas=replicas)


def folded(facts: Facts) -> str:
    """As a terminal of 80 columns shows it."""
    text = io.StringIO()
    shown.print_folded(examine(facts), text, WIDTH)
    return text.getvalue()


def test_what_is_wrong_reads_as_it_has_been_looked_at() -> None:
    """Nothing goes beyond the width; what to do stands below what was seen."""
    well = examine(WELL)
    text = folded(sick()) + f"\n{shown.summary(examine(sick()))}\n"
    text += "\n" + "\n".join(shown.rows(well, shown.marks("utf-8"))) + "\n"
    text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == text
    assert [] == [line for line in folded(sick()).splitlines() if len(line) > WIDTH]


def test_names_are_shown_as_they_are() -> None:
    """No markup is read in them, and nothing steers the terminal."""
    text = io.StringIO()
    shown.print_folded([Finding("webhooks", State.WRONG, "app[latest]\x1b[1m")], text, WIDTH)
    assert "app[latest] [1m" in text.getvalue()


@pytest.mark.parametrize(
    ("signs", "encoding"),
    [(shown.MARKS, "utf-8"), (shown.PLAIN, "ascii"), (shown.PLAIN, None), (shown.PLAIN, "no-such")],
)
def test_an_encoding_without_the_signs_gets_others(
    signs: dict[State, str], encoding: str | None
) -> None:
    """Each state has one of its own."""
    assert signs == shown.marks(encoding)
    assert 3 == len(set(signs.values()))


def test_in_a_pipe_each_finding_is_one_line() -> None:
    """It ends with what to do, however long it is."""
    found = examine(sick())
    lines = [*shown.rows(found, shown.PLAIN)]
    assert len(found) == len(lines)
    assert "!! door: ImagePush does not take the key (status 401) -> set FUNCTION_APP_KEY" in str(
        lines
    )
