"""What the engine's endpoint can answer, and what the app makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from acr_global.functions.durable import wire
from acr_global.functions.durable.engine import (
    STOOD_STILL,
    AlreadyExistsError,
    Engine,
    EngineError,
    Phase,
    close_session,
)

DATA = wire.EvidenceOutput(evidence=())
ROW = {"name": "n", "instanceId": "i", "runtimeStatus": "Running", "input": "x"}


def asked(
    answer: Callable[[web.Request], web.StreamResponse],
    ask: Callable[[Engine], Awaitable[Any]],
    seconds: float = 5.0,
) -> Any:
    """The result of a question where the endpoint answers with this handler."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(request)

    async def main() -> Any:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}/durabletask/"
        try:
            return await ask(Engine(base, seconds))
        finally:
            await close_session()
            await runner.cleanup()

    return asyncio.run(main())


def json_answer(status: int, body: Any = None, **headers: str) -> Any:
    """An endpoint that always answers with this JSON."""
    return lambda _: web.json_response(body, status=status, headers=headers)


def empty_answer(status: int) -> Any:
    """An endpoint that answers without a body."""
    return lambda _: web.Response(status=status)


def look(engine: Engine) -> Awaitable[Any]:
    """Ask where an instance is."""
    return engine.look("i")


def start(engine: Engine) -> Awaitable[Any]:
    """Ask for a new instance."""
    return engine.start("O", "i", DATA)


def tell(engine: Engine) -> Awaitable[Any]:
    """Raise an event for an instance."""
    return engine.raise_event("i", "e", DATA)


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("Running", Phase.BEGUN),
        ("Suspended", Phase.BEGUN),
        ("ContinuedAsNew", Phase.BEGUN),
        ("Completed", Phase.FINISHED),
        ("Terminated", Phase.TERMINATED),
        ("Canceled", Phase.TERMINATED),
        ("Failed", Phase.FAILED),
        ("Pending", Phase.PENDING),
        ("SomethingNew", Phase.PENDING),
    ],
)
def test_each_status_is_a_phase(status: str, phase: Phase) -> None:
    """An unknown status counts as not begun, so that nothing is raised that could be lost."""
    assert phase is asked(json_answer(200, ROW | {"runtimeStatus": status}), look).phase


def test_pending_with_a_custom_status_has_begun() -> None:
    """A crash can leave the row behind the history, but each turn writes a custom status."""
    row = ROW | {"runtimeStatus": "Pending", "customStatus": {"state": "waiting"}}
    assert Phase.BEGUN is asked(json_answer(202, row), look).phase


def test_a_push_that_was_ended_because_it_stood_still_is_broken_off() -> None:
    """It goes on in a next life, as one whose turn has failed; not so what an operator ends."""
    row = ROW | {"runtimeStatus": "Terminated", "output": STOOD_STILL}
    assert Phase.FAILED is asked(json_answer(200, row), look).phase


@pytest.mark.parametrize("body", [None, "", {"Message": "no"}])
def test_only_a_404_is_absence(body: Any) -> None:
    """The body of the answer does not matter."""
    assert Phase.ABSENT is asked(json_answer(404, body), look).phase
    for status in (400, 401, 429, 500, 503):
        with pytest.raises(EngineError, match=str(status)):
            asked(json_answer(status, body), look)


def too_deep(_: web.Request) -> web.Response:
    """More levels than can be read; somebody has put them into an event, or an input, by hand."""
    return web.Response(text="[" * 100_000 + "]" * 100_000)


@pytest.mark.parametrize(
    "answer", [json_answer(200, {}), json_answer(200, []), empty_answer(200), too_deep]
)
def test_an_answer_of_another_kind_is_an_error(answer: Any) -> None:
    """It counts neither as an instance nor as absence."""
    with pytest.raises(EngineError, match="another kind"):
        asked(answer, look)


@pytest.mark.parametrize(
    "answer",
    [
        json_answer(500, {"ExceptionMessage": "An instance with this id already exists."}),
        json_answer(409, "An Orchestration instance with the status Running already exists."),
        empty_answer(409),
    ],
)
def test_a_start_that_finds_an_instance_says_so(answer: Any) -> None:
    """The engine says it by status or by text; both have been seen."""
    with pytest.raises(AlreadyExistsError):
        asked(answer, start)


def test_a_start_is_accepted_or_fails() -> None:
    """202 is success, and any other status an error."""
    assert asked(json_answer(202, {"id": "i"}), start) is None
    with pytest.raises(EngineError, match="500"):
        asked(empty_answer(500), start)


def test_an_event_is_taken_or_too_late_or_fails() -> None:
    """202 is success, any other status an error; 410 is too late, and so is the 500 of an instance
    that has ended while the extension looked, which was seen in bursts."""
    assert asked(empty_answer(202), tell) is True
    assert asked(empty_answer(410), tell) is False
    ended = "Cannot raise event e for i because instance is in Completed state"
    assert asked(json_answer(500, {"ExceptionMessage": ended}), tell) is False
    for status in (404, 500):
        with pytest.raises(EngineError, match=str(status)):
            asked(empty_answer(status), tell)


def test_a_purge_removes_what_has_ended_or_fails() -> None:
    """An instance that is gone already counts as purged; one that runs is refused."""
    for status in (200, 404):
        assert asked(json_answer(status, {}), lambda engine: engine.purge("i")) is None
    with pytest.raises(EngineError, match="412"):
        asked(empty_answer(412), lambda engine: engine.purge("i"))


def test_an_endpoint_that_is_not_there_is_an_error() -> None:
    """So is one that hangs or breaks off its answer."""

    def broken_off(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        return web.Response()

    with pytest.raises(EngineError, match=r"ServerDisconnected|ClientOSError|reset"):
        asked(broken_off, look)


def test_pages_are_followed_whatever_the_case_of_the_header() -> None:
    """A proxy may change the case."""

    def page(request: web.Request) -> web.StreamResponse:
        later = request.headers.get("x-ms-continuation-token") == "more"
        headers = {} if later else {"X-Ms-Continuation-Token": "more"}
        return web.json_response([ROW | {"instanceId": "b" if later else "a"}], headers=headers)

    listing = asked(page, lambda engine: engine.list_by_prefix("_"))
    assert (["a", "b"], None) == ([look.instance_id for look in listing.snapshots], listing.next)


def test_a_list_can_be_read_page_by_page_with_inputs() -> None:
    """A long list is asked for in pages."""

    def page(request: web.Request) -> web.StreamResponse:
        assert "true" == request.query["showInput"]
        return web.json_response([ROW], headers={"x-ms-continuation-token": "more"})

    listing = asked(page, lambda e: e.list_by_prefix("_", pages=1, show_input=True))
    assert (["x"], "more") == ([look.input for look in listing.snapshots], listing.next)


def test_the_first_of_a_range_may_stand_behind_empty_pages() -> None:
    """Azure Storage ends a page where a server's share of the table ends."""

    def page(request: web.Request) -> web.StreamResponse:
        assert ("1", "true") == (request.query["top"], request.query["showInput"])
        if request.headers.get("x-ms-continuation-token") != "more":
            return web.json_response([], headers={"x-ms-continuation-token": "more"})
        return web.json_response([ROW], headers={"x-ms-continuation-token": "and more"})

    look = asked(page, lambda engine: engine.first_by_prefix("_"))
    assert ("i", Phase.BEGUN, "x") == (look.instance_id, look.phase, look.input)


def test_a_range_without_instances_has_no_first() -> None:
    """Where there are only empty pages, each with a next one, that is an error and not absence."""
    look = asked(json_answer(200, []), lambda engine: engine.first_by_prefix("_"))
    assert Phase.ABSENT is look.phase
    endless = json_answer(200, [], **{"x-ms-continuation-token": "more"})
    with pytest.raises(EngineError, match="empty"):
        asked(endless, lambda engine: engine.first_by_prefix("_"))


def test_a_list_that_fails_is_an_error() -> None:
    """Part of a list is never returned as the whole."""
    with pytest.raises(EngineError, match="503"):
        asked(json_answer(503), lambda engine: engine.list_by_prefix("_"))
    with pytest.raises(EngineError, match="503"):
        asked(json_answer(503), lambda engine: engine.first_by_prefix("_"))


@pytest.mark.usefixtures("strange_environment")
def test_the_engine_is_asked_straight() -> None:
    """It is on this machine: no proxy is used, and no credentials of a `.netrc` are sent."""
    told: list[web.BaseRequest] = []

    def answer(request: web.Request) -> web.StreamResponse:
        told.append(request)
        return web.json_response(ROW)

    assert Phase.BEGUN is asked(answer, look).phase
    assert ["*/*", None] == [told[0].headers.get(name) for name in ("Accept", "Authorization")]
