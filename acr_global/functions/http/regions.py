"""`Regions`: how long each region takes, and what it does not report, for an operator."""

from __future__ import annotations

import azure.functions as func

from acr_global.functions.answers import respond_to_operator
from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.REGIONS)
    @app.route(route="regions", methods=["GET"])
    @app.durable_client()
    async def regions(req: func.HttpRequest, client: str) -> func.HttpResponse:
        # Imported here: at a cold start a webhook must be answered first.
        from acr_global.functions.views import regionlists

        return await respond_to_operator(regionlists.regions(setup.tools(client), req.params))
