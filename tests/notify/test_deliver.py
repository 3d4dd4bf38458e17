"""One attempt against real receivers on loopback, however they behave."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from standardwebhooks.webhooks import Webhook

from acr_global.model import Attempt, Outcome
from acr_global.notify import deliver
from acr_global.notify.channels import KINDS
from acr_global.notify.channels.webhook import WebhookTarget
from acr_global.notify.outcomes import Answer, Judgement
from acr_global.notify.target import Target
from tests.conftest import NETRC
from tests.notify.conftest import Listening
from tests.notify.samples import HUSHED, NOW, SECRET, SECRETS, message, target
from tests.tls import untrusted

# The library apprise warns of one of its own imports.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

OF_THE_WIRE = ("host", "content-length", "connection", "accept-encoding")

REF = {"$secret": "API_URL"}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def still() -> datetime:
    """A clock that stands still."""
    return NOW


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def to_receiver(kind: str, url: str) -> Target:
    """A target of this kind whose URL is a receiver's on loopback."""
    return target(kind, url=url.replace("http:", "json:") if kind == "apprise" else url)


async def try_once(
    to: Target, now: datetime = NOW, secrets: Mapping[str, str] = SECRETS, **more: Any
) -> Attempt:
    """Make one attempt in a session of its own."""
    async with deliver.new_session() as session:
        return await deliver.attempt(
            message(), to, secrets, session=session, clock=lambda: now, **more
        )


def hasty(to: Target, seconds: float = 0.2) -> Target:
    """The same target with a timeout that no setting would allow."""
    return to.model_copy(update={"timeout": timedelta(seconds=seconds)})


@pytest.mark.parametrize(
    ("answered", "outcome", "reason", "status", "wait"),
    [
        (OK, Outcome.DELIVERED, "delivered", 200, None),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Outcome.DELIVERED, "delivered", 204, None),
        (answer("302 Found", "Location: /elsewhere"), Outcome.DEAD, "http-302", 302, None),
        (answer("400 Bad Request"), Outcome.DEAD, "http-400", 400, None),
        (answer("410 Gone"), Outcome.DEAD, "gone", 410, None),
        (answer("429 Slow", "Retry-After: 17"), Outcome.RETRY, "http-429", 429, 17.0),
        (
            answer("503 Busy", "Retry-After: 17", "Retry-After: 99.5"),
            Outcome.RETRY,
            "http-503",
            503,
            100.0,
        ),
        (answer("401 Who"), Outcome.RETRY, "http-401", 401, 300.0),
        (answer("500 Oh", body=b"trace"), Outcome.RETRY, "http-500", 500, None),
        (b"\x00\xffgarbage\r\n\r\n", Outcome.RETRY, "answer-invalid", None, None),
        (b"", Outcome.RETRY, "connection", None, None),
    ],
)
def test_an_answer_decides_the_outcome(
    listen: Listening,
    answered: bytes,
    outcome: Outcome,
    reason: str,
    status: int | None,
    wait: float | None,
) -> None:
    """Each attempt is one request, whatever is answered; a redirect is not followed."""

    async def scenario() -> None:
        async with listen(answered) as receiver:
            made = await try_once(target("webhook", url=receiver.url))
            assert (outcome, reason, status, wait) == (
                made.outcome,
                made.reason,
                made.status,
                made.retry_after,
            )
            assert ("my-webhook", NOW) == (made.target, made.at)
            assert ["POST /hook HTTP/1.1"] == [r.line for r in receiver.requests]

    asyncio.run(scenario())


def test_what_arrives_is_what_was_rendered(listen: Listening) -> None:
    """The body and the headers arrive unchanged, and the receiver's library verifies them."""

    async def scenario() -> None:
        async with listen(OK) as receiver:
            now = datetime.now(UTC)
            to = target("webhook", url=receiver.url + "?sig=%2Fa%7Eb")
            await try_once(to, now)
            (got,) = receiver.requests
            expected = to.render(message(), SECRETS, now)
            assert expected.body == got.body
            assert "POST /hook?sig=%2Fa%7Eb HTTP/1.1" == got.line
            assert dict(expected.headers) == {
                n: v for n, v in got.headers.items() if n not in OF_THE_WIRE
            }
            assert Webhook(SECRET).verify(got.body, got.headers)

    asyncio.run(scenario())


def test_a_repeat_carries_the_same_id_and_a_new_time(listen: Listening) -> None:
    """A receiver can tell by the id that it has had the message, and drop it."""

    async def scenario() -> None:
        async with listen(OK) as receiver:
            to = target("webhook", url=receiver.url)
            await try_once(to)
            await try_once(to, NOW + timedelta(minutes=5))
            first, second = (r.headers for r in receiver.requests)
            assert first["webhook-id"] == second["webhook-id"]
            assert first["webhook-timestamp"] != second["webhook-timestamp"]

    asyncio.run(scenario())


def test_a_receiver_that_hangs_is_given_up(listen: Listening) -> None:
    """The target's timeout bounds the whole attempt."""

    async def scenario() -> None:
        async with listen(b"", hang=True) as receiver:
            made = await try_once(hasty(target("webhook", url=receiver.url)))
            assert (Outcome.RETRY, "timeout") == (made.outcome, made.reason)

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["webhook", "teams", "slack"])
@pytest.mark.parametrize("hang", [False, True])
def test_a_body_that_breaks_off_does_not_undo_its_status(
    listen: Listening, kind: str, hang: bool
) -> None:
    """A receiver that said 200 has the message, which is not sent twice."""

    async def scenario() -> None:
        half = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nok"
        async with listen(half, hang=hang) as receiver:
            made = await try_once(hasty(target(kind, url=receiver.url)))
            assert (Outcome.DELIVERED, 200) == (made.outcome, made.status)

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["webhook", "teams", "slack"])
def test_a_huge_answer_is_not_read(listen: Listening, kind: str) -> None:
    """Of an answer of 100 MB no more is taken than the sockets' buffers hold."""

    async def scenario() -> None:
        megabyte = b"x" * 1024 * 1024
        async with listen(megabyte, repeat=100, head=huge) as receiver:
            made = await try_once(target(kind, url=receiver.url))
            assert Outcome.DELIVERED is made.outcome
            assert len(megabyte) * 20 > receiver.sent

    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n"
    asyncio.run(scenario())


def test_a_port_where_nobody_listens_is_tried_again() -> None:
    """The reason is `connection`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = asyncio.run(try_once(target("webhook", url=f"http://127.0.0.1:{port}/hush")))
    assert (Outcome.RETRY, "connection", None) == (made.outcome, made.reason, made.status)


def test_nothing_is_sent_to_an_https_receiver_that_speaks_http(listen: Listening) -> None:
    """The attempt fails before the request, and is tried again."""

    async def scenario() -> None:
        async with listen(OK) as receiver:
            secure = receiver.url.replace("http:", "https:")
            made = await try_once(hasty(target("webhook", url=secure)))
            assert Outcome.RETRY is made.outcome
            assert [] == receiver.requests

    asyncio.run(scenario())


def test_a_certificate_that_nobody_vouches_for_is_refused(listen: Listening) -> None:
    """Nothing is sent to a server whose certificate cannot be verified."""

    async def scenario() -> None:
        async with listen(OK, tls=untrusted()) as receiver:
            secure = receiver.url.replace("http:", "https:")
            made = await try_once(target("webhook", url=secure))
            assert (Outcome.RETRY, "tls") == (made.outcome, made.reason)
            assert [] == receiver.requests

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("to", "secrets", "reason"),
    [
        (target("webhook"), {}, "secret-unset"),
        (target("github"), {"GH_TOKEN": " "}, "secret-unset"),
        (target("cloudevents"), SECRETS | {"HOOK_URL": "nonsense"}, "url-invalid"),
        (target("cloudevents"), SECRETS | {"HOOK_URL": "https://[hush"}, "url-invalid"),
        (
            target("slack", url=REF),
            {"API_URL": "https://hooks.slack.com/triggers/x"},
            "url-invalid",
        ),
        (target("teams", url=REF), {"API_URL": "https://a.webhook.office.com/x"}, "url-invalid"),
        (target("github", url=REF), SECRETS | {"API_URL": "https://github.com"}, "url-invalid"),
        (target("apprise", url="nonsense://x"), {}, "url-invalid"),
        (target("apprise", url="slak://x"), {}, "url-invalid"),
        (target("apprise", url="mailtos://"), {}, "url-invalid"),
        (target("apprise", url="json://h:abc"), {}, "url-invalid"),
        (target("apprise", url=REF), {"API_URL": "key"}, "url-invalid"),
        (target("apprise", url=REF), SECRETS, "url-invalid"),
    ],
)
def test_what_an_operator_can_put_right_is_tried_again(
    to: Target, secrets: dict[str, str], reason: str
) -> None:
    """A missing or wrong setting has a reason that says which one."""
    made = asyncio.run(try_once(to, secrets=secrets))
    assert (Outcome.RETRY, reason) == (made.outcome, made.reason)


def test_what_was_not_foreseen_is_logged_by_its_class_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A programming error, such as a closed session, loses no notification."""

    async def scenario() -> Attempt:
        session = deliver.new_session()
        await session.close()
        to = target("webhook")
        return await deliver.attempt(message(), to, SECRETS, session=session, clock=still)

    made = asyncio.run(scenario())
    assert (Outcome.RETRY, "unexpected") == (made.outcome, made.reason)
    assert "an attempt failed in a way not foreseen: RuntimeError" == caplog.messages[-1]


def test_the_apprise_channel_hands_the_message_to_the_library(listen: Listening) -> None:
    """The library's own json:// service receives title, text and type."""

    async def scenario() -> None:
        async with listen(OK) as receiver:
            to = target("apprise", url=receiver.url.replace("http:", "json:"))
            made = await try_once(to)
            assert (Outcome.DELIVERED, "delivered") == (made.outcome, made.reason)
            got = json.loads(receiver.requests[0].body)
            assert "team/app:v2 is overdue in eastus (2 of 3 regions have it)" == got["title"]
            assert got["message"].startswith("eastus: missing (fired but refused")
            assert "failure" == got["type"]

    asyncio.run(scenario())


def test_an_apprise_failure_is_tried_again_whatever_was_answered(listen: Listening) -> None:
    """The library tells only that it failed, not the status."""

    async def scenario() -> None:
        async with listen(answer("410 Gone")) as receiver:
            made = await try_once(target("apprise", url=receiver.url.replace("http:", "json:")))
            assert (Outcome.RETRY, "apprise-failed") == (made.outcome, made.reason)

    asyncio.run(scenario())


@pytest.mark.parametrize("between", [" ", ",", "; ", "\n", "\t,"])
def test_of_two_apprise_urls_none_is_told(listen: Listening, between: str) -> None:
    """Each retry for the one that fails would tell the other one again."""

    async def scenario() -> None:
        async with listen(OK) as good, listen(answer("500 Oh")) as bad:
            both = between.join(r.url.replace("http:", "json:") for r in (good, bad))
            to = target("apprise", url={"$secret": "API_URL"})
            made = await try_once(to, secrets={"API_URL": both})
            assert (Outcome.RETRY, "url-several") == (made.outcome, made.reason)
            assert [] == good.requests + bad.requests

    asyncio.run(scenario())


def test_of_several_recipients_in_one_apprise_url_none_is_told(listen: Listening) -> None:
    """The library cannot tell which of several recipients received a message."""

    async def scenario() -> None:
        async with listen(OK) as receiver:
            host = receiver.url.split("/")[2]
            made = await try_once(target("apprise", url=f"ntfy://{host}/topic-a/topic-b"))
            assert (Outcome.RETRY, "url-several") == (made.outcome, made.reason)
            assert [] == receiver.requests
            made = await try_once(target("apprise", url=f"ntfy://{host}/topic-a"))
            assert (Outcome.DELIVERED, 1) == (made.outcome, len(receiver.requests))

    asyncio.run(scenario())


def test_apprise_is_not_waited_for_beyond_the_timeout(listen: Listening) -> None:
    """The target's timeout bounds the library, too."""

    async def scenario() -> None:
        async with listen(b"", hang=True) as receiver:
            url = receiver.url.replace("http:", "json:") + "?rto=0.5&cto=0.5"
            made = await try_once(hasty(target("apprise", url=url)))
            assert (Outcome.RETRY, "timeout") == (made.outcome, made.reason)

    asyncio.run(scenario())


def test_apprise_may_not_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attempt is repeated, because an operator can install it meanwhile."""
    to = target("apprise")
    monkeypatch.setitem(sys.modules, "apprise", None)
    made = asyncio.run(try_once(to))
    assert (Outcome.RETRY, "apprise-missing") == (made.outcome, made.reason)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answered", [b"", b"\x00\xff\r\n\r\n", answer("500 x", body=b"hush")])
def test_nothing_secret_comes_out(
    listen: Listening, caplog: pytest.LogCaptureFixture, kind: str, answered: bytes
) -> None:
    """A secret is in no attempt and in no log line of any level."""
    caplog.set_level(logging.DEBUG)

    async def scenario() -> None:
        async with listen(answered) as receiver:
            made = await try_once(to_receiver(kind, receiver.url + "/hush"))
            shown = f"{made!r} {made} {made.model_dump_json()} {caplog.text}"
            assert Outcome.RETRY is made.outcome
            assert [] == [value for value in (*HUSHED, receiver.url[7:-5]) if value in shown]

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("strange_environment")
def test_nothing_is_taken_from_the_environment_that_was_not_given(
    listen: Listening, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Credentials in a `.netrc` and a proxy for this machine are not used, nor shown in any log
    line."""
    caplog.set_level(logging.DEBUG)

    async def scenario() -> None:
        async with listen(OK) as receiver:
            made = await try_once(to_receiver(kind, receiver.url))
            assert Outcome.DELIVERED is made.outcome
            (got,) = receiver.requests
            assert ("Bearer ghp_hush" if kind == "github" else None) == got.headers.get(
                "authorization"
            )
            assert "proxy-authorization" not in got.headers
            assert got.line.startswith("POST /")
            assert NETRC not in caplog.text + repr(got.headers)

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_each_request_has_the_headers_that_gateways_expect(listen: Listening, kind: str) -> None:
    """Each header stands once; gateways answer 403 where one is missing."""

    async def scenario() -> None:
        async with listen(OK) as receiver:
            await try_once(to_receiver(kind, receiver.url))
            (got,) = receiver.requests
            accepted = "application/vnd.github+json" if kind == "github" else "*/*"
            assert accepted == got.headers["accept"]
            assert got.headers["user-agent"].lower().startswith(("acr-global/", "apprise"))
            assert "json" in got.headers["content-type"]
            assert sorted(set(got.names)) == sorted(got.names)

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "apprise"])
def test_answers_are_asked_for_as_they_are(listen: Listening, kind: str) -> None:
    """What a receiver says beside 200 is read, and one that was told nothing may compress it. Seen
    in MicrosoftDocs/msteams-docs#7425: a failure in words, 200, and `Content-Encoding: gzip`."""

    async def scenario() -> None:
        async with listen(OK) as receiver:
            await try_once(to_receiver(kind, receiver.url))
            (got,) = receiver.requests
            assert "identity" == got.headers["accept-encoding"]

    asyncio.run(scenario())


def test_the_targets_own_headers_win(listen: Listening) -> None:
    """A target's header replaces the app's, whatever its case."""

    async def scenario() -> None:
        async with listen(OK) as receiver:
            own = {"ACCEPT": "text/plain", "User-agent": "mine", "aUTHORIZATION": "Token x"}
            await try_once(target("webhook", url=receiver.url, headers=own))
            (got,) = receiver.requests
            assert own == {name: got.headers[name.lower()] for name in own}
            assert sorted(set(got.names)) == sorted(got.names)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("userinfo", "sent"),
    [
        ("user:pass", b"user:pass"),
        ("us%40er:p%C3%A4ss", b"us@er:p\xc3\xa4ss"),
        ("user", b"user:"),
        ("user:", b"user:"),
        (":pass", b":pass"),
        ("u:a:b%3Ac", b"u:a:b:c"),
        ("u:50%25", b"u:50%"),
        ("u:%2540", b"u:%40"),
        ("u:100%", b"u:100%"),
        ("u:a+b", b"u:a+b"),
        ("u:p@ss", b"u:p@ss"),
        ("u:%FF", b"u:\xff"),
        ("%E6%97%A5:%F0%9F%94%91", "日:🔑".encode()),
        ("u:%2F%3F%23%5B", b"u:/?#["),
        ("", None),
        (":", None),
    ],
)
def test_a_user_in_the_url_is_decoded_once(
    listen: Listening, caplog: pytest.LogCaptureFixture, userinfo: str, sent: bytes | None
) -> None:
    """It becomes Basic credentials in UTF-8; the rest of the URL is sent as it is written."""
    caplog.set_level(logging.DEBUG)

    async def scenario() -> None:
        async with listen(OK) as receiver:
            url = receiver.url.replace("//", f"//{userinfo}@") + "?sig=%2Fa%40b"
            made = await try_once(target("webhook", url=url))
            assert Outcome.DELIVERED is made.outcome
            (got,) = receiver.requests
            expected = f"Basic {b64encode(sent).decode()}" if sent else None
            assert expected == got.headers.get("authorization")
            assert ("POST /hook?sig=%2Fa%40b HTTP/1.1", receiver.url[7:-5]) == (
                got.line,
                got.headers["host"],
            )
            assert not userinfo.strip(":") or userinfo not in caplog.text + repr(made)

    asyncio.run(scenario())


def test_a_url_that_only_the_http_library_refuses_is_named() -> None:
    """The library's rules may become stricter than those of the settings."""
    assert "url-invalid" == deliver._reason(aiohttp.InvalidURL("http://hush"))


def test_a_receiver_without_words_of_its_own_is_judged_by_status() -> None:
    """A channel overrides `read_answer` only where its answers say more."""
    to, general = target("webhook"), Judgement(Outcome.DELIVERED, "delivered", 200)
    assert isinstance(to, WebhookTarget)
    assert general is to.read_answer(Answer(200, {}, "no", NOW), general)
