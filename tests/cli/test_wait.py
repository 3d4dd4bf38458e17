"""`wait`: how it ends, what it asks meanwhile, and how often; in virtual time."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from acr_global import api
from acr_global.cli import waiting, watching
from acr_global.cli.client import Client
from acr_global.cli.connection import Connection
from acr_global.cli.exits import CommandError
from acr_global.cli.waiting import Wait, decisive, pause
from acr_global.image import parse_image
from acr_global_rig.loopback import serving, unused_url
from tests.cli.conftest import App, Ran, Run
from tests.cli.test_pushes import DECIDED, TWO, WAITING, detailed
from tests.cli.test_terminal import at_terminal, bare

DIGEST = f"sha256:{'ab' * 32}"
TAGGED, BY_DIGEST = "r.io/team/app:v2", f"r.io/team/app@{DIGEST}"
RECOVERED = detailed(state="recovered")
CLOSED: dict[str, Any] = DECIDED | {"state": "incomplete"}
UNHEARD = DECIDED | {"listens_until": None}


@dataclass
class Played:
    """An app whose pushes come and change while it is asked."""

    pushes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By id; the newest last."""
    refusal: tuple[int, str | None] | None = None
    """Status and Retry-After of each answer, while it is set."""
    asked: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    """When, in seconds."""
    url: str = ""

    def after(self, seconds: float, **pushes: dict[str, Any]) -> None:
        """Let pushes be so from then on."""
        changed = {name: push | {"id": name} for name, push in pushes.items()}
        asyncio.get_running_loop().call_later(seconds, self.pushes.update, changed)

    def refuse(self, at: float, until: float, status: int, wait: str | None = None) -> None:
        """Answer with this status meanwhile."""
        loop = asyncio.get_running_loop()
        loop.call_later(at, setattr, self, "refusal", (status, wait))
        loop.call_later(until, setattr, self, "refusal", None)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer as the app does."""
        self.asked.append(request.raw_path)
        self.at.append(asyncio.get_running_loop().time())
        if self.refusal:
            status, wait = self.refusal
            return web.Response(status=status, headers={"Retry-After": wait} if wait else {})
        if push_id := request.path.removeprefix(f"{watching.PATH}").strip("/"):
            push = self.pushes.get(push_id)
            return web.json_response(push) if push else web.Response(status=404)
        kept = [{k: v for k, v in p.items() if k in LISTED} for p in self.pushes.values()]
        return web.json_response({"pushes": kept[::-1], "open_more": 0})

    async def wait(self, image: str = TAGGED, within: float = 900, **how: Any) -> int:
        """Wait; returns how the command would end."""
        async with Client(Connection(self.url, None, 60.0)) as client:
            try:
                waits = Wait(client, parse_image(image), how.pop("since", None))
                return await waits.run(within, as_json=how.pop("as_json", False))
            except CommandError as error:
                self.said = error.message
                return error.exit

    said: str = ""
    """The line on stderr."""


LISTED = api.Push.model_fields


@asynccontextmanager
async def played() -> AsyncIterator[Played]:
    """On loopback, on this loop's clock."""
    app, served = Played(), web.Application()
    served.router.add_route("*", "/{tail:.*}", app.handle)
    async with serving(served) as app.url:
        yield app


@pytest.mark.parametrize(
    ("code", "push", "said"),
    [
        (0, detailed(), ""),
        (0, RECOVERED, ""),
        (1, CLOSED, "r.io/team/app:v2 is incomplete, missing: eastus"),
        (1, UNHEARD, "r.io/team/app:v2 is overdue, missing: eastus"),
        (1, WAITING | {"state": "given-up"}, "r.io/team/app:v2 is given-up, missing: eastus"),
        (1, WAITING | {"state": "terminated"}, "r.io/team/app:v2 is terminated, missing: eastus"),
    ],
)
async def test_it_ends_when_nothing_more_is_to_come(
    code: int, push: dict[str, Any], said: str
) -> None:
    """At once, and the line on stderr names the regions."""
    async with played() as app:
        app.after(0, p1=WAITING)
        app.after(60, p1=push)
        assert (code, said) == (await app.wait(), app.said)
        assert 80 > app.at[-1] >= 60


@pytest.mark.parametrize(
    ("push", "said"),
    [
        (
            {},
            "no push of r.io/team/app:v2 is known by then; why that may be: "
            "docs/alarms.md, A pipeline stands",
        ),
        (WAITING, "r.io/team/app:v2 is waiting still, missing: eastus"),
        (
            WAITING | {"state": "interrupted"},
            "r.io/team/app:v2 is interrupted still, missing: eastus",
        ),
    ],
)
async def test_what_is_not_known_in_time_ends_with_3(push: dict[str, Any], said: str) -> None:
    """It looks a last time when the time is over."""
    async with played() as app:
        if push:
            app.after(0, p1=push)
        assert (3, said) == (await app.wait(within=100), app.said)
        assert 100 == app.at[-1]


async def test_a_push_that_comes_later_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    """In a pipe there is a line for each change, and none for what stays."""
    async with played() as app:
        app.after(50, p1=WAITING)
        app.after(80, p1=detailed())
        assert 0 == await app.wait()
    assert [
        "r.io/team/app:v2: no push of it is known yet",
        "p1  waiting  team/app:v2[latest]  2 of 3 regions, missing: eastus",
        "p1  complete  team/app:v2[latest]  3 of 3 regions",
        "r.io/team/app:v2 is in every region.",
    ] == capsys.readouterr().out.splitlines()


async def test_after_an_alarm_it_waits_while_the_app_listens() -> None:
    """What recovers within the time is everywhere; what does not is overdue."""
    async with played() as app:
        app.after(0, p1=DECIDED)
        app.after(300, p1=RECOVERED)
        assert (1, "r.io/team/app:v2 is overdue, missing: eastus") == (
            await app.wait(within=200),
            app.said,
        )
        assert 0 == await app.wait(within=200)


async def test_without_time_it_looks_once() -> None:
    """A list, and the push in it."""
    async with played() as app:
        assert 3 == await app.wait(within=0)
        app.pushes["p1"] = WAITING
        assert 3 == await app.wait(within=0)
        assert ["/api/pushes", "/api/pushes", "/api/pushes/p1"] == [
            asked.partition("?")[0] for asked in app.asked
        ]


async def test_it_looks_less_and_less_often() -> None:
    """While a push is open it alone is asked for, and the list once a minute."""
    async with played() as app:
        app.after(0, p1=WAITING)
        assert 3 == await app.wait(within=600)
        looks = [at for at, path in zip(app.at, app.asked, strict=True) if path.endswith("p1")]
        pauses = [after - before for before, after in itertools.pairwise(looks)]
        assert (2, 15) == (round(pauses[0]), round(max(pauses)))
        assert 10 >= len(app.asked) - len(looks) >= 8
    assert [2, 2, 5, 15, 15] == [pause(waited) for waited in (0, 20, 50, 150, 9_000)]


async def test_an_app_that_is_away_for_a_while_is_asked_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line says so once; a host that starts has no addresses yet."""
    async with played() as app:
        app.after(0, p1=WAITING)
        app.refuse(10, 100, 503)
        app.refuse(101, 200, 404)
        app.after(150, p1=detailed())
        assert 0 == await app.wait()
    lines = capsys.readouterr().out.splitlines()
    away = "not answered: the app is not available: it is stopped, or starting (status 503); it is"
    assert 1 == sum(line.startswith(away) for line in lines)
    assert "p1  complete  team/app:v2[latest]  3 of 3 regions" == lines[-2]


@pytest.mark.parametrize("status", [429, 503])
async def test_an_app_that_asks_for_a_pause_gets_it(status: int) -> None:
    """By Retry-After, though not beyond the time."""
    async with played() as app:
        app.refuse(0, 30, status, "50")
        app.after(0, p1=detailed())
        assert 0 == await app.wait()
        assert [0, 50] == sorted({round(at) for at in app.at})
        app.refuse(0, 1_000, status, "500")
        await asyncio.sleep(1)
        assert 4 == await app.wait(within=20)
        assert 20 == app.at[-1] - app.at[-2]


async def test_an_app_that_stays_away_is_given_up() -> None:
    """After 5 minutes without an answer, or at the end of the time: nobody can say."""
    async with played() as app:
        app.after(0, p1=WAITING)
        app.refuse(40, 10_000, 500)
        assert (4, "the app failed (status 500)") == (await app.wait(), app.said)
        assert 345 > app.at[-1] >= 340
        assert 4 == await app.wait(within=30)


async def test_an_address_that_nobody_has_is_given_up_soon() -> None:
    """It may be wrong; so may be a key, which is not tried twice."""
    async with played() as app:
        there, app.url = app.url, unused_url()
        assert 4 == await app.wait()
        assert app.said.endswith("connection refused")
        assert 20 > asyncio.get_running_loop().time() >= 10
        app.url = there
        for status in (401, 404):
            app.refuse(0, 10, status)
            await asyncio.sleep(1)
            assert (1, 1) == (await app.wait(), len(app.asked))
            app.asked.clear()
            await asyncio.sleep(20)


async def test_a_newer_push_of_a_tag_is_the_one_that_counts() -> None:
    """Also where the older one waits still, or was complete."""
    older = "2026-05-04T09:00:00Z"
    async with played() as app:
        app.after(0, p1=WAITING | {"first_at": older})
        app.after(20, p2=WAITING)
        app.after(90, p2=CLOSED)
        assert 1 == await app.wait()
        app.pushes["p1"] |= detailed(id="p1", first_at=older)
        assert 1 == await app.wait()


async def test_what_is_decided_counts_before_it_is_listed() -> None:
    """The list has it a moment later, or never, where its row could not be written."""

    async def handle(request: web.Request) -> web.StreamResponse:
        answer = next(lists if request.path == watching.PATH else shown)
        return web.json_response(answer)

    older = DECIDED | {"id": "p0", "first_at": "2026-05-04T09:00:00Z"}
    lists = iter([{"pushes": [WAITING, older]}, {"pushes": [older]}])
    shown = iter([WAITING, detailed()])
    async with played() as app:
        served = web.Application()
        served.router.add_route("*", "/{tail:.*}", handle)
        async with serving(served) as app.url:
            assert 0 == await app.wait()
    assert [] == [*lists, *shown]


async def test_of_a_digest_one_push_is_enough() -> None:
    """The content is the same, so another tag's push that lacks a region takes nothing back."""
    async with played() as app:
        app.after(0, p1=detailed(first_at="2026-05-04T09:00:00Z"), p2=WAITING)
        await asyncio.sleep(1)
        assert 0 == await app.wait(BY_DIGEST)


async def test_a_push_that_was_purged_is_as_it_was_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The list keeps what the engine has not any more."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path != watching.PATH:
            return web.Response(status=404)
        return web.json_response({"pushes": [TWO], "open_more": 0})

    async with played() as app:
        served = web.Application()
        served.router.add_route("*", "/{tail:.*}", handle)
        async with serving(served) as app.url:
            assert 0 == await app.wait(BY_DIGEST, as_json=True)
    answer = json.loads(capsys.readouterr().out)
    assert (True, [], "p2") == (answer["everywhere"], answer["missing"], answer["push"]["id"])


async def test_the_list_is_read_on_until_it_decides() -> None:
    """Of a tag until there is one, of a digest until one is everywhere, at most 10 pages."""
    pages: list[dict[str, Any]] = []
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path != watching.PATH:
            return web.json_response(detailed(id="p9"))
        asked.append(request.query.get("after", ""))
        at = int(request.query.get("after", "0"))
        page = pages[at] if at < len(pages) else {"pushes": []}
        return web.json_response({"open_more": 0, "next": str(at + 1), **page})

    async with played() as app:
        served = web.Application()
        served.router.add_route("*", "/{tail:.*}", handle)
        async with serving(served) as app.url:
            pages[:] = [{"pushes": []}, {"pushes": [TWO | {"state": "overdue"}]}, {"pushes": [TWO]}]
            await app.wait(within=0)
            assert ["", "1"] == asked
            asked.clear()
            await app.wait(BY_DIGEST, within=0)
            assert ["", "1", "2"] == asked
            asked.clear()
            pages.clear()
            await app.wait(within=0)
            assert waiting.MAX_PAGES == len(asked)


async def test_json_says_how_it_was_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Alone on stdout, whatever the end."""
    async with played() as app:
        for code, push in ((3, None), (1, DECIDED | {"id": "p1"})):
            app.pushes |= {"p1": push} if push else {}
            assert code == await app.wait(within=0, as_json=True)
            answer = json.loads(capsys.readouterr().out)
            lacks = ["eastus"] if push else []
            assert {
                "image": TAGGED,
                "everywhere": False,
                "missing": lacks,
                "push": push,
            } == answer


def push(state: str, minute: int, action: str = "push", tag: str | None = None) -> api.Push:
    """A push of that minute."""
    at = datetime.fromisoformat("2026-05-04T10:00:00Z") + timedelta(minutes=minute)
    about = {"id": f"p{minute}", "state": state, "action": action, "first_at": at, "missing": []}
    about |= {"tag": tag}
    return api.Push.model_validate(about)


@pytest.mark.parametrize(
    ("expected", "by_digest", "pushes"),
    [
        (None, False, []),
        ("p2", False, [push("waiting", 1), push("overdue", 2), push("complete", 0)]),
        ("p0", True, [push("waiting", 1), push("overdue", 2), push("recovered", 0)]),
        ("p2", True, [push("waiting", 1), push("overdue", 2)]),
        ("p3", True, [push("complete", 1), push("complete", 2, "delete"), push("waiting", 3)]),
        (None, True, [push("complete", 1), push("overdue", 2, "delete")]),
        ("p1", False, [push("complete", 1), push("overdue", 2, "quarantine")]),
        ("p2", False, [push("complete", 1), push("waiting", 2, "chart_push")]),
    ],
)
def test_which_push_decides(expected: str | None, by_digest: bool, pushes: list[api.Push]) -> None:
    """The newest since the last deletion; of a digest the newest that is everywhere, if any."""
    chosen = decisive(pushes, parse_image(BY_DIGEST if by_digest else TAGGED))
    assert expected == (chosen.id if chosen else None)


@pytest.mark.parametrize(
    ("expected", "pushes"),
    [
        ("p1", [push("complete", 1, tag="v2"), push("complete", 2, tag="v3")]),
        (None, [push("complete", 1, tag="v2"), push("overdue", 2, "delete")]),
        (None, [push("complete", 1, tag="v3")]),
    ],
)
def test_beside_a_digest_the_tag_chooses_among_pushes(
    expected: str | None, pushes: list[api.Push]
) -> None:
    """A deletion names no tag, and takes back each of them."""
    chosen = decisive(pushes, parse_image(f"r.io/team/app:v2@{DIGEST}"))
    assert expected == (chosen.id if chosen else None)


@pytest.mark.parametrize(
    ("named", "typed", "since"),
    [
        (TAGGED, TAGGED, True),
        ("r.io/team/app:latest", "r.io/team/app", True),
        (BY_DIGEST, BY_DIGEST, False),
        (f"r.io/team/app:v2@{DIGEST}", f"R.IO/team/app:v2@{DIGEST}", False),
    ],
)
def test_what_is_asked_for_is_in_the_query(
    ask: Run, app: App, named: str, typed: str, since: bool
) -> None:
    """A tag counts only if it was pushed in the last hour, a digest whenever it was."""
    queries: list[dict[str, str]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        queries.append(dict(request.query))
        return web.json_response({"pushes": [], "open_more": 0})

    app.fallback = handle
    before = datetime.now().astimezone() - timedelta(hours=1)
    ran = ask("wait", typed, "--timeout", "0")
    assert (3, f"error: no push of {named} is known by then") == (
        ran.code,
        ran.err.partition(";")[0],
    )
    ((asked),) = queries
    assert named.replace(":v2@", "@") == asked.pop("image")
    assert since == ("since" in asked)
    if since:
        assert 60 > (datetime.fromisoformat(asked["since"]) - before).total_seconds() >= 0
    ask("wait", typed, "--timeout", "0", "--since", "2026-05-04T10:00:00")
    assert "2026-05-04T10:00:00Z" == queries[1]["since"]


@pytest.mark.parametrize(
    ("said", "argv"),
    [
        ("IMAGE is missing", []),
        ("IMAGE must begin with the registry's login server", ["team/app:hush"]),
        ("IMAGE must begin with the registry's login server", [DIGEST]),
        ("IMAGE must be REGISTRY/REPOSITORY:TAG", ["r.io/"]),
        ("IMAGE what follows the @ is no digest", ["r.io/team/app@hush"]),
        ("--timeout must be a duration", [TAGGED, "--timeout", "hush"]),
        ("--since must be a time or a duration", [TAGGED, "--since", "hush"]),
    ],
)
def test_what_cannot_be_waited_for_is_said(ask: Run, app: App, said: str, argv: list[str]) -> None:
    """Before anything is asked."""
    ran = ask("wait", *argv)
    assert (2, [], "") == (ran.code, app.asked, ran.out)
    assert ran.err.startswith(f"error: {said}")
    assert "hush" not in ran.err


@pytest.mark.parametrize("columns", [40, 80])
def test_at_a_terminal_the_regions_are_a_picture(app: App, columns: int) -> None:
    """Each with its way; it stays there, with the end of it below."""

    async def handle(request: web.Request) -> web.StreamResponse:
        one = detailed()
        return web.json_response(one if request.path.endswith("p1") else {"pushes": [one]})

    app.fallback = handle
    environ = {"FUNCTION_APP_URL": app.url, "NO_COLOR": "1"}
    shown = bare(at_terminal("wait", TAGGED, columns=columns, environ=environ))
    assert "complete  team/app:v2[latest]  p1" in shown
    assert "westeurope   *" in shown
    assert f"{TAGGED} is in every region." == shown.splitlines()[-1].removeprefix("\x1b[?25h")


def test_a_run_that_succeeds_is_quiet_on_stderr(ask: Run, app: App) -> None:
    """Its result is the exit code, and the last line."""

    async def handle(request: web.Request) -> web.StreamResponse:
        one = detailed()
        return web.json_response(one if request.path.endswith("p1") else {"pushes": [one]})

    app.fallback = handle
    ran: Ran = ask("wait", TAGGED)
    assert (0, "") == (ran.code, ran.err)
    assert f"{TAGGED} is in every region." == ran.out.splitlines()[-1]
