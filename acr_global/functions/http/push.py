"""`Push`: one push with everything that is known of it, for an operator."""

from __future__ import annotations

import azure.functions as func

from acr_global.functions.answers import respond_to_operator
from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.PUSH)
    @app.route(route="pushes/{id}", methods=["GET"])
    @app.durable_client()
    async def push(req: func.HttpRequest, client: str) -> func.HttpResponse:
        # Imported here: at a cold start a webhook must be answered first.
        from acr_global.functions.views.pushlooks import show

        return await respond_to_operator(show(setup.tools(client).engine, req.route_params["id"]))
