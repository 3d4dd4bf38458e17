"""`regions`: what is asked of the app, and what an operator reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import KEY, App, Run

ASKED = "GET /api/regions"
NONE = {"pushes": 0, "reported": 0, "caught_up": 0, "evidence": 0, "missing": 0}
ONE: dict[str, Any] = NONE | {
    "region": "eastus",
    "pushes": 7,
    "reported": 1,
    "caught_up": 2,
    "evidence": 3,
    "missing": 1,
    "lag_p50": 0.42,
    "lag_p95": 12.4,
    "lag_max": 200.0,
    "last_seen": "2026-05-04T10:00:00.5Z",
}
TWO = NONE | {"region": "westeurope"}
ANSWER = {"since": "2026-05-03T10:00:00Z", "cut": False, "pushes": 7, "regions": [ONE, TWO]}


def test_each_region_is_a_line(ask: Run, app: App) -> None:
    """What is not known, or did not happen, is a hyphen."""
    app.answer(ASKED, 200, ANSWER)
    ran = ask("regions")
    assert (
        "7 pushes since 2026-05-03T10:00:00Z\n"
        "REGION      PUSHES  P50   P95  MAX    LAST SEEN             MISSED WEBHOOKS\n"
        "eastus      7       0.4s  12s  3m20s  2026-05-04T10:00:00Z  "
        "2 caught up, 3 by evidence, 1 missing\n"
        "westeurope  0       -     -    -      -                     -\n"
    ) == ran.out
    assert (0, "", [ASKED], [KEY]) == (ran.code, ran.err, app.asked, app.keys)


def test_a_part_is_said_to_be_one(ask: Run, app: App) -> None:
    """Where no region is known, there is no table."""
    app.answer(ASKED, 200, ANSWER | {"cut": True, "pushes": 1, "regions": []})
    assert "1 push since 2026-05-03T10:00:00Z; older ones were not read\n" == ask("regions").out


def test_regions_as_json_are_the_app_s_answer(ask: Run, app: App) -> None:
    """With fields of a later release."""
    app.answer(ASKED, 200, ANSWER | {"new": 1})
    assert ANSWER | {"new": 1} == json.loads(ask("regions", "--json").out)


def test_what_is_to_be_counted_goes_into_the_query(ask: Run, app: App) -> None:
    """Special characters are escaped; a duration counts from now."""
    where = ("--registry", "r.io", "--repository", "team/app&x")
    ask("regions", *where, "--since", "2026-05-04")
    ask("regions", "--since", "2h")
    query = "registry=r.io&repository=team%2Fapp%26x&since=2026-05-04T00%3A00%3A00Z"
    assert f"{ASKED}?{query}" == app.asked[0]
    assert app.asked[1].startswith(f"{ASKED}?since=20")


@pytest.mark.parametrize(
    ("said", "code", "typed"),
    [
        ("--since must be a time or a duration", 2, ("--since", "hush")),
        ("--registry must be the registry's host, such as", 2, ("--registry", "hush")),
        ("a word of the command is not text in UTF-8", 2, ("--repository", "hush\udcfc")),
        ("the answer is none of this kind (Regions)", 1, ()),
    ],
)
def test_what_is_wrong_about_regions_is_one_sentence(
    ask: Run, app: App, said: str, code: int, typed: tuple[str, ...]
) -> None:
    """A word that was typed is never shown."""
    app.answer(ASKED, 200, {"status": "ok"})
    ran = ask("regions", *typed)
    assert (code, "", 1) == (ran.code, ran.out, ran.err.count("\n"))
    assert said in ran.err
    assert "hush" not in ran.err
