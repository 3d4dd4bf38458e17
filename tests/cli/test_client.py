"""Whatever an app answers, or does not answer, is one plain sentence with its exit code, and no
key."""

from __future__ import annotations

import socket

import pytest
from aiohttp import web

from acr_global.cli.exits import Exit
from tests.cli.conftest import KEY, App, Run

LIST = "GET /api/deadletters"
REPLAY = "POST /api/deadletters/_delivery.overdue.p1/replay"


@pytest.mark.parametrize(
    ("sentence", "status", "body"),
    [
        ("the key is wrong or missing: set FUNCTION_APP_KEY", 401, b""),
        ("the key is wrong or missing: set FUNCTION_APP_KEY", 401, {"message": "Unauthorized"}),
        ("its access restrictions may keep this machine out", 403, b"<html>403</html>"),
        ("is this the app's URL", 404, b""),
        ("There is no dead letter with this id.", 404, {"message": "There is no dead letter with"
         " this id."}),
        ("This message's newest delivery is not a dead letter. (status 409)", 409, {"message":
         "This message's newest delivery is not a dead letter."}),
        ("the app is asked more than it takes (status 429)", 429, b""),
        ("the app failed (status 500)", 500, b""),
        ("the app failed (status 502)", 502, {"message": {"not": "text"}}),
        ("it is stopped, or starting (status 503)", 503, b"Function host is not running."),
        ("No answer from the storage.", 503, {"message": "No answer from the storage."}),
        ("not a JSON object", 200, b"<html>welcome</html>"),
        ("not a JSON object", 200, b""),
        ("not a JSON object", 202, []),
        ("not a JSON object", 200, b"[" * 100_000),
    ],
)  # fmt: skip
def test_each_answer_that_is_no_success_is_one_sentence(
    ask: Run, app: App, sentence: str, status: int, body: object
) -> None:
    """It is the app's own sentence where there is one, or else the status in words."""
    app.answer(REPLAY, status, body)
    ran = ask("deadletters", "replay", "_delivery.overdue.p1")
    code = Exit.NOT_ASKED if status >= 500 or status == 429 else Exit.PROBLEMS
    assert (code, "", [REPLAY]) == (ran.code, ran.out, app.asked)
    assert sentence in ran.err
    assert ran.err.startswith("error: ")
    assert 1 == len(ran.err.splitlines())


def test_a_redirect_does_not_take_the_key_along(ask: Run, app: App) -> None:
    """A redirect is a failure, because its target is not the app that was named."""
    app.answer(LIST, 307, b"", Location="/api/elsewhere")
    ran = ask("deadletters", "list")
    assert (1, [LIST]) == (ran.code, app.asked)
    assert "the key is not taken there" in ran.err


def test_a_key_that_is_said_back_is_masked(ask: Run, app: App) -> None:
    """A host that repeats the request does not put the key on the screen."""
    app.answer(LIST, 400, {"message": f"bad header x-functions-key: {KEY}"})
    assert "error: bad header x-functions-key: *** (status 400)\n" == ask("deadletters", "list").err


@pytest.mark.parametrize("key", ["key", "a", "wrong", "status", "app", "e", "FUNCTION_APP_KEY"])
@pytest.mark.parametrize("status", [401, 403, 404, 500, 503, 307])
def test_a_key_that_is_a_word_masks_nothing_of_ours(
    ask: Run, app: App, key: str, status: int
) -> None:
    """Our own sentence holds no key, whatever the key is."""
    app.answer(LIST, status, b"")
    assert "***" not in ask("deadletters", "list", FUNCTION_APP_KEY=key).err


def test_of_an_answer_only_what_was_said_is_masked(ask: Run, app: App) -> None:
    """The status that follows it is ours."""
    app.answer(LIST, 400, {"message": "no status 400 for status"})
    ran = ask("deadletters", "list", FUNCTION_APP_KEY="status")
    assert "error: no *** 400 for *** (status 400)\n" == ran.err


def test_a_sentence_of_the_app_cannot_steer_the_terminal(ask: Run, app: App) -> None:
    """Escape sequences and line breaks in an answer become blanks."""
    app.answer(LIST, 400, {"message": "a\x1b[2J\nb"})
    assert "error: a [2J b (status 400)\n" == ask("deadletters", "list").err


def test_a_refused_connection_is_one_sentence(run: Run) -> None:
    """It names host and port."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        ran = run("deadletters", "list", "--url", f"http://127.0.0.1:{port}/base")
    assert (4, "") == (ran.code, ran.out)
    assert f"error: cannot reach 127.0.0.1:{port}: connection refused\n" == ran.err


def test_an_unknown_host_is_one_sentence(run: Run) -> None:
    """A mistyped host cannot be reached."""
    ran = run("deadletters", "list", "--url", "https://nothing.invalid", FUNCTION_APP_KEY=KEY)
    assert 4 == ran.code
    assert ran.err.startswith("error: cannot reach nothing.invalid: ")


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example", "."])
def test_an_impossible_host_is_one_sentence(run: Run, host: str) -> None:
    """It is found before any look-up."""
    ran = run("deadletters", "list", "--url", f"https://{host}")
    assert (2, "") == (ran.code, ran.out)
    assert ran.err.startswith("error: the app's url names what can be no host: ")


def test_a_hanging_app_is_given_up(ask: Run, app: App) -> None:
    """--timeout bounds the whole exchange."""

    async def hang(_request: web.Request) -> web.StreamResponse:
        await app.over.wait()
        return web.Response()

    app.answers[LIST] = hang
    ran = ask("deadletters", "list", "--timeout", "0.2")
    assert 4 == ran.code
    assert ran.err.endswith(" did not answer within 0.2 s\n")


def test_an_app_that_breaks_off_is_one_sentence(ask: Run, app: App) -> None:
    """The connection is closed in the middle of the answer."""

    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"deadletters": [')
        assert request.transport
        request.transport.abort()
        return response

    app.answers[LIST] = break_off
    ran = ask("deadletters", "list")
    assert 4 == ran.code
    assert "gave no usable answer" in ran.err


def test_a_certificate_that_nobody_vouches_for_is_refused(ask: Run, app: App) -> None:
    """The key is not sent to a host whose certificate cannot be verified."""
    ran = ask("deadletters", "list", "--url", app.untrusted_url)
    assert (4, []) == (ran.code, app.asked)
    assert "certificate that is not trusted" in ran.err


def test_plain_http_in_place_of_tls_is_one_sentence(ask: Run, app: App) -> None:
    """The request fails before the key is sent."""
    ran = ask("deadletters", "list", "--url", app.url.replace("http:", "https:"))
    assert (4, []) == (ran.code, app.asked)
    said = "does not speak TLS as it must; `func start` and the local host are asked by http://"
    assert said in ran.err


@pytest.mark.usefixtures("strange_environment")
def test_this_machine_is_asked_straight_and_with_our_headers(ask: Run, app: App) -> None:
    """Proxies and `.netrc` are not used; the key and the headers that gateways expect are sent."""
    told: list[web.BaseRequest] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        told.append(request)
        return web.json_response({"deadletters": []})

    app.answers[LIST] = handle
    ran = ask("deadletters", "list")
    assert (0, "") == (ran.code, ran.err)
    (request,) = told
    assert (KEY, "*/*", "acr-global/1", None) == tuple(
        request.headers.get(name)
        for name in ("x-functions-key", "Accept", "User-Agent", "Authorization")
    )
    names = [name.lower() for name in request.headers]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    ("sentence", "proxy"),
    [
        ("cannot reach the proxy to app.test", "http://user:hush@127.0.0.1:9"),
        ("cannot reach the proxy to app.test", "user:hush@127.0.0.1:9"),
        ("HTTPS_PROXY: SOCKS is not supported", "socks5h://user:hush@127.0.0.1:9"),
        ("HTTPS_PROXY: is not a proxy's address", "http://user:hush@"),
    ],
)
def test_a_proxy_that_does_not_work_is_one_sentence(run: Run, sentence: str, proxy: str) -> None:
    """It names the proxy's variable, and not its value."""
    ran = run("deadletters", "list", "--url", "https://app.test", HTTPS_PROXY=proxy)
    assert (4, "", 1) == (ran.code, ran.out, len(ran.err.splitlines()))
    assert sentence in ran.err
    assert "hush" not in ran.err


def test_a_proxy_that_refuses_is_one_sentence(run: Run, app: App) -> None:
    """It has the status; here a server that knows no tunnels answers."""
    proxy = app.url.replace("//", "//user:hush@")
    ran = run("deadletters", "list", "--url", "https://app.test", HTTPS_PROXY=proxy)
    assert 4 == ran.code
    assert "error: the proxy to app.test answered 404\n" == ran.err
