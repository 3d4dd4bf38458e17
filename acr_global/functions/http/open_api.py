"""`OpenApi`: what can be asked of the app, for programs."""

from __future__ import annotations

import azure.functions as func

from acr_global.functions.durable import names
from acr_global.functions.durable.sdk import App
from acr_global.functions.setup import Setup


def register(app: App, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.OPEN_API)
    @app.route(route="openapi.json", methods=["GET"])
    async def open_api(req: func.HttpRequest) -> func.HttpResponse:
        # Imported here: at a cold start a webhook must be answered first.
        from acr_global import openapi

        return func.HttpResponse(openapi.text(), mimetype="application/json")
