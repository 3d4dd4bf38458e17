"""`Pushes`: the list of pushes, for an operator."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from acr_global.functions import names
from acr_global.functions.answers import respond_to_operator
from acr_global.functions.setup import Setup


def register(app: df.DFApp, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.PUSHES)
    @app.route(route="pushes", methods=["GET"])
    @app.durable_client_input(client_name="client")
    async def pushes(req: func.HttpRequest, client: str) -> func.HttpResponse:
        # Imported here: at a cold start a webhook must be answered first.
        from acr_global.functions.pushlists import listing

        page = listing(setup.tools(client), setup.journal.open, req.params)
        return await respond_to_operator(page)
