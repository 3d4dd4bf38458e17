"""`pushes`: what is asked of the app, and what an operator reads."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from acr_global import api
from acr_global.cli import watching
from acr_global.cli.push_text import timeline
from tests.cli.conftest import KEY, App, Run
from tests.cli.test_terminal import at_terminal, bare

GOLDEN = Path(__file__).parent / "golden" / "watch.txt"
LIST = "GET /api/pushes"
ONE: dict[str, Any] = {
    "id": "p1",
    "state": "waiting",
    "action": "push",
    "registry": "r.azurecr.io",
    "repository": "team/app",
    "tag": "v2[latest]",
    "first_at": "2026-05-04T10:00:00.5Z",
    "deadline": "2026-05-04T10:10:00.5Z",
    "missing": ["eastus"],
    "undelivered": [],
}
TWO: dict[str, Any] = ONE | {"id": "p2", "state": "complete", "tag": None, "missing": []}
ARRIVED = {
    "state": "arrived",
    "received_at": "2026-05-04T10:00:00.5Z",
    "digest_differs": False,
    "evidence": [],
}
ATTEMPT = {"target": "ops", "at": "2026-05-04T10:02:00Z", "outcome": "retry", "reason": "timeout"}
WAITING: dict[str, Any] = ONE | {
    "seconds_left": 480.0,
    "regions": [
        ARRIVED | {"region": "westeurope", "lag_seconds": 0.0},
        ARRIVED | {"region": "northeurope", "lag_seconds": 60.0},
        {"region": "eastus", "state": "missing", "digest_differs": False, "evidence": []},
    ],
    "verdicts": [],
    "deliveries": [],
}
DECIDED: dict[str, Any] = WAITING | {
    "state": "overdue",
    "decided_at": "2026-05-04T10:10:01Z",
    "listens_until": "2026-05-05T10:10:00.5Z",
    "undelivered": ["ops"],
    "verdicts": [
        {
            "type": "overdue",
            "at": "2026-05-04T10:10:01Z",
            "missing": ["eastus"],
            "attempts": [ATTEMPT],
        }
    ],
    "deliveries": [
        {
            "id": "_delivery.overdue.p1",
            "verdict": "overdue",
            "state": "dead",
            "owed": [],
            "dead": ["ops"],
            "attempts": [ATTEMPT, ATTEMPT | {"at": "2026-05-04T10:07:00Z", "status": 500}],
        }
    ],
}
del DECIDED["seconds_left"]


def detailed(**changes: Any) -> dict[str, Any]:
    """One push in detail, decided well."""
    regions = [region | {"state": "arrived"} for region in WAITING["regions"]]
    return WAITING | {"state": "complete", "missing": [], "regions": regions} | changes


def test_the_list_is_a_table(ask: Run, app: App) -> None:
    """A line for each, with what it lacks; a name is shown as it is."""
    app.answer(LIST, 200, {"pushes": [ONE, TWO], "open_more": 0})
    ran = ask("pushes", "list")
    assert (
        "ID  STATE     IMAGE                FIRST REPORT          MISSING  NOT TOLD\n"
        "p1  waiting   team/app:v2[latest]  2026-05-04T10:00:00Z  eastus   -\n"
        "p2  complete  team/app             2026-05-04T10:00:00Z  -        -\n"
    ) == ran.out
    assert (0, "", [LIST], [KEY]) == (ran.code, ran.err, app.asked, app.keys)


def test_a_deletion_is_listed_as_one(ask: Run, app: App) -> None:
    """It would read as an arrival."""
    gone = TWO | {"action": "delete", "tag": None, "digest": "sha256:0a"}
    app.answer(LIST, 200, {"pushes": [gone], "open_more": 0})
    assert "deletion of team/app@sha256:0a" in ask("pushes", "list").out


def test_a_list_of_the_greatest_length_says_how_else_to_see_more(ask: Run, app: App) -> None:
    """No longer one would be accepted."""
    for limit, said in (
        (60_000, "--limit 100000, for one"),
        (100_000, "ask for fewer, by --since"),
    ):
        page = {"pushes": [TWO] * (limit + 1), "open_more": 0}
        app.answer(LIST, 200, page)
        assert f"There are more: {said}" in ask("pushes", "list", "--limit", str(limit)).out


def test_an_empty_list_of_pushes_is_a_sentence(ask: Run, app: App) -> None:
    """As JSON it is the app's own answer."""
    app.answer(LIST, 200, {"pushes": [], "open_more": 0})
    assert "No pushes.\n" == ask("pushes", "list").out
    assert {"pushes": [], "open_more": 0} == json.loads(ask("pushes", "list", "--json").out)


def test_what_is_asked_for_goes_into_the_query(ask: Run, app: App) -> None:
    """Special characters are escaped; a duration counts from now."""
    ask(
        *(
            "pushes",
            "list",
            "--state",
            "overdue",
            "--image",
            "team/app:v2&x",
            "--missing",
            "West US",
        ),
        *("--registry", "r.io", "--repository", "team/app", "--since", "2026-05-04T10:00:00"),
    )
    assert [
        "GET /api/pushes?state=overdue&image=team%2Fapp%3Av2%26x&registry=r.io"
        "&repository=team%2Fapp&missing=West+US&since=2026-05-04T10%3A00%3A00Z"
    ] == app.asked
    for at, since in enumerate(("2h", "30d"), start=1):
        ask("pushes", "list", "--since", since)
        assert "since=20" in app.asked[at]


@pytest.mark.parametrize(
    ("said", "argv"),
    [
        ("--since must be a time or a duration", ["list", "--since", "hush"]),
        ("--limit must be a number", ["list", "--limit", "0"]),
        ("--state is not known (choose from waiting,", ["list", "--state", "hush"]),
        ("--since must be a time or a duration", ["list", "--since", "3651d"]),
        ("--within must be a duration", ["watch", "--within", "hush"]),
        ("--within must be a duration of 5d at most", ["watch", "--within", "6d"]),
        ("a word of the command is not text in UTF-8", ["list", "--image", "team/hush\udcfc"]),
        ("that is no ID", ["show", "hush/hush"]),
        ("that is no ID", ["watch", "hush/hush"]),
        ("that is no ID", ["retry", "hush/hush"]),
    ],
)
def test_what_cannot_be_asked_is_said(ask: Run, app: App, said: str, argv: list[str]) -> None:
    """Before anything is."""
    ran = ask("pushes", *argv)
    assert (2, []) == (ran.code, app.asked)
    assert ran.err.startswith(f"error: {said}")
    assert "hush" not in ran.err


def test_the_list_is_read_page_by_page(ask: Run, app: App) -> None:
    """A page may be empty; reading ends when there is enough, and the output says that there are
    more."""
    app.answer(LIST, 200, {"pushes": [ONE], "open_more": 3, "next": "a b"})
    app.answer(f"{LIST}?after=a+b", 200, {"pushes": [], "open_more": 0, "next": "c"})
    app.answer(f"{LIST}?after=c", 200, {"pushes": [TWO, TWO], "open_more": 0, "next": "d"})
    ran = ask("pushes", "list", "--limit", "2")
    assert ["p1", "p2"] == [row.split()[0] for row in ran.out.splitlines()[1:3]]
    assert ran.out.endswith(
        "There are more: --limit 4, for one, shows them.\n"
        "3 more may be waiting, and were not looked at.\n"
    )
    shown = json.loads(ask("pushes", "list", "--limit", "2", "--json").out)
    assert (["p1", "p2"], 3) == ([push["id"] for push in shown["pushes"]], shown["open_more"])


def test_a_waiting_push_is_shown_with_its_regions_ways(ask: Run, app: App) -> None:
    """The bars are to the scale of the time passed; it also shows the time until the deadline."""
    app.answer(f"{LIST}/p1", 200, WAITING)
    ran = ask("pushes", "show", "p1")
    assert (
        "id             p1\n"
        "state          waiting\n"
        "image          team/app:v2[latest]\n"
        "registry       r.azurecr.io\n"
        "digest         -\n"
        "first arrival  2026-05-04T10:00:00Z\n"
        "deadline       2026-05-04T10:10:00Z (8m left)\n"
        "missing        eastus\n"
        "\n"
        "westeurope   *                               0.0 s\n"
        "northeurope  ..............*                 60.0 s\n"
        "eastus       ..............................  missing\n"
    ) == ran.out
    assert (0, "") == (ran.code, ran.err)


def test_show_says_that_somebody_has_suspended_it(ask: Run, app: App) -> None:
    """Otherwise it would only seem to wait."""
    app.answer(f"{LIST}/p1", 200, WAITING | {"suspended": True})
    assert "suspended" in ask("pushes", "show", "p1").out
    app.answer(f"{LIST}/p1", 200, WAITING)
    assert "suspended" not in ask("pushes", "show", "p1").out


def test_a_decided_push_is_shown_with_every_attempt(ask: Run, app: App) -> None:
    """Each once, in the order of time; and whom nobody tells any more."""
    app.answer(f"{LIST}/p1", 200, DECIDED)
    out = ask("pushes", "show", "p1").out
    assert (
        "\n"
        "TIME                  VERDICT  MISSING  ERROR\n"
        "2026-05-04T10:10:01Z  overdue  eastus   -\n"
        "\n"
        "TIME                  TARGET  OUTCOME  REASON   STATUS\n"
        "2026-05-04T10:02:00Z  ops     retry    timeout  -\n"
        "2026-05-04T10:07:00Z  ops     retry    timeout  500\n"
        "\n"
        "_delivery.overdue.p1: dead, not told: ops\n"
    ) == out[out.index("\nTIME") :]
    assert "listens until  2026-05-05T10:10:00Z\n" in out
    assert DECIDED == json.loads(ask("pushes", "show", "p1", "--json").out)


def test_show_names_the_targets_that_a_group_tells(ask: Run, app: App) -> None:
    """Not where the alarm was one of the first, which are told singly."""
    (overdue,) = DECIDED["verdicts"]
    for grouped, said in ((["chat", "pager"], "chat, pager: told by the group _group.x"), ([], "")):
        verdicts = [overdue | {"group": "_group.x", "grouped": grouped}]
        app.answer(f"{LIST}/p1", 200, DECIDED | {"verdicts": verdicts})
        shown = ask("pushes", "show", "p1").out
        assert bool(said) is ("_group.x" in shown)
        assert said in shown


def test_a_timeline_says_where_a_region_s_evidence_comes_from() -> None:
    """It also names a region with another digest. The text fits into 80 columns."""
    seen = [{"region": "e", "kind": "manifest", "found": True, "detail": "readable there"}]
    regions = [
        ARRIVED | {"region": "brazilsoutheast", "lag_seconds": 12_345.6, "digest_differs": True},
        {"region": "e", "state": "evidence", "digest_differs": False, "evidence": seen},
    ]
    push = api.PushDetails.model_validate(DECIDED | {"regions": regions})
    first, second = timeline(push)
    assert first.endswith("*  12345.6 s (another digest)")
    assert second.endswith("~  by evidence; manifest: readable there")
    assert 80 >= len(first)


def test_a_timeline_says_what_was_caught_up_with() -> None:
    """Such a push may be decided long after its deadline, and be complete."""
    seen = [{"region": "eastus", "kind": "caught-up", "found": True, "detail": "not delivered"}]
    regions = [ARRIVED | {"region": "eastus", "lag_seconds": 0.5, "evidence": seen}]
    (line,) = timeline(api.PushDetails.model_validate(DECIDED | {"regions": regions}))
    assert line.endswith("  0.5 s (caught up)")


def test_a_retry_says_what_is_sent_anew(ask: Run, app: App) -> None:
    """A line for each dead letter."""
    replay = {"status": "accepted", "delivery": "_delivery.overdue.p1~1", "targets": ["ops"]}
    answer = {"status": "accepted", "push": "p1", "replays": [replay]}
    app.answer("POST /api/pushes/p1/retry", 202, answer)
    ran = ask("pushes", "retry", "p1")
    assert (0, "p1: replayed as _delivery.overdue.p1~1 to ops\n") == (ran.code, ran.out)
    assert answer == json.loads(ask("pushes", "retry", "p1", "--json").out)


def test_nothing_to_retry_is_an_error(ask: Run, app: App) -> None:
    """The sentence is the app's own."""
    said = {"status": "error", "reason": "nothing-given-up", "message": "Nothing was given up."}
    app.answer("POST /api/pushes/p1/retry", 409, said)
    ran = ask("pushes", "retry", "p1")
    assert (1, "error: Nothing was given up. (status 409)\n") == (ran.code, ran.err)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between two looks, and a second passes in each."""
    clock = iter(range(10_000))
    monkeypatch.setattr(watching, "EVERY_SECONDS", 0)
    monkeypatch.setattr(watching, "monotonic", lambda: next(clock))


def in_turn(app: App, line: str, *answers: tuple[int, Any]) -> None:
    """Answer one after the other, and then as the last time."""
    left: Iterator[tuple[int, Any]] = iter(answers)
    last = answers[-1]

    async def handle(_request: web.Request) -> web.StreamResponse:
        status, body = next(left, last)
        return web.json_response(body, status=status)

    app.answers[line] = handle


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0, "complete"),
        (0, "recovered"),
        (1, "overdue"),
        (1, "incomplete"),
        (1, "given-up"),
        (1, "terminated"),
    ],
)
def test_a_push_is_watched_until_it_is_decided(ask: Run, app: App, code: int, state: str) -> None:
    """A line for each change; whatever goes wrong meanwhile is asked again."""
    unknown = {"status": "error", "reason": "push-unknown", "message": "no such push"}
    in_turn(
        app,
        f"{LIST}/p1",
        (404, unknown),
        (503, {}),
        (503, {}),
        (200, WAITING),
        (200, WAITING),
        (200, detailed(state=state)),
    )
    ran = ask("pushes", "watch", "p1")
    assert [
        "p1  waiting  team/app:v2[latest]  2 of 3 regions, missing: eastus",
        f"p1  {state}  team/app:v2[latest]  3 of 3 regions",
    ] == ran.out.splitlines()
    assert (code, "") == (ran.code, ran.err)


def test_what_is_not_decided_in_time_is_not_known(ask: Run, app: App) -> None:
    """The same holds for a push of which nothing was heard."""
    app.answer(f"{LIST}/p1", 200, WAITING)
    ran = ask("pushes", "watch", "p1", "--within", "5s")
    assert (3, "error: not decided within the time\n") == (ran.code, ran.err)
    ran = ask("pushes", "watch", "p2", "--within", "5s")
    assert (3, "error: no such push within the time\n") == (ran.code, ran.err)


def test_an_app_that_does_not_answer_is_given_up(ask: Run, app: App) -> None:
    """After some looks in a row; a key that is wrong at once."""
    app.answer(f"{LIST}/p1", 503, {})
    assert 4 == ask("pushes", "watch", "p1").code
    assert watching.MAX_UNASKED == len(app.asked)
    app.answer(f"{LIST}/p1", 401, {})
    assert 1 == ask("pushes", "watch", "p1").code


def test_all_that_wait_are_watched(ask: Run, app: App) -> None:
    """The command ends when none waits; one that ends badly decides the exit code."""
    app.answer(f"{LIST}?state=waiting", 200, {"pushes": [ONE, ONE | {"id": "p2"}], "open_more": 0})
    in_turn(app, f"{LIST}/p1", (200, WAITING), (200, detailed()))
    in_turn(app, f"{LIST}/p2", (200, DECIDED | {"id": "p2"}))
    ran = ask("pushes", "watch")
    assert (1, ["p1  waiting", "p2  overdue", "p1  complete"]) == (
        ran.code,
        [line.partition("  team")[0] for line in ran.out.splitlines()],
    )
    ran = ask("pushes", "watch", "--json")
    assert ["p1", "p2"] == [push["id"] for push in json.loads(ran.out)["pushes"]]


def test_where_none_waits_there_is_nothing_to_watch(ask: Run, app: App) -> None:
    """That is fine."""
    app.answer(f"{LIST}?state=waiting", 200, {"pushes": [], "open_more": 0})
    ran = ask("pushes", "watch")
    assert (0, "No push is waiting.\n") == (ran.code, ran.out)


def test_a_picture_is_the_golden() -> None:
    """The golden file has been looked at by eye: a push that waits, one alarmed, one complete."""
    shown = (WAITING, DECIDED, detailed(seconds_left=None))
    pushes = [api.PushDetails.model_validate(one) for one in shown]
    text = "\n".join(part for push in pushes for part in watching.drawn(push))
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("columns", [40, 80])
def test_at_a_terminal_it_is_a_picture(app: App, columns: int) -> None:
    """Drawn anew, no line wider than the terminal, and with NO_COLOR as without."""
    app.answer(f"{LIST}/p1", 200, detailed())
    environ = {"FUNCTION_APP_URL": app.url, "NO_COLOR": "1"}
    shown = bare(at_terminal("pushes", "watch", "p1", columns=columns, environ=environ))
    assert "complete  team/app:v2[latest]  p1" in shown
    assert "westeurope   *" in shown
    assert "Traceback" not in shown
