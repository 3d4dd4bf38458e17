"""`Badge`: where an image is, as a picture for everybody.

A README cannot send a key. So the function is there only where the settings name images that may be
shown, and of any other it answers as a host does that has no such function.
"""

from __future__ import annotations

import azure.functions as func

from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup


def register(app: App, setup: Setup) -> None:
    """Add the function, where something may be shown."""
    if not setup.loaded.settings.has_badges():
        return

    @app.function_name(names.BADGE)
    @app.route(
        route="badge/{registry}/{*image}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS
    )
    @app.durable_client()
    async def badge(req: func.HttpRequest, client: str) -> func.HttpResponse:
        # Imported here: at a cold start a webhook must be answered first.
        from acr_global.functions.pages import badges

        return await badges.answer(setup.tools(client), req)
