"""`SignOut`: takes the session's cookie away, for a form of the pages."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from acr_global.functions import names
from acr_global.functions.setup import Setup


def register(app: df.DFApp, setup: Setup) -> None:
    """Add the function; App Service has a way of its own."""
    if setup.loaded.settings.ui != "key":
        return

    @app.function_name(names.UI_SIGN_OUT)
    @app.route(route="ui/signout", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
    @app.durable_client_input(client_name="client")
    async def sign_out(req: func.HttpRequest, client: str) -> func.HttpResponse:
        from acr_global.functions import guard  # as in sign_in.py

        return guard.sign_out(req, setup, client)
