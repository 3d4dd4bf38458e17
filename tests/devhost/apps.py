# mypy: disable-error-code="untyped-decorator, type-arg"
"""Small apps, one per feature of Durable Functions that orchestrators use. Each function returns an
app of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

Steps = Generator[Any, Any, Any]
Orchestrator = Callable[[Any], Steps]


def new_app() -> Any:
    return df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def with_orchestrator(*orchestrators: Orchestrator) -> Any:
    """An app with these orchestrators, under their own names, and a few activities."""
    app = new_app()
    for each in orchestrators:
        app.orchestration_trigger(context_name="context")(each)
    add_activities(app)
    return app


def add_activities(app: Any) -> None:
    """Echo, Fail, FailTwice (per key), Sleep (seconds of the loop's clock), StartOther."""
    tries: dict[str, int] = {}

    @app.activity_trigger(input_name="payload")
    def Echo(payload: dict) -> dict:
        return {"echo": payload}

    @app.activity_trigger(input_name="payload")
    def Fail(payload: str) -> str:
        raise ValueError(f"no {payload}")

    @app.activity_trigger(input_name="key")
    def FailTwice(key: str) -> str:
        tries[key] = tries.get(key, 0) + 1
        if tries[key] < 3:
            raise ValueError(f"try {tries[key]}")
        return f"try {tries[key]}"

    @app.activity_trigger(input_name="seconds")
    async def Sleep(seconds: int) -> str:
        await asyncio.sleep(seconds)
        return f"slept {seconds}"

    @app.activity_trigger(input_name="payload")
    @app.durable_client_input(client_name="client")
    async def StartOther(payload: dict, client: Any) -> str:
        return str(await client.start_new(payload["name"], payload["id"], payload["input"]))


def textbook() -> Any:
    """The starter of every tutorial: get the status, start if there is no instance, raise the
    event."""
    app = new_app()

    @app.route(route="push/{id}", methods=["POST"])
    @app.durable_client_input(client_name="client")
    async def Push(req: func.HttpRequest, client: Any) -> func.HttpResponse:
        instance_id = req.route_params["id"]
        status = await client.get_status(instance_id)
        region = req.params["region"]
        if not status:
            await client.start_new("Wait", instance_id, {"first": region})
        await client.raise_event(instance_id, f"arrived-{region}", {"region": region})
        return func.HttpResponse(status_code=202)

    @app.orchestration_trigger(context_name="context")
    def Wait(context: Any) -> Steps:
        waits = [context.wait_for_external_event(f"arrived-{r}") for r in ("east", "west")]
        deadline = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
        everything = context.task_all(waits)
        winner = yield context.task_any([everything, deadline])
        if winner == everything:
            deadline.cancel()
            return {"all": [json.loads(w.result) for w in waits], "input": context.get_input()}
        return "deadline"

    return app


def http_functions() -> Any:
    """HTTP functions of every kind."""
    app = new_app()

    @app.route(route="echo/{first}/{second?}", methods=["POST", "PUT"])
    async def Echo(req: func.HttpRequest) -> func.HttpResponse:
        seen = {
            "method": req.method,
            "url": req.url,
            "params": dict(req.params),
            "route": dict(req.route_params),
            "body": req.get_body().decode(),
            "header": req.headers.get("X-Test"),
        }
        return func.HttpResponse(
            json.dumps(seen), status_code=201, mimetype="application/json", headers={"X-Out": "1"}
        )

    @app.route(route="blocking")
    def Blocking(req: func.HttpRequest) -> str:
        return threading.current_thread().name

    @app.route(route="broken")
    def Broken(req: func.HttpRequest) -> str:
        raise RuntimeError("secret detail")

    @app.route(route="nothing")
    def Nothing(req: func.HttpRequest) -> None:
        return None

    @app.route(route="guarded", auth_level=func.AuthLevel.FUNCTION)
    def Guarded(req: func.HttpRequest, context: func.Context) -> str:
        return context.function_name

    @app.route(route="slow")
    async def Slow(req: func.HttpRequest) -> str:
        with contextlib.suppress(OSError):
            await asyncio.sleep(3600)
        return "slow"

    return app


def with_timer(schedule: str, runs: list[str], startup: bool = False) -> Any:
    """An app whose timer trigger notes the engine time of each run."""
    from devhost import clock

    app = new_app()

    @app.timer_trigger(schedule=schedule, arg_name="timer", run_on_startup=startup)
    def Tick(timer: func.TimerRequest) -> None:
        runs.append(clock.utcnow().strftime("%H:%M:%S"))

    return app
