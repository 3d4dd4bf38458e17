"""`SignInScript`: what sends the form of the page to sign in with."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from acr_global.functions import names
from acr_global.functions.setup import Setup


def register(app: df.DFApp, setup: Setup) -> None:
    """Add the function."""

    @app.function_name(names.UI_SIGN_IN_SCRIPT)
    @app.route(route="ui/sign-in.js", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
    async def sign_in_script(req: func.HttpRequest) -> func.HttpResponse:
        from acr_global.functions import browsers, entrance  # as in sign_in.py

        return func.HttpResponse(
            entrance.SCRIPT, mimetype="text/javascript", headers=browsers.HEADERS
        )
