"""How a timer function is registered: one run at a time, whichever host it is on; and how its runs
go through pages of instances.

Timers can stand still while webhooks are answered (azure-functions-host#11828: after a deployment).
Nothing in the app would notice, so each run leaves a line, and an alert in infra/ misses it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import azure.functions as func

from acr_global.functions import clock, log
from acr_global.functions.durable.engine import Listing, Snapshot
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


class Pages:
    """All pages of a list, gone through by this process in one run or in several."""

    def __init__(self) -> None:
        self._after: str | None = None

    @property
    def at_first(self) -> bool:
        """Whether the next one is the first."""
        return self._after is None

    async def rest(
        self, read: Callable[[str | None], Awaitable[Listing]]
    ) -> AsyncIterator[tuple[Snapshot, ...]]:
        """Those from where the last run stopped. `read`: one page, by its token. A page counts as
        done when the next one is asked for. Raises EngineError."""
        while True:
            after, self._after = self._after, None  # an unreadable page is not tried again
            listed = await read(after)
            self._after = after
            yield listed.snapshots
            self._after = listed.next
            if listed.next is None:
                return
