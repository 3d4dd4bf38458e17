"""Redirects: where the same request is made again, and what is said of the others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from acr_global.model import Attempt, Outcome
from acr_global.notify import deliver
from acr_global.notify.redirects import MAX_HOPS, may_follow, new_url
from acr_global.notify.target import HttpTarget
from acr_global_rig.loopback import serving
from tests.notify.samples import NOW, SECRETS, message, target

API = "https://api.github.com/repos/team/deploy/dispatches"


@pytest.mark.parametrize(
    ("expected", "location"),
    [
        ("https://api.github.com/repositories/1/dispatches", "/repositories/1/dispatches"),
        ("https://api.github.com/repos/team/deploy/x", "x"),
        ("https://api.github.com/a?b=c", "https://api.github.com/a?b=c#d"),
        ("https://other.test/x", "https://other.test/x"),
        ("https://other.test/x", "//other.test/x"),
        ("http://api.github.com/x", "http://api.github.com/x"),
        (None, None),
        (None, ""),
        (None, "https://other.test:abc/"),
        (None, "https://[::1/"),
        (None, "ftp://other.test/"),
        (None, "javascript:alert(1)"),
        (None, "https://other.test/a b"),
        (None, "https://other.test/a\nb"),
        (None, "https://other.test/日本"),
        (None, "/" + "a" * 3000),
    ],
)
def test_where_an_answer_points(expected: str | None, location: str | None) -> None:
    """Location becomes a whole URL without a fragment, or None where it is missing or cannot be
    requested."""
    assert expected == new_url(API, 307, location)


@pytest.mark.parametrize("status", [200, 201, 300, 304, 404, 500])
def test_only_a_redirect_points_anywhere(status: int) -> None:
    """The Location of a 201 names what was created."""
    assert new_url(API, status, "/elsewhere") is None


@pytest.mark.parametrize(
    ("expected", "place"),
    [
        (True, "https://api.github.com/repositories/1/dispatches"),
        (True, "https://API.GitHub.com:443/x"),
        (False, "https://api.github.com:8443/x"),
        (False, "http://api.github.com/x"),
        (False, "https://github.com/x"),
        (False, "https://api.github.com.evil.test/x"),
        (False, "https://api.github.com@evil.test/x"),
        (False, "https://user:pw@api.github.com/x"),
        (False, "https://api.github.com\\@evil.test/x"),
        (False, "https://api.github.com./x"),
    ],
)
def test_github_is_followed_on_its_own_host(expected: bool, place: str) -> None:
    """Scheme, host and port must be the same, because the request carries a token."""
    assert expected is may_follow(API, 307, place)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_github_is_followed_for_every_redirect_but_303(status: int) -> None:
    """303 asks for another method."""
    assert (status != 303) is may_follow(API, status, API + "/x")


@pytest.mark.parametrize("kind", ["webhook", "cloudevents", "teams", "slack"])
def test_no_other_kind_is_followed(kind: Any) -> None:
    """Standard Webhooks wants the operator to change the setting."""
    to = target(kind)
    assert isinstance(to, HttpTarget)
    assert not to.follows_redirects


async def _attempt(kind: str, url: str, given: Any = None) -> Attempt:
    """Make one attempt at `url`, or with the setting `given` as its URL."""
    to = target(kind, url=given or url)
    async with deliver.new_session() as session:
        return await deliver.attempt(
            message(), to, SECRETS | {"HOOK_URL": url}, session=session, clock=lambda: NOW
        )


def api(asked: list[tuple[str, str, bytes]], **moved: tuple[int, str]) -> web.Application:
    """A GitHub that redirects by the last segment but one of the path; otherwise it accepts the
    event."""

    async def handle(request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "")
        asked.append((f"{request.method} {request.path}", token, await request.read()))
        status, location = moved.get(request.path.split("/")[-2], (204, ""))
        headers = {"Location": location} if location else {}
        return web.Response(status=status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    return app


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_told_under_its_new_name(status: int) -> None:
    """The method, token and bytes stay the same; the attempt says where the repository is now."""

    async def scenario() -> None:
        asked: list[tuple[str, str, bytes]] = []
        new = "/repositories/7/dispatches"
        async with serving(api(asked, deploy=(status, new))) as url:
            made = await _attempt("github", url)
        assert (Outcome.DELIVERED, 204, url + new) == (made.outcome, made.status, made.location)
        (first, token, body), second = asked
        assert "POST /repos/team/deploy/dispatches" == first
        assert ("POST " + new, token, body) == second
        assert "Bearer ghp_hush" == token

    asyncio.run(scenario())


def test_a_loop_ends() -> None:
    """After the greatest number of hops the attempt is dead, and names the place."""

    async def scenario() -> None:
        asked: list[tuple[str, str, bytes]] = []
        async with serving(api(asked, deploy=(307, "/repos/team/deploy/dispatches"))) as url:
            made = await _attempt("github", url)
        assert (Outcome.DEAD, "http-307") == (made.outcome, made.reason)
        assert url + "/repos/team/deploy/dispatches" == made.location
        assert MAX_HOPS + 1 == len(asked)

    asyncio.run(scenario())


def test_a_token_goes_to_no_other_host() -> None:
    """Another port counts as another host; the reason names it without its query."""

    async def scenario() -> None:
        asked: list[tuple[str, str, bytes]] = []
        stolen: list[tuple[str, str, bytes]] = []
        async with serving(api(stolen)) as other:
            to = f"{other}/repos/a/b/dispatches?sig=hush"
            async with serving(api(asked, deploy=(301, to))) as url:
                made = await _attempt("github", url)
        assert [] == stolen
        assert (Outcome.DEAD, "http-301") == (made.outcome, made.reason)
        assert f"{other}/repos/a/b/dispatches?***" == made.location

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("kind", "own", "shown"),
    [
        ("webhook", None, "there?***"),
        ("webhook", {"$secret": "HOOK_URL"}, "***"),
        ("cloudevents", {"$secret": "HOOK_URL"}, "***"),
        ("teams", None, "***"),
        ("slack", None, "***"),
    ],
)
def test_what_is_not_followed_names_the_new_place(kind: str, own: Any, shown: str) -> None:
    """The path is shown only where the target's own URL is no secret; a user or a query never."""

    async def scenario() -> None:
        asked: list[tuple[str, str, bytes]] = []
        moved = (308, "https://u:hush@new.test/there?sig=hush")
        async with serving(api(asked, own=moved)) as url:
            made = await _attempt(kind, f"{url}/own/hook", own)
        assert (Outcome.DEAD, "http-308", 1) == (made.outcome, made.reason, len(asked))
        assert f"https://***@new.test/{shown}" == made.location

    asyncio.run(scenario())
