"""`CatchUp`, by a timer: take in what the registry could not deliver (catching.py)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import azure.durable_functions as df
import azure.functions as func

from acr_global.functions import names
from acr_global.functions.setup import Setup

if TYPE_CHECKING:
    from acr_global.functions.catching import CatchingUp

CALL_SECONDS = 10.0
"""For one request to the engine."""


def schedule_of(every: timedelta) -> str:
    """An NCRONTAB schedule; second 30, so that it does not meet `ReviveInterrupted`."""
    minutes = every // timedelta(minutes=1)
    return "30 0 * * * *" if minutes == 60 else f"30 */{minutes} * * * *"


def register(app: df.DFApp, setup: Setup) -> None:
    """Add the function, where there is something to be asked."""
    settings = setup.loaded.settings
    if not settings.catches_up():
        return

    @cache
    def catching() -> CatchingUp:
        # Imported here: at a cold start a webhook is to be answered first.
        from acr_global.functions.catching import CatchingUp

        return CatchingUp(setup)

    @app.function_name(names.CATCH_UP)
    @app.timer_trigger(
        arg_name="timer",
        schedule=schedule_of(settings.catch_up),
        run_on_startup=False,
        use_monitor=True,  # a run that was missed while no host was up is caught up
    )
    @app.durable_client_input(client_name="client")
    async def catch_up(timer: func.TimerRequest, client: str) -> None:
        await catching().run(setup.tools(client, CALL_SECONDS))
