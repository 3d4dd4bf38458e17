"""`PurgeFinished`, by a timer: remove what has ended and was kept for its time (purging.py)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import azure.durable_functions as df
import azure.functions as func

from acr_global.functions import names
from acr_global.functions.setup import Setup

if TYPE_CHECKING:
    from acr_global.functions.purging import Purging

SCHEDULE = "45 12 * * * *"
"""Once an hour, in a minute in which no other timer begins."""

CALL_SECONDS = 10.0
"""For one request to the engine."""


def register(app: df.DFApp, setup: Setup) -> None:
    """Add the function."""

    @cache
    def purging() -> Purging:
        # Imported here: at a cold start a webhook is to be answered first.
        from acr_global.functions.purging import Purging

        return Purging()

    @app.function_name(names.PURGE_FINISHED)
    @app.timer_trigger(
        arg_name="timer",
        schedule=SCHEDULE,
        run_on_startup=False,
        use_monitor=True,  # a run that was missed while no host was up is caught up
    )
    @app.durable_client_input(client_name="client")
    async def purge_finished(timer: func.TimerRequest, client: str) -> None:
        await purging().run(setup.tools(client, CALL_SECONDS))
