"""How a timer function is registered: one run at a time, whichever host it is on.

Timers can stand still while webhooks are answered (azure-functions-host#11828: after a deployment).
Nothing in the app would notice, so each run leaves a line, and an alert in infra/ misses it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import azure.functions as func

from acr_global.functions import clock, log
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup, Tools

CALL_SECONDS = 10.0
"""For one request of a run to the engine; nobody waits for its answer."""

RUN_SECONDS = 150.0
"""For one run, some thousand looks; a later one goes on. On Consumption a function may take
5 minutes. Source: Azure Functions docs, functionTimeout."""


def register(
    app: App, setup: Setup, name: str, schedule: str, run: Callable[[Tools], Awaitable[None]]
) -> None:
    """Register a timer function under its name. `schedule`: NCRONTAB."""

    @app.function_name(name)
    @app.timer_trigger(
        arg_name="timer",
        schedule=schedule,
        run_on_startup=False,
        use_monitor=True,  # a run that was missed while no host was up is caught up
    )
    @app.durable_client()
    async def fire(timer: func.TimerRequest, client: str) -> None:
        begun = clock.utcnow()
        await run(setup.tools(client, CALL_SECONDS))
        seconds = (clock.utcnow() - begun).total_seconds()
        log.line("timer-ran", function=name, seconds=round(seconds, 3))
