"""`deadletters` end to end: what the app is asked, and what an operator reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from acr_global import api
from acr_global.cli import letters
from acr_global.model import Arrival
from tests.cli.conftest import KEY, App, Run

ONE: dict[str, Any] = {
    "id": "_delivery.overdue.p1",
    "state": "dead",
    "push": "p1",
    "verdict": "overdue",
    "reference": "team/app:v1",
    "delivered": ["hook"],
    "owed": [],
    "dead": ["ops", "chat"],
    "attempts": 16,
    "replay_of": None,
}
TWO: dict[str, Any] = {"id": "_delivery.complete.p2~1", "state": "failed"}
LIST = "GET /api/deadletters"


def replay_line(letter: dict[str, Any]) -> str:
    return f"POST /api/deadletters/{letter['id']}/replay"


def replayed(letter: dict[str, Any], number: int) -> dict[str, Any]:
    delivery = f"{letter['id'].removesuffix('~1')}~{number}"
    return {"status": "accepted", "delivery": delivery, "targets": ["ops", "chat"]}


def test_the_list_is_a_table(ask: Run, app: App) -> None:
    """Each letter is one line; a dash stands for what a broken-off delivery does not tell."""
    app.answer(LIST, 200, {"deadletters": [ONE, TWO], "next": None})
    ran = ask("deadletters", "list")
    assert (
        "ID                       VERDICT  REFERENCE    DEAD TARGETS  ATTEMPTS\n"
        "_delivery.overdue.p1     overdue  team/app:v1  ops, chat     16\n"
        "_delivery.complete.p2~1  -        -            -             -\n"
    ) == ran.out
    assert (0, "", [LIST], [KEY]) == (ran.code, ran.err, app.asked, app.keys)


def test_a_list_that_the_app_has_cut_says_how_many_more(ask: Run, app: App) -> None:
    """The table and the details of one letter both do."""
    cut = ONE | {"dead_more": 120, "delivered_more": 7, "attempts": [], "message": {}}
    app.answer(LIST, 200, {"deadletters": [cut | {"attempts": 16}], "next": None})
    app.answer(f"GET /api/deadletters/{ONE['id']}", 200, cut)
    assert "  ops, chat, 120 more  " in ask("deadletters", "list").out
    shown = ask("deadletters", "show", ONE["id"]).out
    assert "delivered to  hook, 7 more\ndead targets  ops, chat, 120 more\n" in shown


def test_every_page_of_the_list_is_asked_for(ask: Run, app: App) -> None:
    """The token is sent back unchanged, whatever characters it has."""
    more = f"{LIST}?after=a%26b%3D%2F%2B%20c"
    app.answer(LIST, 200, {"deadletters": [ONE], "next": "a&b=/+ c"})
    app.answer(more, 200, {"deadletters": [TWO], "next": None})
    ran = ask("deadletters", "list")
    assert [ONE["id"], TWO["id"]] == [row.split()[0] for row in ran.out.splitlines()[1:]]
    assert (0, [LIST, more]) == (ran.code, app.asked)
    joined = json.loads(ask("deadletters", "list", "--json").out)
    assert {"deadletters": [ONE, TWO], "next": None} == joined


@pytest.mark.parametrize("command", ["list", "replay"])
def test_a_list_that_never_ends_is_cut_off_and_says_so(
    ask: Run, app: App, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody mistakes the part for the whole."""
    monkeypatch.setattr("acr_global.cli.deadletters.MAX_PAGES", 3)
    app.answer(LIST, 200, {"deadletters": [], "next": "t"})
    app.answer(f"{LIST}?after=t", 200, {"deadletters": [ONE], "next": "t"})
    app.answer(replay_line(ONE), 202, replayed(ONE, 1))
    ran = ask("deadletters", command, *(["--all"] if command == "replay" else []))
    assert "The list is cut off: there are more." == ran.out.splitlines()[-1]
    assert 3 == len([line for line in app.asked if line.startswith("GET")])


def test_an_empty_list_is_a_sentence(ask: Run, app: App) -> None:
    """There is no empty table."""
    app.answer(LIST, 200, {"deadletters": [], "next": None})
    assert "No dead letters.\n" == ask("deadletters", "list").out


def test_the_list_as_json_is_what_the_app_said(ask: Run, app: App) -> None:
    """--json passes the answer on."""
    answer = {"deadletters": [ONE, TWO], "next": None, "new": "é"}
    app.answer(LIST, 200, answer)
    ran = ask("deadletters", "list", "--json")
    assert answer == json.loads(ran.out)
    assert ran.out.isascii()


@pytest.mark.parametrize("answer", [{}, {"deadletters": "none"}, {"deadletters": ["id"]}])
def test_an_answer_of_another_shape_is_one_sentence(ask: Run, app: App, answer: object) -> None:
    """An app of another release causes no traceback."""
    app.answer(LIST, 200, answer)
    ran = ask("deadletters", "list")
    assert (1, "") == (ran.code, ran.out)
    assert "is the app of another release?" in ran.err


def test_a_hostile_tag_cannot_steer_the_terminal(ask: Run, app: App) -> None:
    """Text from a push is shown as plain text."""
    app.answer(LIST, 200, {"deadletters": [ONE | {"reference": "a:\x1b[2J\u202ev"}]})
    assert "a: [2Jv" in ask("deadletters", "list").out


def test_show_tells_each_attempt(ask: Run, app: App) -> None:
    """The letter's facts come first, then time, target, outcome, reason and status of each."""
    attempts = [
        {"at": "2026-05-04T10:00:00Z", "target": "ops", "outcome": "retry", "reason": "timeout"},
        {"at": "2026-05-04T10:00:05Z", "target": "ops", "outcome": "dead", "reason": "gone",
         "status": 410},
    ]  # fmt: skip
    message = {
        "type": "overdue",
        "push_id": "p1",
        "action": "push",
        "artifact": {},
        "regions": ["eastus"],
        "arrivals": [],
        "missing": ["eastus"],
        "begun_at": "2026-05-04T09:50:00Z",
        "deadline": "2026-05-04T10:00:00Z",
        "decided_at": "2026-05-04T10:00:00Z",
    }
    line = f"GET /api/deadletters/{ONE['id']}"
    app.answer(line, 200, ONE | {"attempts": attempts, "message": message})
    ran = ask("deadletters", "show", ONE["id"])
    assert (
        "id            _delivery.overdue.p1\n"
        "state         dead\n"
        "verdict       overdue\n"
        "reference     team/app:v1\n"
        "missing       eastus\n"
        "push          p1\n"
        "delivered to  hook\n"
        "dead targets  ops, chat\n"
        "still owed    -\n"
        "replay of     -\n"
        "\n"
        "TIME                  TARGET  OUTCOME  REASON   STATUS\n"
        "2026-05-04T10:00:00Z  ops     retry    timeout  -\n"
        "2026-05-04T10:00:05Z  ops     dead     gone     410\n"
    ) == ran.out
    assert (0, [line]) == (ran.code, app.asked)


def test_show_of_a_broken_off_delivery_has_no_table(ask: Run, app: App) -> None:
    """It tells no attempts."""
    app.answer(f"GET /api/deadletters/{TWO['id']}", 200, TWO | {"attempts": []})
    ran = ask("deadletters", "show", TWO["id"])
    assert 0 == ran.code
    assert ran.out.endswith("\n\nNo attempts.\n")


def test_show_as_json_is_what_the_app_said(ask: Run, app: App) -> None:
    """--json passes the answer on."""
    app.answer(f"GET /api/deadletters/{ONE['id']}", 200, ONE)
    assert ONE == json.loads(ask("deadletters", "show", ONE["id"], "--json").out)


def test_replay_says_what_was_begun(ask: Run, app: App) -> None:
    """It names the new delivery and its targets."""
    app.answer(replay_line(ONE), 202, replayed(ONE, 1))
    ran = ask("deadletters", "replay", ONE["id"])
    assert ("_delivery.overdue.p1: replayed as _delivery.overdue.p1~1 to ops, chat\n") == ran.out
    assert (0, "", [replay_line(ONE)], [KEY]) == (ran.code, ran.err, app.asked, app.keys)


def test_replay_as_json_is_what_the_app_said(ask: Run, app: App) -> None:
    """--json passes the answer on."""
    app.answer(replay_line(ONE), 202, replayed(ONE, 1))
    assert replayed(ONE, 1) == json.loads(ask("deadletters", "replay", ONE["id"], "--json").out)


def test_replay_all_replays_each_that_is_listed(ask: Run, app: App) -> None:
    """Each letter has one line, in the list's order."""
    more = f"{LIST}?after=t"
    app.answer(LIST, 200, {"deadletters": [ONE], "next": "t"})
    app.answer(more, 200, {"deadletters": [TWO], "next": None})
    app.answer(replay_line(ONE), 202, replayed(ONE, 1))
    app.answer(replay_line(TWO), 202, replayed(TWO, 2))
    ran = ask("deadletters", "replay", "--all")
    assert (
        "_delivery.overdue.p1: replayed as _delivery.overdue.p1~1 to ops, chat\n"
        "_delivery.complete.p2~1: replayed as _delivery.complete.p2~2 to ops, chat\n"
    ) == ran.out
    assert (0, "") == (ran.code, ran.err)
    assert [LIST, more, replay_line(ONE), replay_line(TWO)] == app.asked


def test_replay_all_goes_on_after_a_failure(ask: Run, app: App) -> None:
    """The exit code tells that a letter could not be replayed."""
    strange = {"id": "not/an id"}
    app.answer(LIST, 200, {"deadletters": [ONE, strange, TWO], "next": None})
    app.answer(replay_line(ONE), 409, {"message": "Not dead."})
    app.answer(replay_line(TWO), 202, replayed(TWO, 2))
    ran = ask("deadletters", "replay", "--all")
    first, second, third = ran.out.splitlines()
    assert "_delivery.overdue.p1: failed: Not dead. (status 409)" == first
    assert second.startswith("not/an id: failed: ")
    assert "_delivery.complete.p2~1: replayed as _delivery.complete.p2~2 to ops, chat" == third
    assert (1, "error: 2 of 3 could not be replayed\n") == (ran.code, ran.err)


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_replay_all_ends_early_when_nobody_answers(
    ask: Run, app: App, option: tuple[str, ...]
) -> None:
    """After three in a row without an answer, the rest is counted and not tried."""

    async def break_off(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        return web.Response()

    letters = [ONE | {"id": f"_delivery.overdue.p{n}"} for n in range(8)]
    app.answer(LIST, 200, {"deadletters": letters, "next": None})
    lines = [replay_line(letter) for letter in letters]
    app.answers |= dict.fromkeys(lines, break_off)
    app.answer(lines[2], 409, {"message": "Not dead."})
    ran = ask("deadletters", "replay", "--all", *option)
    assert [LIST, *lines[:6]] == app.asked
    assert (
        "error: 6 of 8 could not be replayed; 2 were not tried, for the app does not answer\n"
    ) == ran.err
    assert 1 == ran.code
    if option:
        answer = json.loads(ran.out)
        assert (6, [letter["id"] for letter in letters[6:]]) == (
            len(answer["replays"]),
            answer["untried"],
        )


def test_replay_all_of_an_empty_list_is_a_success(ask: Run, app: App) -> None:
    """There is nothing to do."""
    app.answer(LIST, 200, {"deadletters": [], "next": None})
    ran = ask("deadletters", "replay", "--all")
    assert (0, "No dead letters.\n", "") == (ran.code, ran.out, ran.err)


def test_replay_all_as_json_is_one_object(ask: Run, app: App) -> None:
    """It has an entry for each letter, failed or not."""
    app.answer(LIST, 200, {"deadletters": [ONE, TWO], "next": None})
    app.answer(replay_line(ONE), 202, replayed(ONE, 1))
    ran = ask("deadletters", "replay", "--all", "--json")
    first, second = json.loads(ran.out)["replays"]
    assert {**replayed(ONE, 1), "id": ONE["id"]} == first
    assert (TWO["id"], "error") == (second["id"], second["status"])
    assert 1 == ran.code


def test_a_reader_that_has_enough_is_no_traceback(app: App) -> None:
    """`deadletters list | head` ends quietly."""
    app.answer(LIST, 200, {"deadletters": [ONE] * 5_000, "next": None})
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "acr_global", "deadletters", "list"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "FUNCTION_APP_URL": app.url},
        stdout=write,
        stderr=subprocess.PIPE,
    )
    os.close(write)
    assert (141, b"") == (done.returncode, done.stderr)


@pytest.mark.parametrize("status", [200, 401, 404, 409, 500, 503])
@pytest.mark.parametrize(
    "command", [("list",), ("show", ONE["id"]), ("replay", ONE["id"]), ("replay", "--all")]
)
@pytest.mark.parametrize("option", [(), ("--json",)])
def test_the_key_is_in_no_output(
    ask: Run, app: App, status: int, command: tuple[str, ...], option: tuple[str, ...]
) -> None:
    """This holds for every command, answer and error."""
    answer = {"deadletters": [ONE], "attempts": [], **replayed(ONE, 1), "message": "No."}
    for line in (LIST, f"GET /api/deadletters/{ONE['id']}", replay_line(ONE)):
        app.answer(line, status, answer)
    ran = ask("deadletters", *command, *option)
    assert KEY not in ran.out + ran.err
    assert {KEY} == set(app.keys)


def test_show_tells_why_a_push_was_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    """Such a letter has arrivals in place of attempts."""
    arrivals = tuple(
        Arrival(region=region, event_id="e", received_at=datetime(2026, 5, 4, tzinfo=UTC))
        for region in ("eastus", "westeurope")
    )
    letters.print_letter(
        api.DeadLetterDetails(
            id="_delivery.unsaid.p1",
            state="given-up",
            push="p1",
            cause="it was broken off again and again",
            arrivals=arrivals,
            attempts=(),
        )
    )
    shown = capsys.readouterr().out
    assert "it was broken off again and again" in shown
    assert "eastus, westeurope" in shown


def test_the_replay_of_a_push_has_no_targets() -> None:
    """The push itself goes on."""
    assert "x: replayed as x~1" == letters.replay_text("x", api.Replay(delivery="x~1", push="p1"))
