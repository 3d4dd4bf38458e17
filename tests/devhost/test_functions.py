"""HTTP functions, timer triggers, and what indexing refuses."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Optional

import azure.functions as func
import pytest

from devhost import AppError, DevHost
from devhost.endpoint import loggable_path
from devhost.index import Function, index_app
from devhost.routes import make_routes, match
from devhost.settings import STORAGE, apply_local_settings
from devhost.timers import Schedule
from tests.devhost.apps import http_functions, new_app, with_timer
from tests.devhost.conftest import serve


async def test_request_and_response_pass_through() -> None:
    """Method, query, route, headers and body reach the function; its answer comes back whole."""
    async with serve(http_functions()) as client:
        url = f"{client.host.url}/api/ECHO/a%20b?x=1&x=2&y="
        headers = {"x-test": "yes"}
        async with client.session.post(url, data="body", headers=headers) as response:
            seen = await response.json()
            assert response.status == 201
            assert response.headers["X-Out"] == "1"
            assert response.headers["Content-Type"] == "application/json"
        assert seen["method"] == "POST"
        assert seen["params"] == {"x": "1,2", "y": ""}
        assert seen["route"] == {"first": "a b"}
        assert (seen["body"], seen["header"]) == ("body", "yes")
        _, put = await client.call("PUT", "/api/echo/a%0Ac/b")
        assert put["route"] == {"first": "a\nc", "second": "b"}


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/api/nothing", 204, None),
        ("GET", "/api/broken", 500, None),
        ("GET", "/api/unknown", 404, None),
        ("GET", "/api/echo/a", 404, None),
        ("GET", "/api/guarded", 200, "Guarded"),
        ("GET", "/admin/host/status", 200, {"state": "Running", "id": "devhost"}),
    ],
)
async def test_each_request_has_its_status(method: str, path: str, status: int, text: Any) -> None:
    """None is 204, an exception 500 without details, and a wrong route or method 404."""
    async with serve(http_functions()) as client:
        assert await client.call(method, path) == (status, text)


async def test_sync_functions_run_in_threads() -> None:
    """A sync function does not block the loop."""
    async with serve(http_functions()) as client:
        _, name = await client.call("GET", "/api/blocking")
        assert name.startswith("function")


async def test_a_required_key_may_be_in_the_header_or_the_query() -> None:
    """Functions of the level function ask for it."""
    async with serve(http_functions(), require_key="secret") as client:
        assert (await client.call("GET", "/api/guarded"))[0] == 401
        assert (await client.call("GET", "/api/guarded?code=wrong"))[0] == 401
        assert (await client.call("GET", "/api/guarded?code=secret"))[0] == 200
        headers = {"x-functions-key": "secret"}
        assert (await client.call("GET", "/api/guarded", headers=headers))[0] == 200
        assert (await client.call("GET", "/api/nothing"))[0] == 204


async def test_the_route_prefix_of_host_json_applies() -> None:
    """An empty prefix does, too."""
    host_json = {"extensions": {"http": {"routePrefix": ""}}}
    async with serve(http_functions(), host_json=host_json) as client:
        assert (await client.call("GET", "/nothing"))[0] == 204


async def test_the_log_line_of_a_request_has_no_key(caplog: pytest.LogCaptureFixture) -> None:
    """It has the query without its secrets."""
    caplog.set_level("INFO", "devhost")
    async with serve(http_functions()) as client:
        await client.call("GET", "/api/nothing?region=west&code=hush")
    lines = [r.getMessage() for r in caplog.records if r.name == "devhost.http"]
    assert lines == [
        "http method=GET path=/api/nothing?region=west&code=*** status=204 function=Nothing"
    ]
    assert loggable_path("/p", {"SIG": "x", "a": "b"}) == "/p?SIG=***&a=b"


def route(template: str, *methods: str) -> Function:
    options = {"route": template, "methods": methods}
    return Function(template, "httpTrigger", "req", print, options=options)


@pytest.mark.parametrize(
    ("path", "template", "parameters"),
    [
        ("/api/items/special", "items/special", {}),
        ("/api/items/7", "items/{id:int}", {"id": "7"}),
        ("/api/items/seven", "items/{name}", {"name": "seven"}),
        ("/api/items/a%20b%2Fc", "items/{name}", {"name": "a b%2Fc"}),
        ("/api/files/a/b.txt", "files/{*path}", {"path": "a/b.txt"}),
        ("/api/files", "files/{*path}", {}),
        ("/api/v1.json", "v{n}.json", {"n": "1"}),
    ],
)
def test_a_route_template_matches(path: str, template: str, parameters: dict[str, str]) -> None:
    """Literals go before parameters; constraints, optional and catch-all parts work."""
    templates = ["items/{id:int}", "items/{name}", "items/special", "files/{*path}", "v{n}.json"]
    found = match(make_routes(map(route, templates), "api"), "GET", path)
    assert found is not None
    assert (found[0].function.name, found[1]) == (template, parameters)


async def test_timer_trigger_runs_on_schedule() -> None:
    """A timer trigger fires at its times, in virtual time, and on demand."""
    runs: list[str] = []
    async with serve(with_timer("10 */20 * * * *", runs, startup=True)) as client:
        await asyncio.sleep(3600)
        assert runs == ["00:00:00", "00:00:10", "00:20:10", "00:40:10"]
        assert (await client.call("POST", "/admin/functions/tick"))[0] == 202
        assert (await client.call("POST", "/admin/functions/nobody"))[0] == 404
        await client.host.settle()
        assert runs[4:] == ["01:00:00"]
        assert client.host.stats["timer:Tick"] == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 */5 * * * *", "2026-03-15T10:35:00"),
        ("*/15 * * * * *", "2026-03-15T10:30:45"),
        ("0 0 9-17 * * MON-FRI", "2026-03-16T09:00:00"),
        ("0 30 9 1 JAN *", "2027-01-01T09:30:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("15 10 * * *", "2026-03-16T10:15:00"),
        ("0 5,35 10 * * sunday", "2026-03-15T10:35:00"),
        ("01:30:00", "2026-03-15T12:00:30"),
    ],
)
def test_a_schedule_fires_at_its_next_time(text: str, expected: str) -> None:
    """The times follow Sunday 15 March 2026, 10:30:30 UTC."""
    now = datetime(2026, 3, 15, 10, 30, 30, tzinfo=UTC)
    found = Schedule.parse(text).next_after(now)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_schedule_may_never_come() -> None:
    """There is no 30 February."""
    assert Schedule.parse("0 0 0 30 2 *").next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize("text", ["", "* * *", "61 * * * * *", "0 0 0 * * x", "*/0 * * * * *"])
def test_a_wrong_schedule_is_an_error(text: str) -> None:
    """Wrong fields and wrong values are found."""
    with pytest.raises(ValueError, match=r".+"):
        Schedule.parse(text)


def queue_trigger(app: Any) -> None:
    @app.queue_trigger(arg_name="m", queue_name="q", connection="c")
    def Q(m: func.QueueMessage) -> None:
        """A queue trigger, which devhost does not serve."""


def generic_annotation(app: Any) -> None:
    @app.activity_trigger(input_name="payload")
    def A(payload: dict[str, int]) -> None:
        """Refused by the worker."""


def optional_annotation(app: Any) -> None:
    @app.activity_trigger(input_name="payload")
    def A(payload: Optional[str]) -> None:
        """Refused by the worker."""


def missing_parameter(app: Any) -> None:
    @app.activity_trigger(input_name="payload")
    def A(other: str) -> None:
        """Its binding has no parameter."""


def extra_parameter(app: Any) -> None:
    @app.route(route="a")
    def A(req: func.HttpRequest, more: str) -> str:
        return more


def wrong_type(app: Any) -> None:
    @app.route(route="a")
    def A(req: str) -> str:
        return req


def same_name(app: Any) -> None:
    for _ in range(2):

        @app.activity_trigger(input_name="payload")
        def A(payload: str) -> None:
            """Registered twice."""


def renamed_context(app: Any) -> None:
    @app.orchestration_trigger(context_name="ctx")
    def O(ctx: Any) -> None:  # noqa: E743 - as people name theirs
        """The SDK's handle takes `context`."""


@pytest.mark.parametrize(
    ("register", "reason"),
    [
        (queue_trigger, "trigger queueTrigger is not supported"),
        (generic_annotation, "parameter payload has the invalid non-type annotation"),
        (optional_annotation, "parameter payload has the invalid non-type annotation"),
        (missing_parameter, "no parameter for the binding payload"),
        (extra_parameter, "no binding for the parameter more"),
        (wrong_type, "parameter req of type str cannot be bound to httpTrigger"),
        (same_name, "does not have a unique function name"),
        (renamed_context, "no parameter for the binding ctx"),
    ],
)
def test_indexing_refuses_what_the_worker_would(
    register: Callable[[Any], None], reason: str
) -> None:
    """Triggers that devhost does not serve are refused as well, in one line."""
    app = new_app()
    register(app)
    with pytest.raises(AppError, match=reason) as refused:
        index_app(app)
    assert "\n" not in str(refused.value)


def test_one_app_serves_twice() -> None:
    """The same app object can be indexed by one host after another."""
    app = http_functions()
    assert index_app(app) == index_app(app)


async def test_a_schedule_from_a_missing_setting_is_an_error() -> None:
    """`%NAME%` names the setting."""
    with pytest.raises(AppError, match="the setting %NOWHERE% is not set"):
        await DevHost.start(with_timer("%NOWHERE%", []))


def test_local_settings_do_not_override_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value is set only where the environment has none."""
    (tmp_path / "local.settings.json").write_text('{"Values": {"DH_A": "file", "DH_B": "file"}}')
    monkeypatch.setenv("AzureWebJobsStorage", "")
    monkeypatch.setenv("DH_A", "shell")
    monkeypatch.setenv("DH_B", "x")
    monkeypatch.delenv("DH_B")
    apply_local_settings(tmp_path)
    assert (os.environ["DH_A"], os.environ["DH_B"]) == ("shell", "file")


@pytest.mark.parametrize("environment", ["", "UseDevelopmentStorage=true"])
def test_no_app_here_finds_a_storage_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    """Whoever names one: what an app would keep there is kept in memory."""
    values = '{"Values": {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}}'
    (tmp_path / "local.settings.json").write_text(values)
    monkeypatch.setenv("AzureWebJobsStorage", environment)
    apply_local_settings(tmp_path)
    assert "" == os.environ[STORAGE]
