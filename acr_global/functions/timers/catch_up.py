"""`CatchUp`, by a timer: take in what the registry could not deliver (catching.py)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from acr_global.functions import timings
from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup, Tools

if TYPE_CHECKING:
    from acr_global.functions.catching_up.catching import CatchingUp


def schedule_of(every: timedelta) -> str:
    """An NCRONTAB schedule; second 30, so that it does not meet `ReviveInterrupted`."""
    minutes = every // timedelta(minutes=1)
    return "30 0 * * * *" if minutes == 60 else f"30 */{minutes} * * * *"


def register(app: App, setup: Setup) -> None:
    """Add the function, where there is something to be asked."""
    settings = setup.loaded.settings
    if not settings.catches_up():
        return

    @cache
    def catching() -> CatchingUp:
        # Imported here: at a cold start a webhook is to be answered first.
        from acr_global.functions.catching_up.catching import CatchingUp

        return CatchingUp(setup)

    async def run(tools: Tools) -> None:
        await catching().run(tools)

    timings.register(app, setup, names.CATCH_UP, schedule_of(settings.catch_up), run)
