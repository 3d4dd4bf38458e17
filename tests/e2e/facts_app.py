# mypy: disable-error-code="untyped-decorator"
"""A small app to learn from: one orchestrator per belief about the engine.

The Python process dies where the file that FACTS_DIE names is there; the file dies with it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func

Steps = Generator[Any, Any, Any]


def die_if_told() -> None:
    """End as a killed process does, if the file is there; only once."""
    told = Path(os.environ.get("FACTS_DIE", "/nowhere"))
    if told.exists():
        told.unlink()
        time.sleep(1.0)  # so that a test can do something while it is under way
        os._exit(137)


def build() -> Any:
    """The app."""
    app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.route(route="slow")
    async def Slow(req: func.HttpRequest) -> str:
        await asyncio.sleep(60)
        return "slow"

    @app.orchestration_trigger(context_name="context")
    def Two(context: Any) -> Steps:
        """Waits for `first`, says so, and waits for `second`."""
        die_if_told()
        context.set_custom_status("waiting")
        yield context.wait_for_external_event("first")
        context.set_custom_status("half")
        yield context.wait_for_external_event("second")
        return "both"

    @app.orchestration_trigger(context_name="context")
    def Timed(context: Any) -> Steps:
        """Waits for `first` and `second`, beside a timer of 4 s."""
        die_if_told()
        timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=4))
        waits = [context.wait_for_external_event(name) for name in ("first", "second")]
        winner = yield context.task_any([context.task_all(waits), timer])
        if winner == timer:
            return "timer"
        timer.cancel()
        return "events"

    @app.orchestration_trigger(context_name="context")
    def Status(context: Any) -> Steps:
        """Sets a custom status of as many characters as its input says, after `first`."""
        context.set_custom_status("short")
        yield context.wait_for_external_event("first")
        context.set_custom_status(str(context.get_input()["of"]) * context.get_input()["times"])
        yield context.wait_for_external_event("second")

    @app.orchestration_trigger(context_name="context")
    def Works(context: Any) -> Steps:
        """Runs the activity as often as its input says, side by side; returns when each ran."""
        calls = [context.call_activity("Hold", 2) for _ in range(context.get_input()["times"])]
        when = yield context.task_all(calls)
        return when

    @app.orchestration_trigger(context_name="context")
    def Leaves(context: Any) -> Steps:
        """Ends at `first`, and leaves open what its input says."""
        left = {
            "timer": lambda: context.create_timer(
                context.current_utc_datetime + timedelta(seconds=3)
            ),
            "activity": lambda: context.call_activity("Hold", 3),
            "event": lambda: context.wait_for_external_event("second"),
        }[context.get_input()["left"]]()
        yield context.task_any([context.wait_for_external_event("first"), left])
        context.set_custom_status("at its end")
        return left.is_completed

    @app.orchestration_trigger(context_name="context")
    def Counts(context: Any) -> Steps:
        """Hears the event `first` as often as its input says, one wait after another, beside an
        activity that it calls with the first."""
        context.set_custom_status("counting")
        race, heard = [context.call_activity("Hold", 2)], 0
        while heard < context.get_input()["times"]:
            wait = context.wait_for_external_event("first")
            yield context.task_any([wait, *race])
            heard, race = heard + wait.is_completed, []
        return heard

    @app.orchestration_trigger(context_name="context")
    def Numbered(context: Any) -> Steps:
        """Waits for `first`; returns which start of its id it is."""
        context.set_custom_status("waiting")
        yield context.wait_for_external_event("first")
        return [e.Generation for e in context.histories if hasattr(e, "Generation")]

    @app.orchestration_trigger(context_name="context")
    def Tries(context: Any) -> Steps:
        """Runs the activity, and returns how it failed."""
        try:
            yield context.call_activity("Dies", "x")
        except Exception as problem:
            return str(problem).partition(" \n")[0]
        return "it did not"

    @app.activity_trigger(input_name="seconds")
    async def Hold(seconds: int) -> dict:  # type: ignore[type-arg] # the worker takes no dict[...]
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(seconds)
        return {"began": began, "ended": asyncio.get_running_loop().time()}

    @app.activity_trigger(input_name="what")
    async def Dies(what: str) -> str:
        die_if_told()
        return what

    return app
