"""`Pushes`: the list of pushes, for an operator."""

from __future__ import annotations

import azure.functions as func

from acr_global.functions.answers import respond_to_operator
from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.PUSHES)
    @app.route(route="pushes", methods=["GET"])
    @app.durable_client()
    async def pushes(req: func.HttpRequest, client: str) -> func.HttpResponse:
        # Imported here: at a cold start a webhook must be answered first.
        from acr_global.functions.views.pushlists import listing

        page = listing(setup.tools(client), setup.journal.open, req.params)
        return await respond_to_operator(page)
