"""The textbook way, kept to show what the hazards do to it: look, start if absent, raise, 202.

This is what the Durable Functions samples show. It must fail where the app does not; if it
stops failing, the hazards have stopped biting, and the app's tests prove nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import aiohttp
import azure.durable_functions as df
import azure.functions as func

TIMEOUT = timedelta(minutes=10)

FUNCTION_APP = """
import os, pathlib, time
from tests.e2e.textbook import build_textbook

def hold():
    if os.path.exists("hold"):
        pathlib.Path("held").touch()
        time.sleep(60)

app = build_textbook(dict(os.environ), hold)
"""
"""The function_app.py that a host process serves it by. While there is a file `hold` beside it, a
turn takes longer than the host will live; `held` says that one has begun."""


def build_textbook(environ: dict[str, str], turn: Callable[[], None] = lambda: None) -> df.DFApp:
    """An app with the same route, the same regions and the same first target. `turn` is called in
    each turn of the orchestrator."""
    app = df.DFApp()
    regions = environ["ACR_GLOBAL_REGIONS"].split(",")
    url = json.loads(environ["ACR_GLOBAL_TARGETS"])[0]["url"]

    @app.function_name("ImagePush")
    @app.route(route="ImagePush", methods=["POST"])
    @app.durable_client_input(client_name="client")
    async def image_push(req: func.HttpRequest, client: str) -> func.HttpResponse:
        body = req.get_json()
        durable: Any = client
        if not await durable.get_status(body["id"]):
            await durable.start_new("WaitForAllRegions", body["id"], body["target"]["repository"])
        await durable.raise_event(body["id"], f"pushevent-{req.params['region']}", body)
        return func.HttpResponse("{}", status_code=202, mimetype="application/json")

    @app.function_name("WaitForAllRegions")
    @app.orchestration_trigger(context_name="context", orchestration="WaitForAllRegions")
    def wait_for_all_regions(context: df.DurableOrchestrationContext) -> Any:
        turn()
        waits = [context.wait_for_external_event(f"pushevent-{region}") for region in regions]
        everyone = context.task_all(waits)
        timer = context.create_timer(context.current_utc_datetime + TIMEOUT)
        winner = yield context.task_any([everyone, timer])
        if winner == everyone:
            timer.cancel()
        verdict = "complete" if winner == everyone else "overdue"
        yield context.call_activity(
            "Notify",
            {
                "id": f"{context.instance_id}.{verdict}",
                "type": verdict,
                "push": {"id": context.instance_id, "repository": context.get_input()},
            },
        )

    @app.function_name("Notify")
    @app.activity_trigger(input_name="message", activity="Notify")
    async def notify(message: dict) -> str:  # type: ignore[type-arg] # the worker wants it plain
        async with aiohttp.ClientSession() as session, session.post(url, json=message) as answer:
            return str(answer.status)

    return app
