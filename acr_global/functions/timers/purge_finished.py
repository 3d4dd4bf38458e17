"""`PurgeFinished`, by a timer: remove what has ended and was kept for its time (purging.py)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from acr_global.functions import timings
from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup, Tools

if TYPE_CHECKING:
    from acr_global.functions.records.purging import Purging

SCHEDULE = "45 12 * * * *"
"""Once an hour, in a minute in which no other timer begins."""


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @cache
    def purging() -> Purging:
        # Imported here: at a cold start a webhook is to be answered first.
        from acr_global.functions.records.purging import Purging

        return Purging()

    async def run(tools: Tools) -> None:
        await purging().run(tools)

    timings.register(app, setup, names.PURGE_FINISHED, SCHEDULE, run)
